"""Orthogonal steps: what they are, that they learn, and that a stored run goes on as if never stopped."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from limner.training.loop import make_optimizer
from limner.training.muon import Muon, orthogonalised
from limner.training.plan import Plan
from limner.training.state import load_state, save_state


def _network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 6, 3), nn.GELU(), nn.Flatten(), nn.Linear(24, 2))


def _optimizer(network: nn.Module) -> Muon:
    parameters = list(network.parameters())
    return Muon(
        [
            {"params": [p for p in parameters if p.ndim == 4], "orthogonal": True, "weight_decay": 0.01},
            {"params": [p for p in parameters if p.ndim != 4]},
        ],
        lr=0.02,
    )


def _learn(network: nn.Module, optimizer: Muon, steps: range) -> float:
    error = torch.zeros(())
    for step in steps:
        pixels = torch.randn(16, 2, 4, 4, generator=torch.Generator().manual_seed(step))
        wanted = torch.stack([pixels[:, 0].mean((1, 2)), pixels[:, 1, 0, 0]], dim=1)
        error = (network(pixels) - wanted).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    return float(error.detach())


def test_singular_values_become_about_one_and_directions_stay() -> None:
    torch.manual_seed(1)
    for shape in ((6, 20), (20, 6), (6, 40), (40, 6)):
        matrix = torch.randn(*shape) * torch.logspace(-1, 1, shape[1])
        u, _, v = torch.linalg.svd(matrix, full_matrices=False)
        made = orthogonalised(matrix)
        values = torch.linalg.svdvals(made)
        assert 0.5 < float(values.min()) <= float(values.max()) < 1.3
        along = torch.einsum("mk,mn,kn->k", u, made, v)
        own = torch.linalg.svdvals(made)[torch.argsort(torch.argsort(-along))]
        torch.testing.assert_close(along, own, atol=0.02, rtol=0)  # bfloat16 where that is native


def test_it_learns() -> None:
    network = _network()
    optimizer = _optimizer(network)
    first = _learn(network, optimizer, range(1))
    assert _learn(network, optimizer, range(1, 150)) < 0.2 * first


def test_a_stored_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole, half, rest = _network(), _network(), _network()
    _learn(whole, _optimizer(whole), range(6))
    stopped = _optimizer(half)
    _learn(half, stopped, range(3))
    save_state(tmp_path / "state", step=3, network=half, optimizer=stopped, average=None, notes={})
    resumed = _optimizer(rest)
    assert load_state(tmp_path / "state", network=rest, optimizer=resumed, average=None)[0] == 3
    _learn(rest, resumed, range(3, 6))
    for ours, theirs in zip(whole.parameters(), rest.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_plan_names_the_modules_whose_matrices_step_orthogonally() -> None:
    network = nn.ModuleDict({"enter": nn.Linear(3, 4), "blocks": nn.ModuleList([nn.Linear(4, 4)])})
    network["look"] = nn.Conv2d(1, 2, 3)
    for named, expected in (((), {"look.weight"}), (("blocks",), {"look.weight", "blocks.0.weight"})):
        plan = Plan(steps=1, batch=1, optimizer="muon", orthogonal_in=named)
        groups = make_optimizer(network, plan).param_groups
        chosen = {id(p) for group in groups if group["orthogonal"] for p in group["params"]}
        assert {name for name, p in network.named_parameters() if id(p) in chosen} == expected
        assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))
