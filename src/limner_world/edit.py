"""Edits as typed operations on scenes: add, remove, replace, recolour, background, style and so on, exact
and invertible.

Knows what can be changed and what the scene becomes. The sentences are in `instruction.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from limner_world.chance import chance, pick, weighted
from limner_world.person import (
    COLOURS,
    EXPRESSIONS,
    FACIAL_HAIR,
    GARMENTS,
    GLASSES,
    HAIR_COLOURS,
    HAIR_STYLES,
    HEADWEAR,
    JEWELLERY,
    NECKWEAR,
    PATTERNS,
    Person,
    Traits,
)
from limner_world.sampling import LENSES_HIDE_EYES, PLAIN_GARMENTS, settle
from limner_world.scene import HOLDABLE, LIGHTINGS, STYLES, Figure, Scene
from limner_world.staging import PLACES, WORDS, scene_split, visible_traits
from limner_world.wording import COLOURED_THINGS

ACCESSORIES: Final[dict[str, tuple[str, ...]]] = {
    "glasses": GLASSES[1:],
    "headwear": HEADWEAR[1:],
    "jewellery": JEWELLERY[1:],
    "neckwear": NECKWEAR[1:],
    "facial_hair": FACIAL_HAIR[1:],
}
_WEIGHTS: Final[dict[str, float]] = {
    "add": 0.2,
    "remove": 0.12,
    "replace": 0.08,
    "recolour garment": 0.12,
    "recolour accessory": 0.04,
    "recolour hair": 0.08,
    "restyle hair": 0.05,
    "change garment": 0.08,
    "pattern": 0.04,
    "expression": 0.07,
    "hold": 0.06,
    "release": 0.03,
    "background": 0.12,
    "style": 0.1,
    "lighting": 0.06,
    "word": 0.04,
}
OPERATIONS: Final = tuple(_WEIGHTS)
SCENE_OPERATIONS: Final = ("background", "style", "lighting", "word")
# What an edit leads to must stay drawable where little of the body shows.
_NEEDS_HANDS: Final = ("hold", "release")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change. `place` is the figure's place from the left (None: the whole scene).

    `after` maps fields of Traits, Figure or Scene to their new values, `before` to those they had.
    """

    operation: str
    place: int | None
    before: Mapping[str, Any] = field(hash=False)
    after: Mapping[str, Any] = field(hash=False)

    def inverse(self) -> Edit:
        """The edit that takes this one back."""
        return replace(
            self,
            operation=_OPPOSITES.get(self.operation, self.operation),
            before=self.after,
            after=self.before,
        )


_OPPOSITES: Final = {"add": "remove", "remove": "add", "hold": "release", "release": "hold"}
_FIGURE_FIELDS: Final = ("holding", "holding_colour")


def apply(edit: Edit, scene: Scene) -> Scene:
    """`scene` after `edit`. Raises ValueError when the edit names a figure that the scene lacks."""
    if edit.place is None:
        return replace(scene, **edit.after)
    if not 0 <= edit.place < len(scene.figures):
        raise ValueError(f"the edit is about figure {edit.place}, but the scene has {len(scene.figures)}")
    figure = scene.figures[edit.place]
    own = {name: value for name, value in edit.after.items() if name in _FIGURE_FIELDS}
    worn = {name: value for name, value in edit.after.items() if name not in _FIGURE_FIELDS}
    person = Person(traits=replace(figure.person.traits, **worn), identity=figure.person.identity)
    figures = list(scene.figures)
    figures[edit.place] = replace(figure, person=person, **own)
    return replace(scene, figures=tuple(figures))


def random_edit(
    scene: Scene,
    rng: np.random.Generator,
    *,
    split: str | None = None,
    operations: Collection[str] = OPERATIONS,
    avoid: Collection[Scene] = (),
) -> Edit:
    """A random edit that visibly changes `scene`; its result lies in `split` (when given) and is not one
    of `avoid`.
    """
    weights = {name: weight for name, weight in _WEIGHTS.items() if name in operations}
    if not weights:
        raise ValueError(
            f"no known operation among {sorted(operations)}; choose from {', '.join(OPERATIONS)}"
        )
    for _ in range(500):
        edit = _draw(scene, rng, weighted(rng, weights))
        if edit is None:
            continue
        after = apply(edit, scene)
        if not _same_look(edit) and after not in avoid and (split is None or scene_split(after) == split):
            return edit
    raise ValueError(f"found no edit of the kinds {sorted(operations)} for this scene; allow more operations")


def _same_look(edit: Edit) -> bool:
    """Whether the edit changes nothing."""
    return dict(edit.before) == dict(edit.after)


def _draw(scene: Scene, rng: np.random.Generator, operation: str) -> Edit | None:
    if operation in SCENE_OPERATIONS:
        return _scene_edit(scene, rng, operation)
    if operation in _NEEDS_HANDS and (scene.framing == "close-up" or scene.interaction != "none"):
        return None
    place = int(rng.integers(len(scene.figures)))
    figure = scene.figures[place]
    visible = visible_traits(figure, scene)
    made = _DRAWERS[operation](figure, rng, visible)
    if made is None:
        return None
    traits = figure.person.traits
    wanted = replace(traits, **{name: value for name, value in made.items() if name not in _FIGURE_FIELDS})
    if settle(wanted) != wanted:
        return None
    before = {name: getattr(figure if name in _FIGURE_FIELDS else traits, name) for name in made}
    return Edit(operation=operation, place=place, before=before, after=made)


