"""The names of a conversation so far, and how they are found again in a text in one pass over it.

Knows spellings: case, composition, titles, and which longer name a short form may mean. Grows with the
conversation one name at a time, so that reading a round takes time for that round alone. Knows no grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from limner.dialogue.letters import COMBINING, UNSPACED, fold
from limner.dialogue.words import AMBIGUOUS, HONORIFICS, ORDINARY, TITLES

MAX_ATOMS: Final = 32  # of a name; what is longer is none
_ATOM: Final = re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}])\w|[{COMBINING}])+|\S")
_HERE: Final = None  # the key under which a trie's node holds the name that ends there


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A word, a Chinese, Japanese or Korean letter, or a sign: `key` is equal for equal ones in any case."""

    start: int
    end: int
    text: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """Atoms `first` to `last` (included) are a spelling of `name`."""

    first: int
    last: int
    name: str


def atoms_of(text: str) -> list[Atom]:
    """The text cut into what names are compared by; white space before one counts, however long."""
    atoms: list[Atom] = []
    end = 0
    for match in _ATOM.finditer(text):
        word = match.group()
        space = " " if atoms and match.start() > end else ""
        key = word.lower() if word.isascii() else fold(word)
        end = match.end()
        atoms.append(Atom(start=match.start(), end=end, text=word, key=space + key))
    return atoms


def name_key(name: str) -> str:
    """Equal for two spellings of one name: "Anna" and "ANNA", accents composed or not."""
    return fold(" ".join(name.split()))


def bare_name(name: str) -> str:
    """The name without its title: "Harrison" for "Dr. Harrison"."""
    head, _, rest = name.partition(" ")
    return rest if rest and head.rstrip(".").lower() in TITLES else name


def without_honorific(name: str) -> str:
    """The name without what is written onto it out of courtesy: "田中" for "田中さん"."""
    for suffix in HONORIFICS:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name.removesuffix(suffix)
    return name


class KnownNames:
    """Names in the order of naming; of two that differ in case or composition only, the first counts."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: dict[str, str] = {}
        self._owners: dict[str, list[str]] = {}
        self._trie: dict[Any, Any] = {}
        for name in names:
            self.add(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __contains__(self, name: str) -> bool:
        return name_key(name) in self._names

    def add(self, name: str) -> None:
        """Know one more; what has no letters is no name."""
        key = name_key(name)
        if key in self._names or not any(map(str.isalpha, name)):
            return
        self._names[key] = name
        bare = bare_name(name)
        for alias in {key, *map(name_key, (bare, *_capital_words(bare)))}:
            self._owners.setdefault(alias, []).append(name)
        self.spell(name, name)
        self.spell(bare, name)

    def get(self, spelling: str) -> str | None:
        """The name itself in any spelling of its letters."""
        return self._names.get(name_key(spelling))

    def owners(self, alias: str) -> Sequence[str]:
        """The names that have this alias: themselves, without title, or one word of them."""
        return self._owners.get(name_key(alias), ())

    def spell(self, form: str, name: str) -> None:
        """From now on `form` is found as `name`, unless it is found as another one already."""
        atoms = atoms_of(form)
        if not 0 < len(atoms) <= MAX_ATOMS:
            return
        node = self._trie
        for atom in atoms:
            node = node.setdefault(atom.key, {})
        node.setdefault(_HERE, (name, name_key(form) in ORDINARY | AMBIGUOUS))

    def longest(self, atoms: Sequence[Atom], first: int) -> Found | None:
        """The longest spelling that begins with atom `first`. What may be a word is a name by its capital."""
        found = None
        node: Any = self._trie
        for last in range(first, min(len(atoms), first + MAX_ATOMS)):
            node = node.get(atoms[last].key.strip() if last == first else atoms[last].key)
            if node is None:
                return found
            name, is_word = node.get(_HERE, (None, False))
            if name is not None and not (is_word and not _is_written_as_name(atoms[first].text)):
                found = Found(first=first, last=last, name=name)
        return found


def _is_written_as_name(word: str) -> bool:
    return word[0].isupper() and not (len(word) > 1 and word.isupper())


def _capital_words(name: str) -> list[str]:
    return [word for word in name.split() if word[:1].isupper()]
