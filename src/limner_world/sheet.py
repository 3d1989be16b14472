"""Contact sheets of the world: one picture with many small ones and a caption under each, to look at.

Knows which cells each sheet has and how a sheet is laid out; how scenes look and read is known elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from limner_world.caption import tell
from limner_world.chance import seeded
from limner_world.describe import terse_traits, unnamed_subjects
from limner_world.edit import apply, random_edit
from limner_world.film import random_film
from limner_world.instruction import phrase
from limner_world.names import random_names
from limner_world.render import render
from limner_world.sampling import random_person
from limner_world.scene import LIGHTINGS, STYLES, Scene
from limner_world.staging import random_scene, visible_traits

_GROUND: Final = (250, 247, 242)
_INK: Final = (66, 60, 54)
_MARGIN: Final = 0.06  # of a cell
_LINE: Final = 0.072
_MOST_LINES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A scene and what stands under it."""

    scene: Scene
    words: str


def sheet(what: str, seed: int = 0, size: int = 192) -> NDArray[np.uint8]:
    """A contact sheet as (H, W, 3) uint8 RGB with cells of `size` pixels.

    `what`: "people", "scenes", "films" (a film a row), "edits" (a chain a row) or "styles" (with the lights).
    ValueError for any other word, or for a size that scenes are not rendered at.
    """
    if what not in _ROWS:
        raise ValueError(f"there is no sheet of {what!r}; choose from {', '.join(_ROWS)}")
    return _lay_out(_ROWS[what](seed), size)


def _people(seed: int) -> list[list[Cell]]:
    cells = []
    for number in range(24):
        rng = seeded("sheet of people", seed, number)
        person = random_person(rng, "train")
        scene = random_scene(
            rng, people=(person,), framing="bust", setting="white", interaction="none", style=STYLES[0]
        )
        told = visible_traits(scene.figures[0], scene)
        cells.append(Cell(scene=scene, words=terse_traits(rng, person.traits, told)))
    return _in_rows(cells, 6)


def _scenes(seed: int) -> list[list[Cell]]:
    cells = []
    for number in range(20):
        rng = seeded("sheet of scenes", seed, number)
        scene = random_scene(rng)
        names = random_names(rng, [figure.person.traits for figure in scene.figures], "train")
        words = tell(scene, names, rng=rng, length="short", register="describe").text
        cells.append(Cell(scene=scene, words=words))
    return _in_rows(cells, 5)


def _films(seed: int) -> list[list[Cell]]:
    rows = []
    for number in range(4):
        rng = seeded("sheet of films", seed, number)
        frames = random_film(rng, framing=("close-up", "bust", "half body", "full body")[number]).frames(6)
        rows.append(
            [Cell(scene=frame, words=f"frame {place + 1} of 6") for place, frame in enumerate(frames)]
        )
    return rows


def _edits(seed: int) -> list[list[Cell]]:
    rows = []
    for number in range(4):
        rng = seeded("sheet of edits", seed, number)
        scene = random_scene(rng)
        seen = [scene]
        row = [Cell(scene=scene, words=tell(scene, rng=rng, length="short", register="describe").text)]
        while len(row) < 6:
            edit = random_edit(scene, rng, avoid=seen)
            traits = None if edit.place is None else scene.figures[edit.place].person.traits
            subject = "" if edit.place is None else unnamed_subjects(scene)[edit.place]
            words = phrase(rng, edit, traits, subject).imperative
            scene = apply(edit, scene)
            seen.append(scene)
            row.append(Cell(scene=scene, words=f"{words[0].upper()}{words[1:]}"))
        rows.append(row)
    return rows


def _styles(seed: int) -> list[list[Cell]]:
    rows = []
    for number in range(len(LIGHTINGS)):
        scene = random_scene(seeded("sheet of styles", seed, number), num_figures=2)
        lighting = LIGHTINGS[number]
        rows.append(
            [
                Cell(scene=replace(scene, style=style, lighting=lighting), words=f"{style}, {lighting}")
                for style in STYLES
            ]
        )
    return rows


_ROWS: Final[Mapping[str, Callable[[int], list[list[Cell]]]]] = {
    "people": _people,
    "scenes": _scenes,
    "films": _films,
    "edits": _edits,
    "styles": _styles,
}


def _in_rows(cells: Sequence[Cell], num_columns: int) -> list[list[Cell]]:
    return [list(cells[start : start + num_columns]) for start in range(0, len(cells), num_columns)]


def _lay_out(rows: Sequence[Sequence[Cell]], size: int) -> NDArray[np.uint8]:
    margin, line = max(4, round(_MARGIN * size)), max(9, round(_LINE * size))
    font = ImageFont.load_default(line * 0.8)
    texts = [[_wrap(cell.words, size, font) for cell in row] for row in rows]
    heights = [size + margin // 2 + line * max(len(lines) for lines in row) + margin for row in texts]
    width = max(len(row) for row in rows) * (size + margin) + margin
    page = Image.new("RGB", (width, sum(heights) + margin), _GROUND)
    pen = ImageDraw.Draw(page)
    top = margin
    for row, row_texts, height in zip(rows, texts, heights, strict=True):
        for column, (cell, lines) in enumerate(zip(row, row_texts, strict=True)):
            left = margin + column * (size + margin)
            page.paste(Image.fromarray(render(cell.scene, size)), (left, top))
            for number, text in enumerate(lines):
                pen.text((left, top + size + margin // 2 + number * line), text, fill=_INK, font=font)
        top += height
    return np.array(page)


def _wrap(text: str, width_px: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """The text in lines of at most `width_px`; the last is cut with an ellipsis when there are too many."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width_px:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) > _MOST_LINES:
        lines = lines[:_MOST_LINES]
        while lines[-1] and font.getlength(f"{lines[-1]} …") > width_px:
            lines[-1] = lines[-1].rpartition(" ")[0]
        lines[-1] += " …"
    return lines
