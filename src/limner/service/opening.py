"""From a model's name and a folder to a service that is ready for requests. Knows no server's settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limner.inference.engine import Engine
from limner.inference.painter import Painter
from limner.inference.steady_kernels import attend_without_compiling, bound_compiled_kernels
from limner.planning.loading import load
from limner.service.conversation_service import ConversationService
from limner.store.store import Store


def loaded(
    model: str, *, words: Sequence[str] = (), quantize: str | None = None, offload: bool = False
) -> Painter:
    """A painter that holds its memory over thousands of rounds; the options are those of `limner.load`, the
    words those of `--with`.
    """
    bound_compiled_kernels()
    painter = load(model, words=words, quantize=quantize, offload=offload)
    if not painter.reads_rounds:
        language = painter.model.language
        attend_without_compiling(language.llm, language.device, language.dtype)
    return painter


def opened(
    painter: Painter,
    folder: Path,
    *,
    blobs_url: str | None = None,
    prefix_cache_bytes: int,
    max_batch: int,
    max_waiting: int,
) -> ConversationService:
    """A service over a painter, with conversations kept in `folder`; `blobs_url` as in `Store`, the rest as
    in `PrefixCache` and `Engine`. ValueError or OSError in one sentence.
    """
    store = Store(folder, blobs_url=blobs_url)
    try:
        painter.prefixes.budget_bytes = prefix_cache_bytes
        engine = Engine(painter, max_batch=max_batch, max_waiting=max_waiting)
        return ConversationService(painter, store, engine=engine)
    except BaseException:
        store.close()
        raise