def _scene_edit(scene: Scene, rng: np.random.Generator, operation: str) -> Edit | None:
    name, values = {
        "background": ("setting", PLACES),
        "style": ("style", STYLES),
        "lighting": ("lighting", LIGHTINGS),
        "word": ("written_word", WORDS),
    }[operation]
    if scene.setting == "white" and operation in ("lighting", "word"):
        return None
    if operation == "word" and scene.framing == "close-up":
        return None
    old = getattr(scene, name)
    if operation == "word" and old and chance(rng, 0.4):
        return Edit(operation=operation, place=None, before={name: old}, after={name: ""})
    return Edit(
        operation=operation,
        place=None,
        before={name: old},
        after={name: pick(rng, [v for v in values if v != old])},
    )


Drawer = Callable[[Figure, np.random.Generator, Collection[str]], dict[str, str] | None]


def _add(figure: Figure, rng: np.random.Generator, visible: Collection[str]) -> dict[str, str] | None:
    traits = figure.person.traits
    free = [name for name in ACCESSORIES if getattr(traits, name) == "none" and _allowed(traits, name)]
    return _accessory(rng, pick(rng, free), "") if free else None


def _remove(figure: Figure, rng: np.random.Generator, visible: Collection[str]) -> dict[str, str] | None:
    worn = [name for name in ACCESSORIES if getattr(figure.person.traits, name) != "none"]
    return {pick(rng, worn): "none"} if worn else None


def _replace(figure: Figure, rng: np.random.Generator, visible: Collection[str]) -> dict[str, str] | None:
    traits = figure.person.traits
    worn = [name for name in ACCESSORIES if getattr(traits, name) != "none"]
    name = pick(rng, worn) if worn else ""
    return _accessory(rng, name, getattr(traits, name)) if name else None


def _allowed(traits: Traits, name: str) -> bool:
    if name == "facial_hair":
        return traits.presentation == "man" and traits.age not in ("baby", "child")
    return name != "jewellery" or (traits.age != "baby" and traits.presentation == "woman")


def _accessory(rng: np.random.Generator, name: str, old: str) -> dict[str, str]:
    made = {name: pick(rng, [value for value in ACCESSORIES[name] if value != old])}
    if name in ("headwear", "neckwear") and made[name] != "headphones around the neck":
        made[f"{name}_colour"] = pick(rng, COLOURS)
    return made


def _recolour_garment(
    figure: Figure, rng: np.random.Generator, visible: Collection[str]
) -> dict[str, str] | None:
    return None if figure.person.traits.garment == "white coat" else {"garment_colour": pick(rng, COLOURS)}


def _recolour_accessory(
    figure: Figure, rng: np.random.Generator, visible: Collection[str]
) -> dict[str, str] | None:
    traits = figure.person.traits
    worn = ["headwear_colour"] if traits.headwear != "none" else []
    worn += ["neckwear_colour"] if traits.neckwear in ("scarf", "tie", "bow tie") else []
    return {pick(rng, worn): pick(rng, COLOURS)} if worn else None


def _recolour_hair(
    figure: Figure, rng: np.random.Generator, visible: Collection[str]
) -> dict[str, str] | None:
    return {"hair_colour": pick(rng, HAIR_COLOURS)} if "hair_colour" in visible else None


def _restyle_hair(
    figure: Figure, rng: np.random.Generator, visible: Collection[str]
) -> dict[str, str] | None:
    man = figure.person.traits.presentation == "man"
    if figure.person.traits.age == "baby" or "hair_style" not in visible:
        return None
    return {"hair_style": pick(rng, HAIR_STYLES if man else HAIR_STYLES[:-1])}


def _change_garment(
    figure: Figure, rng: np.random.Generator, visible: Collection[str]
) -> dict[str, str] | None:
    traits = figure.person.traits
    if traits.age == "baby":
        garments: tuple[str, ...] = ("onesie", "sweater", "t-shirt", "hooded sweatshirt")
    else:
        garments = tuple(
            g for g in GARMENTS[:-1] if traits.presentation == "woman" or g not in ("dress", "blouse")
        )
    garment = pick(rng, [g for g in garments if g != traits.garment])
    pattern = "plain" if garment in PLAIN_GARMENTS or chance(rng, 0.7) else pick(rng, PATTERNS[1:])
    colour = "white" if garment == "white coat" else pick(rng, COLOURS)
    return {"garment": garment, "garment_colour": colour, "garment_pattern": pattern}


def _pattern(figure: Figure, rng: np.random.Generator, visible: Collection[str]) -> dict[str, str] | None:
    return (
        None if figure.person.traits.garment in PLAIN_GARMENTS else {"garment_pattern": pick(rng, PATTERNS)}
    )


def _expression(figure: Figure, rng: np.random.Generator, visible: Collection[str]) -> dict[str, str] | None:
    hidden = figure.person.traits.glasses in LENSES_HIDE_EYES
    return {
        "expression": pick(rng, [e for e in EXPRESSIONS if not (hidden and e in ("winking", "eyes closed"))])
    }


def _hold(figure: Figure, rng: np.random.Generator, visible: Collection[str]) -> dict[str, str] | None:
    if figure.person.traits.age == "baby":
        return None
    thing = pick(rng, [thing for thing in HOLDABLE[1:] if thing != figure.holding])
    return {
        "holding": thing,
        "holding_colour": pick(rng, COLOURS) if thing in COLOURED_THINGS else figure.holding_colour,
    }


def _release(figure: Figure, rng: np.random.Generator, visible: Collection[str]) -> dict[str, str] | None:
    return None if figure.holding == "none" else {"holding": "none"}


_DRAWERS: Final[dict[str, Drawer]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "recolour garment": _recolour_garment,
    "recolour accessory": _recolour_accessory,
    "recolour hair": _recolour_hair,
    "restyle hair": _restyle_hair,
    "change garment": _change_garment,
    "pattern": _pattern,
    "expression": _expression,
    "hold": _hold,
    "release": _release,
}
