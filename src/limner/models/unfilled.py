"""Networks without weights: built in no time and no memory, to be counted, compared or filled.

Knows torch's modules only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def unfilled() -> Iterator[None]:
    """Modules built inside have parameters of shape and no content (torch's "meta" device).

    Buffers are real, for those that no checkpoint holds, such as rotary frequencies, are computed on
    construction. Not safe to use from two threads at once.
    """
    register = nn.Module.register_parameter

    def register_empty(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        register(module, name, parameter)
        if parameter is not None and not parameter.is_meta:  # one that is shared stays shared
            empty = parameter.detach().to("meta")
            module._parameters[name] = nn.Parameter(empty, requires_grad=parameter.requires_grad)

    nn.Module.register_parameter = register_empty  # type: ignore[method-assign,assignment]
    try:
        # Factories still allocate without this, and 13 billion random numbers take minutes.
        with _NoDraws():
            yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


class _NoDraws(torch.overrides.TorchFunctionMode):
    """Leaves the content of big drawn tensors as it lies; small ones cost nothing."""

    SMALL = 2**16

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func in _DRAWS:
            tensor = args[0] if args else (kwargs or {})["tensor"]
            if tensor.numel() > self.SMALL or tensor.is_meta:
                return tensor
        return func(*args, **(kwargs or {}))


_DRAWS = frozenset(
    {
        nn.init.normal_,
        nn.init.uniform_,
        nn.init.trunc_normal_,
        nn.init.orthogonal_,
        nn.init.kaiming_uniform_,
        nn.init.xavier_uniform_,
    }
)
