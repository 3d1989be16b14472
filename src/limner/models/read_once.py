"""What every step of a picture asks its image tokens alike, answered once: layers that repeat a known answer.

Knows modules. Knows nothing about detokenizers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from torch import Tensor, nn

_KNOWN: ContextVar[Mapping[nn.Module, Tensor] | None] = ContextVar("known", default=None)


class _ReadOnce(nn.Module):
    """Mixed into a layer's own class, for weights and their names stay as they are."""

    def forward(self, *inputs: Any, **options: Any) -> Any:
        known = _KNOWN.get()
        return super().forward(*inputs, **options) if known is None else known[self]


def read_once(layer: nn.Module) -> None:
    """From now on `layer` repeats what it is `known` to answer, in place."""
    kind = type(layer)
    layer.__class__ = type(kind.__name__, (_ReadOnce, kind), {"__module__": kind.__module__})


@contextmanager
def known(answers: Mapping[nn.Module, Tensor] | None) -> Iterator[None]:
    """Inside, every `read_once` layer in `answers` returns the given tensor, in this thread; with None all
    compute.
    """
    before = _KNOWN.set(answers)
    try:
        yield
    finally:
        _KNOWN.reset(before)
