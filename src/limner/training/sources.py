"""From which earlier picture, and from which of its tokens, each token of a target picture can be taken.

Reads the truth that the world writes beside its dialogues: scenes, edits' bases, names. Knows where an image
token looks (1D pooling: neighbours of one row). Knows no torch and no layouts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from limner.dialogue.parts import Dialogue, Picture
from limner.world.serial import scene_from_json
from limner.world.truth import Box, scene_truth

EDITS = ("edit", "rollback")
BY_NAME = ("named", "plain_named")
UNPOOLED = 256  # tokens of a picture that no preset pools any further


@dataclass(frozen=True, kw_only=True)
class TokenSource:
    """A picture of the history and pairs (target token, token of that picture)."""

    digest: str
    pairs: tuple[tuple[int, int], ...]


def token_sources(dialogue: Dialogue, round_index: int, *, num_tokens: int) -> TokenSource | None:
    """What round `round_index` repaints; None where nothing earlier shows it (or nothing is known of it).

    An edit, or a way back, takes token i from token i of its base. A close-up by name takes each token from
    the place of that person's face in the first picture.
    """
    if dialogue.kind in EDITS:
        base = _edited(dialogue, round_index)
        if base is None:
            return None
        return TokenSource(digest=base.digest, pairs=tuple((i, i) for i in range(num_tokens)))
    if dialogue.kind in BY_NAME:
        return _face_source(dialogue, round_index, num_tokens)
    return None


def _edited(dialogue: Dialogue, round_index: int) -> Picture | None:
    """The picture that an edit starts from, uploaded or painted."""
    round_ = dialogue.rounds[round_index]
    if round_.instruction.pictures:
        return round_.instruction.pictures[0]
    if not round_.depends_on:
        return None
    base = int(dialogue.truth.get("base", 0))
    if base < 0 and not round_.is_markov(round_index):
        return dialogue.rounds[0].instruction.pictures[0]
    return dialogue.rounds[round_.depends_on[-1]].response.picture


def _face_source(dialogue: Dialogue, round_index: int, num_tokens: int) -> TokenSource | None:
    scenes = dialogue.truth["scenes"]
    first = dialogue.rounds[0].response.picture
    if round_index == 0 or first is None or dialogue.rounds[round_index].depends_on != (0,):
        return None
    scene = scenes[round_index]
    if scene is None or len(scene["figures"]) != 1:
        return None
    place = _place_of(scene["figures"][0], scenes[0]["figures"])
    if place is None:
        return None
    target = scene_truth(scene_from_json(scene)).face_boxes[0]
    source = scene_truth(scene_from_json(scenes[0])).face_boxes[place]
    return TokenSource(digest=first.digest, pairs=tuple(_mapped(target, source, num_tokens)))


def _place_of(figure: dict[str, Any], figures: list[dict[str, Any]]) -> int | None:
    """Whose face it is: the identity's numbers decide."""
    for place, candidate in enumerate(figures):
        if np.allclose(candidate["person"]["identity"], figure["person"]["identity"], atol=1e-6):
            return place
    return None


def _mapped(target: Box, source: Box, num_tokens: int) -> Iterator[tuple[int, int]]:
    """Tokens whose middle lies in `target`'s frame -> the token at the same spot of `source`'s frame."""
    columns, rows = token_grid(num_tokens)
    for token in range(num_tokens):
        x, y = (token % columns + 0.5) / columns, (token // columns + 0.5) / rows
        u, v = (x - target[0]) / (target[2] - target[0]), (y - target[1]) / (target[3] - target[1])
        at_x, at_y = source[0] + u * (source[2] - source[0]), source[1] + v * (source[3] - source[1])
        if 0 <= at_x < 1 and 0 <= at_y < 1:
            yield token, int(at_y * rows) * columns + int(at_x * columns)


def token_grid(num_tokens: int) -> tuple[int, int]:
    """(columns, rows) of pooled image tokens: neighbours of one row are pooled, so rows stay what they were.

    All of 256 stand in a square; a quarter of a square's tokens, as 64 of 16 x 16, in 4 columns and 16 rows.
    """
    if num_tokens == UNPOOLED:
        return 16, 16
    columns = max(1, round(num_tokens**0.5) // 2)
    return columns, num_tokens // columns
