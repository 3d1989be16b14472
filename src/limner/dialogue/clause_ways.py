"""The way back that one clause says: "the picture called Comet", "as it was before the hat", "three back".

Each reader knows one turn of phrase and gives the way and what else the clause says, or None. Knows no other
clauses; how they are put together is `reaching.py`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from limner.dialogue import reaching_words as w
from limner.dialogue.clauses import without_lead
from limner.dialogue.matching import content
from limner.dialogue.reach import Reach, amount, number_of, says_nothing, tells
from limner.dialogue.ways_back import ORDINALS, Way

Said = tuple[Reach, str]


def read_clause(text: str, names: Sequence[str], *, is_last: bool, is_first: bool) -> Said | None:
    """The way back in a clause, and the rest of the clause; None when it has no way back."""
    prefers = w.PREFERS.fullmatch(text.strip(" ,.!?"))
    if prefers:
        return Reach(way=Way.INSTEAD, about=prefers["old"]), f"make it {prefers['new']}"
    rather = w.RATHER.fullmatch(text.strip(" ,.!?"))
    if rather:
        return Reach(way=Way.INSTEAD, about=rather["old"]), f"make it {rather['new']}"
    bare = without_lead(text).strip(" ,.!?")
    for read in _READERS:
        found = read(bare, names)
        if found is None:
            continue
        reach, rest = found
        rest = "" if says_nothing(rest) else rest.strip(" ,.")
        return reach, rest
    if is_first and is_last and _is_only_before(bare):
        return further(bare)
    refused = w.REFUSED.fullmatch(text.strip(" ,.!?"))
    if refused and is_first and not is_last:  # "No balloon. Give him flowers."
        return Reach(way=Way.INSTEAD, about=refused["old"]), ""
    return None


def further(text: str) -> Said | None:
    """ "..., before the night": a clause that only tells a way back better that was said already."""
    match = w.BEFORE.match(text.strip(" ,.!?"))
    if match is None or not content(match["old"]):
        return None
    return Reach(way=Way.BEFORE, about=_old_and_rest(match["old"])[0]), ""


def _named(text: str, names: Sequence[str]) -> Said | None:
    for name in sorted(names, key=len, reverse=True):
        match = re.search(w.PICTURE_CALLED + rf"@?\b{re.escape(name)}\b(?:['’]s)?", text, re.IGNORECASE)
        if match and (match.group().lstrip("@")[:1].isupper() or match.group() != name.lower()):
            rest = _cut(text, match, "the picture")
            return Reach(way=Way.NAMED, about=name), rest
    unknown = w.UNKNOWN_CALLED.search(text)
    if unknown is None:
        return None
    return Reach(way=Way.NAMED, about=unknown["n"].strip(" .!?\"'")), _cut(text, unknown, "")


def _instead(text: str, names: Sequence[str]) -> Said | None:
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


def _before(text: str, names: Sequence[str]) -> Said | None:
    without = w.WITHOUT.search(text)
    if without is not None and w.BEFORE.search(text) is None:
        return Reach(way=Way.BEFORE, about=without["old"]), ""
    match = w.BEFORE.search(text)
    if match is None:
        return None
    lead, (old, after) = text[: match.start()], _old_and_rest(match["old"])
    if w.THAT.fullmatch(old):
        return Reach(way=Way.COUNT, steps=1), lead
    if not tells(old):
        return None
    if not (w.RETURNS.search(lead) or w.DONE.search(old) or (not lead.strip() and w.RETURNS.search(after))):
        return None
    return Reach(way=Way.BEFORE, about=old), _and(lead, after)


def _after(text: str, names: Sequence[str]) -> Said | None:
    match = w.AFTER.search(text)
    if match is None:
        return None
    lead, (old, after) = text[: match.start()], _old_and_rest(match["old"])
    if w.THAT.fullmatch(old) or not (
        w.RETURNS.search(lead + match.group()) or (not lead.strip() and w.DONE.search(old))
    ):
        return None
    return Reach(way=Way.AFTER, about=old), _and(lead, after)


def _when(text: str, names: Sequence[str]) -> Said | None:
    match = w.WHEN.search(text)
    if match is None or not content(match["old"]):
        return None
    return Reach(way=Way.DESCRIBED, about=match["old"]), _and(text[: match.start()], "")


def _unhappened(text: str, names: Sequence[str]) -> Said | None:
    """ "Pretend the lantern never happened", "What if we hadn't added the parrot?"."""
    match = w.UNHAPPENED.fullmatch(text)
    if match is None:
        return None
    about = match["old"] if content(match["old"]) else match["more"].strip()
    return (Reach(way=Way.BEFORE, about=about), "") if content(about) else None


def _taken_back(text: str, names: Sequence[str]) -> Said | None:
    """ "Undo the hat": what was done about it, and so all that came after. "Remove the hat" is an edit."""
    match = w.TAKES_BACK.fullmatch(text)
    if match is None or w.KEEPS_REST.search(text) or not content(match["old"]):
        return None
    return Reach(way=Way.BEFORE, about=match["old"]), ""


def _is_only_before(text: str) -> bool:
    """ "Before the hat", and nothing else."""
    match = w.BEFORE.match(text)
    return (
        match is not None
        and re.match(r"(?:the|his|her|their|that|you|we|i|\w+ing)\b", match["old"]) is not None
    )


def _numbered(text: str, names: Sequence[str]) -> Said | None:
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


def _given(text: str, names: Sequence[str]) -> Said | None:
    match = w.GIVEN.search(text)
    return None if match is None else (Reach(way=Way.GIVEN), _cut(text, match, "the picture"))


def _first(text: str, names: Sequence[str]) -> Said | None:
    match = w.FIRST.search(text)
    return None if match is None else (Reach(way=Way.FIRST), _cut(text, match, ""))


def _described(text: str, names: Sequence[str]) -> Said | None:
    for pattern in w.DESCRIBED:
        match = pattern.search(text)
        if match is None or not tells(match["old"]):
            continue
        if w.PAINTS_NEW.search(text[: match.start("old")]):
            return None
        return Reach(way=Way.DESCRIBED, about=match["old"].strip()), _cut(text, match, "")
    return None


def _counted(text: str, names: Sequence[str]) -> Said | None:
    for pattern in w.COUNTED:
        match = pattern.search(text)
        if match is not None and w.BACKWARD.search(text):
            steps = amount(match.group())
            return Reach(way=Way.COUNT, steps=steps), w.BACKWARD.sub(" ", _cut(text, match, ""))
    if w.BARE_BACK.fullmatch(text):
        return Reach(way=Way.COUNT, steps=1), ""
    return None


def _old_and_rest(words: str) -> tuple[str, str]:
    """What was done, without "and all that followed", and what is said after it."""
    match = w.OLD_ENDS.search(words)
    rest = "" if match is None else match["rest"]
    old = words if match is None else words[: match.start()]
    return w.ALL_AFTER.sub("", old).strip(" ,.!?\"'"), rest.strip(" ,")


def _cut(text: str, match: re.Match[str], place: str) -> str:
    """The text without the match. What is left is a change only if it does more than name a picture: there
    `place` stands for it.
    """
    before, after = text[: match.start()], text[match.end() :]
    if says_nothing(f"{before} {after}"):
        return ""
    if w.LEADS_THERE.fullmatch(before.strip()) or not before.strip():
        return after.strip(" ,:")
    return f"{before}{place}{after}"


def _and(lead: str, after: str) -> str:
    is_way = says_nothing(lead) or w.RETURNS_TO.match(without_lead(lead)) is not None
    return " ".join(part for part in ("" if is_way else lead.strip(), after) if part)


_READERS = (
    _named,
    _instead,
    _before,
    _after,
    _when,
    _numbered,
    _given,
    _first,
    _described,
    _counted,
    _unhappened,
    _taken_back,
)
