"""What an instruction reaches back to, read from its words: the way, and the change that is asked for there.

Every wording of the phrase table (`ways_back.py`) is known as it stands. Others are cut into clauses, and a
clause that holds nothing but a way back is one; what is left is the change. Unknown phrasing is no way back:
nothing is guessed. Knows English. Knows no pictures; whether there is such a one is the planner's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from limner.dialogue import reaching_words as w
from limner.dialogue.clauses import Clause, begins_change, clauses, without_lead
from limner.dialogue.matching import content
from limner.dialogue.ways_back import NUMBERS, ORDINALS, Way, forms

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


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Args:
    way: where to.
    steps: of COUNT, how many pictures back.
    number: of NUMBERED, which picture, from 1; 0 for the last.
    made: of NUMBERED, whether only pictures count that were painted.
    about: of NAMED the name; of BEFORE, AFTER, INSTEAD and DESCRIBED the words that tell what is meant, which
        for INSTEAD may be empty: the last thing that was done.
    change: what is asked of that picture; "" when it is only to be seen again.
    """

    way: Way
    steps: int = 0
    number: int = 0
    made: bool = False
    about: str = ""
    change: str = ""


def read_reach(text: str, picture_names: Sequence[str] = ()) -> Reach | None:
    """Where `text` reaches back to, and None when it does not. `picture_names` are known to be pictures'."""
    text = _NUMBER_SIGN.sub("number ", " ".join(text[:MAX_CHARACTERS].split()))
    return _by_table(without_lead(text)) or _by_clauses(text, picture_names)


def is_of_table(text: str) -> bool:
    """Whether a text is a wording of the phrase table as it stands, with whatever in its slots."""
    return _by_table(without_lead(" ".join(text[:MAX_CHARACTERS].split()))) is not None


def number_of(word: str) -> int:
    """ "3", "three" or "a couple of" as a number; 1 for anything else."""
    word = word.lower().strip()
    if word.isdecimal():
        return int(word)
    words = (*NUMBERS, *w.MORE_NUMBERS)
    if word in words:
        return words.index(word) + 1
    return 2 if word in ("a couple of", "both") else 1


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
        steps=_amount(counted or "") if way is Way.COUNT else 0,
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
    found: Reach | None = None
    left: list[str] = []
    pieces = clauses(text)
    for place, clause in enumerate(pieces):
        if len(pieces) > 1 and w.REMARK.fullmatch(clause.text.strip()):
            continue
        read = _read(clause.text, picture_names, is_last=place + 1 == len(pieces), is_first=place == 0)
        if read is None and found is not None:
            read = _further(clause.text)
        if read is None and place == 0 and len(pieces) > 1:
            read = _further(clause.text) if _says_nothing(pieces[1].text) else None
        if read is None:
            if not _says_nothing(clause.text) and not w.REMARK.fullmatch(clause.text.strip()):
                left.append(clause.joined)
            continue
        reach, rest = read
        found = reach if found is None else _narrower(found, reach)
        if rest:
            left.append(clause.joined_with(rest))
    if found is None:
        return _instead_of_last(text)
    return replace(found, change=_tidy("".join(left)))


def _read(text: str, names: Sequence[str], *, is_last: bool, is_first: bool) -> tuple[Reach, str] | None:
    """The way back that a clause says, and what else it says; None when it says none."""
    prefers = w.PREFERS.fullmatch(text.strip(" ,.!?"))
    if prefers:
        return Reach(way=Way.INSTEAD, about=prefers["old"]), f"make it {prefers['new']}"
    bare = without_lead(text).strip(" ,.!?")
    for read in (_named, _instead, _before, _after, _numbered, _given, _first, _described, _counted):
        found = read(bare, names)
        if found is None:
            continue
        reach, rest = found
        rest = "" if _says_nothing(rest) else rest.strip(" ,.")
        return reach, rest
    refused = w.REFUSED.fullmatch(text.strip(" ,.!?"))
    if refused and is_first and not is_last:  # "No balloon. Give him flowers."
        return Reach(way=Way.INSTEAD, about=refused["old"]), ""
    return None


def _further(text: str) -> tuple[Reach, str] | None:
    """ "..., before the night": a clause that only tells a way back better that was said already."""
    match = w.BEFORE.match(text.strip(" ,.!?"))
    if match is None or not content(match["old"]):
        return None
    return Reach(way=Way.BEFORE, about=_old_and_rest(match["old"])[0]), ""


