"""From a model's name and a folder to a service that is ready for requests."""

from __future__ import annotations

from pathlib import Path

from limner.cli.loading import load
from limner.inference.engine import Engine
from limner.inference.painter import Painter
from limner.inference.steady_kernels import attend_without_compiling, bound_compiled_kernels
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.store import Store


def open_service(model: str, store: Path, settings: ServerSettings) -> ConversationService:
    """Load the model, open the store, start the engine. ValueError or OSError in one sentence."""
    bound_compiled_kernels()
    painter = load(model, words=settings.planning, quantize=settings.quantize, offload=settings.offload)
    if not painter.reads_rounds:
        language = painter.model.language
        attend_without_compiling(language.llm, language.device, language.dtype)
    return service_of(painter, store, settings)


def service_of(painter: Painter, folder: Path, settings: ServerSettings) -> ConversationService:
    """A service over a painter that is loaded, with conversations kept in `folder`."""
    store = Store(folder, blobs_url=settings.blobs_url)
    try:
        limits = settings.limits
        painter.prefixes.budget_bytes = limits.prefix_cache_bytes
        engine = Engine(painter, max_batch=limits.max_batch, max_waiting=limits.max_waiting)
        return ConversationService(painter, store, engine=engine)
    except BaseException:
        store.close()
        raise
