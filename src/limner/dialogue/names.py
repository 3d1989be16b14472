"""Where the person names of an English text stand.

Goes by capitals, by scripts that have none (Chinese, Japanese, Korean ...), by titles and "named ..."; needs
no list of names, so made-up ones work. Names already known are found in any case and any composition of their
letters. Takes time in proportion to the text. Knows nothing about what is said of a person: see `people.py`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from limner.dialogue.caseless_names import CONJUNCTIONS, is_surely_a_name, parts_of
from limner.dialogue.known_names import Atom, Found, KnownNames, atoms_of, bare_name, without_honorific
from limner.dialogue.letters import COMBINING, composed, is_caseless
from limner.dialogue.words import (
    AMBIGUOUS,
    DETERMINERS,
    FOLLOWERS,
    KIN,
    OBJECT_ADJECTIVES,
    ORDINARY,
    PARTICLES,
    TITLES,
    VERBS,
    WRITTEN,
)

__all__ = ["MAX_CHARACTERS", "NameSpan", "bare_name", "find_names", "sentences"]

_LETTERS: Final = rf"[^\W\d_](?:[^\W\d_]|[{COMBINING}])*"
_WORD: Final = re.compile(rf"{_LETTERS}(?:['’\-·・]{_LETTERS})*")
_POSSESSIVE: Final = re.compile(r"(?:['’]s|(?<=s)['’])$")
# Each stops at a second opening sign, so that many of them are read once and not again from every one.
_QUOTED: Final = re.compile(
    r"\"[^\"\n]*\"|“[^“”\n]*”|(?<!\w)'[^'\n]*'(?!\w)|(?<!\w)‘[^‘’\n]*’(?!\w)|\[\[[^\[\]]*\]\]"
    r"|「[^「」\n]*」|《[^《》\n]*》"
)
_NAMED: Final = re.compile(r"\b(?:named|called|name is|name's|nicknamed)\s+$", re.IGNORECASE)
_STYLE_OF: Final = re.compile(r"\b(?:style|manner|spirit|works?) (?:of|by) +$|\bpainted by +$", re.IGNORECASE)
MAX_CHARACTERS: Final = 10_000  # a longer text is no instruction
MAX_RUN_WORDS: Final = 8  # more words in a row are no name
MAX_CASELESS: Final = 12  # letters of a name in a script without capitals; more are a sentence
MAX_CASELESS_ALONE: Final = 4  # the same, where nothing else is said

_PLACE_BEFORE: Final = frozenset({"in", "at", "near", "inside", "outside", "visiting", "across"})
_JOINS: Final = frozenset({"and", "or", "with"})
_SHOWN: Final = re.compile(r"\b(?:show(?: me)?|(?:close-up|portrait|selfie) of)\s+$", re.IGNORECASE)
_LATIN: Final = re.compile(r"[A-Za-z]")
_ABBREVIATIONS: Final = TITLES | {"vs", "jr", "sr", "etc", "e.g", "i.e"}
_LONGEST_ABBREVIATION: Final = max(map(len, _ABBREVIATIONS))
_SENTENCE_END: Final = re.compile(r"[.!?]+[\"”’)]*|\n+|;|[。！？]+[」』”’）]*")


@dataclass(frozen=True, kw_only=True)
class NameSpan:
    """One occurrence: `text[start:end]` (a possessive 's left out) means the person `name`."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, kw_only=True)
class _Word:
    start: int
    end: int
    text: str
    is_first: bool  # of its sentence, so its capital says nothing
    stands_alone: bool = False  # it is not of a sentence in a script without capitals

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def is_capital(self) -> bool:
        """Written as names are: "Ada" and "Jean-Luc", neither "NASA" nor "T-shirt"."""
        parts = self.text.split("-")
        is_shouted = len(self.text) > 1 and self.text.isupper()
        return self.text[0].isupper() and not is_shouted and not (len(parts[0]) == 1 and len(parts) > 1)

    @property
    def is_caseless(self) -> bool:
        """Of a script without capitals, short enough for a name, and no "and"."""
        is_short = 1 < len(self.text) <= MAX_CASELESS
        return is_short and is_caseless(self.text) and self.text not in CONJUNCTIONS


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of each sentence; "Dr." and initials end none."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        following = text[match.end() : match.end() + 1]
        if match.group()[0] in ".!?" and following and not following.isspace():
            continue
        # Of the text before, only what can be an abbreviation is looked at.
        before = text[max(start, match.start() - _LONGEST_ABBREVIATION - 8) : match.start()].split()
        last = before[-1].lstrip("(\"'“").lower() if before else ""
        if match.group().startswith(".") and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha())):
            continue
        if text[start : match.end()].strip():
            yield start, match.end()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def find_names(text: str, known: Iterable[str] | KnownNames = ()) -> tuple[NameSpan, ...]:
    """Every occurrence of a person's name in `text`, in order and without overlap.

    A later short form means the longer name ("Harrison" after "Dr. Harrison"). Quoted words are never names.
    `known` names keep their spelling and are found in any case, unless lower case makes them words ("will").
    Other names are composed (NFC); two that differ in case alone are one. Only the first 10,000 characters
    are read.
    """
    known = known if isinstance(known, KnownNames) else KnownNames(known)
    whole = composed(text[:MAX_CHARACTERS])
    blank = _QUOTED.sub(lambda match: " " * len(match.group()), whole.text)
    words = _words(blank)
    lowered: dict[str, list[int]] = {}
    for index, word in enumerate(words):
        if word.text == word.lower:
            lowered.setdefault(word.text, []).append(index)
    accepted = [
        blank[words[first].start : end]
        for first, end in _runs(blank, words)
        if _is_name(blank, words, lowered, first, end)
    ]
    atoms = atoms_of(blank)
    return tuple(
        NameSpan(
            start=whole.origin(atoms[found.first].start),
            end=whole.origin(atoms[found.last].end),
            name=found.name,
        )
        for found in _find_all(atoms, known, _spellings(accepted, known))
    )