def _named(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    for name in sorted(names, key=len, reverse=True):
        match = re.search(w.PICTURE_CALLED + rf"@?\b{re.escape(name)}\b(?:['’]s)?", text, re.IGNORECASE)
        if match and (match.group().lstrip("@")[:1].isupper() or match.group() != name.lower()):
            rest = _cut(text, match, "the picture")
            return Reach(way=Way.NAMED, about=name), rest
    unknown = w.UNKNOWN_CALLED.search(text)
    if unknown is None:
        return None
    return Reach(way=Way.NAMED, about=unknown["n"].strip(" .!?\"'")), _cut(text, unknown, "")


def _instead(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    better = w.BETTER.fullmatch(text)
    if better:
        return Reach(way=Way.INSTEAD, about=better["old"]), f"use {better['new']}"
    match = w.INSTEAD.search(text)
    if match is None:
        return None
    old, after = _old_and_rest(match["old"])
    before = text[: match.start()].strip(" ,")
    if not content(old):  # "swap the sketch for pixel art instead of keeping it"
        old = before
    return Reach(way=Way.INSTEAD, about=old), " ".join(part for part in (before, after) if part)


def _before(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    without = w.WITHOUT.search(text)
    if without is not None and w.BEFORE.search(text) is None:
        return Reach(way=Way.BEFORE, about=without["old"]), ""
    match = w.BEFORE.search(text)
    if match is None:
        return None
    lead, (old, after) = text[: match.start()], _old_and_rest(match["old"])
    if w.THAT.fullmatch(old):
        return Reach(way=Way.COUNT, steps=1), lead
    if not _tells(old):
        return None
    if not (w.RETURNS.search(lead) or w.DONE.search(old) or (not lead.strip() and w.RETURNS.search(after))):
        return None
    return Reach(way=Way.BEFORE, about=old), _and(lead, after)


def _after(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    match = w.AFTER.search(text)
    if match is None:
        return None
    lead, (old, after) = text[: match.start()], _old_and_rest(match["old"])
    if w.THAT.fullmatch(old) or not (
        w.RETURNS.search(lead + match.group()) or (not lead.strip() and w.DONE.search(old))
    ):
        return None
    return Reach(way=Way.AFTER, about=old), _and(lead, after)


def _numbered(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    match = w.NUMBERED.search(text)
    if match:
        number = number_of(next(group for group in match.groups() if group))
        return Reach(way=Way.NUMBERED, number=number), _cut(text, match, "the picture")
    match = w.ORDINAL.search(text)
    if match is None or re.search(r"\ba\s*$", text[: match.start()]):
        return None
    said = match["which"].lower()
    if said in ("last", "latest", "current", "present", "newest"):
        # "the last version" is the one that is seen; only "the last one you made" reaches back at all.
        return None
    number = ORDINALS.index(said) + 1 if said in ORDINALS else int(re.sub(r"\D", "", said))
    made = bool(match["made"] or match["whose"])
    return Reach(way=Way.NUMBERED, number=number, made=made), _cut(text, match, "the picture")


def _given(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    match = w.GIVEN.search(text)
    return None if match is None else (Reach(way=Way.GIVEN), _cut(text, match, "the picture"))


def _first(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    match = w.FIRST.search(text)
    return None if match is None else (Reach(way=Way.FIRST), _cut(text, match, ""))


def _described(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    for pattern in w.DESCRIBED:
        match = pattern.search(text)
        if match is None or not _tells(match["old"]):
            continue
        if w.PAINTS_NEW.search(text[: match.start("old")]):
            return None
        return Reach(way=Way.DESCRIBED, about=match["old"].strip()), _cut(text, match, "")
    return None


def _counted(text: str, names: Sequence[str]) -> tuple[Reach, str] | None:
    for pattern in w.COUNTED:
        match = pattern.search(text)
        if match is not None and w.BACKWARD.search(text):
            steps = _amount(match.group())
            return Reach(way=Way.COUNT, steps=steps), w.BACKWARD.sub(" ", _cut(text, match, ""))
    if w.BARE_BACK.fullmatch(text):
        return Reach(way=Way.COUNT, steps=1), ""
    return None


def _amount(words: str) -> int:
    """How many: "twice", "three times", "the last two edits", "the last edit"."""
    lower = words.lower()
    for word, number in (("once", 1), ("twice", 2), ("thrice", 3)):
        if re.search(rf"\b{word}\b", lower):
            return number
    match = re.search(rf"\b{w.NUMBER}\b", lower)
    return number_of(match.group()) if match else 1


def _old_and_rest(words: str) -> tuple[str, str]:
    """What was done, without "and all that followed", and what is said after it."""
    match = w.OLD_ENDS.search(words)
    rest = "" if match is None else match["rest"]
    old = words if match is None else words[: match.start()]
    return w.ALL_AFTER.sub("", old).strip(" ,.!?\"'"), rest.strip(" ,")


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


def _cut(text: str, match: re.Match[str], place: str) -> str:
    """The text without the match. What is left is a change only if it does more than name a picture: there
    `place` stands for it.
    """
    before, after = text[: match.start()], text[match.end() :]
    if _says_nothing(f"{before} {after}"):
        return ""
    if w.LEADS_THERE.fullmatch(before.strip()) or not before.strip():
        return after.strip(" ,:")
    return f"{before}{place}{after}"


def _and(lead: str, after: str) -> str:
    is_way = _says_nothing(lead) or w.RETURNS_TO.match(without_lead(lead)) is not None
    return " ".join(part for part in ("" if is_way else lead.strip(), after) if part)


def _says_nothing(text: str) -> bool:
    return all(word in w.FILLERS for word in re.findall(r"[^\W\d_]+", text.lower().replace("’", "'")))


def _tells(words: str) -> bool:
    return not _says_nothing(words)


def _tidy(change: str) -> str:
    """The change as a command: no lead, no trailing "instead" or "there", no white space around."""
    change = without_lead(" ".join(change.split()).strip(" ,;:"))
    change = w.TRAILING.sub("", change).strip(" ,;:\"'")
    return "" if _says_nothing(change) else change


__all__ = ["Clause", "Reach", "is_of_table", "number_of", "read_reach"]
