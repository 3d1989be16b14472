"""What image tokens say, held against the truth: no pixels, no judge, no error of its own.

Tokens are read as the nearest scene (`decode_scene`), factor by factor: a word is right or wrong; numbers
that belong together (the 22 of a face, a pose, the zoom) are kept when their error is below half of what
separates two random ones. Knows scenes and their tokens. Knows nothing about who predicted them.

Legend: N image tokens of a picture, D token width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from limner.evaluation.metrics.binding import right_of_two
from limner.evaluation.metrics.metric import Metric
from limner_world.person import Identity
from limner_world.scene import Scene
from limner_world.scene_tokens import decode_scene, encode_scene, factor_values, number_factors

METRIC = Metric(
    name="factors_kept",
    source="share of a scene's factors that an edit leaves alone and the tokens leave alone too",
    range=(0.0, 1.0),
    better="higher",
)
DISTANCE_METRIC = Metric(
    name="identity_distance",
    source="RMS difference of the 22 numbers of two faces, in spreads; two strangers have about 1.4",
    range=(0.0, float("inf")),
    better="lower",
)
MOST_APART: Final = 0.5  # spreads, of numbers that count as kept
WHERE: Final = ("left", "right", "scene")
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "pose": ("turn", "tilt", "shift_x", "shift_y"),
    "zoom": ("zoom",),
}
_IDENTITY: Final = tuple(vars(Identity()))

Tokens = NDArray[np.floating[Any]]
Factors = Mapping[str, str | tuple[float, ...]]
"""Names such as "left.hair_colour", "right.face", "scene.setting" -> a word, or numbers in spreads."""


def factors(scene: Scene) -> Factors:
    """Every factor of `scene` that decides a pixel; letters together are a word, numbers of a kind together a
    vector. Face boxes are left out: they follow from the rest.
    """
    found: dict[str, str | tuple[float, ...]] = {}
    for where, values in zip(WHERE, factor_values(scene), strict=True):
        if not values:
            continue
        for name, value in values.items():
            if isinstance(value, str) and not name.startswith("letter_"):
                found[f"{where}.{name}"] = value
        for group, names in {"face": _IDENTITY, **_GROUPS}.items():
            if names[0] in values:
                found[f"{where}.{group}"] = _in_spreads(values, names)
    found["scene.written_word"] = scene.written_word.upper()
    return found


def read(tokens_ND: Tokens) -> Factors:
    """What tokens say: the factors of the nearest scene."""
    return factors(decode_scene(tokens_ND))


def share_right(tokens_ND: Tokens, truth: Scene) -> float:
    """The share of the factors of `truth` that the tokens say."""
    said, true = read(tokens_ND), factors(truth)
    return share_of(said, true, list(true))


def share_kept(tokens_ND: Tokens, before: Scene, after: Scene) -> float:
    """The share of the factors that are the same `before` and `after` an edit and in the tokens."""
    old, new = factors(before), factors(after)
    return share_of(
        read(tokens_ND), new, [name for name in new if name in old and same(old[name], new[name])]
    )


def change_said(tokens_ND: Tokens, before: Scene, after: Scene) -> float:
    """1 when every factor that differs `before` and `after` an edit is as after it, else 0.

    ValueError when the edit changes nothing.
    """
    new, changed = factors(after), changed_names(before, after)
    if not changed:
        raise ValueError("These two scenes look the same; pass the scenes before and after an edit.")
    return float(share_of(read(tokens_ND), new, changed) == 1)


def changed_names(before: Scene, after: Scene) -> list[str]:
    """The factors of `after` that `before` lacks or has otherwise."""
    old, new = factors(before), factors(after)
    return [name for name in new if name not in old or not same(old[name], new[name])]


def words_said(tokens_ND: Tokens, place: int, told: Mapping[str, str]) -> dict[str, bool]:
    """Trait field -> whether the tokens give the person at `place` (0 left, 1 right) the stated word; all
    False where the tokens have nobody.
    """
    said = read(tokens_ND)
    return {name: said.get(f"{WHERE[place]}.{name}") == word for name, word in told.items()}


def identity_of(tokens_ND: Tokens, place: int = 0) -> Identity | None:
    """The face of the person at `place`; None where the tokens have no person there."""
    figures = decode_scene(tokens_ND).figures
    return figures[place].person.identity if place < len(figures) else None


def identity_distance(first: Identity, second: Identity) -> float:
    """RMS difference of the numbers of two faces in spreads; 0 is the same face."""
    spreads = np.array([_SPREAD_OF[name] for name in _IDENTITY])
    return _rms(np.array(first.vector()) / spreads, np.array(second.vector()) / spreads)


def right_identity(found: Identity | None, own: Identity | None, other: Identity | None) -> float:
    """1.0 when the face is nearer to `own` than to `other`, 0.0 when not, 0.5 where a face is missing."""
    if found is None or own is None or other is None:
        return 0.5
    return right_of_two(-identity_distance(found, own), -identity_distance(found, other))


def nearest_scene(tokens_ND: Tokens, scenes: Sequence[Scene]) -> int:
    """The index of the scene whose tokens are nearest; the lowest among equals."""
    return int(np.argmin([np.square(tokens_ND - encode_scene(scene)).mean() for scene in scenes]))


def share_of(said: Factors, true: Factors, names: Sequence[str]) -> float:
    """The share of the factors `names` that are said as in `true`; 1 of none."""
    if not names:
        return 1.0
    return float(np.mean([name in said and name in true and same(said[name], true[name]) for name in names]))


def same(first: str | tuple[float, ...], second: str | tuple[float, ...]) -> bool:
    """Whether two values of a factor count as the same."""
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    return _rms(first, second) < MOST_APART


def _rms(
    first: NDArray[np.float64] | Sequence[float], second: NDArray[np.float64] | Sequence[float]
) -> float:
    return float(np.sqrt(np.square(np.subtract(first, second)).mean()))


def _in_spreads(values: Mapping[str, str | float], names: Sequence[str]) -> tuple[float, ...]:
    return tuple(float(values[name]) / _SPREAD_OF[name] for name in names)


_SPREAD_OF: Final = {name: kind.std for _, kind in number_factors() for name in kind.names}
