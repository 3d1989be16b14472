"""A set of benchmark conversations on disk: JSON lines, and pictures named by their digests.

    DIR/set.json             format, source, licence, seed, counts; written last
    DIR/conversations.jsonl  one conversation a line
    DIR/pictures/DIGEST.png  every picture once
    DIR/dropped.jsonl        what of the source was not used, and why

Knows sets of real pictures. A set of the synthetic world needs no folder: its seed is enough.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, overload

from limner.benchmark.conversation import (
    AnswerCheck,
    BenchConversation,
    BenchRound,
    Check,
    LookCheck,
    Own,
    PersonCheck,
    Scored,
    StateCheck,
)
from limner.builders.edits.sessions import Dropped
from limner.dialogue.parts import Picture
from limner.whole_file import write_whole

FORMAT: Final = 1
_HEAD, _LINES, _PICTURES, _DROPPED = "set.json", "conversations.jsonl", "pictures", "dropped.jsonl"
Load = Callable[[str], Picture]
_CHECKS: Final = {"state": StateCheck, "person": PersonCheck, "answer": AnswerCheck, "look": LookCheck}


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredSet(Sequence[BenchConversation]):
    """A set on disk, or its first `num` conversations; each is read when it is asked for."""

    folder: Path
    facts: Mapping[str, Any] = field(default_factory=dict)
    num: int | None = None

    @classmethod
    def open(cls, folder: str | Path) -> StoredSet:
        """ValueError when `folder` holds no finished set of this format."""
        folder = Path(folder)
        try:
            facts = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(
                f"{folder} holds no finished set of conversations; `limner bench import` makes one."
            ) from error
        except ValueError as error:
            raise ValueError(f"{folder / _HEAD} is no JSON ({error}); import the set again.") from error
        if not isinstance(facts, dict) or facts.get("format") != FORMAT:
            raise ValueError(f"{folder} is of another format than {FORMAT}; import the set again.")
        return cls(folder=folder, facts=facts)

    def first(self, num: int | None) -> StoredSet:
        """The first `num` conversations; None for all. Nothing is read."""
        return replace(self, num=num)

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over all words, pictures (by digest) and checks."""
        return hashlib.sha256("\n".join(self._lines).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> BenchConversation: ...

    @overload
    def __getitem__(self, index: slice) -> list[BenchConversation]: ...

    def __getitem__(self, index: int | slice) -> BenchConversation | list[BenchConversation]:
        """Conversation `index`, from 0. ValueError when its line or a picture is broken."""
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        try:
            line = self._lines[index]
        except IndexError:
            raise IndexError(f"{self.folder} holds {len(self)} conversations.") from None
        try:
            return _conversation(json.loads(line), _loading(self.folder / _PICTURES))
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise ValueError(
                f"Conversation {index} of {self.folder} cannot be read ({error}); import the set again."
            ) from error

    @cached_property
    def _lines(self) -> list[str]:
        return (self.folder / _LINES).read_text(encoding="utf-8").splitlines()[: self.num]


def write_set(
    folder: Path,
    found: Iterable[BenchConversation | Dropped],
    facts: Mapping[str, Any],
) -> StoredSet:
    """Write a set; `facts` go into `set.json`.

    ValueError when `folder` is not empty, or when nothing was found to write: then with the first reason.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; give the set a new folder.")
    (folder / _PICTURES).mkdir(parents=True, exist_ok=True)
    families: Counter[str] = Counter()
    reasons: list[Dropped] = []
    with (folder / _LINES).open("w", encoding="utf-8") as lines:
        for one in found:
            if isinstance(one, Dropped):
                reasons.append(one)
                continue
            lines.write(_line(_to_json(one, folder / _PICTURES)))
            families[one.family] += 1
    with (folder / _DROPPED).open("w", encoding="utf-8") as lines:
        lines.writelines(_line(asdict(one)) for one in reasons)
    if not families:
        why = f"; the first reason: {reasons[0].name}: {reasons[0].reason}" if reasons else ""
        raise ValueError(f"Nothing there makes a conversation{why}. All reasons are in {folder / _DROPPED}.")
    told = {
        "format": FORMAT,
        **facts,
        "conversations": families.total(),
        "families": dict(sorted(families.items())),
        "dropped": len(reasons),
    }
    (folder / _HEAD).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return StoredSet.open(folder)


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=True) + "\n"  # ASCII: other line ends cannot split a line


def _to_json(conversation: BenchConversation, pictures: Path) -> dict[str, Any]:
    return {
        "name": conversation.name,
        "family": conversation.family,
        "given": conversation.given,
        "size_px": conversation.size_px,
        "facts": dict(conversation.facts),
        "rounds": [
            {
                "say": round_.say,
                "after": round_.after,
                "pictures": [_store(shot, pictures) for shot in round_.pictures],
                "target": None if round_.target is None else _store(round_.target, pictures),
                "reply": round_.reply,
                "scored": None if round_.scored is None else _scored_to_json(round_.scored, pictures),
            }
            for round_ in conversation.rounds
        ],
    }


def _scored_to_json(scored: Scored, pictures: Path) -> dict[str, Any]:
    values = {name: getattr(scored, name) for name in ("family", "depth", "chance", "name")}
    kind = next(kind for kind, of in _CHECKS.items() if isinstance(scored.check, of))
    check = {name: _packed(value, pictures) for name, value in vars(scored.check).items()}
    return {**values, "check": {"kind": kind, **check}}


def _packed(value: object, pictures: Path) -> Any:
    """A check's field as JSON: pictures and own pictures become {"picture"} and {"own"}."""
    if isinstance(value, Own):
        return {"own": value.round}
    if isinstance(value, tuple):
        return [_packed(one, pictures) for one in value]
    if isinstance(value, Mapping):
        return {"words": dict(value)}
    return value if value is None or isinstance(value, str | int) else {"picture": _store(value, pictures)}


def _store(shot: object, pictures: Path) -> str:
    """The digest under which the picture now lies."""
    if not isinstance(shot, Picture):
        raise ValueError("Only real pictures are stored; conversations of the world are made from a seed.")
    path = pictures / f"{shot.digest}.png"
    if not path.exists():
        write_whole(shot.to_png(), path)
    return shot.digest


def _conversation(values: Mapping[str, Any], load: Load) -> BenchConversation:
    return BenchConversation(
        name=values["name"],
        family=values["family"],
        given=values["given"],
        size_px=values["size_px"],
        facts=values["facts"],
        rounds=tuple(_round(round_, load) for round_ in values["rounds"]),
    )


def _round(values: Mapping[str, Any], load: Load) -> BenchRound:
    scored, target = values["scored"], values["target"]
    return BenchRound(
        say=values["say"],
        after=values["after"],
        pictures=tuple(load(digest) for digest in values["pictures"]),
        target=None if target is None else load(target),
        reply=values["reply"],
        scored=None if scored is None else _scored(scored, load),
    )


def _scored(values: Mapping[str, Any], load: Load) -> Scored:
    packed = dict(values["check"])
    kind = _CHECKS[packed.pop("kind")]
    check: Check = kind(**{name: _unpacked(value, load) for name, value in packed.items()})
    return Scored(**{**values, "check": check})


def _unpacked(value: Any, load: Load) -> Any:
    if isinstance(value, list):
        return tuple(_unpacked(one, load) for one in value)
    if not isinstance(value, dict):
        return value
    if "own" in value:
        return Own(round=value["own"])
    return value["words"] if "words" in value else load(value["picture"])


def _loading(pictures: Path) -> Load:
    """Reads pictures by digest, each once: a conversation shows the same ones in many places."""

    @cache
    def load(digest: str) -> Picture:
        picture = Picture.from_file(pictures / f"{Path(digest).name}.png")
        if picture.digest != digest:
            raise ValueError(f"the picture {digest[:12]} is not what its name says")
        return picture

    return load
