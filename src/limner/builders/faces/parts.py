"""The parts of `limner build faces`, and the kind of dialogue that each makes. Knows words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

PARTS: Final[Mapping[str, str]] = {
    "stage1": "copy",
    "stage2": "face_to_image",
    "stage3": "paired",
    "augment1": "text_to_image",
    "augment2": "crop",
}


def check_parts(parts: Sequence[str]) -> None:
    """ValueError for none, or one that there is not."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not parts:
        raise ValueError(f"There is no part {(unknown or [''])[0]!r}; choose from {', '.join(PARTS)}.")
