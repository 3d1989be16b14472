"""The published set of conversations, version 1.0: conversation number i of seed s, the same everywhere.

Knows how families, ways of giving pictures and depths alternate, and the hash by which a set is cited. The
families themselves are made in `tasks/`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from limner.benchmark.conversation import NON_MARKOV_FAMILIES, BenchConversation
from limner.benchmark.tasks.chains import (
    before_or_after,
    fork_picture,
    from_scratch,
    instead_of,
    picture_by_name,
    step_back,
)
from limner.benchmark.tasks.long_chain import long_chain
from limner.benchmark.tasks.persons import answer_by_name, fork_person, person_by_name
from limner.benchmark.tasks.story import PAINTED, UPLOADED, Story
from limner.dialogue.parts import Picture
from limner_world.chance import seeded
from limner_world.scene import Scene
from limner_world.serial import scene_to_json

VERSION: Final = "1.0"
LONG_VERSION: Final = "1.0"
LONG: Final = "long"
SIZE_PX: Final = 256
DEPTHS: Final = 8
_BY_DEPTH: Final[Mapping[str, Callable[[Story, int], None]]] = {
    "person_by_name": person_by_name,
    "answer_by_name": answer_by_name,
    "fork_person": fork_person,
}
_CHAINS: Final[Mapping[str, Callable[[Story], None]]] = {
    "step_back": step_back,
    "before_or_after": before_or_after,
    "instead_of": instead_of,
    "from_scratch": from_scratch,
    "picture_by_name": picture_by_name,
    "fork_picture": fork_picture,
}


def conversation(index: int, *, seed: int = 0, size_px: int = SIZE_PX) -> BenchConversation:
    """Conversation `index` of seed `seed`: families in turn; within each, pictures uploaded and painted in
    turn, and depths 1 to 8 spread over both. Nothing is rendered.
    """
    family = NON_MARKOV_FAMILIES[index % len(NON_MARKOV_FAMILIES)]
    repeat = index // len(NON_MARKOV_FAMILIES)
    given = UPLOADED if repeat % 2 == 0 else PAINTED
    story = Story(seeded("conversation", VERSION, seed, index), given)
    if family in _BY_DEPTH:
        depth = 1 + (repeat // 2 + (repeat % 2) * (DEPTHS // 2)) % DEPTHS
        _BY_DEPTH[family](story, depth)
    else:
        _CHAINS[family](story)
    return BenchConversation(
        name=f"{VERSION}-{seed}-{index:05d}-{family}",
        family=family,
        given=given,
        rounds=tuple(story.rounds),
        size_px=size_px,
    )


def long_conversation(index: int, *, seed: int = 0, size_px: int = SIZE_PX) -> BenchConversation:
    """Conversation `index` of the long set: twenty edits in a row, with distractors, on its own pictures
    and on true ones, and the way back.
    """
    story = Story(seeded("long conversation", LONG_VERSION, seed, index), UPLOADED)
    long_chain(story)
    return BenchConversation(
        name=f"long-{LONG_VERSION}-{seed}-{index:05d}",
        family=LONG,
        given=UPLOADED,
        rounds=tuple(story.rounds),
        size_px=size_px,
    )


def conversations(num: int, *, seed: int = 0, size_px: int = SIZE_PX) -> Iterator[BenchConversation]:
    """The first `num` conversations of a seed."""
    return (conversation(index, seed=seed, size_px=size_px) for index in range(num))


def content_hash(found: Iterable[BenchConversation]) -> str:
    """SHA-256 (hex) over all words, pictures and checks in order; of drafts, not of pixels."""
    digest = hashlib.sha256()
    for one in found:
        digest.update(json.dumps(to_json(one), sort_keys=True, ensure_ascii=True).encode() + b"\n")
    return digest.hexdigest()


def to_json(value: object) -> Any:
    """A conversation or a part of it as plain JSON: scenes by their description, real pictures by digest."""
    if isinstance(value, Scene):
        return {"scene": scene_to_json(value)}
    if isinstance(value, Picture):
        return {"picture": value.digest}
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "kind": type(value).__name__,
            **{one.name: to_json(getattr(value, one.name)) for one in fields(value)},
        }
    if isinstance(value, Mapping):
        return {str(key): to_json(held) for key, held in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_json(held) for held in value]
    return value
