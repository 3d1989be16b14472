"""The options of a training run, as `limner train` and `run_recipe` take them. Pure values; loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Where and how a recipe is trained; the recipe itself says what is learned.

    Args:
        scale: a preset's name.
        steps: optimizer steps instead of the recipe's.
        minutes: wall-clock minutes instead of steps; the first 20 steps decide how many fit.
        out: the run's folder; a run that is there is resumed.
        device: "cpu", "cuda", or the best there is.
        workers: processes that render samples.
        jobs: how many stages of a pipeline run side by side, each with `threads` threads.
        variant: "whole", "paper" (adapters of its rank) or "lora64", where the recipe has variants.
        data: words NAME=FOLDER, data sets to train on instead of the world; the names are the recipe's, those
            that are not given leave the mix, and NAME=world keeps the world's own.
        micro_batch: samples at once, to fit the memory; the effective batch stays.
        base: a checkpoint folder whose components the run starts from where it has none of its own.
        mix: shares of the kinds of dialogue instead of the recipe's, "named=6,crop=3" (`mix.py`).
        tensorboard: also write the numbers for TensorBoard, where it is installed.

    Raises:
        ValueError: both steps and minutes.
    """

    scale: str = "sketch"
    steps: int | None = None
    minutes: float | None = None
    out: Path = Path("runs/default")
    device: str | None = None
    workers: int | None = None
    jobs: int = 1
    threads: int | None = None
    variant: str | None = None
    data: tuple[str, ...] = ()
    micro_batch: int | None = None
    base: Path | None = None
    mix: str | None = None
    tensorboard: bool = True

    def __post_init__(self) -> None:
        if self.steps is not None and self.minutes is not None:
            raise ValueError("Give either --steps or --minutes, not both.")

    @property
    def are_of_one_recipe(self) -> bool:
        """Whether an option is given that belongs to one recipe and not to a pipeline."""
        return bool(self.data) or any(given is not None for given in (self.micro_batch, self.base, self.mix))
