"""A set built from the world's films against the truth that lies beside them.

Knows the truth's files and what the video recipe notes of each dialogue. Measures; decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from limner.dataset.reader import DatasetReader
from limner.dialogue.boxes import iou

WANTED: Final = {"name_to_face": 0.99, "box_iou": 0.8, "yield_of_films": 0.7}


@dataclass(frozen=True, kw_only=True)
class FilmCheck:
    """Rates over a built set.

    `name_to_face`: names whose face in the last frame is the person's whom the text describes, of all names
    kept. `box_iou`: mean overlap of the face boxes with the truth's, over both frames. `yield_of_films`:
    dialogues by films.
    """

    num_films: int
    num_kept: int
    name_to_face: float
    box_iou: float
    yield_of_films: float

    @property
    def failed(self) -> tuple[str, ...]:
        """The rates that are below what is wanted."""
        return tuple(name for name, least in WANTED.items() if getattr(self, name) < least)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check_films(dataset: Path, films: Path) -> FilmCheck:
    """Compare every dialogue of `dataset` with the truth of its film; ValueError when there is nothing to."""
    num_films = sum(1 for _ in films.glob("*.mp4"))
    if not num_films:
        raise ValueError(f"There is no film in {films}.")
    right: list[bool] = []
    overlaps: list[float] = []
    num_kept = 0
    for record in DatasetReader(dataset).records():
        num_kept += 1
        noted = record.truth
        truth = _truth(films, noted["source"])
        for place, (first, last) in enumerate(_places(noted["faces"], truth)):
            right.append(first[0] == place and last[0] == place)
            overlaps += [first[1], last[1]]
    return FilmCheck(
        num_films=num_films,
        num_kept=num_kept,
        name_to_face=sum(right) / len(right) if right else 0.0,
        box_iou=sum(overlaps) / len(overlaps) if overlaps else 0.0,
        yield_of_films=num_kept / num_films,
    )


def _truth(films: Path, source: str) -> dict[str, Any]:
    path = films / f"{Path(source.partition('#')[0]).stem}.json"
    if not path.is_file():
        raise ValueError(f"{path} is missing: this set was built from other films.")
    truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return truth


def _places(
    faces: dict[str, Any], truth: dict[str, Any]
) -> Iterator[tuple[tuple[int, float], tuple[int, float]]]:
    """Of each name from the left, in the first and in the last frame: whose face it is, and the overlap."""
    for found in sorted(faces.values(), key=lambda face: face["first"][0] + face["first"][2]):
        yield tuple(  # type: ignore[misc]
            max(
                ((place, iou(found[frame], box)) for place, box in enumerate(truth[frame]["face_boxes"])),
                key=lambda pair: pair[1],
            )
            for frame in ("first", "last")
        )
