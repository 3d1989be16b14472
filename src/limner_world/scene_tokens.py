"""Scene tokens: a scene as 64 vectors of 64 numbers that say what is to be seen, and back.

Tokens 0 to 23 are the left (or only) person, 24 to 47 the right one, 48 to 63 the scene; each holds one
factor, or a few that belong together. A word is a row of a fixed orthonormal codebook, the same for both
persons and, for colours, for all garments; numbers are spread over as many rows, at unit spread. So a person
moves from place to place by a copy of 24 tokens, an edit changes one or two, and a way back copies 64.

Everything that decides a pixel is in them, but a style's grain; what cannot be seen (the colour of a hat that
nobody wears, trousers of a cut-out head) has a row of its own, and comes back as its plain value
(`canonical_scene`). Knows scenes and NumPy. Knows no pixels and no networks.

Legend: N tokens of a picture, D width of a token.
"""

from __future__ import annotations

import functools
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from limner_world.chance import seeded
from limner_world.layout import FOR_TWO, is_cut_out
from limner_world.person import (
    AGES,
    COLOURS,
    EXPRESSIONS,
    FACIAL_HAIR,
    GARMENTS,
    GLASSES,
    HAIR_COLOURS,
    HAIR_STYLES,
    HEADWEAR,
    JEWELLERY,
    LOWERS,
    MAKE_UP,
    NECKWEAR,
    PATTERNS,
    PRESENTATIONS,
    SKINS,
    Identity,
    Person,
    Traits,
)
from limner_world.scene import (
    FRAMINGS,
    HOLDABLE,
    INTERACTIONS,
    LIGHTINGS,
    SETTINGS,
    STYLES,
    Figure,
    Scene,
)
from limner_world.settings import NUM_CUTS, NUM_LAYOUTS, ONE_WAY, variant_of, variant_parts
from limner_world.truth import scene_truth

Vector = NDArray[np.float32]

NUM_TOKENS: Final = 64
TOKEN_DIM: Final = 64
PERSON_TOKENS: Final = 24
FIRST_SCENE_TOKEN: Final = 2 * PERSON_TOKENS
HIDDEN: Final = "hidden"  # what cannot be seen in this picture
LETTERS: Final = (*string.ascii_uppercase, " ")
MOST_LETTERS: Final = 10
_DECIMALS: Final = 3
_IDENTITY: Final = tuple(f.name for f in fields(Identity))


