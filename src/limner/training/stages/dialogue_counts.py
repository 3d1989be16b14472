"""How many dialogues of each kind are rendered: one table, so that rungs share banks instead of rendering
anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

# Rendering and encoding the pictures of these takes about ten minutes of one core at 128 px.
SKETCH_DIALOGUES: Final[Mapping[str, int]] = {
    "drill": 20_000,
    "echo": 12_000,
    "binding_words": 20_000,
    "binding_text": 20_000,
    "plain_text_to_image": 4_000,
    "plain_named": 2_400,
    "named": 2_400,
    "crop": 800,
    "text_to_image": 2_000,
    "point": 600,
    "question": 800,
    "caption": 500,
    "edit": 700,
    "copy": 600,
    "face_to_image": 600,
    "paired": 600,
    "full_body": 300,
    "rollback": 2_500,
}
# All banks of the miniature ladder together take some 50 GB: a picture of 256 px takes 0.2 MB.
MINIATURE_FACTOR: Final = 5
TINY_DIALOGUES: Final = 8


def dialogues_for(kinds: Iterable[str], scale: str) -> dict[str, int]:
    """Kind -> number of dialogues for a recipe's scale; full scale takes the miniature's where it is given no
    data.
    """
    if scale == "tiny":
        return dict.fromkeys(kinds, TINY_DIALOGUES)
    factor = 1 if scale == "sketch" else MINIATURE_FACTOR
    return {kind: factor * SKETCH_DIALOGUES[kind] for kind in kinds}
