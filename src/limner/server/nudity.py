"""A ready safety hook: nakedness in pictures, by NudeNet, whose weights come inside its package; offline.

Needs the extra `safety` (nudenet; its licence is the AGPL, so that it is not part of Limner). It judges
pictures and no words, and knows neither ages nor persons: it is a first net, not a judge.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from limner.dialogue.parts import Picture

NAKED: Final = (
    "FEMALE_BREAST_EXPOSED",
    "FEMALE_GENITALIA_EXPOSED",
    "MALE_GENITALIA_EXPOSED",
    "ANUS_EXPOSED",
    "BUTTOCKS_EXPOSED",
)
_lock = threading.Lock()


def judge(text: str, pictures: Sequence[Picture]) -> dict[str, float]:
    """{"sexual": the surest sign of nakedness in any of the pictures, 0 to 1}."""
    if not pictures:
        return {"sexual": 0.0}
    with _lock:
        return {"sexual": max(_of(picture) for picture in pictures)}


def _of(picture: Picture) -> float:
    bgr = np.ascontiguousarray(picture.pixels[..., ::-1])
    seen = _detector().detect(bgr)
    return max((float(one["score"]) for one in seen if one["class"] in NAKED), default=0.0)


@lru_cache(maxsize=1)
def _detector() -> Any:
    from nudenet import NudeDetector

    return NudeDetector()
