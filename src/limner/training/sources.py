"""From which earlier picture, and from which of its tokens, each token of a target picture can be taken.

Reads the truth that the world writes beside its dialogues: scenes, edits' bases, faces. Knows where scene
tokens hold a person. Knows no torch and no layouts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from limner.dialogue.parts import Dialogue, Picture
from limner_world.scene_tokens import NUM_TOKENS, PERSON_TOKENS

EDITS: Final = ("edit", "rollback", "branches")
# Of a person, what stays from picture to picture: all but pose, what is held, and where the face lies.
LASTING: Final = PERSON_TOKENS - 3


@dataclass(frozen=True, kw_only=True)
class TokenSource:
    """A picture of the history and pairs (target token, token of that picture)."""

    digest: str
    pairs: tuple[tuple[int, int], ...]


def token_sources(dialogue: Dialogue, round_index: int, *, num_tokens: int) -> TokenSource | None:
    """What round `round_index` repaints; None where nothing earlier shows it (or nothing is known of it).

    An edit, a way back or a copy takes token i from token i of its base. Any other picture takes the tokens
    of its persons from the earliest picture that shows most of them, where image tokens are scene tokens; in
    a chat from the latest, as they may have been changed.
    """
    if is_edit(dialogue, round_index):
        base = _edited(dialogue, round_index)
        return None if base is None else _whole(base, num_tokens)
    scenes = dialogue.truth.get("scenes")
    if not scenes or scenes[round_index] is None:
        return None
    wanted, latest = scenes[round_index], "edits" in dialogue.truth
    best: tuple[int, Picture, tuple[tuple[int, int], ...]] | None = None
    for picture, scene in _earlier(dialogue, round_index):
        if scene == wanted:
            return _whole(picture, num_tokens)
        pairs = tuple(_shared_persons(wanted, scene)) if num_tokens == NUM_TOKENS else ()
        if pairs and (best is None or len(pairs) > best[0] or (latest and len(pairs) == best[0])):
            best = len(pairs), picture, pairs
    return None if best is None else TokenSource(digest=best[1].digest, pairs=best[2])


def is_edit(dialogue: Dialogue, round_index: int) -> bool:
    """Whether a round changes an earlier picture or goes back to one, as the world's truth has it."""
    if dialogue.kind in EDITS:
        return True
    edits = dialogue.truth.get("edits")  # of dialogues of many kinds of rounds: the base, or None
    return edits is not None and edits[round_index] is not None


def _whole(picture: Picture, num_tokens: int) -> TokenSource:
    return TokenSource(digest=picture.digest, pairs=tuple((i, i) for i in range(num_tokens)))


def _edited(dialogue: Dialogue, round_index: int) -> Picture | None:
    """The picture that an edit starts from, uploaded or painted."""
    round_ = dialogue.rounds[round_index]
    if round_.instruction.pictures:
        return round_.instruction.pictures[0]
    if not round_.depends_on:
        return None
    if _is_of_upload(dialogue, round_index):
        return dialogue.rounds[0].instruction.pictures[0]
    return dialogue.rounds[round_.depends_on[-1]].response.picture


def _is_of_upload(dialogue: Dialogue, round_index: int) -> bool:
    """Whether a round goes back to the picture that the user brought."""
    ways = dialogue.truth.get("ways")
    if ways is None:  # a set of before ways were written
        base = int(dialogue.truth.get("base", 0))
        return base < 0 and not dialogue.rounds[round_index].is_markov(round_index)
    return ways[round_index] is not None and int(ways[round_index]["base"]) < 0


def _earlier(dialogue: Dialogue, round_index: int) -> Iterator[tuple[Picture, Any]]:
    """(picture, its scene) of everything that stands before round `round_index`'s answer, in order."""
    painted, given = dialogue.truth["scenes"], dialogue.truth["pictures"]
    for index in range(round_index + 1):
        round_ = dialogue.rounds[index]
        yield from zip(round_.instruction.pictures, given[index], strict=True)
        if index < round_index and round_.response.picture is not None:
            yield round_.response.picture, painted[index]


def _shared_persons(wanted: Any, scene: Any) -> Iterator[tuple[int, int]]:
    """(token of `wanted`, token of `scene`) for every person of the one who stands in the other too."""
    for place, figure in enumerate(wanted["figures"]):
        for other_place, other in enumerate(scene["figures"]):
            if other["person"]["identity"] == figure["person"]["identity"]:
                target, source = place * PERSON_TOKENS, other_place * PERSON_TOKENS
                yield from ((target + k, source + k) for k in range(LASTING))
                break
