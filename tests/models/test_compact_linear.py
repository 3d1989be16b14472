"""A map that is stored in a byte a weight computes what it did, nearly, and exactly that from then on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from limner.models.checkpoint import load_component, save_component, save_tensors
from limner.models.compact_linear import CompactLinear


def test_a_byte_a_weight_in_files(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.ModuleDict({"wide": CompactLinear(64, 32), "usual": nn.Linear(32, 8)})
    save_component(tmp_path, "part", network)
    assert (tmp_path / "part" / "model.safetensors").stat().st_size < 64 * 32 + 2 * 32 * 8 + 4 * 80 + 800
    again = load_component(
        tmp_path, "part", nn.ModuleDict({"wide": CompactLinear(64, 32), "usual": nn.Linear(32, 8)})
    )
    inputs = torch.randn(100, 64)
    with torch.no_grad():
        before, after = network["wide"](inputs), again["wide"](inputs)
    assert float((before - after).std() / before.std()) < 0.02
    save_component(tmp_path, "twice", again)
    first, second = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("part", "twice"))
    assert first == second


def test_files_from_before_are_read(tmp_path: Path) -> None:
    plain = nn.ModuleDict({"wide": nn.Linear(64, 32)})
    save_component(tmp_path, "part", plain)
    read = load_component(tmp_path, "part", nn.ModuleDict({"wide": CompactLinear(64, 32)}))
    torch.testing.assert_close(read["wide"].weight, plain["wide"].weight.bfloat16().float())
    compact = nn.ModuleDict({"wide": CompactLinear(64, 32)})
    tensors = {name: t for name, t in compact.state_dict().items() if name != "wide.weight_scale"}
    save_tensors(tmp_path, "torn", tensors)
    with pytest.raises(ValueError, match=r"missing wide\.weight_scale"):
        load_component(tmp_path, "torn", compact)


def test_plain_weights_are_taken_too() -> None:
    plain, compact = nn.Linear(8, 4), CompactLinear(8, 4)
    compact.load_state_dict(plain.state_dict())
    torch.testing.assert_close(compact.weight, plain.weight)


def test_a_map_without_weights_has_the_state_of_one_with_weights():
    with torch.device("meta"):
        empty = CompactLinear(5, 3)
    real = CompactLinear(5, 3).state_dict()
    shapes = {name: (tensor.shape, tensor.dtype) for name, tensor in empty.state_dict().items()}
    assert shapes == {name: (tensor.shape, tensor.dtype) for name, tensor in real.items()}
    assert all(tensor.is_meta for tensor in empty.state_dict().values())
