"""A run on disk: its options, one line of JSON per finished task, the pictures of each.

Knows files: what is written in which order, so that a run killed at any moment goes on where it was. Knows
nothing about models, suites or how tasks are computed.

    run.json        the options that results depend on, and facts about the model
    tasks.jsonl     one line per finished task, appended; a torn last line is cut off
    pictures/       PNG files named by digest, written before the line that names them
    rows.jsonl      every measured value, when all tasks are done
    results.json    estimates with intervals; timing.json: seconds a round; report.html
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.evaluation.given import check_run
from limner.evaluation.score import Row
from limner.evaluation.suite import Outcome
from limner.whole_file import write_whole

FORMAT = 1
DIGEST_CHARACTERS = 24


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is: tasks done of all, those that an earlier start had done, and the suite at work."""

    done: int
    total: int
    resumed: int
    suite: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownFile:
    """A picture of the report where it lies: a path relative to the run's folder."""

    column: str
    text: str
    file: str


@dataclass(frozen=True, kw_only=True)
class HeldRound:
    """A round of a conversation, its pictures as paths relative to the run's folder."""

    said: str
    given: tuple[str, ...]
    answered: str
    picture: str | None


@dataclass(frozen=True, kw_only=True)
class FinishedTask:
    """What a line of tasks.jsonl says: `seconds` of the whole task, the rest as in `Outcome`."""

    suite: str
    index: int
    rows: tuple[Row, ...]
    shown: tuple[ShownFile, ...]
    conversation: tuple[HeldRound, ...]
    round_seconds: tuple[float, ...]
    seconds: float

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> FinishedTask:
        """The inverse of `asdict`."""
        return cls(
            suite=told["suite"],
            index=int(told["index"]),
            rows=tuple(Row.from_json(row) for row in told["rows"]),
            shown=tuple(ShownFile(**shown) for shown in told["shown"]),
            conversation=tuple(
                HeldRound(**{**held, "given": tuple(held["given"])}) for held in told["conversation"]
            ),
            round_seconds=tuple(told["round_seconds"]),
            seconds=float(told["seconds"]),
        )

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that the line names."""
        held = [
            name
            for round_ in self.conversation
            for name in (*round_.given, round_.picture)
            if name is not None
        ]
        return (*(shown.file for shown in self.shown), *held)


class RunFolder:
    """A run's folder. Open one to write with `open_run`, to look at with `read_run`.

    Args:
        path: the folder.
        options: what results depend on: suites, num, seed, model, others, judge, ...
        facts: what is worth telling of model and judge; never compared.
        tasks: finished tasks by (suite, index).
    """

    def __init__(
        self,
        path: Path,
        options: Mapping[str, Any],
        facts: Mapping[str, Any],
        tasks: dict[tuple[str, int], FinishedTask],
    ) -> None:
        self.path = path
        self.options = dict(options)
        self.facts = dict(facts)
        self.tasks = tasks

    def of_suite(self, suite: str) -> list[FinishedTask]:
        """The finished tasks of a suite, by number."""
        return [self.tasks[key] for key in sorted(self.tasks) if key[0] == suite]

    def add(self, suite: str, index: int, outcome: Outcome, seconds: float) -> FinishedTask:
        """Keep what a task gave: files first, then the line that makes it count.

        ValueError when a measured value is not a number, naming suite and metric.
        """
        for row in outcome.rows:
            if not math.isfinite(row.value):
                raise ValueError(f"Task {index} of suite {suite} measured {row.value} as {row.metric}.")
        task = FinishedTask(
            suite=suite,
            index=index,
            rows=outcome.rows,
            shown=tuple(
                ShownFile(column=shown.column, text=shown.text, file=self._keep_picture(shown.picture))
                for shown in outcome.shown
            ),
            conversation=tuple(self._keep_round(round_) for round_ in outcome.conversation),
            round_seconds=tuple(round(value, 4) for value in outcome.round_seconds),
            seconds=round(seconds, 4),
        )
        line = json.dumps(asdict(task), ensure_ascii=False, allow_nan=False) + "\n"
        with (self.path / "tasks.jsonl").open("ab") as file:
            file.write(line.encode())
        self.tasks[suite, index] = task
        return task

    def conversation(self, task: FinishedTask) -> tuple[Round, ...]:
        """The conversation that a task held, with its pictures; empty when it kept none."""
        return tuple(
            Round(
                instruction=Instruction(
                    text=held.said, pictures=tuple(Picture.from_file(self.path / name) for name in held.given)
                ),
                response=Response(
                    text=held.answered,
                    picture=None if held.picture is None else Picture.from_file(self.path / held.picture),
                ),
            )
            for held in task.conversation
        )

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Keep what was learned of the model when it was loaded."""
        self.facts = dict(facts)
        _write_header(self.path, self.options, self.facts)

    def _keep_picture(self, picture: Picture) -> str:
        name = f"pictures/{picture.digest[:DIGEST_CHARACTERS]}.png"
        if not (self.path / name).exists():
            write_whole(picture.to_png(), self.path / name)
        return name

    def _keep_round(self, round_: Round) -> HeldRound:
        answer = round_.response.picture
        return HeldRound(
            said=round_.instruction.text,
            given=tuple(self._keep_picture(picture) for picture in round_.instruction.pictures),
            answered=round_.response.text,
            picture=None if answer is None else self._keep_picture(answer),
        )