def _words(text: str) -> list[_Word]:
    starts = deque(start for start, _ in sentences(text))
    words: list[_Word] = []
    for match in _WORD.finditer(text):
        is_first = bool(starts) and match.start() >= starts[0]
        while starts and match.start() >= starts[0]:
            starts.popleft()
        is_first = is_first or text[max(0, match.start() - 9) : match.start()].rstrip().endswith(
            (":", "(", "-", "–", "—", "*")
        )
        for start, end in parts_of(match.group(), text[match.end() : match.end() + 2]):
            bare = _POSSESSIVE.sub("", match.group()[start:end])
            at = match.start() + start
            words.append(_Word(start=at, end=at + len(bare), text=bare, is_first=is_first and start == 0))
    if _has_names_alone(text, words):
        words = [replace(word, stands_alone=True) if word.is_caseless else word for word in words]
    num_capital = sum(word.text[0].isupper() for word in words)
    if len(words) >= 4 and num_capital > 0.7 * len(words):  # a headline: no capital says anything
        return [replace(word, is_first=True) for word in words]
    return words


def _has_names_alone(text: str, words: Sequence[_Word]) -> bool:
    """Whether words without capitals are names by themselves: foreign ones in an English text, or all that
    there is. A sentence in such a script names persons in ways that are not known here.
    """
    if _LATIN.search(text) is not None:
        return True
    names = [word.text for word in words if word.text not in CONJUNCTIONS]
    if len(names) == 1:
        return len(names[0]) <= MAX_CASELESS_ALONE and text.strip(" .!?\n") == names[0]
    return len(names) > 1 and all(map(is_surely_a_name, names))


def _runs(text: str, words: Sequence[_Word]) -> Iterator[tuple[int, int]]:
    """(index of the first word, end) of each candidate: capitalised words in a row, none ordinary."""
    index = 0
    while index < len(words):
        if not _may_name(text, words[index]):
            index += 1
            continue
        last = index
        while (following := _joined(text, words, last)) is not None and following - index < MAX_RUN_WORDS:
            last = following
        is_titled = index > 0 and words[index - 1].lower in TITLES and words[index - 1].text[0].isupper()
        yield index - is_titled, words[last].end
        index = last + 1


def _joined(text: str, words: Sequence[_Word], last: int) -> int | None:
    """The index of the word that continues a name after `last`: a surname, perhaps after "van der"."""
    following = last + 1
    while following < len(words) and words[following].lower in PARTICLES and following - last < 3:
        following += 1
    if following >= len(words):
        return None
    is_alike = words[following].is_capital or (words[last].is_caseless and words[following].is_caseless)
    if not is_alike or words[following].lower in ORDINARY:
        return None
    gap = text[words[last].end : words[last + 1].start]
    is_initial = len(words[last].text) == 1 and gap == ". "
    return following if gap == " " or is_initial else None


def _may_name(text: str, word: _Word) -> bool:
    if _NAMED.search(text[max(0, word.start - 30) : word.start]) and word.lower not in ORDINARY | TITLES:
        return True
    if word.lower in KIN:
        return word.text[0].isupper()
    if word.is_caseless:
        return word.stands_alone
    is_plain = word.is_capital and len(word.text) > 1 and word.lower not in ORDINARY | TITLES
    return is_plain or _is_initial(text, word)


def _is_initial(text: str, word: _Word) -> bool:
    return (
        len(word.text) == 1
        and word.text.isupper()
        and text[word.end : word.end + 2] == ". "
        and not word.is_first
    )


