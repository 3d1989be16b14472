from pathlib import Path

import pytest
import torch
from torch import nn

from limner.training.state import MovingAverage, SampleRng, existing_state, load_state, save_state


def _network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    inputs = torch.randn(8, 3, generator=torch.Generator().manual_seed(seed))
    network(inputs).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()


def test_a_state_restores_weights_buffers_moments_and_average(tmp_path: Path) -> None:
    network = _network()
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    average = MovingAverage(network, 0.9)
    for seed in range(3):
        _step(network, optimizer, seed)
        average.update(network, seed + 1)
    folder = tmp_path / "state"
    save_state(folder, step=3, network=network, optimizer=optimizer, average=average, notes={"steps": 9})

    other = _network(seed=1)
    other_optimizer = torch.optim.AdamW(other.parameters(), fused=True)
    other_average = MovingAverage(other, 0.9)
    step, notes = load_state(folder, network=other, optimizer=other_optimizer, average=other_average)
    assert (step, notes) == (3, {"steps": 9})
    _step(network, optimizer, 7)
    _step(other, other_optimizer, 7)
    for name, value in network.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(value, other.state_dict()[name]), name
    assert all(torch.equal(average.values[name], other_average.values[name]) for name in average.values)


def test_a_crash_between_renames_leaves_the_last_state_readable(tmp_path: Path) -> None:
    network = _network()
    optimizer = torch.optim.AdamW(network.parameters())
    folder = tmp_path / "state"
    save_state(folder, step=1, network=network, optimizer=optimizer, average=None, notes={})
    folder.rename(tmp_path / "state.last")
    (tmp_path / "state.fresh").mkdir()
    assert existing_state(folder) == tmp_path / "state.last"
    assert load_state(folder, network=network, optimizer=optimizer, average=None)[0] == 1


def test_another_network_is_refused_by_name(tmp_path: Path) -> None:
    network = _network()
    save_state(
        tmp_path / "s",
        step=1,
        network=network,
        optimizer=torch.optim.AdamW(network.parameters()),
        average=None,
        notes={},
    )
    other = nn.Sequential(nn.Linear(3, 4))
    with pytest.raises(ValueError, match=r"unexpected \['1\.bias'"):
        load_state(
            tmp_path / "s", network=other, optimizer=torch.optim.AdamW(other.parameters()), average=None
        )


def test_frozen_parameters_stay_out_of_the_state(tmp_path: Path) -> None:
    network = _network()
    network[0].requires_grad_(False)
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad])
    save_state(tmp_path / "s", step=1, network=network, optimizer=optimizer, average=None, notes={})
    other = _network(seed=1)
    other[0].requires_grad_(False)
    load_state(tmp_path / "s", network=other, optimizer=optimizer, average=None)
    assert not torch.equal(network[0].weight, other[0].weight)
    assert torch.equal(network[2].weight, other[2].weight)


def test_chance_depends_on_its_counters_alone() -> None:
    first, again = SampleRng(seed=1, step=2, micro=0), SampleRng(seed=1, step=2, micro=0)
    assert first.numpy().random() == again.numpy().random()
    assert torch.equal(torch.rand(3, generator=first.torch()), torch.rand(3, generator=again.torch()))
    others = [SampleRng(seed=1, step=3), SampleRng(seed=2, step=2), SampleRng(seed=1, step=2, micro=1)]
    assert len({c.numpy().random() for c in [first, *others]}) == 4
    assert SampleRng(seed=0, step=3, micro=1, accumulation=2).number == 7


def test_the_average_is_lent_and_given_back() -> None:
    network = _network()
    average = MovingAverage(network, 0.5)
    own = network[0].weight.detach().clone()
    with torch.no_grad():
        network[0].weight.add_(1.0)
    average.update(network, 100)
    with average.applied(network):
        assert torch.allclose(network[0].weight, own + 0.5)
    assert torch.allclose(network[0].weight, own + 1.0)
