"""What raters are asked, and what they may answer.

Knows words only. Table 1 of the paper asks for quality, alignment and face; its slides ask for the kept
content in place of the face where pictures are edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CHOICES: Final = ("left", "right", "tie")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question about a pair. `name` stands in votes and results, `asks` and `hint` on the page."""

    name: str
    asks: str
    hint: str


QUESTIONS: Final = {
    question.name: question
    for question in (
        Question(
            name="quality",
            asks="Which pictures look better?",
            hint="Sharp, natural, well made, without faults. Never mind what was asked for.",
        ),
        Question(
            name="alignment",
            asks="Which side follows the words better?",
            hint="Round by round: did what was asked for come back?",
        ),
        Question(
            name="face",
            asks="Which side keeps the faces better?",
            hint="The same person should look like the same person in every picture, given or painted.",
        ),
        Question(
            name="content",
            asks="Which side keeps the rest of the picture better?",
            hint="What nobody asked to change should stay as it was.",
        ),
    )
}
TABLE_1: Final = ("quality", "alignment", "face")


def chosen_questions(names: Sequence[str]) -> tuple[Question, ...]:
    """The questions of these names, in the order given. ValueError names one that there is not."""
    unknown = [name for name in names if name not in QUESTIONS]
    if unknown:
        raise ValueError(f"There is no question {unknown[0]!r}; choose from {', '.join(QUESTIONS)}.")
    if not names or len(set(names)) < len(names):
        raise ValueError("A study asks at least one question, and each only once.")
    return tuple(QUESTIONS[name] for name in names)
