"""No process ever holds all of a network that several share: counted, before the first step, at a middle
size. The processes but the first are pretended (torch's "fake" backend): nothing is sent before a step.
"""

import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.tensor import DTensor
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from limner.models.adapters import LoraSizes, add_adapter, write_adapter
from limner.models.adapters import adapter_tensors as tensors_of_adapter
from limner.models.checkpoint import save_component
from limner.models.filling import copy_into
from limner.models.mllm import MultimodalLLM
from limner.models.presets import TINY
from limner.training.language_network import build_language, fill_language
from limner.training.processes import Processes, Whole
from limner.training.run_context import RunContext

SIZE, RANK = 8, 5
LANGUAGE = replace(TINY.language, vocab_size=2_000, width=256, layers=6, heads=8, ffn_width=688)
MIDDLE = replace(
    TINY,
    language=LANGUAGE,
    input_resampler=replace(TINY.input_resampler, width=256, heads=8),
    output_resampler=replace(TINY.output_resampler, input_dim=256),
)
LORA = LoraSizes(rank=8, alpha=8)


class CountedBytes(TorchDispatchMode):
    """Bytes of tensors that operations made and that live, now and at most; files mapped into memory are not
    made by operations.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = {part_of(leaf)._cdata for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)}
        made = func(*args, **kwargs)
        if func is torch.ops.aten.set_.source_Storage:  # a tensor in a mapped file
            given.add(part_of(made)._cdata)
            self.known.add(part_of(made)._cdata)
        for leaf in tree_leaves(made):
            if isinstance(leaf, Tensor) and leaf.device.type == "cpu":
                storage = part_of(leaf)
                if storage._cdata not in given | self.known:
                    self._count(storage)
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        self.known.add(key)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


def part_of(tensor: Tensor) -> torch.UntypedStorage:
    """The memory of what this process holds of it."""
    return (tensor.to_local() if isinstance(tensor, DTensor) else tensor).untyped_storage()


@pytest.fixture
def context(tmp_path: Path) -> Iterator[RunContext]:
    """The sixth of eight processes, and a checkpoint of random weights."""
    torch.manual_seed(1)
    save_component(tmp_path / "model", "language", MultimodalLLM(LANGUAGE, MIDDLE.input_resampler))
    dist.init_process_group("fake", store=FakeStore(), rank=RANK, world_size=SIZE)
    team = Processes(rank=RANK, size=SIZE, device=torch.device("cpu"))
    yield RunContext(out=tmp_path, preset=MIDDLE, device=team.device, processes=team)
    dist.destroy_process_group()


def split_up(context: RunContext) -> nn.Module:
    """The language model as this process of several has it before its first step."""
    language = build_language(context, LORA, later=True)
    Whole(language, context.team)
    fill_language(context, language)
    return language


def test_the_start_takes_no_more_than_the_own_part(context: RunContext) -> None:
    with CountedBytes() as counted:
        language = split_up(context)
    parts = [p.to_local() for p in language.parameters()]  # type: ignore[attr-defined]
    own = sum(p.numel() * p.element_size() for p in parts)
    whole = sum(p.numel() * p.element_size() for p in language.parameters())
    largest = max(p.numel() * p.element_size() for p in language.parameters())
    print(f"whole {whole:,}, own part {own:,}, at most {counted.most:,}, largest weight {largest:,}")
    assert own < 1.05 * whole / SIZE
    assert own <= counted.most < own + largest
    assert counted.most < whole / 4


def test_the_part_holds_what_one_process_holds(context: RunContext) -> None:
    language = split_up(context)
    alone = build_language(replace(context, processes=None), LORA)
    assert [name for name, _ in alone.named_parameters()] == [n for n, _ in language.named_parameters()]
    for (name, own), whole in zip(language.named_parameters(), alone.parameters(), strict=True):
        expected = torch.empty_like(own)
        copy_into(expected, whole)
        assert own.requires_grad == whole.requires_grad, name
        assert torch.equal(own.to_local(), expected.to_local()), name  # type: ignore[attr-defined]
    for (name, own), whole in zip(language.named_buffers(), alone.buffers(), strict=True):
        assert torch.equal(own, whole), name


def test_an_adapter_is_read_in_parts(context: RunContext) -> None:
    trained = MultimodalLLM(LANGUAGE, MIDDLE.input_resampler)
    add_adapter(trained, LORA)
    folder = context.model_folder / "adapter"
    folder.mkdir()
    write_adapter(folder, trained, tensors_of_adapter(trained))
    language = split_up(context)
    own = dict(language.named_parameters())["llm.model.norm.modules_to_save.default.weight"]
    assert own.to_local().shape == (LANGUAGE.width // SIZE,)  # type: ignore[attr-defined]
    name = "llm.model.layers.3.mlp.up_proj.lora_A.default.weight"
    expected = dict(trained.named_parameters())[name]
    assert torch.equal(dict(language.named_parameters())[name].to_local()[0], expected[RANK])  # type: ignore[attr-defined]


def test_another_checkpoint_is_refused(context: RunContext) -> None:
    other = replace(LANGUAGE, layers=2)
    save_component(context.model_folder, "language", MultimodalLLM(other, MIDDLE.input_resampler))
    with pytest.raises(ValueError, match="does not fit: missing llm"):
        split_up(context)