def _is_name(
    text: str, words: Sequence[_Word], lowered: Mapping[str, Sequence[int]], index: int, end: int
) -> bool:
    start = words[index].start
    before, after = text[max(0, start - 30) : start], text[end : end + 30]
    if (words[index].lower in TITLES and end > words[index].end) or _NAMED.search(before):
        return True
    if _STYLE_OF.search(before):
        return False
    previous = words[index - 1].lower if index else ""
    if words[index].is_caseless:
        is_letters = previous in WRITTEN
        return not is_letters and previous not in _PLACE_BEFORE | {"a", "an", "the"}
    if words[index].is_first:
        lower = () if _is_said_as_name(text, words, index) else lowered.get(words[index].lower, ())
        is_plain = any(not _is_said_as_name(text, words, at) for at in lower)
        return not is_plain and _starts_as_name(words, index, end, after)
    if _follows_thing(text, words, index):
        return False
    if previous in _PLACE_BEFORE:
        return after.startswith(("'s", "’s"))
    article = {"a", "an", "the"}
    second = words[index - 2].lower if index > 1 else ""
    return previous not in article and not (previous in OBJECT_ADJECTIVES and second in article)


def _follows_thing(text: str, words: Sequence[_Word], index: int) -> bool:
    """Whether it only continues a capitalised ordinary word, as in "MacBook Pro" or "Christmas Eve"."""
    before = words[index - 1]
    is_thing = before.is_capital and before.lower in ORDINARY and not before.is_first
    return is_thing and text[before.end : words[index].start] == " "


def _is_said_as_name(text: str, words: Sequence[_Word], index: int) -> bool:
    """Whether a word in lower case stands where names do: "Ben and anna", "anna's hat", "show me anna"."""
    word = words[index]
    if text.startswith(("'s", "’s"), word.end) or _SHOWN.search(text[max(0, word.start - 30) : word.start]):
        return True
    before, after = words[max(0, index - 2) : index], words[index + 1 : index + 3]
    pairs = [tuple(reversed(before)), tuple(after)]
    return any(
        len(pair) == 2 and pair[0].lower in _JOINS and pair[1].is_capital and pair[1].lower not in ORDINARY
        for pair in pairs
    )


def _starts_as_name(words: Sequence[_Word], index: int, end: int, after: str) -> bool:
    first = words[index]
    if first.lower.endswith("ing") and len(first.text) > 4:
        return False
    following = next((word for word in words[index : index + 12] if word.start >= end), None)
    gap = after[: following.start - end] if following is not None else after
    if gap.startswith(("'s", "’s", ",", " (", ":", "’", "'")):
        return first.lower not in AMBIGUOUS or not gap.startswith(":")
    if following is None or gap.strip():
        return first.lower not in AMBIGUOUS
    if following.lower in {"and", "or", "&"} or "&" in gap:
        return True
    if first.lower in AMBIGUOUS:
        return following.lower in VERBS or following.text.endswith("s")
    return following.lower in FOLLOWERS or (
        following.text.islower() and following.text.endswith(("s", "ing"))
    )


def _shown_name(name: str) -> str:
    """The form without "Baby", which describes although it may be capitalised as a title is, and without
    what is written onto a name out of courtesy.
    """
    head, _, rest = name.partition(" ")
    return rest if rest and head.lower() == "baby" else without_honorific(name)


def _spellings(accepted: Sequence[str], known: KnownNames) -> KnownNames:
    """How the names of this text are written in it: each means a known name if there is one, else the one
    longer name that contains it, else itself.
    """
    shown = {form: _shown_name(form) for form in accepted}
    told = KnownNames(sorted(shown.values(), key=len, reverse=True))
    spelt = KnownNames()
    for form, name in shown.items():
        owner = _owner(name, known, told)
        spelt.spell(form, owner)
        spelt.spell(name, owner)
        bare = bare_name(name)
        if len({*known.owners(bare), *told.owners(bare)}) == 1:
            spelt.spell(bare, owner)
    return spelt


def _owner(name: str, known: KnownNames, told: KnownNames) -> str:
    """Whom `name` means."""
    itself = known.get(name)
    if itself is not None:
        return itself
    itself = told.get(name) or name
    longer = {*known.owners(name), *told.owners(name)} - {itself}
    return longer.pop() if len(longer) == 1 else itself


def _find_all(atoms: Sequence[Atom], known: KnownNames, spelt: KnownNames) -> Iterator[Found]:
    """Names from the left to the right, at each place the longest."""
    at = 0
    while at < len(atoms):
        found = known.longest(atoms, at)
        new = spelt.longest(atoms, at)
        if new is not None and _may_be_new(atoms, at) and (found is None or new.last >= found.last):
            found = new
        if found is None:
            at += 1
            continue
        yield found
        at = found.last + 1


def _may_be_new(atoms: Sequence[Atom], at: int) -> bool:
    """Whether a name that nobody knew before is meant here: lower case after "the" makes it a word."""
    is_lower = atoms[at].text[0].islower()
    return not (is_lower and at > 0 and atoms[at - 1].key.strip() in DETERMINERS)
