"""What a run tells while it goes: a JSONL log, TensorBoard where installed, and progress on stderr.

Knows numbers and files. Knows nothing about networks. Standard output stays free for results.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

PLAIN_LINE_EVERY_S = 10.0


class MetricLogger:
    """One stage's log. Opened at step n, it drops the lines of later steps, so that a resumed log has no
    duplicates. A silent one writes and prints nothing (all processes but the first).
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        total_steps: int,
        first_step: int,
        tensorboard: bool = True,
        silent: bool = False,
    ) -> None:
        self.name = name
        self.total_steps, self.silent = total_steps, silent
        self._file: TextIO | None = None
        self._board: Any = None
        self._bar: _Bar | None = None
        self._first_step, self._began_s, self._last_line_s = first_step, time.monotonic(), 0.0
        if silent:
            return
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "log.jsonl"
        _keep_before(self._path, first_step)
        self._file = self._path.open("a", encoding="utf-8")
        self._board = _board(folder / "tensorboard", first_step) if tensorboard else None
        self._bar = _Bar(name, total_steps, first_step) if sys.stderr.isatty() else None

    def __enter__(self) -> MetricLogger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if self._board is not None:
            self._board.close()
        if self._bar is not None:
            self._bar.close()

    def step(self, step: int, numbers: Mapping[str, float]) -> None:
        """Write the numbers of finished step `step` to the log."""
        self._write(step, "train", numbers)

    def validation(self, step: int, numbers: Mapping[str, float]) -> None:
        """Log held-out numbers and print them."""
        self._write(step, "held-out", numbers)
        self.say(f"step {step}  held-out  {_short(numbers)}")

    def progress(self, step: int, numbers: Mapping[str, float]) -> None:
        """Move the bar, or print a plain line now and then where stderr is not a terminal."""
        if self.silent:
            return
        if self._bar is not None:
            self._bar.move(step, _short(numbers))
            return
        now = time.monotonic()
        if now - self._last_line_s >= PLAIN_LINE_EVERY_S or step == self.total_steps:
            self._last_line_s = now
            speed = (step - self._first_step) / max(1e-9, now - self._began_s)
            left_min = (self.total_steps - step) / max(1e-9, speed) / 60
            pace = f"{speed:.2f} steps/s  {left_min:.1f} min left"
            self.say(f"step {step}/{self.total_steps}  {pace}  {_short(numbers)}")

    def say(self, text: str) -> None:
        """Print one line."""
        if self.silent:
            return
        if self._bar is not None:
            self._bar.say(f"{self.name}: {text}")
        else:
            print(f"{self.name}: {text}", file=sys.stderr, flush=True)

    def _write(self, step: int, split: str, numbers: Mapping[str, float]) -> None:
        if self._file is None:
            return
        line = {"step": step, "split": split, **{key: float(value) for key, value in numbers.items()}}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        if self._board is not None:
            for key, value in numbers.items():
                self._board.add_scalar(f"{split}/{key}", float(value), step)


class _Bar:
    """A rich progress bar on stderr."""

    def __init__(self, name: str, total: int, done: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, TextColumn("{task.fields[told]}"), console=Console(stderr=True))
        self._task = self._progress.add_task(name, total=total, completed=done, told="")
        self._progress.start()

    def move(self, step: int, told: str) -> None:
        self._progress.update(self._task, completed=step, told=told)

    def say(self, text: str) -> None:
        self._progress.console.print(text, highlight=False)

    def close(self) -> None:
        self._progress.stop()


def read_log(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    """The lines of a stage's log of one split ("train" or "held-out"), in order."""
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [told for told in map(json.loads, lines) if told["split"] == split]


def _keep_before(path: Path, first_step: int) -> None:
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= first_step]
    path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")


def _short(numbers: Mapping[str, float]) -> str:
    return "  ".join(f"{key} {float(value):.4g}" for key, value in numbers.items())


def _board(folder: Path, first_step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # the log file holds the same numbers
        return None
    return SummaryWriter(str(folder), purge_step=first_step)
