"""The one training loop, for every stage of the pipeline.

Knows steps, gradients, schedules, saving and stopping. Knows nothing about what is learned: that is a
`Stage`. Several processes share each step's micro-batches: whatever their number, the same samples make the
same step, but for the order in which gradients are added.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from limner.models.precision import autocast
from limner.training.metric_logger import MetricLogger
from limner.training.muon import Muon
from limner.training.plan import Plan, learning_rate
from limner.training.processes import Processes, Whole, nothing_of, whole_tensor
from limner.training.state import MovingAverage, SampleRng, existing_state, load_state, save_state, trainable
from limner.training.stopped import Stopped
from limner.training.throughput import Meter, Speed

SPEED_STEPS = 20
LOG_LINES = 400


class Stage(Protocol):
    """One stage's learning problem: a network, a loss on freshly drawn samples, and held-out numbers."""

    @property
    def network(self) -> nn.Module:
        """Everything that is trained (frozen parts may sit inside: they need no gradient)."""

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The scalar loss of one micro-batch drawn by `chance`, and detached numbers to log."""

    def validate(self) -> dict[str, float]:
        """Numbers on held-out samples, the same samples every time."""

    # A stage may have a `meter: Meter`, in which its loss counts tokens, pictures and FLOPs for the log.


@runtime_checkable
class FilledLater(Protocol):
    """A stage whose network may be built without content, so that no process ever holds all of it."""

    def fill(self) -> None:
        """Give this process' part of the network its first content; called once it is split."""


