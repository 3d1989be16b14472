"""How much memory a forward pass needs besides weights, counted without any: on tensors of shape alone.

Knows torch's tensors. Counts what operators return and for how long it lives; not the workspaces that
libraries take inside an operator. Attention is counted as fused (no matrix of all pairs).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary


def peak_bytes(run: Callable[[], object]) -> int:
    """The most that tensors made by `run`, and still alive, take together. Everything is on "meta"."""
    alive = _Alive()
    with torch.no_grad(), alive, _FusedAttention():
        kept = run()
        del kept
    return alive.peak


class _Alive(TorchDispatchMode):
    """Bytes of the storages that operators have returned inside and that something still holds."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._now = 0
        self._seen: Any = WeakIdKeyDictionary()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        for tensor in tree_leaves((args, kwargs)):
            if isinstance(tensor, Tensor):  # weights, and all else that was there before
                self._seen.setdefault(tensor.untyped_storage(), True)
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return made

    def _note(self, storage: torch.UntypedStorage) -> None:
        if storage in self._seen:
            return
        self._seen[storage] = True
        size = storage.nbytes()
        self._now += size
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._free, size)

    def _free(self, size: int) -> None:
        self._now -= size


class _FusedAttention(TorchFunctionMode):
    """Attention whose only result is its output; without a device the library would multiply all pairs."""

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func is F.scaled_dot_product_attention:
            query, value = args[0] if args else kwargs["query"], args[2] if len(args) > 2 else kwargs["value"]
            return query.new_empty((*query.shape[:-1], value.shape[-1]))
        return func(*args, **(kwargs or {}))
