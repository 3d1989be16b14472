"""An instruction cut into clauses where another wish may begin: "go back twice, then add a hat".

Knows joints and the verbs that begin a wish. Knows nothing of what is wished.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from limner.dialogue.edit_verbs import VERBS
from limner.dialogue.reaching_words import LEAD
from limner.dialogue.words import word_set

_ALSO: Final = word_set("hand light snow rain swap do have grow wear play walk hold go return bring revert")
_JOINT: Final = re.compile(
    r"(?P<stop>[.;:!?]+[\"”']?\s+|\s+[-–—]+\s+)|(?P<then>,?\s+(?:and\s+)?(?:then|from there),?\s+)"
    r"|(?P<comma>,\s+(?:and\s+|but\s+|so\s+)?)|(?P<and>\s+and\s+)",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"(?:i(?:'d|’d| would| want| need)|let(?:'s|’s| us| him| her| it| them)?|please|could|can|would|it"
    r"|make|use|"
    r"she|he|they|there)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[a-z]+", re.IGNORECASE)


@dataclass(frozen=True)
class Clause:
    """`joint` is what stood between it and the clause before it."""

    text: str
    joint: str = ""

    @property
    def joined(self) -> str:
        return f"{self.joint}{self.text}"

    def joined_with(self, text: str) -> str:
        """Other words in its place."""
        return f"{self.joint}{text}"


def clauses(text: str) -> list[Clause]:
    """All clauses in order. "and" joins two only where a verb that begins a wish follows."""
    found: list[Clause] = []
    start, joint = 0, ""
    for match in _JOINT.finditer(text):
        if match["and"] and not begins_change(text[match.end() :]):
            continue
        if match.start() <= start:
            continue
        found.append(Clause(text[start : match.start()], joint))
        start, joint = match.end(), match.group()
    found.append(Clause(text[start:], joint))
    return [clause for clause in found if clause.text.strip(" .,!?;:")]


def begins_change(text: str) -> bool:
    """Whether a text begins as a wish does: with a verb of editing, or "let", "she", "I would"."""
    first = _WORD.match(text)
    return first is not None and (first.group().lower() in VERBS | _ALSO or _WISH.match(text) is not None)


def without_lead(text: str) -> str:
    """Without "Please", "No,", "Could you", "I want you to" at its beginning."""
    text = text.strip()
    while (match := LEAD.match(text)) is not None and match.end() and match.end() < len(text):
        text = text[match.end() :]
    return text
