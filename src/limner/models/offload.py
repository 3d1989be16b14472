"""Networks that take turns in memory: only the one at work holds its weights there, the others sleep on disk.

Knows networks, where their weights were read from and forward hooks. Knows nothing about what they compute.

A sleeping network's weights are the stored ones, mapped from their file: they take no memory of the process
and none of the GPU. Its first forward wakes it (weights go to the device in the format they are computed in)
and puts the one before it to sleep. Not safe for two threads that compute at the same time.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class TakingTurns:
    """At most one of `networks` awake.

    Parameters of a network's own (not of its modules) and all buffers are few and stay on the device.

    Args:
        networks: by name, with stored weights that nothing else holds in memory.
        device: where they compute.
        dtype: what their weights are cast to there.
    """

    def __init__(self, networks: Mapping[str, nn.Module], device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype
        self.awake: str | None = None
        self._stored: dict[str, list[tuple[nn.Parameter, Tensor]]] = {}
        for name, network in networks.items():
            own = {id(weight) for weight in network.parameters(recurse=False)}
            for weight in network.parameters(recurse=False):
                weight.data = self._placed(weight.data)
            self._stored[name] = [(w, w.data) for w in network.parameters() if id(w) not in own]
            for module in network.modules():
                for key, buffer in module.named_buffers(recurse=False):
                    module._buffers[key] = buffer.to(device)
                module.register_forward_pre_hook(lambda *_, name=name: self.wake(name))

    def wake(self, name: str) -> None:
        """Bring one network in and put the one that was awake to sleep."""
        if self.awake == name:
            return
        self.sleep()
        # Weights made in inference mode could not be used outside of it later.
        with torch.inference_mode(False), torch.no_grad():
            for weight, stored in self._stored[name]:
                weight.data = self._placed(stored)
        self.awake = name

    def sleep(self) -> None:
        """Put the network that is awake to sleep."""
        if self.awake is not None:
            for weight, stored in self._stored[self.awake]:
                weight.data = stored
            self.awake = None
            if self.device.type == "cpu":
                _return_free_memory()

    def _placed(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, self.dtype if tensor.is_floating_point() else None)


def _return_free_memory() -> None:
    """Give what was freed back to the system; glibc would keep it for this process alone."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not in musl
        if trim is not None:
            trim(0)
