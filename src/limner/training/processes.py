"""The processes of one run: which one this is, how a network is split among them, and what they tell each
other.

`torchrun` or `accelerate launch` starts them; accelerate joins them and chooses each one's device; torch's
FSDP2 (`fully_shard`) splits parameters, gradients and moments. Knows nothing about losses, plans or files.
One process alone uses none of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as dist

from limner.models.causal_lm import is_layer
from limner.models.precision import best_device, compute_dtype

Result = TypeVar("Result")

# Libraries' classes by name, for whoever has none of their networks needs no import of them.
DIFFUSION_BLOCKS: Final = {"PixArtBlock", "BasicTransformerBlock"}  # ours, and those of diffusers' UNets
PUBLIC_MODEL: Final = "PreTrainedModel"  # transformers' base class


@dataclass(frozen=True, kw_only=True)
class Processes:
    """Number `rank` of `size` processes, computing on `device`."""

    rank: int = 0
    size: int = 1
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this one writes what is written once."""
        return self.rank == 0

    def wait(self) -> None:
        """Returns when all have come here."""
        if self.size > 1:
            dist.barrier()

    def sums(self, *values: float) -> list[float]:
        """Sums over all processes."""
        return self._reduced(values, dist.ReduceOp.SUM)

    def largest(self, *values: float) -> list[float]:
        """The largest values of any process."""
        return self._reduced(values, dist.ReduceOp.MAX)

    def _reduced(self, values: tuple[float, ...], how: dist.ReduceOp.RedOpType) -> list[float]:
        if self.size == 1:
            return list(values)
        told = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(told, how)
        return [float(value) for value in told]


class Whole(nn.Module):
    """A network as one thing to call: inside a call of `whole(job)` its parameters are gathered for `job`.

    With several processes the parameters are split on construction, in place. Those without content get
    memory for this process' part, to be filled.
    """

    def __init__(self, network: nn.Module, processes: Processes) -> None:
        super().__init__()
        self.network = network
        self.is_split = processes.size > 1
        if self.is_split:
            split(self, processes)
            make_room(self, processes.device)

    def forward(self, job: Callable[[], Result]) -> Result:
        return job()

    def gradients_wait(self, wait: bool) -> None:
        """True: the next backward passes only add up locally, because more micro-batches follow."""
        if self.is_split:
            module: Any = self
            module.set_requires_gradient_sync(not wait)


def join(device: str | None = None) -> Processes:
    """Join the processes that the launcher started (environment variable WORLD_SIZE), or be one alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes(device=torch.device(device) if device else best_device())
    from accelerate import PartialState

    on_cpu = not torch.cuda.is_available() or (device or "").startswith("cpu")
    state = PartialState(cpu=on_cpu)
    if device and torch.device(device).index is not None:
        raise ValueError(f"Several processes choose their devices themselves; leave out --device {device}.")
    return Processes(
        rank=int(state.process_index), size=int(state.num_processes), device=torch.device(state.device)
    )


def split_blocks(network: nn.Module) -> list[nn.Module]:
    """What is gathered when it computes and given back afterwards; what is in none of these stays gathered
    for a whole pass. Of a public language model each layer, whatever its architecture calls it
    (transformers' layers have one base class).

    Raises:
        ValueError: a public network has no such layers, and would be gathered whole in every process.
    """
    blocks: list[nn.Module] = []
    inside: set[nn.Module] = set()
    for module in network.modules():
        # Among its ancestors: splitting a module gives it a class of its own.
        names = {kind.__name__ for kind in type(module).__mro__}
        if (is_layer(module) or names & DIFFUSION_BLOCKS) and module not in inside:
            blocks.append(module)
            inside.update(module.modules())
    for module in network.modules():
        names = {kind.__name__ for kind in type(module).__mro__}
        if PUBLIC_MODEL in names and inside.isdisjoint(module.modules()):
            raise ValueError(
                f"{type(module).__name__} has no layers that several processes could split one by one; "
                "train it in one process."
            )
    return blocks


def split(network: nn.Module, processes: Processes) -> None:
    """Split every parameter's first dimension among all processes (FSDP2), block by block."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(processes.device.type, (processes.size,))
    dtype = compute_dtype(processes.device)
    # Gathered in what is computed in, which halves the traffic; gradients are summed in float32.
    policy = MixedPrecisionPolicy(
        param_dtype=None if dtype is torch.float32 else dtype,
        reduce_dtype=torch.float32,
        cast_forward_inputs=False,
    )
    for module in split_blocks(network):
        fully_shard(module, mesh=mesh, mp_policy=policy)
    # Given back after every call, or a validation's weights would linger when the next step begins.
    fully_shard(network, mesh=mesh, mp_policy=policy, reshard_after_forward=True)


def make_room(network: nn.Module, device: torch.device) -> None:
    """Gives a network that was built without content, and then split, memory for its own parts on `device`;
    buffers keep what they hold.
    """
    if not any(weight.is_meta for weight in network.parameters()):
        return
    kept = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network.to_empty(device=device)
    with torch.no_grad():
        for name, buffer in network.named_buffers():
            buffer.copy_(kept[name])


def nothing_of(network: nn.Module) -> Tensor:
    """Zero, with a gradient (of zeros) for every trained weight outside of the blocks that are split one by
    one: of these all are in every pass, and they are not whole between their passes.
    """
    inside = {id(weight) for block in split_blocks(network) for weight in block.parameters()}
    trained = [w for w in network.parameters() if w.requires_grad and id(w) not in inside]
    sums = [weight.float().sum() for weight in trained]
    return torch.stack(sums).sum() * 0.0 if sums else torch.zeros(())


def whole_tensor(tensor: Tensor) -> Tensor:
    """The tensor itself, or all of it when it is split; every process must ask for it."""
    full = getattr(tensor, "full_tensor", None)
    gathered: Tensor = tensor if full is None else full()
    return gathered
