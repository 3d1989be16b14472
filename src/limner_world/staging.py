"""How people come together in scenes: who, doing what, where, how framed; which combinations make sense.

Knows nothing about drawing or sentences. What a framing hides is told by `visible_traits`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from limner_world.chance import chance, pick, weighted
from limner_world.layout import lay_out
from limner_world.person import COLOURS, Person
from limner_world.sampling import BARE_HEAD, person_split, random_person, random_traits, settle, traits_split
from limner_world.scene import FRAMINGS, HOLDABLE, LIGHTINGS, SETTINGS, STYLES, Figure, Scene

PLACES: Final = SETTINGS[1:]
INDOORS: Final = ("living room", "kitchen", "cafe", "office", "library", "doctor's office", "classroom")
OUTDOORS: Final = tuple(place for place in PLACES if place not in INDOORS)
WORDS: Final = (
    *("HELLO", "OPEN", "WELCOME", "LOVE", "HOME", "SALE", "PARK", "CAFE", "HAPPY", "BIRTHDAY", "SUMMER"),
    *("WINTER", "DREAM", "PEACE", "LUCKY", "STOP", "GO", "YES", "NO", "ART", "MUSIC"),
)
# Each interaction with the settings where it is at home; an empty tuple means anywhere.
_HOMES: Final[dict[str, tuple[str, ...]]] = {
    "none": (),
    "sitting on a couch": (
        "living room",
        "living room",
        "living room",
        "library",
        "office",
        "doctor's office",
        "cafe",
    ),
    "looking at a laptop": ("living room", "office", "office", "cafe", "library", "kitchen", "classroom"),
    "reading a book": ("living room", "library", "library", "classroom", "garden", "park", "cafe"),
    "taking a selfie": (),
    "sitting at a table": ("kitchen", "cafe", "cafe", "living room", "library", "office", "garden"),
    "examining": ("doctor's office", "doctor's office", "doctor's office", "office", "living room"),
    "holding the baby": ("living room", "garden", "park", "flower field", "kitchen", "beach", "wedding"),
    "kissing on the cheek": (),
    "hugging": (),
    "holding hands": (),
    "holding flowers": ("garden", "flower field", "park", "brick wall", "wedding", "forest", "living room"),
}
PAIR_WEIGHTS: Final = {
    "none": 0.3,
    "sitting on a couch": 0.1,
    "looking at a laptop": 0.07,
    "reading a book": 0.08,
    "taking a selfie": 0.08,
    "sitting at a table": 0.08,
    "examining": 0.05,
    "holding the baby": 0.06,
    "kissing on the cheek": 0.04,
    "hugging": 0.06,
    "holding hands": 0.04,
    "holding flowers": 0.04,
}
LONE_WEIGHTS: Final = {
    "none": 0.62,
    "sitting on a couch": 0.09,
    "looking at a laptop": 0.06,
    "reading a book": 0.08,
    "taking a selfie": 0.05,
    "sitting at a table": 0.06,
    "holding flowers": 0.04,
}
CLOSE_FRAMINGS: Final = {"bust": 0.75, "close-up": 0.25}
_FRAMING_WEIGHTS: Final = dict(zip(FRAMINGS, (0.14, 0.42, 0.24, 0.2), strict=True))
_WITH_BABY: Final = ("holding the baby", "kissing on the cheek", "sitting on a couch")
# Interactions that fill the hands of both, so that nothing else is held.
_HANDS_FULL: Final = (
    "looking at a laptop",
    "reading a book",
    "taking a selfie",
    "examining",
    "holding the baby",
    "hugging",
    "holding hands",
    "holding flowers",
)


def random_scene(
    rng: np.random.Generator,
    *,
    num_figures: int | None = None,
    people: tuple[Person, ...] | None = None,
    framing: str | None = None,
    setting: str | None = None,
    interaction: str | None = None,
    style: str | None = None,
    split: str = "train",
) -> Scene:
    """A believable scene of `split`; whatever is given is kept, the rest is drawn. Raises ValueError on 0
    or 3 figures.
    """
    num = len(people) if people is not None else num_figures or (2 if chance(rng, 0.6) else 1)
    if num not in (1, 2):
        raise ValueError(f"a scene has one or two figures, got {num}")
    framing = framing or weighted(rng, _FRAMING_WEIGHTS)
    if interaction is None:
        interaction = _random_interaction(rng, num, framing, people)
    if setting is None:
        setting = _random_setting(rng, interaction)
    if people is None:
        people = _random_people(rng, num, interaction, setting, split)
    figures = tuple(_random_figure(rng, person, framing, interaction, num) for person in people)
    return Scene(
        figures=_facing(rng, figures, interaction),
        setting=setting,
        interaction=interaction,
        framing=framing,
        lighting=weighted(rng, dict(zip(LIGHTINGS, (0.68, 0.17, 0.15), strict=True)))
        if setting != "white"
        else "daylight",
        style=style or weighted(rng, dict(zip(STYLES, (0.58, *[0.07] * 6), strict=True))),
        variant=int(rng.integers(1000)),
        zoom=round(float(rng.uniform(0.92, 1.08)), 3),
        written_word=pick(rng, WORDS)
        if setting != "white" and framing != "close-up" and chance(rng, 0.04)
        else "",
    )


def portrait(rng: np.random.Generator, figure: Figure, style: str) -> Scene:
    """The cut-out face of `figure` on white, posed anew."""
    return _on_white(figure, pose_of(rng), style)


def cut_out(scene: Scene, place: int) -> Scene:
    """The face of one figure of `scene` on white, exactly as it is turned there (some doings turn heads)."""
    stance = lay_out(scene).stances[place]
    return _on_white(scene.figures[place], {"turn": stance.turn, "tilt": stance.tilt}, scene.style)


def _on_white(figure: Figure, pose: dict[str, float], style: str) -> Scene:
    turn, tilt = (round(float(np.clip(pose[name], -1.0, 1.0)), 3) for name in ("turn", "tilt"))
    alone = replace(figure, shift_x=0.0, shift_y=0.0, holding="none", turn=turn, tilt=tilt)
    return Scene(figures=(alone,), setting="white", framing="close-up", style=style)


def pose_of(rng: np.random.Generator) -> dict[str, float]:
    """A random turn and tilt of the head, both within [-1, 1]."""
    turn = float(np.clip(rng.normal(0.0, 0.45), -1.0, 1.0))
    tilt = float(np.clip(rng.normal(0.0, 0.35), -1.0, 1.0))
    return {"turn": round(turn, 3), "tilt": round(tilt, 3)}


def shared_traits_pair(rng: np.random.Generator, split: str = "train") -> tuple[Person, Person]:
    """Two persons who share most described traits: only name, place and pixels tell them apart."""
    first = random_person(
        rng, split, age=pick(rng, ("child", "teenager", "young adult", "middle-aged", "elderly"))
    )
    while True:
        second = random_person(rng, split, age=first.traits.age, presentation=first.traits.presentation)
        fields_kept = ["skin", "hair_colour", "hair_style", "facial_hair", "glasses", "garment", "expression"]
        kept = {name: getattr(first.traits, name) for name in fields_kept if chance(rng, 0.8)}
        second = replace(second, traits=settle(replace(second.traits, **kept)))
        if person_split(second) == split:
            return first, second


def visible_traits(figure: Figure, scene: Scene) -> tuple[str, ...]:
    """The described traits of `figure` that can be seen in `scene`, as field names of Traits plus
    "holding".
    """
    traits = figure.person.traits
    shown = ["age", "presentation", "skin", "expression"]
    if traits.hair_style != "bald":
        shown += ["hair_colour", "hair_style"]
    elif traits.headwear in BARE_HEAD:
        shown.append("hair_style")
    shown += [
        name
        for name in ("facial_hair", "glasses", "headwear", "jewellery", "neckwear", "make_up")
        if getattr(traits, name) != "none"
    ]
    shown += ["garment", "garment_colour"]
    if traits.garment_pattern != "plain":
        shown.append("garment_pattern")
    if scene.framing == "full body" and traits.garment not in ("dress", "onesie", "white coat"):
        shown.append("lower")
    if figure.holding != "none" and scene.framing != "close-up":
        shown.append("holding")
    return tuple(shown)


def scene_split(scene: Scene) -> str | None:
    """The split to which every figure of `scene` belongs; None when they disagree."""
    splits = {person_split(figure.person) for figure in scene.figures}
    return splits.pop() if len(splits) == 1 else None


def _random_interaction(
    rng: np.random.Generator, num: int, framing: str, people: tuple[Person, ...] | None
) -> str:
    while True:
        interaction = weighted(rng, PAIR_WEIGHTS if num == 2 else LONE_WEIGHTS)
        if framing == "close-up" and interaction not in (
            "none",
            "kissing on the cheek",
            "hugging",
            "taking a selfie",
        ):
            continue
        baby_second = people is None or people[-1].traits.age == "baby"
        if interaction == "holding the baby" and not (
            baby_second and (people is None or people[0].traits.age != "baby")
        ):
            continue
        with_baby = people is not None and any(person.traits.age == "baby" for person in people)
        if with_baby and interaction not in ("none", *_WITH_BABY):
            continue
        return interaction


def _random_setting(rng: np.random.Generator, interaction: str) -> str:
    homes = _HOMES[interaction]
    if not homes:
        return "white" if interaction == "none" and chance(rng, 0.05) else pick(rng, PLACES)
    return pick(rng, INDOORS if "couch" in interaction else PLACES) if chance(rng, 0.12) else pick(rng, homes)


def _random_people(
    rng: np.random.Generator, num: int, interaction: str, setting: str, split: str
) -> tuple[Person, ...]:
    if interaction == "holding the baby":
        adult = random_person(
            rng, split, age=pick(rng, ("teenager", "young adult", "middle-aged", "elderly"))
        )
        return adult, random_person(rng, split, age="baby")
    people = [random_person(rng, split, age=_upright(rng, interaction)) for _ in range(num)]
    if interaction == "examining" or (setting == "doctor's office" and chance(rng, 0.7)):
        people[0] = _as_doctor(rng, split)
    if setting == "ship" and chance(rng, 0.4):
        people[0] = _dressed(rng, people[0], split, headwear="tricorne hat", headwear_colour="black")
    if setting == "wedding" and chance(rng, 0.5):
        for place, person in enumerate(people):
            man = person.traits.presentation == "man"
            if person.traits.age != "baby":
                people[place] = _dressed(rng, person, split, garment="suit" if man else "dress")
    return tuple(people)


def _upright(rng: np.random.Generator, interaction: str) -> str | None:
    """An age that can do `interaction` alone; None leaves it open."""
    if interaction in ("none", "kissing on the cheek", "sitting on a couch"):
        return None
    return weighted(
        rng, {"child": 0.18, "teenager": 0.16, "young adult": 0.3, "middle-aged": 0.2, "elderly": 0.16}
    )


def _as_doctor(rng: np.random.Generator, split: str) -> Person:
    person = random_person(rng, split, age=pick(rng, ("young adult", "middle-aged", "elderly")))
    return _dressed(rng, person, split, garment="white coat", garment_colour="white", headwear="none")


def _dressed(rng: np.random.Generator, person: Person, split: str, **changes: str) -> Person:
    """`person` with `changes`; hair and the garment's colour are redrawn until the combination belongs to
    `split`.
    """
    traits = settle(replace(person.traits, **changes))
    while traits_split(traits) != split:
        other = random_traits(rng, split, age=traits.age, presentation=traits.presentation)
        redrawn = {name: getattr(other, name) for name in ("hair_colour", "hair_style", "garment_colour")}
        traits = settle(replace(traits, **{**redrawn, **changes}))
    return replace(person, traits=traits)


def _random_figure(
    rng: np.random.Generator, person: Person, framing: str, interaction: str, num: int
) -> Figure:
    holding = "none"
    free = framing != "close-up" and interaction not in _HANDS_FULL and person.traits.age != "baby"
    if free and chance(rng, 0.35):
        holding = pick(rng, HOLDABLE[1:])
    sway = 0.08 if num == 2 else 0.12
    return Figure(
        person=person,
        holding=holding,
        holding_colour=pick(rng, COLOURS),
        shift_x=round(float(rng.uniform(-sway, sway)), 3),
        shift_y=round(float(rng.uniform(-0.05, 0.05)), 3),
        **pose_of(rng),
    )


def _facing(rng: np.random.Generator, figures: tuple[Figure, ...], interaction: str) -> tuple[Figure, ...]:
    """Two who do something together mostly turn a little towards each other."""
    if len(figures) != 2 or interaction in ("none", "taking a selfie") or chance(rng, 0.4):
        return figures
    left, right = figures
    return replace(left, turn=round(abs(left.turn), 3)), replace(right, turn=round(-abs(right.turn), 3))
