"""Shows a data set to a person: one self-contained HTML page with every dialogue as a strip of rounds.

Knows how a dialogue looks on paper; the page itself is `show.html` beside this file. Pictures are embedded as
small thumbnails, so the page can be mailed. All text is escaped: a data set may come from a stranger.
"""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
from PIL import Image

from limner.dataset.reader import DatasetReader
from limner.dialogue.parts import Dialogue, Picture
from limner.whole_file import write_whole

_THUMBNAIL_PX: Final = 256


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


def write_page(folder: str | Path, page: str | Path, *, num: int = 60) -> Path:
    """Write a contact sheet of up to `num` dialogues, spread evenly over the set, and return its path. The
    page replaces an older one at once.
    """
    reader = DatasetReader(folder)
    if num < 1:
        raise ValueError(f"cannot show {num} dialogues of {len(reader)}")
    kinds = dict(reader.kinds().most_common())
    return write_html(
        Path(page),
        Path(__file__).with_name("show.html"),
        title=Path(folder).resolve().name,
        kinds=kinds,
        total=sum(kinds.values()),
        cards=[_card(index, reader[index]) for index in reader.spread(num)],
    )


def write_html(page: Path, template: Path, **values: Any) -> Path:
    """Fill a template, in which all values are escaped, and put the page in its place at once."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    write_whole(environment.get_template(template.name).render(**values).encode(), page)
    return page


def _card(number: int, dialogue: Dialogue) -> _Card:
    turns = []
    for index, round_ in enumerate(dialogue.rounds):
        answer = round_.response.picture
        faces = _faces(dialogue, index)
        given = tuple(
            _shown(picture, faces if answer is None and place == 0 else ())
            for place, picture in enumerate(round_.instruction.pictures)
        )
        turns.append(
            _Turn(
                instruction=round_.instruction.text,
                pictures=given,
                response=round_.response.text,
                answer=None if answer is None else _shown(answer, faces),
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


def _shown(picture: Picture, faces: tuple[_Face, ...]) -> _Shown:
    image = picture.to_pil()
    image.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=85)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return _Shown(
        source=f"data:image/webp;base64,{encoded}",
        width_px=picture.width_px,
        height_px=picture.height_px,
        faces=faces,
    )
