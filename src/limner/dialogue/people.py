"""The people of an instruction: each name, what is said of that person, and on which side they are.

Reads English by simple clues (clauses, "she" after a name, "on the left"). It is no language model: in doubt
it gives a clause to both persons. Knows nothing about pictures or earlier rounds, save the `known` names.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from limner.dialogue.known_names import KnownNames
from limner.dialogue.letters import composed
from limner.dialogue.names import MAX_CHARACTERS, NameSpan, find_names, sentences

_PRONOUN: Final = re.compile(
    r"\W*(?:(?:and|while|but|then)\s+)?(he|she|they|his|her|their|both)\b", re.IGNORECASE
)
_GENDER: Final = {"he": "m", "his": "m", "she": "f", "her": "f"}
_JOINT: Final = re.compile(
    r"\s*(?:,(?:\s*(?:and|or))?|and|or|&)\s*(?:(?:the |her |his )?(?:little |young |old |baby ))?",
    re.IGNORECASE,
)
_CONNECTOR: Final = re.compile(
    r"(?:,\s*)?\b(?:and|while|but|whereas|beside|next to)\b\s*|,\s*|:\s*", re.IGNORECASE
)
_LEAD_IN: Final = re.compile(
    r"(?:on the (?:left|right),?\s*)?(?:(?:an?|the|his|her|their|another|baby|little|young|old)\b[^,]{0,60})?"
    r",?\s*",
    re.IGNORECASE,
)
_DESCRIBES: Final = re.compile(r"\b(?:has|have|had|wears?|wearing|dressed|with)\b", re.IGNORECASE)
_BODY: Final = r"(?![\s-]+(?:hand|arm|eye|ear|foot|leg|knee|cheek|shoulder|wrist|elbow)\b)"
_SIDE: Final = re.compile(
    r"\b(?:on|at|to|from)\s+(?:(?:\w+['’]s|the|his|her|their)\s+)?(?:far )?(?P<at>left|right)\b" + _BODY +
    r"|\((?:on the )?(?P<in>left|right)\)|^\W*(?P<head>left|right)(?=\s*[:,–-])"
    r"|\bthe (?P<who>left|right)(?=(?:-hand)? (?:woman|man|person|girl|boy|one|figure)\b)",
    re.IGNORECASE,
)  # fmt: skip
_LOOKING: Final = re.compile(
    r"\b(?:look|glanc|gaz|point|turn|fac|tilt|star|lean)\w*(?:\s+\w+){0,2}\s*$", re.IGNORECASE
)
_ORDERED: Final = re.compile(r"\b(?:left to right|right to left)\b", re.IGNORECASE)
_OF: Final = re.compile(r"\s+(?:side )?of\s+(?:baby |little )?", re.IGNORECASE)
NEAR_CHARACTERS: Final = 48  # in front of a side, in which a verb tells what it is about
MAX_SAYINGS: Final = 64  # of one person; "They ..." would else be noted for many people many times
_OPPOSITE: Final = {"left": "right", "right": "left"}


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A person named in an instruction: the name, the clauses about them in order, and the side if given."""

    name: str
    sayings: tuple[str, ...] = ()
    side: str = ""  # "left", "right" or ""


@dataclass
class _Reading:
    """What has been read so far: sayings and sides by name, and whom a pronoun would mean."""

    sayings: dict[str, list[str]]
    sides: dict[str, str]
    genders: dict[str, str]
    recent: list[str]  # most likely referent first

    def add(self, names: Iterable[str], saying: str) -> None:
        for name in dict.fromkeys(names):
            if len(self.sayings[name]) < MAX_SAYINGS:
                self.sayings[name].append(saying)

    def referents(self, pronoun: str) -> list[str]:
        gender = _GENDER.get(pronoun.lower())
        if gender is None:
            return list(self.recent)
        for name in self.recent:
            if self.genders.get(name, gender) == gender:
                self.genders[name] = gender
                return [name]
        return []


def find_people(text: str, known: Iterable[str] | KnownNames = ()) -> tuple[Mention, ...]:
    """Persons named in `text`, in order of first mention, with the clauses about each.

    `known`: names of the conversation so far, found in any case ("show me olivia"). A sentence about two is
    cut into clauses where it can be; "She ..." goes to the person meant. A clause that describes its subject
    is not given to a person whom it only touches ("He has gray hair, holding Maya's chin").
    Only the first 10,000 characters are read.
    """
    text = composed(text[:MAX_CHARACTERS]).text
    spans = find_names(text, known)
    names = list(dict.fromkeys(span.name for span in spans))
    reading = _Reading(sayings={name: [] for name in names}, sides={}, genders={}, recent=[])
    num_read = 0
    for start, end in sentences(text):
        until = bisect_left(spans, end, lo=num_read, key=lambda span: span.start)
        inside, num_read = spans[num_read:until], until
        pronoun = _PRONOUN.match(text[start:end])
        if not inside:
            if pronoun and reading.recent:
                _read_pronoun(reading, text[start:end], pronoun.group(1))
            continue
        _read_clauses(reading, text, start, end, inside, pronoun.group(1) if pronoun else None)
    return tuple(
        Mention(name=name, sayings=tuple(reading.sayings[name]), side=reading.sides.get(name, ""))
        for name in names
    )


def _read_pronoun(reading: _Reading, sentence: str, pronoun: str) -> None:
    about = reading.referents(pronoun)
    reading.add(about, _tidy(sentence))
    side = next((m for m in _SIDE.finditer(sentence) if not _is_looked_at(sentence, m.start())), None)
    if side and len(about) == 1 and not sentence[side.end() :].lstrip().startswith("of "):
        reading.sides.setdefault(about[0], _side_of(side))


