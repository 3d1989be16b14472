"""Who is who, what fits a square, whose head it is, and names: with readers whose answers are known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from limner.builders.runner.document import DropError
from limner.builders.video.framing import square_with_both
from limner.builders.video.matching import Limits, limits_of, match, two_faces, why_unclear
from limner.builders.video.naming import draw_names, why_not_two_names
from limner.perception.protocols import Box, FaceReader, FoundFace, Look
from limner_world.names import WOMEN, is_held_out

LEFT: Box = (0.1, 0.3, 0.3, 0.6)
RIGHT: Box = (0.7, 0.3, 0.9, 0.6)


class ColourReader:
    """A user's own reader: a face is a flat patch on black, known by its colour."""

    def find_faces(self, pixels: np.ndarray) -> tuple[FoundFace, ...]:
        found = [FoundFace(box=box, score=1.0) for box in (LEFT, RIGHT) if self._patch(pixels, box).any()]
        return tuple(reversed(found))

    def embed(self, crop: np.ndarray) -> np.ndarray:
        middle = crop[crop.shape[0] // 2, crop.shape[1] // 2].astype(np.float32)
        return middle / np.linalg.norm(middle)

    def similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        return float(first @ second)

    def _patch(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        height, width = pixels.shape[:2]
        return pixels[
            round(box[1] * height) : round(box[3] * height), round(box[0] * width) : round(box[2] * width)
        ]


def _frame(left: tuple[int, int, int], right: tuple[int, int, int] | None) -> np.ndarray:
    pixels = np.zeros((100, 160, 3), np.uint8)
    pixels[30:60, 16:48] = left
    if right is not None:
        pixels[30:60, 112:144] = right
    return pixels


def _two(pixels: np.ndarray, smallest_px: int) -> tuple[Box, Box]:
    return two_faces(ColourReader().find_faces(pixels), pixels, "first", smallest_px)


RED, BLUE, MAUVE = (250, 10, 10), (10, 10, 250), (130, 10, 130)


def test_a_users_reader_needs_three_methods_only() -> None:
    assert isinstance(ColourReader(), FaceReader)
    assert _two(_frame(RED, BLUE), 10) == (LEFT, RIGHT)
    assert limits_of(ColourReader()) == Limits(floor=0.0, margin=0.1)
    assert limits_of(ColourReader(), 0.5, 0.2) == Limits(floor=0.5, margin=0.2)


def test_persons_who_change_places_are_found_again() -> None:
    reader = ColourReader()
    stayed = match(reader, _frame(RED, BLUE), (LEFT, RIGHT), _frame(RED, BLUE), (LEFT, RIGHT))
    swapped = match(reader, _frame(RED, BLUE), (LEFT, RIGHT), _frame(BLUE, RED), (LEFT, RIGHT))
    assert stayed.last_faces == (LEFT, RIGHT)
    assert swapped.last_faces == (RIGHT, LEFT)
    assert why_unclear(swapped, Limits(floor=0.9, margin=0.5)) is None


def test_look_alikes_and_strangers_are_dropped() -> None:
    reader, limits = ColourReader(), Limits(floor=0.9, margin=0.2)
    alike = match(reader, _frame(RED, BLUE), (LEFT, RIGHT), _frame(MAUVE, MAUVE), (LEFT, RIGHT))
    stranger = match(reader, _frame(RED, BLUE), (LEFT, RIGHT), _frame(RED, MAUVE), (LEFT, RIGHT))
    unclear, other = why_unclear(alike, limits), why_unclear(stranger, limits)
    assert unclear is not None
    assert unclear.reason == "unclear who is who"
    assert other is not None
    assert other.reason == "not the same persons"


@pytest.mark.parametrize(
    ("right", "smallest", "reason"), [(None, 10, "not exactly two"), (BLUE, 60, "small")]
)
def test_two_faces_large_enough(right: tuple[int, int, int] | None, smallest: int, reason: str) -> None:
    with pytest.raises(DropError, match=reason):
        _two(_frame(RED, right), smallest)


def test_the_square_holds_both_faces_where_they_are() -> None:
    pixels = np.zeros((90, 160, 3), np.uint8)
    faces = ((0.55, 0.2, 0.65, 0.5), (0.8, 0.2, 0.9, 0.5))
    pixels[18:45, 88:104], pixels[18:45, 128:144] = RED, BLUE
    square, found = square_with_both(pixels, faces, 180)
    assert square.shape == (180, 180, 3)
    for box, colour in zip(found, (RED, BLUE), strict=True):
        x, y = round((box[0] + box[2]) * 90), round((box[1] + box[3]) * 90)
        assert np.abs(square[y, x].astype(int) - colour).max() < 8
    with pytest.raises(DropError, match="too far apart"):
        square_with_both(pixels, ((0.02, 0.2, 0.12, 0.5), (0.8, 0.2, 0.9, 0.5)), 180)


def test_names_fit_and_are_used_equally_often() -> None:
    looks = (Look(presentation="woman", age="adult"), Look(presentation="man", age="child"))
    drawn = [draw_names(number, looks, seed=3) for number in range(600)]
    assert all(left in WOMEN and right not in WOMEN for left, right in drawn)
    assert not any(is_held_out(name) for names in drawn for name in names)
    counts = Counter(left for left, _ in drawn)
    assert max(counts.values()) - min(counts.values()) <= 2
    assert draw_names(7, looks, seed=3) == drawn[7]
    assert draw_names(7, looks, seed=4) != drawn[7]
    two = [draw_names(number, (looks[0], looks[0]), seed=0) for number in range(600)]
    assert all(left != right for left, right in two)
    assert all(is_held_out(name) for name in draw_names(1, looks, seed=0, split="test"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Mia and Leo sit on a bench. Mia on the left has red hair, Leo wears a hat.", None),
        ("Mia sits on a bench beside a man.", "not exactly two names"),
        ("Mia, Leo and Oscar sit on a bench.", "not exactly two names"),
        ("Leo on the left wears a hat. Mia on the right has red hair.", "names on the wrong sides"),
    ],
)
def test_a_text_holds_exactly_the_two_names(text: str, reason: str | None) -> None:
    drop = why_not_two_names(text, ("Mia", "Leo"))
    assert (None if drop is None else drop.reason) == reason
