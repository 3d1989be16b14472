"""What an instruction reaches back to, read from its words: the way, and the change that is asked for there.

Every wording of the phrase table (`ways_back.py`) is known as it stands. Others are cut into clauses, and a
clause that holds nothing but a way back is one; what is left is the change. Unknown phrasing is no way back:
nothing is guessed. Knows English. Knows no pictures; whether there is such a one is the planner's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from limner.dialogue import reaching_words as w
from limner.dialogue.clause_ways import further, read_clause
from limner.dialogue.clauses import begins_change, clauses, without_lead
from limner.dialogue.reach import Reach, amount, number_of, says_nothing
from limner.dialogue.ways_back import ORDINALS, Way, forms

MAX_CHARACTERS: Final = 2000
_SLOTS: Final = {
    "{new}": r"(?P<new>.+)",
    "{New}": r"(?P<new>.+)",
    "{old}": r"(?P<old>.+?)",
    "{times}": rf"(?P<times>once|twice|{w.NUMBER} times?)",
    "{steps}": rf"(?P<steps>{w.NUMBER} steps?)",
    "{edits}": rf"(?P<edits>(?:{w.NUMBER} )?(?:edits?|changes?))",
    "{actions}": rf"(?P<actions>(?:{w.NUMBER} )?actions?)",
    "{which}": rf"(?P<which>{'|'.join(ORDINALS)})",
    "{n}": r"(?P<n>.+)",
}
_SLOT: Final = re.compile(r"\\\{(\w+)\\\}")
_NUMBER_SIGN: Final = re.compile(r"\b(?:no|nr)\. ?(?=\d)", re.IGNORECASE)
_COUNTED: Final = ("times", "steps", "edits", "actions")


def read_reach(text: str, picture_names: Sequence[str] = ()) -> Reach | None:
    """Where `text` reaches back to, and None when it does not. `picture_names` are known to be pictures'."""
    text = _NUMBER_SIGN.sub("number ", " ".join(text[:MAX_CHARACTERS].split()))
    lower = text.lower()
    names = [name for name in picture_names if name.lower() in lower]  # each clause is searched for each
    return _by_table(without_lead(text)) or _by_clauses(text, names)


def is_of_table(text: str) -> bool:
    """Whether a text is a wording of the phrase table exactly, whatever fills its slots."""
    return _by_table(without_lead(" ".join(text[:MAX_CHARACTERS].split()))) is not None


def _by_table(text: str) -> Reach | None:
    for way, patterns in _compiled():
        for pattern in patterns:  # the stricter one first: the change begins with a verb
            match = pattern.fullmatch(text)
            if match is not None:
                return _of_table(way, match.groupdict())
    return None


def _of_table(way: Way, found: dict[str, str | None]) -> Reach:
    counted = next((found[name] for name in _COUNTED if found.get(name)), None)
    return Reach(
        way=way,
        steps=amount(counted or "") if way is Way.COUNT else 0,
        number=ORDINALS.index((found.get("which") or "first").lower()) + 1 if way is Way.NUMBERED else 0,
        made=way is Way.NUMBERED,
        about=(found.get("old") or found.get("n") or "").strip(' .!?"'),
        change=_tidy(found.get("new") or ""),
    )


@cache
def _compiled() -> tuple[tuple[Way, tuple[re.Pattern[str], ...]], ...]:
    found = []
    for way, form in forms():
        bare = without_lead(form).rstrip(".")
        escaped = re.escape(bare)
        loose = _SLOT.sub(lambda match: _SLOTS["{" + match[1] + "}"], escaped)
        strict = loose.replace(_SLOTS["{new}"], rf"(?P<new>(?:{w.CHANGE_VERB})\b.+)")
        patterns = [strict, loose] if "old" in loose and "new" in loose else [loose]
        found.append((way, tuple(re.compile(rf"{one}[.!?]*", re.IGNORECASE) for one in patterns)))
    return tuple(found)


def _by_clauses(text: str, picture_names: Sequence[str]) -> Reach | None:
    alone = w.BARE_NUMBER.fullmatch(text.strip(" .!?"))
    if alone:
        number = ORDINALS.index(alone["which"].lower()) + 1 if alone["which"] else int(alone["n"])
        return Reach(way=Way.NUMBERED, number=number)
    found: Reach | None = None
    left: list[str] = []
    pieces = clauses(text)
    if w.KEEPS_REST.search(text) and any(w.TAKES_BACK.match(without_lead(one.text)) for one in pieces):
        return None  # "Undo the hat, but keep the rest" changes the picture in view
    for place, clause in enumerate(pieces):
        if len(pieces) > 1 and w.REMARK.fullmatch(clause.text.strip()):
            continue
        read = read_clause(clause.text, picture_names, is_last=place + 1 == len(pieces), is_first=place == 0)
        if read is None and found is not None:
            read = further(clause.text)
        if read is None and place == 0 and len(pieces) > 1:
            read = further(clause.text) if says_nothing(pieces[1].text) else None
        if read is None:
            if not says_nothing(clause.text) and not w.REMARK.fullmatch(clause.text.strip()):
                left.append(clause.joined)
            continue
        reach, rest = read
        found = reach if found is None else _together(found, reach, clause.joined)
        if rest:
            left.append(clause.joined_with(rest))
    if found is None:
        return _instead_of_last(text)
    return replace(found, change=_tidy("".join(left)))


def _together(first: Reach, second: Reach, said: str) -> Reach:
    """Two ways in one instruction: one after the other ("go to Comet, then back once"), or one told twice."""
    if second.way is Way.COUNT and first.way is not Way.INSTEAD and w.FURTHER.search(said):
        return replace(first, steps=first.steps + second.steps)
    return _narrower(first, second)


def _narrower(first: Reach, second: Reach) -> Reach:
    """Of two ways in one instruction the one that says more: "the picture with the hat, before the night"."""
    vague = (Way.DESCRIBED, Way.FIRST, Way.COUNT)
    if first.way is Way.COUNT and second.way is Way.INSTEAD and not second.about:
        return first
    if first.way in vague and second.way not in vague:
        return second
    if first.way is Way.COUNT and second.way is Way.FIRST:
        return second
    return first


def _instead_of_last(text: str) -> Reach | None:
    """ "Give him flowers instead.": of the last thing that was done."""
    match = w.BARE_INSTEAD.fullmatch(text)
    if match is None or not begins_change(without_lead(match["new"])):
        return None
    return Reach(way=Way.INSTEAD, change=_tidy(match["new"]))


def _tidy(change: str) -> str:
    """The change as a command: no lead, no trailing "instead" or "there", no white space around."""
    change = without_lead(" ".join(change.split()).lstrip(" ,;:.!?").rstrip(" ,;:"))
    change = w.TRAILING.sub("", change).strip(" ,;:\"'")
    return "" if says_nothing(change) else change


__all__ = ["Reach", "is_of_table", "number_of", "read_reach"]
