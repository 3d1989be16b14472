"""What a person is asked to be seen doing: a pool of full-body prompts, drawn from a grammar or from a file.

As the paper's: the name, a pose, clothes from head to shoes, a background; "they", so that nothing is told
that only the first picture shows (supplement 8). Knows no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

NAME: Final = "{name}"
_POSES: Final = (
    "is standing with both hands in the pockets",
    "is sitting on a wooden bench with crossed legs",
    "is walking towards the camera",
    "is leaning against a wall with folded arms",
    "is riding a bicycle",
    "is sitting on the stairs with a cup in both hands",
    "is jumping with raised arms",
    "is standing on one leg with outstretched arms",
    "is kneeling to tie a shoelace",
    "is dancing with closed eyes",
    "is carrying a large cardboard box",
    "is sitting cross-legged on the floor with an open book",
    "is holding an umbrella in the right hand",
    "is waving with the left hand",
    "is running with a ball under one arm",
    "is playing a guitar on a low stool",
)
_COLOURS: Final = (
    "black", "white", "gray", "red", "dark-green", "light-blue", "navy-blue", "yellow", "beige", "brown",
    "purple", "orange", "pink",
)  # fmt: skip
_TOPS: Final = (
    "T-shirt", "knitted sweater", "denim jacket", "hooded sweatshirt", "long-sleeve shirt", "raincoat",
    "checkered button-up shirt", "wool coat", "striped shirt", "vest over a white shirt",
)  # fmt: skip
_BELOW: Final = (
    "jeans", "wide trousers", "shorts", "corduroy pants", "sweatpants", "overalls", "linen pants",
    "a long skirt",
)  # fmt: skip
_SHOES: Final = ("sneakers", "leather boots", "sandals", "running shoes", "rubber boots", "loafers")
_EXTRAS: Final = (
    "a straw hat", "a knitted beanie", "round glasses", "a long scarf", "a baseball cap", "a backpack", "",
    "", "", "",
)  # fmt: skip
_FACES: Final = (
    "They look at the camera with a neutral expression.",
    "They smile at the camera.",
    "They look to the left and laugh.",
    "They look down at their hands.",
    "They look past the camera with a calm expression.",
)
_PLACES: Final = (
    "a brick wall with ivy", "a busy street with yellow taxis", "a sandy beach under a cloudy sky",
    "a white studio", "a kitchen with wooden shelves", "a park with tall trees in autumn", "a library",
    "a mountain path with snow at its edges", "a train platform at night", "a garden with sunflowers",
    "a museum hall with large paintings", "a gray sidewalk in front of a glass building",
)  # fmt: skip
_MAX_CHARACTERS: Final = 2000


def drawn_prompt(rng: np.random.Generator) -> str:
    """One prompt of the grammar, with `{name}` where the name stands."""
    extra = _pick(rng, _EXTRAS)
    below = _pick(rng, _BELOW)
    told_below = below if below.startswith("a ") else f"{_pick(rng, _COLOURS)} {below}"
    clothes = f"a {_pick(rng, _COLOURS)} {_pick(rng, _TOPS)}, {told_below} and {_pick(rng, _COLOURS)} "
    clothes = clothes.replace("a orange", "an orange") + _pick(rng, _SHOES)
    worn = f"{clothes}, and {extra}" if extra else clothes
    return (
        f"{NAME} {_pick(rng, _POSES)}. They wear {worn}. {_pick(rng, _FACES)} "
        f"The background is {_pick(rng, _PLACES)}."
    )


def read_prompts(file: Path) -> tuple[str, ...]:
    """A pool of one's own, one prompt a line, each with `{name}`. ValueError names the first line that is not
    fit.
    """
    pool = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
        prompt = " ".join(line.split())
        if not prompt:
            continue
        if NAME not in prompt or len(prompt) > _MAX_CHARACTERS:
            raise ValueError(
                f"Line {number} of {file} is no prompt: it needs {NAME} where the name stands, and at most "
                f"{_MAX_CHARACTERS} characters."
            )
        pool.append(prompt)
    if not pool:
        raise ValueError(f"{file} holds no prompts; write one a line, each with {NAME}.")
    return tuple(pool)


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
