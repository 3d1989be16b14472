import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from limner.training.loop import Trainer
from limner.training.metric_logger import read_log
from limner.training.plan import Plan, learning_rate
from limner.training.state import SampleRng
from limner.training.stopped import Stopped

PLAN = Plan(steps=6, batch=4, accumulation=2, learning_rate=0.05, warmup_steps=2, validations=1)


class Line:
    """Learns y = 2 x by a noisy layer; small, but with data, dropout and randomness of its own."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.network: nn.Module = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.2), nn.Linear(8, 1))
        self.seen: list[float] = []
        self.interrupt_at: int | None = None

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        if (sample_rng.step, sample_rng.micro) == (self.interrupt_at, 0):
            os.kill(os.getpid(), signal.SIGINT)
        inputs = torch.randn(batch, 1, generator=sample_rng.torch())
        self.seen.append(float(inputs[0]))
        error = (self.network(inputs) - 2 * inputs).square().mean()
        return error, {"error": error.detach()}

    def validate(self) -> dict[str, float]:
        inputs = torch.linspace(-1, 1, 9)[:, None]
        return {"error": float((self.network(inputs) - 2 * inputs).square().mean())}


def _trainer(line: Line, folder: Path, plan: Plan = PLAN, minutes: float | None = None) -> Trainer:
    return Trainer(
        line, plan, folder, name="line", device=torch.device("cpu"), minutes=minutes, tensorboard=False
    )


def _same(first: Line, second: Line) -> bool:
    ours, theirs = first.network.state_dict(), second.network.state_dict()
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_weights_that_a_batch_leaves_out_take_part_all_the_same(tmp_path: Path) -> None:
    class WithMore(Line):
        def __init__(self) -> None:
            super().__init__()
            self.network.append(nn.Linear(1, 1))  # which only odd steps use

        def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
            inputs = torch.randn(batch, 1, generator=sample_rng.torch())
            used = self.network if sample_rng.step % 2 else self.network[:3]
            error = (used(inputs) - 2 * inputs).square().mean()
            self.seen.append(float(error.detach()))
            return error, {}

    line = WithMore()
    before = line.network[3].weight.detach().clone()
    trainer = _trainer(line, tmp_path, replace(PLAN, weight_decay=0.0))
    trainer.run(until=1)
    assert torch.equal(line.network[3].weight, before)  # a gradient of zeros moves nothing
    moments = trainer.optimizer.state[line.network[3].weight]
    assert float(moments["step"]) == 1
    assert not moments["exp_avg"].any()
    trainer = _trainer(line, tmp_path, replace(PLAN, weight_decay=0.0))
    trainer.run(until=2)
    assert not torch.equal(line.network[3].weight, before)


def test_six_steps_equal_three_and_three_resumed_bit_for_bit(tmp_path: Path) -> None:
    whole, first, second = Line(), Line(), Line()
    numbers = _trainer(whole, tmp_path / "whole").run()
    _trainer(first, tmp_path / "parts").run(until=3)
    assert _trainer(second, tmp_path / "parts").run() == numbers
    assert _same(whole, second)
    assert not _same(whole, first)
    assert whole.seen == first.seen + second.seen
    for split in ("train", "held-out"):
        assert read_log(tmp_path / "whole", split) == read_log(tmp_path / "parts", split)


def test_ctrl_c_saves_and_the_same_command_goes_on(tmp_path: Path) -> None:
    whole, first, second = Line(), Line(), Line()
    _trainer(whole, tmp_path / "whole").run()
    first.interrupt_at = 2
    with pytest.raises(Stopped, match="step 3 of 6"):
        _trainer(first, tmp_path / "parts").run()
    _trainer(second, tmp_path / "parts").run()
    assert _same(whole, second)


def test_accumulated_gradients_are_the_mean_of_their_micro_batches(tmp_path: Path) -> None:
    class Mean:
        def __init__(self) -> None:
            self.network: nn.Module = nn.Linear(1, 1, bias=False)
            nn.init.zeros_(self.network.weight)

        def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
            return self.network.weight.sum() * (1.0 if sample_rng.micro == 0 else 3.0), {}

        def validate(self) -> dict[str, float]:
            return {}

    trainer = Trainer(
        Mean(),
        replace(PLAN, clip_norm=100.0),
        tmp_path,
        name="mean",
        device=torch.device("cpu"),
        tensorboard=False,
    )
    trainer.run(until=1)
    assert read_log(tmp_path)[0]["gradient_norm"] == pytest.approx(2.0)


def test_the_rate_warms_up_and_falls_per_optimizer_step(tmp_path: Path) -> None:
    _trainer(Line(), tmp_path).run()
    rates = [line["learning_rate"] for line in read_log(tmp_path)]
    assert rates == [learning_rate(PLAN, step) for step in range(5)] + [learning_rate(PLAN, 5)]
    assert rates[0] == pytest.approx(0.025)
    assert max(rates) == pytest.approx(0.05)
    assert rates[-1] < 0.5 * max(rates)
    assert learning_rate(replace(PLAN, schedule="constant"), 5) == 0.05
    assert learning_rate(PLAN, 6) == pytest.approx(0.05 * PLAN.final_fraction)


def test_minutes_choose_the_number_of_steps_from_the_first_ones(tmp_path: Path) -> None:
    plan = replace(PLAN, steps=10_000, warmup_steps=25, validations=0)
    trainer = _trainer(Line(), tmp_path, plan, minutes=0.01)
    trainer.run()
    assert 20 < trainer.step == trainer.plan.steps < 10_000
    resumed = _trainer(Line(), tmp_path, plan, minutes=0.01)
    resumed.run()
    assert resumed.step == trainer.step
    with pytest.raises(ValueError, match="warm-up of at least 20"):
        _trainer(Line(), tmp_path, PLAN, minutes=1.0)


def test_a_gradient_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    line = Line()
    with torch.no_grad():
        next(line.network.parameters()).fill_(float("inf"))
    with pytest.raises(ValueError, match="not finite"):
        _trainer(line, tmp_path).run()
    assert not (tmp_path / "state").exists()
