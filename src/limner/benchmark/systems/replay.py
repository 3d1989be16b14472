"""Answers that were given before: an earlier run's folder, or one that somebody else has filled.

    FOLDER/<conversation>/answers.jsonl   {"round": 0, "text": "...", "picture": "0.png" or null} a line
    FOLDER/<conversation>/0.png

`limner bench script` writes what to say. Knows files. Knows nothing of how the answers came about.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from limner.benchmark.conversation import BenchConversation
from limner.benchmark.systems.protocol import SystemAnswer
from limner.dialogue.parts import Picture
from limner.evaluation.run_folder import FinishedTask, read_run

ANSWERS: Final = "answers.jsonl"
Recorded = Mapping[int, SystemAnswer]


@dataclass(frozen=True, kw_only=True)
class ReplaySystem:
    """`read` gives what was answered in a conversation by its name; ValueError when nothing was."""

    name: str
    read: Callable[[str], Recorded]

    def begin(self, conversation: BenchConversation) -> ReplaySession:
        """The record of this conversation, from its beginning."""
        return ReplaySession(conversation=conversation, answers=self.read(conversation.name))


@dataclass(kw_only=True)
class ReplaySession:
    """Hands out what was recorded; a round without a record is answered with nothing."""

    conversation: BenchConversation
    answers: Recorded
    here: int = -1
    said: set[int] = field(default_factory=set)

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """The recorded answer to the round with `text` that follows here."""
        self.here = self.conversation.round_after(self.here, text, self.said)
        self.said.add(self.here)
        return self.answers.get(self.here, SystemAnswer(text="", id=str(self.here)))

    def fork(self, id: str) -> ReplaySession:
        """Back at round `id`."""
        return ReplaySession(
            conversation=self.conversation, answers=self.answers, here=int(id), said=self.said
        )


def replay_system(folder: Path) -> ReplaySystem:
    """The answers in `folder`, of either kind. ValueError when it holds none."""
    if (folder / "run.json").is_file():
        tasks = {task.rows[0].dialogue: task for task in read_run(folder).tasks.values() if task.rows}
        return ReplaySystem(name=folder.name, read=partial(_of_run, folder, tasks))
    if any(folder.glob(f"*/{ANSWERS}")):
        return ReplaySystem(name=folder.name, read=partial(_of_files, folder))
    raise ValueError(
        f"{folder} holds neither a model (limner.json) nor recorded answers (CONVERSATION/{ANSWERS}); "
        "`limner bench script` writes what such answers belong to."
    )


def _of_run(folder: Path, tasks: Mapping[str, FinishedTask], name: str) -> Recorded:
    if name not in tasks:
        raise _missing(folder, name)
    return {
        index: SystemAnswer(
            text=held.answered,
            picture=None if held.picture is None else Picture.from_file(folder / held.picture),
            id=str(index),
            seconds=seconds,
        )
        for index, (held, seconds) in enumerate(
            zip(tasks[name].conversation, tasks[name].round_seconds, strict=True)
        )
    }


def _of_files(folder: Path, name: str) -> Recorded:
    file = folder / name / ANSWERS
    if not file.is_file():
        raise _missing(folder, name)
    answers: dict[int, SystemAnswer] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            index, answer = _read(json.loads(line), file.parent)
        except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
            raise ValueError(f"Line {number} of {file} cannot be read ({error}); record it anew.") from error
        answers[index] = answer
    return answers


def _read(told: Mapping[str, Any], folder: Path) -> tuple[int, SystemAnswer]:
    index, shown = int(told["round"]), told.get("picture")
    picture = None
    if shown is not None:
        path = folder / str(shown)
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{shown} lies outside of {folder}")
        picture = Picture.from_file(path)
    seconds = float(told.get("seconds", 0.0))
    return index, SystemAnswer(text=str(told["text"]), picture=picture, id=str(index), seconds=seconds)


def _missing(folder: Path, name: str) -> ValueError:
    return ValueError(f"{folder} has no answers to {name}; record the set of the same --num and --seed.")
