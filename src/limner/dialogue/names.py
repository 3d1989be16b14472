"""Where the person names of an English text stand.

Goes by capitals, titles and "named ..."; needs no list of names, so made-up ones work. Names already known
are found in any case. Knows nothing about what is said of a person; that is `people.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from limner.dialogue.words import (
    AMBIGUOUS,
    FOLLOWERS,
    KIN,
    OBJECT_ADJECTIVES,
    ORDINARY,
    PARTICLES,
    TITLES,
    VERBS,
)

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_POSSESSIVE: Final = re.compile(r"(?:['’]s|(?<=s)['’])$")
_QUOTED: Final = re.compile(
    r"\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'(?!\w)|(?<!\w)‘[^’\n]*’(?!\w)|\[\[[^\]]*\]\]"
)
_NAMED: Final = re.compile(r"\b(?:named|called|name is|name's|nicknamed)\s+$", re.IGNORECASE)
_STYLE_OF: Final = re.compile(r"\b(?:style|manner|spirit|works?) (?:of|by) +$|\bpainted by +$", re.IGNORECASE)
MAX_CHARACTERS: Final = 10_000  # a longer text is no instruction, and reading takes quadratic time

_PLACE_BEFORE: Final = frozenset({"in", "at", "near", "inside", "outside", "visiting", "across"})
_ABBREVIATIONS: Final = TITLES | {"vs", "jr", "sr", "etc", "e.g", "i.e"}
_SENTENCE_END: Final = re.compile(r"[.!?]+[\"”’)]*(?=\s|$)|\n+|;")


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

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def is_capital(self) -> bool:
        """Written as names are: "Ada" and "Jean-Luc", neither "NASA" nor "T-shirt"."""
        parts = self.text.split("-")
        is_shouted = len(self.text) > 1 and self.text.isupper()
        return self.text[0].isupper() and not is_shouted and not (len(parts[0]) == 1 and len(parts) > 1)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of each sentence; "Dr." and initials end none."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        before = text[start : match.start()].split()
        last = before[-1].lstrip("(\"'“").lower() if before else ""
        if match.group().startswith(".") and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha())):
            continue
        if text[start : match.end()].strip():
            yield start, match.end()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def find_names(text: str, known: Iterable[str] = ()) -> tuple[NameSpan, ...]:
    """Every occurrence of a person's name in `text`, in order and without overlap.

    A later short form means the longer name ("Harrison" after "Dr. Harrison"). Quoted words are never names.
    `known` names keep their spelling and are found in any case, unless lower case makes them words ("will").
    Only the first 10,000 characters are read.
    """
    known = tuple(name for name in known if any(map(str.isalpha, name)))
    text = text[:MAX_CHARACTERS]
    blank = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    words = _words(blank)
    runs = list(_runs(blank, words))
    written = frozenset(word.text for word in words)
    accepted = {
        blank[words[first].start : end] for first, end in runs if _is_name(blank, words, written, first, end)
    }
    canonical = _canonical(accepted, known)
    spans = [
        NameSpan(start=s, end=e, name=name) for form, name in canonical.items() for s, e in _find(form, blank)
    ]
    return _without_overlap(spans)


def _words(text: str) -> list[_Word]:
    starts = [start for start, _ in sentences(text)]
    words: list[_Word] = []
    for match in _WORD.finditer(text):
        is_first = bool(starts) and match.start() >= starts[0]
        while starts and match.start() >= starts[0]:
            starts.pop(0)
        bare = _POSSESSIVE.sub("", match.group())
        is_first = is_first or text[max(0, match.start() - 9) : match.start()].rstrip().endswith(
            (":", "(", "-", "–", "—", "*")
        )
        words.append(_Word(start=match.start(), end=match.start() + len(bare), text=bare, is_first=is_first))
    num_capital = sum(word.text[0].isupper() for word in words)
    if len(words) >= 4 and num_capital > 0.7 * len(words):  # a headline: no capital says anything
        return [_Word(start=w.start, end=w.end, text=w.text, is_first=True) for w in words]
    return words


def _runs(text: str, words: Sequence[_Word]) -> Iterator[tuple[int, int]]:
    """(index of the first word, end) of each candidate: capitalised words in a row, none ordinary."""
    index = 0
    while index < len(words):
        if not _may_name(text, words[index]):
            index += 1
            continue
        last = index
        while (following := _joined(text, words, last)) is not None:
            last = following
        is_titled = index > 0 and words[index - 1].lower in TITLES and words[index - 1].text[0].isupper()
        yield index - is_titled, words[last].end
        index = last + 1


def _joined(text: str, words: Sequence[_Word], last: int) -> int | None:
    """The index of the word that continues a name after `last`: a surname, perhaps after "van der"."""
    following = last + 1
    while following < len(words) and words[following].lower in PARTICLES and following - last < 3:
        following += 1
    if following >= len(words) or not words[following].is_capital or words[following].lower in ORDINARY:
        return None
    gap = text[words[last].end : words[last + 1].start]
    is_initial = len(words[last].text) == 1 and gap == ". "
    return following if gap == " " or is_initial else None


def _may_name(text: str, word: _Word) -> bool:
    if _NAMED.search(text[max(0, word.start - 30) : word.start]) and word.lower not in ORDINARY | TITLES:
        return True
    if word.lower in KIN:
        return word.text[0].isupper()
    is_plain = word.is_capital and len(word.text) > 1 and word.lower not in ORDINARY | TITLES
    return is_plain or _is_initial(text, word)


def _is_initial(text: str, word: _Word) -> bool:
    return (
        len(word.text) == 1
        and word.text.isupper()
        and text[word.end : word.end + 2] == ". "
        and not word.is_first
    )


def _is_name(text: str, words: Sequence[_Word], written: frozenset[str], index: int, end: int) -> bool:
    start = words[index].start
    before, after = text[max(0, start - 30) : start], text[end : end + 30]
    if (words[index].lower in TITLES and end > words[index].end) or _NAMED.search(before):
        return True
    if _STYLE_OF.search(before):
        return False
    if words[index].is_first:
        return _starts_as_name(words, written, index, end, after)
    previous = words[index - 1].lower if index else ""
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


def _starts_as_name(
    words: Sequence[_Word], written: frozenset[str], index: int, end: int, after: str
) -> bool:
    first = words[index]
    if first.lower in written or (first.lower.endswith("ing") and len(first.text) > 4):
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


def bare_name(name: str) -> str:
    """The name without its title: "Harrison" for "Dr. Harrison"."""
    head, _, rest = name.partition(" ")
    return rest if rest and head.rstrip(".").lower() in TITLES else name


def _shown_name(name: str) -> str:
    """The form without "Baby", which describes although it may be capitalised as a title is."""
    head, _, rest = name.partition(" ")
    return rest if rest and head.lower() == "baby" else name


def _canonical(accepted: Iterable[str], known: Sequence[str]) -> dict[str, str]:
    """Each written form -> the person's one name: a known spelling if there is one, else the longest form."""
    forms = {form: _shown_name(form) for form in accepted}
    people = list(dict.fromkeys([*known, *sorted(forms.values(), key=len, reverse=True)]))
    owners: dict[str, list[str]] = {}
    for name in people:
        for alias in {name, bare_name(name), *_alias_words(name)}:
            owners.setdefault(alias.casefold(), []).append(name)
    result: dict[str, str] = {}
    for form, shown in forms.items():
        result[form] = result[shown] = _owner(shown, owners)
    for name in known:
        for alias in (name, bare_name(name)):
            if alias.casefold() not in ORDINARY | AMBIGUOUS:
                result.setdefault(alias.casefold(), name)
            result.setdefault(alias, name)
    for form, name in list(result.items()):
        bare = bare_name(form)
        if len(owners.get(bare.casefold(), ())) == 1:
            result.setdefault(bare, name)
    return result


def _alias_words(name: str) -> list[str]:
    return [word for word in bare_name(name).split() if word[:1].isupper()]


def _owner(form: str, owners: dict[str, list[str]]) -> str:
    """Whom `form` means: the one longer name that contains it, else itself."""
    candidates = [name for name in owners.get(form.casefold(), []) if name != form]
    exact = [name for name in candidates if name.casefold() == form.casefold()]
    if exact:
        return exact[0]
    return candidates[0] if len(candidates) == 1 else form


def _find(form: str, text: str) -> Iterator[tuple[int, int]]:
    flags = re.IGNORECASE if form == form.casefold() else 0
    for match in re.finditer(rf"(?<!\w){re.escape(form)}(?!\w)", text, flags):
        yield match.start(), match.end()


def _without_overlap(spans: Iterable[NameSpan]) -> tuple[NameSpan, ...]:
    kept: list[NameSpan] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return tuple(kept)
