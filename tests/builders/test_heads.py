"""Heads on white: what the segmenters keep of one, and which cut-outs are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.builders.adapters import segmenter_by_name, segmenter_for
from limner.builders.heads import cut_out_head, head_on_white, head_scores, why_no_head, without_other
from limner.builders.runner.document import DropError
from limner.dialogue.parts import Picture
from limner.perception.grabcut import GrabCutSegmenter
from limner.perception.protocols import Box
from limner.perception.selfie import SelfieSegmenter

# Eileen Collins, 1999, by NASA (public domain), cut from the picture "astronaut" of the package scikit-image.
PORTRAIT = Path(__file__).parents[1] / "support" / "astronaut.jpg"
FACE: Box = (0.333, 0.274, 0.667, 0.608)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return Picture.from_file(PORTRAIT).pixels


@pytest.fixture(scope="module")
def mask(photo: np.ndarray) -> np.ndarray:
    return SelfieSegmenter().segment_face(photo, FACE)


def test_of_a_photograph_the_hair_stays_and_ground_and_suit_go(photo: np.ndarray, mask: np.ndarray) -> None:
    assert mask.shape == photo.shape[:2]
    size = photo.shape[0]

    def kept(x: float, y: float) -> float:
        return float(mask[round(y * size), round(x * size)])

    assert min(kept(0.5, 0.14), kept(0.35, 0.2), kept(0.68, 0.25), kept(0.3, 0.35)) > 0.9  # hair
    assert min(kept(0.43, 0.4), kept(0.57, 0.4), kept(0.5, 0.55)) > 0.9  # eyes, mouth
    assert max(kept(0.05, 0.3), kept(0.95, 0.3), kept(0.5, 0.02)) < 0.1  # flag, ground
    assert max(kept(0.5, 0.9), kept(0.1, 0.9), kept(0.9, 0.9)) < 0.1  # suit
    assert why_no_head(head_scores(mask, FACE)) is None
    assert mask[mask > 0.5].size / mask.size == pytest.approx(0.2, abs=0.06)


def test_a_face_at_the_edge_is_cut_within_the_picture(photo: np.ndarray) -> None:
    half = photo[:, photo.shape[1] // 2 :]
    with pytest.raises(DropError, match=r"edge|face"):
        cut_out_head(SelfieSegmenter(), half, (0.0, FACE[1], 2 * FACE[2] - 1, FACE[3]), 64)


def test_a_head_before_other_persons_is_dropped(photo: np.ndarray, mask: np.ndarray) -> None:
    crowd = photo.copy()
    face = round((FACE[2] - FACE[0]) * photo.shape[1])
    for right, down in ((-0.9, 0.0), (0.9, 0.0), (-0.6, -0.5), (0.6, -0.5), (0.0, -0.7), (0.0, 0.0)):
        shift = (round(down * face), round(right * face))
        heads, shares = (np.roll(one, shift, (0, 1)) for one in (photo, mask))
        crowd[shares > 0.5] = heads[shares > 0.5]
    with pytest.raises(DropError, match="other persons around it"):
        cut_out_head(SelfieSegmenter(), crowd, FACE, 64)


def test_the_segmenter_goes_with_the_face_reader() -> None:
    assert segmenter_for("auto", "world") == segmenter_for("auto", "world=senses") == "world"
    assert segmenter_for("auto", "dlib") == segmenter_for("auto", "my:Faces") == "selfie"
    assert segmenter_for("sam2", "dlib") == "sam2"
    assert isinstance(segmenter_by_name("selfie"), SelfieSegmenter)


SIZE = 200
BOX: Box = (0.35, 0.35, 0.65, 0.65)


def _egg(*, top: float = 0.2, bottom: float = 0.7, left: float = 0.3, right: float = 0.7) -> np.ndarray:
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    away = np.hypot(
        (x - (left + right) / 2) / (right - left) * 2, (y - (top + bottom) / 2) / (bottom - top) * 2
    )
    return (away < 1).astype(np.float32)


def _ruled(axis: int, place: float, keep_low: bool) -> np.ndarray:
    mask = _egg()
    low, high = [slice(None)] * 2, [slice(None)] * 2
    low[axis], high[axis] = slice(0, round(place * SIZE)), slice(round(place * SIZE), SIZE)
    mask[tuple(high if keep_low else low)] = 0
    return mask


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (np.zeros((SIZE, SIZE), np.float32), "head not cut out cleanly"),
        (np.ones((SIZE, SIZE), np.float32), "head cut off by the picture's edge"),
        (_ruled(0, 0.56, True), "head cut through the face"),  # without its mouth
        (_ruled(1, 0.52, True), "head not cut out cleanly"),
        (_ruled(0, 0.4, False), "head without its crown"),
        (_ruled(1, 0.37, False), "head with a straight edge"),
        (_egg(top=0.38), "head without its crown"),
    ],
)
def test_bad_cuts_are_dropped_with_their_reason(bad: np.ndarray, reason: str) -> None:
    why = why_no_head(head_scores(bad, BOX))
    assert why is not None
    assert why.reason == reason
    assert why_no_head(head_scores(_egg(), BOX)) is None


def test_a_head_cut_off_by_the_photo_is_no_head() -> None:
    mask = _egg()[round(0.33 * SIZE) :]
    box = (BOX[0], (0.35 - 0.33) / 0.67, BOX[2], (0.65 - 0.33) / 0.67)
    why = why_no_head(head_scores(mask, box))
    assert why is not None
    assert why.reason == "head cut off by the picture's edge"


def test_a_face_on_the_pictures_edge_is_no_head() -> None:
    mask = _egg(left=0.59, right=0.99)  # the mask keeps clear of the edge that the face's box lies on
    why = why_no_head(head_scores(mask, (0.7, 0.35, 1.0, 0.65)))
    assert why is not None
    assert why.reason == "head cut off by the picture's edge"
    assert why_no_head(head_scores(mask, (0.64, 0.35, 0.94, 0.65))) is None


def test_a_head_stands_alone_on_white() -> None:
    pixels = np.full((120, 120, 3), (40, 120, 60), np.uint8)
    y, x = np.mgrid[0:120, 0:120]
    head = np.hypot((x - 40) / 18, (y - 50) / 24) < 1
    pixels[head] = (220, 170, 140)
    box: Box = (23 / 120, 31 / 120, 57 / 120, 73 / 120)
    mask = GrabCutSegmenter().segment_face(pixels, box)
    agree = ((mask > 0.5) & head).sum() / ((mask > 0.5) | head).sum()
    assert agree > 0.85
    alone, scores = cut_out_head(GrabCutSegmenter(), pixels, box, 96)
    assert scores.cover > 0.6
    assert alone.shape == (96, 96, 3)
    assert (alone[:4] == 255).all()
    assert np.abs(alone[48, 48].astype(int) - (220, 170, 140)).max() < 8


@pytest.mark.parametrize("size_px", [24, 64, 256])
def test_a_head_is_in_the_middle_at_every_size(size_px: int) -> None:
    pixels = np.full((SIZE, SIZE, 3), 90, np.uint8)
    mask = _egg(top=0.0, bottom=0.5, left=0.0, right=0.5)  # at the picture's corner
    pixels[mask > 0] = (200, 40, 40)
    head = head_on_white(pixels, mask, size_px)
    rows, columns = (np.flatnonzero((head[..., 1] < 150).any(axis)) for axis in (1, 0))
    for found in (rows, columns):
        assert found[0] == pytest.approx(size_px * 0.08 / 1.16, abs=1.5)
        assert size_px - 1 - found[-1] == pytest.approx(size_px * 0.08 / 1.16, abs=1.5)
    assert np.abs(head[size_px // 2, size_px // 2].astype(int) - (200, 40, 40)).max() < 3


def test_a_mask_of_another_size_is_told() -> None:
    class Small:
        def segment_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
            return np.ones((10, 10), np.float32)

    with pytest.raises(ValueError, match="mask"):
        cut_out_head(Small(), np.zeros((50, 50, 3), np.uint8), BOX, 32)


def test_heads_that_touch_are_parted() -> None:
    parted = without_other(np.ones((50, 100), np.float32), (0.2, 0.2, 0.4, 0.6), (0.6, 0.2, 0.8, 0.6))
    assert parted[:, :49].all()
    assert not parted[:, 51:].any()
