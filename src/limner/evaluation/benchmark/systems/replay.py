"""Answers that were recorded before: an earlier run's folder, or one that somebody else has filled.

    FOLDER/<conversation>/answers.jsonl   {"round": 0, "text": "...", "picture": "0.png" or null} a line
    FOLDER/<conversation>/0.png

Knows files. Knows nothing of how the answers came about; `limner bench --script FOLDER` writes what to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from limner.dialogue.parts import Picture
from limner.evaluation.benchmark.conversation import BenchConversation
from limner.evaluation.benchmark.systems.protocol import SystemAnswer

ANSWERS: Final = "answers.jsonl"


@dataclass(frozen=True, kw_only=True)
class ReplaySystem:
    """A folder with one sub-folder for each conversation."""

    folder: Path
    name: str

    @classmethod
    def open(cls, folder: Path) -> ReplaySystem:
        """ValueError when `folder` holds no recorded answers."""
        if not any(folder.glob(f"*/{ANSWERS}")):
            raise ValueError(
                f"{folder} holds neither a model (limner.json) nor recorded answers "
                f"(CONVERSATION/{ANSWERS}); docs/benchmark.md describes both."
            )
        return cls(folder=folder, name=folder.name)

    def begin(self, conversation: BenchConversation) -> ReplaySession:
        """ValueError when nothing was recorded for this conversation, or what was cannot be read."""
        folder = self.folder / conversation.name
        try:
            lines = (folder / ANSWERS).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ValueError(
                f"{self.folder} has no answers to {conversation.name}; record the same --num and --seed."
            ) from error
        answers: dict[int, SystemAnswer] = {}
        for line in filter(str.strip, lines):
            try:
                told = json.loads(line)
                index, shown = int(told["round"]), told.get("picture")
                picture = None if shown is None else Picture.from_file(_inside(folder, shown))
                answers[index] = SystemAnswer(text=str(told["text"]), picture=picture, id=str(index))
            except (KeyError, TypeError, AttributeError, ValueError, OSError) as error:
                raise ValueError(
                    f"An answer in {folder / ANSWERS} cannot be read ({error}); record it anew."
                ) from error
        return ReplaySession(conversation=conversation, answers=answers)


@dataclass(kw_only=True)
class ReplaySession:
    """Hands out what was recorded; a round without a record is answered with nothing."""

    conversation: BenchConversation
    answers: Mapping[int, SystemAnswer]
    here: int = -1
    told: set[int] = field(default_factory=set)

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """The record of the round that goes on from here with `text`."""
        self.here = self.conversation.round_after(self.here, text, self.told)
        self.told.add(self.here)
        return self.answers.get(self.here, SystemAnswer(text="", id=str(self.here)))

    def fork(self, id: str) -> ReplaySession:
        """Back at round `id`."""
        return ReplaySession(
            conversation=self.conversation, answers=self.answers, here=int(id), told=self.told
        )


def _inside(folder: Path, name: str) -> Path:
    """`name` within `folder`; a record cannot point elsewhere."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{name} lies outside of {folder}")
    return path