@dataclass(frozen=True, kw_only=True)
class Words:
    """A factor with a word: which of `words`, or that it is hidden. `rows` (len(words) + 1, D), the last for
    hidden.
    """

    name: str
    words: tuple[str, ...]
    rows: Vector = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Numbers of one kind: `(value - mean) / std` along a row each; `rows` (len(names), D)."""

    names: tuple[str, ...]
    mean: float
    std: float
    rows: Vector = field(repr=False)


Factor = Words | Numbers


@dataclass(frozen=True, kw_only=True)
class Slot:
    """What one token holds: its factors side by side, and the row that says that nobody is there."""

    factors: tuple[Factor, ...]
    absent: Vector = field(repr=False)


@functools.cache
def _codebook(name: str) -> Vector:
    """(D, D) orthonormal rows times sqrt(D): unit spread."""
    basis = np.linalg.qr(seeded("scene tokens", name).normal(size=(TOKEN_DIM, TOKEN_DIM)))[0]
    return np.asarray(basis * np.sqrt(TOKEN_DIM), np.float32)


def _slot(codebook: str, *parts: tuple[str, tuple[str, ...]] | tuple[tuple[str, ...], float, float]) -> Slot:
    """The parts share the rows of one codebook, in order; the last row says that nobody is there."""
    rows, used, share = _codebook(codebook), 0, np.float32(1 / np.sqrt(_num_parts(parts)))
    factors: list[Factor] = []
    for part in parts:
        if len(part) == 2:
            name, words = part
            # Colours have the same rows in every token that holds one.
            start = used if words is not COLOURS else TOKEN_DIM - 2 - len(COLOURS)
            factors.append(Words(name=name, words=words, rows=share * rows[start : start + len(words) + 1]))
            used += len(words) + 1 if words is not COLOURS else 0
        else:
            names, mean, std = part
            numbers = share * rows[used : used + len(names)]
            factors.append(Numbers(names=names, mean=mean, std=std, rows=numbers))
            used += len(names)
    return Slot(factors=tuple(factors), absent=rows[-1])


def _num_parts(parts: Sequence[Any]) -> int:
    return sum(1 if len(part) == 2 else len(part[0]) for part in parts)


def _person_slots() -> tuple[Slot, ...]:
    worded = (
        ("age", AGES),
        ("presentation", PRESENTATIONS),
        ("skin", SKINS),
        ("hair_colour", HAIR_COLOURS),
        ("hair_style", HAIR_STYLES),
        ("facial_hair", FACIAL_HAIR),
        ("glasses", GLASSES),
        ("headwear", HEADWEAR),
        ("headwear_colour", COLOURS),
        ("jewellery", JEWELLERY),
        ("neckwear", NECKWEAR),
        ("neckwear_colour", COLOURS),
        ("garment", GARMENTS),
        ("garment_colour", COLOURS),
        ("garment_pattern", PATTERNS),
        ("expression", EXPRESSIONS),
        ("make_up", MAKE_UP),
    )
    single = [_slot("colour" if words is COLOURS else name, (name, words)) for name, words in worded]
    return (
        *single,
        _slot("colour", ("lower", LOWERS), ("lower_colour", COLOURS)),
        _slot("face 1", (_IDENTITY[:8], 0.0, 0.55)),
        _slot("face 2", (_IDENTITY[8:15], 0.0, 0.55)),
        _slot("face 3", (_IDENTITY[15:], 0.0, 0.55)),
        _slot("pose", (("turn", "tilt"), 0.0, 0.4), (("shift_x", "shift_y"), 0.0, 0.05)),
        _slot("colour", ("holding", HOLDABLE), ("holding_colour", COLOURS)),
        _slot("box", (("left", "top", "right", "bottom"), 0.5, 0.25)),
    )


def _scene_slots() -> tuple[Slot, ...]:
    numbered = (("layout", NUM_LAYOUTS), ("mirror", 2), ("cut", NUM_CUTS))
    places = [_slot(name, (name, tuple(map(str, range(count))))) for name, count in numbered]
    spelled = [
        _slot("letters", (f"letter_{i}", LETTERS), (f"letter_{i + 1}", LETTERS))
        for i in range(0, MOST_LETTERS, 2)
    ]
    slots = (
        _slot("number", ("number", ("1", "2"))),
        _slot("setting", ("setting", SETTINGS)),
        *places,
        _slot("framing", ("framing", FRAMINGS)),
        _slot("zoom", (("zoom",), 1.0, 0.05)),
        _slot("interaction", ("interaction", INTERACTIONS)),
        _slot("lighting", ("lighting", LIGHTINGS)),
        _slot("style", ("style", STYLES)),
        _slot("lettered", ("lettered", ("no", "yes"))),
        *spelled,
    )
    assert len(slots) == NUM_TOKENS - FIRST_SCENE_TOKEN
    return slots


PERSON_SLOTS: Final = _person_slots()
SCENE_SLOTS: Final = _scene_slots()
SLOTS: Final = (*PERSON_SLOTS, *PERSON_SLOTS, *SCENE_SLOTS)


def encode_scene(scene: Scene) -> Vector:
    """The tokens (N, D) float32 of `scene`.

    Raises:
        ValueError: lettering that is longer than ten letters or not made of A to Z and spaces.
    """
    tokens = np.zeros((NUM_TOKENS, TOKEN_DIM), np.float32)
    boxes = scene_truth(scene).face_boxes
    for place in range(2):
        first = place * PERSON_TOKENS
        if place < len(scene.figures):
            values = _figure_values(scene, place) | dict(zip(_BOX, boxes[place], strict=True))
            for index, slot in enumerate(PERSON_SLOTS, first):
                tokens[index] = _encoded(slot, values)
        else:
            tokens[first : first + PERSON_TOKENS] = _ABSENT
    values = _scene_values(scene)
    for index, slot in enumerate(SCENE_SLOTS, FIRST_SCENE_TOKEN):
        tokens[index] = _encoded(slot, values)
    return tokens


def decode_scene(tokens_ND: NDArray[np.floating[Any]]) -> Scene:
    """The scene whose tokens are nearest to `tokens_ND` (N, D), word by word and number by number.

    What it says of `encode_scene(scene)` is `canonical_scene(scene)`; of any other tokens it is always a
    scene, if not always a likely one.
    """
    if tokens_ND.shape != (NUM_TOKENS, TOKEN_DIM):
        raise ValueError(f"scene tokens have the shape {(NUM_TOKENS, TOKEN_DIM)}, not {tokens_ND.shape}")
    values = _decoded(SCENE_SLOTS, tokens_ND[FIRST_SCENE_TOKEN:])
    figures = tuple(
        _figure_of(_decoded(PERSON_SLOTS, tokens_ND[place * PERSON_TOKENS :][:PERSON_TOKENS]))
        for place in range(int(_plain(values["number"], "1")))
    )
    parts = (int(_plain(values[name], "0")) for name in ("layout", "mirror", "cut"))
    letters = "".join(_plain(values[f"letter_{i}"], "") for i in range(MOST_LETTERS))
    return Scene(
        figures=figures,
        setting=_plain(values["setting"], "white"),
        interaction=_plain(values["interaction"], "none"),
        framing=_plain(values["framing"], "bust"),
        lighting=_plain(values["lighting"], "daylight"),
        style=_plain(values["style"], "storybook"),
        variant=variant_of(*parts),
        zoom=float(np.clip(values["zoom"], 0.9, 1.1)),
        written_word=letters.strip() if values["lettered"] == "yes" else "",
    )


def canonical_scene(scene: Scene) -> Scene:
    """`scene` with everything that cannot be seen set to its plain value: it renders to the same pixels, but
    for a style's grain.
    """
    figures = tuple(_figure_of(_figure_values(scene, place)) for place in range(len(scene.figures)))
    values = _scene_values(scene)
    parts = (int(_plain(values[name], "0")) for name in ("layout", "mirror", "cut"))
    return replace(
        scene,
        figures=figures,
        interaction=str(values["interaction"]),
        variant=variant_of(*parts),
        written_word=scene.written_word.upper().strip(),
    )


def face_box(tokens_ND: NDArray[np.floating[Any]], place: int) -> tuple[float, float, float, float]:
    """Where the tokens say that the face of the figure at `place` (0 left, 1 right) lies: x0, y0, x1, y1 in
    the unit square.
    """
    slot = PERSON_SLOTS[_BOX_SLOT]
    values = _decoded((slot,), tokens_ND[place * PERSON_TOKENS + _BOX_SLOT][None])
    x0, y0, x1, y1 = (float(np.clip(values[name], 0.0, 1.0)) for name in _BOX)
    return x0, y0, x1, y1


def factor_values(scene: Scene) -> list[dict[str, str | float]]:
    """The values of every factor: of the left person, of the right one (empty where nobody stands) and of the
    scene.
    """
    figures = [_figure_values(scene, place) for place in range(len(scene.figures))]
    boxes = scene_truth(scene).face_boxes
    found = [values | dict(zip(_BOX, boxes[place], strict=True)) for place, values in enumerate(figures)]
    return [*found, *({} for _ in range(2 - len(found))), _scene_values(scene)]


def _encoded(slot: Slot, values: Mapping[str, str | float]) -> Vector:
    total = np.zeros(TOKEN_DIM, np.float32)
    for factor in slot.factors:
        if isinstance(factor, Words):
            value = values[factor.name]
            row = len(factor.words) if value == HIDDEN else factor.words.index(str(value))
            total += factor.rows[row]
        else:
            numbers = np.array([values[name] for name in factor.names], np.float32)
            total += ((numbers - factor.mean) / factor.std) @ factor.rows
    return total


def _decoded(slots: Sequence[Slot], tokens_ND: NDArray[np.floating[Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for slot, token_D in zip(slots, tokens_ND, strict=True):
        for factor in slot.factors:
            along = factor.rows @ token_D
            if isinstance(factor, Words):
                values[factor.name] = (*factor.words, HIDDEN)[int(along.argmax())]
                continue
            numbers = along / np.square(factor.rows).sum(axis=1) * factor.std + factor.mean
            rounded = (round(float(number), _DECIMALS) for number in numbers)
            values.update(zip(factor.names, rounded, strict=True))
    return values


def _figure_values(scene: Scene, place: int) -> dict[str, str | float]:
    figure = scene.figures[place]
    traits, identity = figure.person.traits, figure.person.identity
    values: dict[str, str | float] = {f.name: getattr(traits, f.name) for f in fields(Traits)}
    values.update(zip(_IDENTITY, identity.vector(), strict=True))
    values.update({name: getattr(figure, name) for name in _POSE})
    values.update(holding=figure.holding, holding_colour=figure.holding_colour)
    hidden = [name for name, is_hidden in _HIDDEN_WHEN.items() if is_hidden(scene, figure)]
    return values | dict.fromkeys(hidden, HIDDEN)


def _scene_values(scene: Scene) -> dict[str, str | float]:
    layout, mirror, cut = (str(part) for part in variant_parts(scene.variant))
    interaction = scene.interaction
    if len(scene.figures) == 1 and interaction in FOR_TWO:
        interaction = "none"
    if scene.setting == "white":
        mirror = cut = HIDDEN
        layout = HIDDEN if interaction == "none" else layout
    elif scene.setting in ONE_WAY:
        mirror = HIDDEN
    return {
        "number": str(len(scene.figures)),
        "setting": scene.setting,
        "layout": layout,
        "mirror": mirror,
        "cut": cut,
        "framing": scene.framing,
        "zoom": scene.zoom,
        "interaction": interaction,
        "lighting": scene.lighting,
        "style": scene.style,
        "lettered": "yes" if scene.written_word else "no",
        **_letters(scene.written_word),
    }


def _letters(word: str) -> dict[str, str]:
    spelled = word.upper()
    if len(spelled) > MOST_LETTERS or any(letter not in LETTERS for letter in spelled):
        raise ValueError(
            f"scene tokens spell at most {MOST_LETTERS} letters from A to Z, not {word!r}; "
            "choose a shorter word"
        )
    return {f"letter_{i}": spelled[i] if i < len(spelled) else HIDDEN for i in range(MOST_LETTERS)}


def _figure_of(values: Mapping[str, Any]) -> Figure:
    """The figure with these values; what is hidden gets the plain value of its field."""
    plain = {f.name: f.default for f in fields(Traits)}
    traits = Traits(**{name: _plain(values[name], default) for name, default in plain.items()})
    identity = Identity(**{name: float(np.clip(values[name], -1.0, 1.0)) for name in _IDENTITY})
    pose = {name: float(values[name]) for name in _POSE}
    for name in ("turn", "tilt"):
        pose[name] = float(np.clip(pose[name], -1.0, 1.0))
    return Figure(
        person=Person(traits=traits, identity=identity),
        holding=_plain(values["holding"], "none"),
        holding_colour=_plain(values["holding_colour"], "red"),
        **pose,
    )


def _plain(value: Any, otherwise: Any) -> str:
    return str(otherwise if value == HIDDEN else value)


_POSE: Final = ("turn", "tilt", "shift_x", "shift_y")
_BOX: Final = ("left", "top", "right", "bottom")
_BOX_SLOT: Final = len(PERSON_SLOTS) - 1
_ABSENT: Final = np.stack([slot.absent for slot in PERSON_SLOTS])
_HOLDS_ANYWAY: Final = ("reading a book", "holding flowers", "taking a selfie", "looking at a laptop")


def _legs_unseen(scene: Scene, _figure: Figure) -> bool:
    return is_cut_out(scene)


_HIDDEN_WHEN: Final[Mapping[str, Callable[[Scene, Figure], bool]]] = {
    "headwear_colour": lambda _, figure: figure.person.traits.headwear == "none",
    "neckwear_colour": lambda _, figure: figure.person.traits.neckwear == "none",
    "lower": _legs_unseen,
    "lower_colour": _legs_unseen,
    "holding_colour": lambda scene, figure: (
        figure.holding == "none" and scene.interaction not in _HOLDS_ANYWAY
    ),
}


def word_factors() -> Iterator[tuple[int, Words]]:
    """(token, factor) of every factor with a word, in order."""
    for index, slot in enumerate(SLOTS):
        for factor in slot.factors:
            if isinstance(factor, Words):
                yield index, factor


def number_factors() -> Iterator[tuple[int, Numbers]]:
    """(token, factor) of every factor with numbers, in order."""
    for index, slot in enumerate(SLOTS):
        for factor in slot.factors:
            if isinstance(factor, Numbers):
                yield index, factor
