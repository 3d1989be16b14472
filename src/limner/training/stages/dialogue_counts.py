"""How many dialogues of each kind a recipe may draw from, by scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

# Rendered, where a scale reads pictures and is given no data; one table, so that recipes share what is drawn.
RENDERED: Final[Mapping[str, int]] = {
    "drill": 100_000,
    "echo": 60_000,
    "binding_words": 100_000,
    "binding_text": 100_000,
    "plain_text_to_image": 20_000,
    "plain_named": 12_000,
    "named": 12_000,
    "crop": 4_000,
    "text_to_image": 10_000,
    "point": 3_000,
    "question": 4_000,
    "caption": 2_500,
    "edit": 3_500,
    "copy": 3_000,
    "face_to_image": 3_000,
    "paired": 3_000,
    "full_body": 1_500,
    "rollback": 12_500,
}
# Drafted when needed and never kept, where image tokens are scene tokens: more than any run sees.
DRAFTED: Final = 1_000_000
TINY_DIALOGUES: Final = 8


def dialogues_for(kinds: Iterable[str], scale: str) -> dict[str, int]:
    """Kind -> number of dialogues for a recipe's scale; full scale renders them where it is given no data."""
    if scale == "tiny":
        return dict.fromkeys(kinds, TINY_DIALOGUES)
    if scale == "seed-x":
        return {kind: RENDERED[kind] for kind in kinds}
    return dict.fromkeys(kinds, DRAFTED)
