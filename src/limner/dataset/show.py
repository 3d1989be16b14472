"""Shows a data set to a person: one self-contained HTML page with every dialogue as a strip of rounds.

Knows how a dialogue looks on paper; the page itself is `show.html` beside this file. Pictures are embedded as
small thumbnails, so the page can be mailed. All text is escaped: a data set may come from a stranger.
"""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jinja2
from PIL import Image

from limner.dataset.reader import DatasetReader
from limner.dialogue.parts import Dialogue, Picture


@dataclass(frozen=True, kw_only=True)
class _Face:
    name: str
    left: float  # percent of the picture, as CSS wants them
    top: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class _Shown:
    source: str  # a data: URL
    width_px: int
    height_px: int
    faces: tuple[_Face, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Turn:
    instruction: str
    pictures: tuple[_Shown, ...]
    response: str
    answer: _Shown | None
    depends_on: tuple[int, ...]
    is_markov: bool


@dataclass(frozen=True, kw_only=True)
class _Card:
    number: int
    kind: str
    turns: tuple[_Turn, ...]
    names: tuple[str, ...]
    is_markov: bool
    truth: str


def write_page(
    folder: str | Path, page: str | Path, *, num: int = 60, start: int = 0, thumbnail_px: int = 256
) -> Path:
    """Write a contact sheet of up to `num` dialogues from `start` on and return its path.

    When the set holds more than `num`, they are spread evenly over it. The page replaces an older one at
    once.
    """
    reader = DatasetReader(folder)
    if num < 1 or not 0 <= start <= len(reader):
        raise ValueError(f"cannot show {num} dialogues from number {start} of {len(reader)}")
    rest = len(reader) - start
    indices = range(start, len(reader)) if rest <= num else [start + i * rest // num for i in range(num)]
    html = page_of(
        ((index, reader[index]) for index in indices),
        title=Path(folder).resolve().name,
        kinds=dict(reader.kinds().most_common()),
        thumbnail_px=thumbnail_px,
    )
    page = Path(page)
    page.parent.mkdir(parents=True, exist_ok=True)
    temporary = page.with_name(f".{page.name}.{os.getpid()}.tmp")
    temporary.write_text(html, encoding="utf-8")
    temporary.replace(page)
    return page


def page_of(
    dialogues: Iterable[tuple[int, Dialogue]], *, title: str, kinds: dict[str, int], thumbnail_px: int = 256
) -> str:
    """The page's HTML for numbered dialogues; `kinds` are the counts of the whole set, for the heading."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cards = [_card(number, dialogue, thumbnail_px) for number, dialogue in dialogues]
    return environment.get_template("show.html").render(
        title=title, kinds=kinds, total=sum(kinds.values()), cards=cards
    )


def _card(number: int, dialogue: Dialogue, thumbnail_px: int) -> _Card:
    turns = []
    for index, round_ in enumerate(dialogue.rounds):
        answer = round_.response.picture
        faces = _faces(dialogue, index)
        given = tuple(
            _shown(picture, thumbnail_px, faces if answer is None and place == 0 else ())
            for place, picture in enumerate(round_.instruction.pictures)
        )
        turns.append(
            _Turn(
                instruction=round_.instruction.text,
                pictures=given,
                response=round_.response.text,
                answer=None if answer is None else _shown(answer, thumbnail_px, faces),
                depends_on=round_.depends_on,
                is_markov=round_.is_markov(index),
            )
        )
    return _Card(
        number=number,
        kind=dialogue.kind,
        turns=tuple(turns),
        names=tuple(dict.fromkeys(person.name for person in dialogue.persons)),
        is_markov=dialogue.is_markov,
        truth=json.dumps(dict(dialogue.truth), indent=1, ensure_ascii=False) if dialogue.truth else "",
    )


def _faces(dialogue: Dialogue, round_index: int) -> tuple[_Face, ...]:
    """The boxes that belong to a round's picture: the answer, or without one the first picture given."""
    return tuple(
        _Face(
            name=person.name,
            left=round(100 * person.box[0], 2),
            top=round(100 * person.box[1], 2),
            width=round(100 * (person.box[2] - person.box[0]), 2),
            height=round(100 * (person.box[3] - person.box[1]), 2),
        )
        for person in dialogue.persons
        if person.round_index == round_index and person.box is not None
    )


def _shown(picture: Picture, thumbnail_px: int, faces: tuple[_Face, ...]) -> _Shown:
    image = picture.to_pil()
    image.thumbnail((thumbnail_px, thumbnail_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=85)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return _Shown(
        source=f"data:image/webp;base64,{encoded}",
        width_px=picture.width_px,
        height_px=picture.height_px,
        faces=faces,
    )