@contextmanager
def open_run(path: Path, options: Mapping[str, Any]) -> Iterator[RunFolder]:
    """Open a run for writing: the one that is there, or a new one. Locked against other processes.

    A run without a finished task claims nothing: another takes its folder, and one that fails before its
    first task leaves none.

    ValueError when the folder holds a run of other options (naming each), something else, or is in use.
    """
    known = _read_header(path) if (path / "run.json").exists() else None
    if known is None and path.exists() and (not path.is_dir() or any(_foreign(path))):
        raise ValueError(f"{path} holds something else than an evaluation; give another --out.")
    if known is not None and _has_tasks(path):
        _check_same(path, known["options"], options)
    elif known is not None and json.loads(json.dumps(dict(options))) != known["options"]:
        known = None
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    with _alone_in(path):
        (path / "pictures").mkdir(exist_ok=True)
        for stale in path.rglob("*.tmp"):
            stale.unlink()
        if known is None:
            _write_header(path, options, {})
        _cut_torn_line(path / "tasks.jsonl")
        try:
            yield RunFolder(path, options, known["facts"] if known else {}, _read_tasks(path))
        except BaseException:
            if not _has_tasks(path):
                _leave(path, made)
            raise


def read_run(path: Path) -> RunFolder:
    """A run to look at. ValueError when there is none at `path` (a folder, or its results.json)."""
    check_run(path)
    path = path.parent if path.name == "results.json" else path
    known = _read_header(path)
    return RunFolder(path, known["options"], known["facts"], _read_tasks(path))


def write_rows(path: Path, rows: Mapping[str, Sequence[Row]]) -> None:
    """Write rows.jsonl: every measured value of every suite."""
    lines = [
        json.dumps({"suite": suite, **row.to_json()}, ensure_ascii=False, allow_nan=False) + "\n"
        for suite, found in rows.items()
        for row in found
    ]
    write_whole("".join(lines).encode(), path / "rows.jsonl")


def read_rows(path: Path) -> dict[str, list[Row]]:
    """The measured values of a finished run by suite. ValueError when it is not finished."""
    file = path / "rows.jsonl"
    if not file.is_file():
        raise ValueError(f"The evaluation at {path} is not finished; run the same command again to go on.")
    rows: dict[str, list[Row]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        rows.setdefault(told["suite"], []).append(Row.from_json(told))
    return rows


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a JSON file, replacing an older one at once."""
    write_whole((json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(), path)


@contextmanager
def _alone_in(path: Path) -> Iterator[None]:
    """Holds the folder's lock; ValueError when another process does."""
    lock = FileLock(path / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(
            f"Another evaluation is writing to {path}; wait for it or give another --out."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _write_header(path: Path, options: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    write_json(path / "run.json", {"format": FORMAT, "options": dict(options), "facts": dict(facts)})


def _read_header(path: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads((path / "run.json").read_text(encoding="utf-8"))
        if known["format"] == FORMAT and isinstance(known["options"], dict):
            return known
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(f"{path / 'run.json'} is not an evaluation of this limner; give another folder.")


def _check_same(path: Path, known: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    differing = [name for name in options if json.loads(json.dumps(options[name])) != known.get(name)]
    if differing:
        told = "; ".join(
            f"{name} {_short(known.get(name))}, not {_short(options[name])}" for name in differing
        )
        raise ValueError(
            f"{path} holds an evaluation with {told}; use the same options to go on, or another --out."
        )


def _short(value: object) -> str:
    if isinstance(value, str) and len(value) == 64:
        return value[:12]
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_short(part)}" for key, part in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value)) or "none"
    return str(value)


def _has_tasks(path: Path) -> bool:
    file = path / "tasks.jsonl"
    return file.exists() and b"\n" in file.read_bytes()


def _leave(path: Path, made: Sequence[Path]) -> None:
    """Take away what a run without tasks wrote, and the folders that were made for it."""
    for name in ("run.json", "tasks.jsonl", ".lock"):
        (path / name).unlink(missing_ok=True)
    shutil.rmtree(path / "pictures", ignore_errors=True)
    for folder in made:
        with suppress(OSError):  # somebody else's files are in it
            folder.rmdir()


def _foreign(path: Path) -> Iterator[Path]:
    """What an interrupted first moment of a run does not leave behind."""
    return (
        entry
        for entry in path.iterdir()
        if entry.name not in (".lock", "pictures")
        and not (entry.name.startswith(".run.json.") and entry.suffix == ".tmp")
    )


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as file:
        data = file.read()
        if not data.endswith(b"\n"):
            file.truncate(data.rfind(b"\n") + 1)


def _read_tasks(path: Path) -> dict[tuple[str, int], FinishedTask]:
    """The finished tasks whose files are all there; a torn last line is passed over."""
    file = path / "tasks.jsonl"
    tasks: dict[tuple[str, int], FinishedTask] = {}
    if not file.exists():
        return tasks
    data = file.read_bytes()
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1):
        try:
            task = FinishedTask.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"Line {number} of {file} cannot be read; delete that line and run the same command again."
            ) from error
        if all((path / name).is_file() for name in task.files):
            tasks[task.suite, task.index] = task
    return tasks