def _read_clauses(
    reading: _Reading, text: str, start: int, end: int, spans: Sequence[NameSpan], pronoun: str | None
) -> None:
    pieces = _pieces(text, start, end, spans)
    subject = reading.referents(pronoun) if pronoun and reading.recent else []
    for number, (piece_start, piece_end, group) in enumerate(pieces):
        about = [span.name for span in group]
        if _DESCRIBES.search(text[piece_start:piece_end]):
            about = about[: _num_joint(text, group)]
        if number == 0 and subject:
            about = subject + ([] if _DESCRIBES.search(text[piece_start:piece_end]) else about)
        reading.add(about, _tidy(text[piece_start:piece_end]))
    _read_sides(reading, text, start, end, spans)
    mentioned = [span.name for _, _, group in reversed(pieces) for span in group]
    reading.recent = list(dict.fromkeys([*subject, *mentioned]))


def _num_joint(text: str, group: Sequence[NameSpan]) -> int:
    """How many names of the group, from its first, are its subject together: "Emma and Lucas wear ..."."""
    for index, (previous, span) in enumerate(pairwise(group)):
        if not _JOINT.fullmatch(text[previous.end : span.start]):
            return index + 1
    return len(group)


def _pieces(
    text: str, start: int, end: int, spans: Sequence[NameSpan]
) -> list[tuple[int, int, list[NameSpan]]]:
    """The sentence cut into clauses: (start, end, its names). Names joined by "and" share one clause."""
    pieces: list[tuple[int, int, list[NameSpan]]] = []
    group, piece_start = [spans[0]], start
    for previous, span in pairwise(spans):
        between = text[previous.end : span.start]
        cut = None if _JOINT.fullmatch(between) else _cut(between)
        if cut is not None:
            pieces.append((piece_start, previous.end + cut, group))
            group, piece_start = [], previous.end + cut
        group.append(span)
    pieces.append((piece_start, end, group))
    return _share_bare(text, pieces)


def _cut(between: str) -> int | None:
    """Where the next person's clause begins: the last connector with at most "a man named" after it."""
    for match in reversed(list(_CONNECTOR.finditer(between))):
        if _LEAD_IN.fullmatch(between, match.end()):
            return match.end()
    return None


def _share_bare(
    text: str, pieces: list[tuple[int, int, list[NameSpan]]]
) -> list[tuple[int, int, list[NameSpan]]]:
    """A clause that is nothing but a name says nothing: "sits next to Mia" is about both."""
    shared = pieces[:1]
    for start, end, group in pieces[1:]:
        if len(text[start:end].strip(" .,!?;")) <= group[-1].end - group[0].start:
            before_start, _, before = shared.pop()
            shared.append((before_start, end, before + group))
        else:
            shared.append((start, end, group))
    return shared


def _read_sides(reading: _Reading, text: str, start: int, end: int, spans: Sequence[NameSpan]) -> None:
    ordered = _ORDERED.search(text[start:end])
    if ordered:
        if len(spans) > 1:
            first, last = (
                ("left", "right") if ordered.group().lower().startswith("left") else ("right", "left")
            )
            reading.sides.setdefault(spans[0].name, first)
            reading.sides.setdefault(spans[-1].name, last)
        return
    sentence = text[start:end]
    for match in _SIDE.finditer(sentence):
        at = start + match.start()
        if _is_looked_at(sentence, match.start()):
            continue
        num_before = bisect_right(spans, at, key=lambda span: span.end)
        after = bisect_left(spans, start + match.end(), key=lambda span: span.start)
        following = spans[after] if after < len(spans) else None
        if num_before and not _leads(text, spans[num_before - 1], at, following):
            _place(reading, text, match, start, spans[max(0, num_before - 2) : num_before], following)
        elif following is not None:
            reading.sides.setdefault(following.name, _side_of(match))


def _is_looked_at(sentence: str, at: int) -> bool:
    """Whether the side at this place is where somebody looks or points."""
    return _LOOKING.search(sentence[max(0, at - NEAR_CHARACTERS) : at]) is not None


def _leads(text: str, before: NameSpan, at: int, after: NameSpan | None) -> bool:
    """Whether the side at this place belongs to the name after it: "Emma, and on the left Tom"."""
    if after is None or _cut(text[max(before.end, after.start - 4 * NEAR_CHARACTERS) : after.start]) is None:
        return False
    gap = text[max(before.end, at - NEAR_CHARACTERS) : at]
    return re.search(r"(?:^|,|\band)\s*$", gap) is not None and re.fullmatch(r"[\s,]*", gap) is None


def _place(
    reading: _Reading,
    text: str,
    match: re.Match[str],
    start: int,
    before: Sequence[NameSpan],
    following: NameSpan | None,
) -> None:
    """The side of the last name before it, of which `before` holds at most two."""
    side = _side_of(match)
    if len(before) > 1 and _JOINT.fullmatch(text[before[-2].end : before[-1].start]):
        return  # "Emma and Lucas on the left": it tells the two apart no further
    reading.sides.setdefault(before[-1].name, side)
    if following is not None and _OF.fullmatch(text, start + match.end(), following.start):
        reading.sides.setdefault(following.name, _OPPOSITE[side])


def _side_of(match: re.Match[str]) -> str:
    return next(side for side in match.groups() if side).lower()


def _tidy(clause: str) -> str:
    clause = re.sub(r"\s+", " ", clause).strip(" ,;:")
    return re.sub(r",?\s*\b(?:and|while|but|whereas|next to|beside)$", "", clause, flags=re.IGNORECASE).strip(
        " ,"
    )