class Trainer:
    """Trains a task to the end of its plan, starting from the saved state if there is one.

    `minutes` replaces `plan.steps`: of the first 20 steps, which lie in the warm-up and so don't depend on
    the total, the second half is timed (the first also loads and chooses kernels) and the total is set from
    their speed. The total is kept in the state, so a resumed run has the same.
    """

    def __init__(
        self,
        stage: Stage,
        plan: Plan,
        folder: Path,
        *,
        name: str,
        device: torch.device,
        minutes: float | None = None,
        tensorboard: bool = True,
        processes: Processes | None = None,
    ) -> None:
        if minutes is not None and plan.warmup_steps < SPEED_STEPS:
            raise ValueError(
                f"minutes needs a warm-up of at least {SPEED_STEPS} steps, not {plan.warmup_steps}."
            )
        self.stage, self.plan, self.folder, self.name = stage, plan, folder, name
        self.device, self.minutes, self.tensorboard = device, minutes, tensorboard
        self.processes = processes or Processes(device=device)
        if self.processes.size > 1 and plan.optimizer == "muon":
            raise ValueError(
                f"{name} takes orthogonal steps, which need whole matrices; train it in one process."
            )
        self.network = stage.network
        # Before the optimizer is made: splitting replaces parameters.
        self.whole = Whole(self.network, self.processes)
        if isinstance(stage, FilledLater):
            stage.fill()
        self.optimizer = make_optimizer(self.network, plan)
        self.average = MovingAverage(self.network, plan.average_decay) if plan.average_decay > 0 else None
        self.step = 0
        self.stop_asked = False

    @property
    def state_folder(self) -> Path:
        """Where the training state lies."""
        return self.folder / "state"

    def run(self, until: int | None = None) -> dict[str, float]:
        """Train to the end (or only to step `until`) and return the last held-out numbers.

        Raises `Stopped` after Ctrl-C or a terminate signal, once the state is saved.
        """
        self._resume()
        last = self.plan.steps if until is None else min(until, self.plan.steps)
        with self._logger() as logger, self._signals(logger):
            return self._train(logger, last)

    def save(self) -> None:
        """Write the state of the finished steps."""
        notes = {"steps": self.plan.steps, "name": self.name, "timed": self.minutes is None}
        save_state(
            self.state_folder,
            step=self.step,
            network=self.network,
            optimizer=self.optimizer,
            average=self.average,
            notes=notes,
            processes=self.processes,
        )

    def averaged(self) -> contextlib.AbstractContextManager[None]:
        """Inside, the network holds its averaged weights, which are what a finished stage ships."""
        return self.average.applied(self.network) if self.average else contextlib.nullcontext()

    def _resume(self) -> None:
        if existing_state(self.state_folder) is None:
            return
        self.step, notes = load_state(
            self.state_folder, network=self.network, optimizer=self.optimizer, average=self.average
        )
        if notes["timed"]:
            if self.minutes is not None:
                self.plan = replace(self.plan, steps=int(notes["steps"]))
            self.minutes = None

    def _train(self, logger: MetricLogger, last: int) -> dict[str, float]:
        if self.step == 0:
            logger.validation(0, self._validate())
        held_out: dict[str, float] = {}
        saved_s = began_s = time.monotonic()
        first = self.step
        validate_at = self._validation_steps()
        speed = Speed(getattr(self.stage, "meter", None) or Meter(), self.processes)
        while self.step < last:
            loss, numbers = self._one_step()
            self.step += 1
            if self._worth_logging():
                values = {"loss": float(loss), **{key: float(value) for key, value in numbers.items()}}
                rate = {"learning_rate": learning_rate(self.plan, self.step - 1)}
                logger.step(self.step, {**values, **rate, **speed.numbers()})
                logger.progress(self.step, values)
            if self.minutes is not None and self.step == SPEED_STEPS // 2:
                first, began_s = self.step, time.monotonic()
            if self.minutes is not None and self.step >= SPEED_STEPS:
                (step_s,) = self.processes.largest((time.monotonic() - began_s) / (self.step - first))
                last = self._set_length(logger, step_s)
                validate_at = self._validation_steps()
            waited_s = time.monotonic() - saved_s
            stop_asked, waited_s = self.processes.largest(float(self.stop_asked), waited_s)
            if stop_asked:
                self.save()
                raise Stopped(f"stopped after step {self.step} of {self.plan.steps}")
            if self.step in validate_at and self.step < self.plan.steps:
                logger.validation(self.step, self._validate())
                speed.restart()
            if waited_s > self.plan.save_every_s:
                self.save()
                saved_s = time.monotonic()
                speed.restart()
        self.save()
        if self.step >= self.plan.steps:
            held_out = self._validate()
            logger.validation(self.step, held_out)
        return held_out

    def _one_step(self) -> tuple[Tensor, dict[str, Tensor]]:
        """One optimizer step over `accumulation` micro-batches; returns their mean loss and the last one's
        numbers (of those that this process took).
        """
        self.network.train()
        total, numbers = self._gradients()
        rate = learning_rate(self.plan, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        parameters = list(trainable(self.network).values())
        norm = whole_tensor(nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None]))
        nn.utils.clip_grads_with_norm_(parameters, self.plan.clip_norm, norm)
        if not bool(torch.isfinite(norm)):
            raise ValueError(
                f"{self.name}: the gradient of step {self.step} is not finite; the saved state "
                "is of an earlier step. Resume with a lower learning rate."
            )
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update(self.network, self.step)
        return total, {**numbers, "gradient_norm": norm.detach()}

    def _gradients(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Backward passes of this process' share of the micro-batches; the mean loss of all, and numbers.

        Where the processes don't divide them evenly, some repeat one at weight 0, for all must pass as often.
        """
        count, rank, size = self.plan.accumulation, self.processes.rank, self.processes.size
        passes = -(-count // size)
        total = torch.zeros((), device=self.device)
        numbers: dict[str, Tensor] = {}
        for turn in range(passes):
            micro = turn * size + rank
            sample_rng = SampleRng(
                seed=self.plan.seed, step=self.step, micro=micro % count, accumulation=count
            )
            torch.manual_seed(int(sample_rng.numpy(purpose=99).integers(2**62)))  # dropout and the like
            self.whole.gradients_wait(turn < passes - 1)
            with autocast(self.device):
                loss, told = self.whole(functools.partial(self._loss, sample_rng))
            share = loss / count if micro < count else loss * 0.0
            torch.autograd.backward(share * size)  # split gradients come back as means over processes
            total += share.detach()
            numbers = told if micro < count else numbers
        if size > 1:
            (summed,) = self.processes.sums(float(total))
            total.fill_(summed)
        return total, numbers

    def _loss(self, sample_rng: SampleRng) -> tuple[Tensor, dict[str, Tensor]]:
        """The stage's loss, in which every trained weight takes part: one that a batch leaves out (resamplers
        where nothing is painted) would have a gradient in some processes only, and those that split it would
        wait for each other. The same in one process, so that their number changes nothing.
        """
        loss, told = self.stage.loss(sample_rng, self.plan.batch)
        return loss + nothing_of(self.network), told

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        self.network.eval()
        with self.averaged(), autocast(self.device):
            held_out: dict[str, float] = self.whole(self.stage.validate)
        return held_out

    def _set_length(self, logger: MetricLogger, step_s: float) -> int:
        """Fix the number of steps from the speed so far, leaving a twentieth of the time to validation and
        saving.
        """
        assert self.minutes is not None
        steps = max(SPEED_STEPS + 1, int(self.minutes * 60 * 0.95 / step_s))
        self.plan = replace(self.plan, steps=steps)
        logger.total_steps = steps
        logger.say(f"{step_s:.3f} s a step: {steps} steps fit into {self.minutes:g} minutes")
        self.minutes = None
        return steps

    def _validation_steps(self) -> set[int]:
        parts = self.plan.validations + 1
        return {self.plan.steps * part // parts for part in range(1, parts)}

    def _worth_logging(self) -> bool:
        stride = max(1, self.plan.steps // LOG_LINES)
        return self.step % stride == 0 or self.step <= 5 or self.step == self.plan.steps

    def _logger(self) -> MetricLogger:
        return MetricLogger(
            self.folder,
            name=self.name,
            total_steps=self.plan.steps,
            first_step=self.step,
            tensorboard=self.tensorboard,
            silent=not self.processes.is_first,
        )

    @contextlib.contextmanager
    def _signals(self, logger: MetricLogger) -> Iterator[None]:
        """Ctrl-C and terminate end the run after the current step, so that a state is never half a step."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(number: int, frame: Any) -> None:
            if self.stop_asked:
                raise KeyboardInterrupt
            self.stop_asked = True
            logger.say("stopping after this step; the same command resumes from there")

        kept: dict[int, Callable[..., Any] | int | None] = {
            number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)


def make_optimizer(network: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """The plan's optimizer; decay on matrices alone, not on biases, norms and single vectors."""
    muon = plan.optimizer == "muon"
    named = trainable(network)
    inside = {name for name in named if muon and not set(plan.orthogonal_in).isdisjoint(name.split("."))}
    orthogonal = [
        p for name, p in named.items() if muon and (p.ndim == 4 or (p.ndim == 2 and name in inside))
    ]
    stepped = {id(p) for p in orthogonal}
    others = [p for p in named.values() if id(p) not in stepped]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in others if p.ndim >= 2], "weight_decay": plan.weight_decay},
        {"params": [p for p in others if p.ndim < 2], "weight_decay": 0.0},
        {"params": orthogonal, "weight_decay": plan.weight_decay, "orthogonal": True},
    ]
    groups = [group for group in groups if group["params"]]
    if muon:
        return Muon(groups, lr=plan.learning_rate, betas=plan.betas, eps=plan.epsilon)
    return torch.optim.AdamW(groups, lr=plan.learning_rate, betas=plan.betas, eps=plan.epsilon, fused=True)
