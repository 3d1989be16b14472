"""MediaPipe's selfie segmenter cuts a person out of a photograph, and the head out of the person.

The network (Apache-2.0, 249 kB, beside its notice in `weights/`) knows persons in a window of 256 px; what of
a person is the head is told by the face's box: hair and hats above, little beside and below. Knows
photographs; drawn persons it takes for ground.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from limner.perception.crops import cut
from limner.perception.protocols import Box

WEIGHTS: Final = Path(__file__).parent / "weights" / "selfie_segmentation.tflite"
_NETWORK_PX: Final = 256
_WINDOW_FACES: Final = 3.2  # the window's side: persons as large as the network knows them
# Persons are asked for in the window, in a narrower and a wider one: of 36 portraits 25 heads came out with
# one window, 28 with all three, and ground that one of them took for a person is gone.
_LOOKS: Final = (0.75, 1.0, 1.3)
_REFINED_PX: Final = 384  # the window's side at which the mask finds the picture's own edges
_THREAD_PX: Final = 13  # at that size; what is thinner is no part of a head
_FEWEST_PX: Final = 200  # to know the colours of clothes by
_MOST_AROUND: Final = 0.3  # single heads have 0.07 at most, heads before others 0.55 (12 photographs)
_SURE: Final = (0.25, 0.75)  # what the network says between these is made steeper


@cache
def loaded() -> Any:
    """The network, read once in a process."""
    if not WEIGHTS.is_file():
        raise ValueError(f"{WEIGHTS} is missing; install limner anew.")
    return cv2.dnn.readNetFromTFLite(str(WEIGHTS))


@dataclass(frozen=True, eq=False)
class SelfieSegmenter:
    """A `Segmenter` for photographs. ValueError when its weights are missing."""

    network: Any = field(default_factory=loaded)

    def segment_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """(H, W) float32 in [0, 1], soft at its edge. ValueError when others stand so close behind or beside
        the head that the network sees one mass of persons.
        """
        height, width = pixels.shape[:2]
        window = _window(box, width, height)
        person = self._person(pixels, window)
        asked = _above_and_beside(_NETWORK_PX) & _within_picture(window, _NETWORK_PX)
        around = float((person[asked] > 0.5).sum()) / max(1, int(asked.sum()))
        if around > _MOST_AROUND:
            raise ValueError(f"other persons around it: {around:.0%} of what lies above and beside it")
        fine = cut(pixels, window, _REFINED_PX)
        person = cv2.resize(person, (_REFINED_PX, _REFINED_PX), interpolation=cv2.INTER_LINEAR)
        person = _steeper(_along_edges(fine, person, _REFINED_PX // 64))
        mask = _one_piece(person * _head_region(_REFINED_PX) * _unlike_clothes(fine, person))
        return _back(mask, window, width, height)

    def _person(self, pixels: np.ndarray, window: Box) -> np.ndarray:
        """How much of each pixel of a window is person, (256, 256): the least of what each look says."""
        looks = [self._look(pixels, window, share) for share in _LOOKS]
        least: np.ndarray = np.minimum.reduce(looks)
        return least

    def _look(self, pixels: np.ndarray, window: Box, share: float) -> np.ndarray:
        """The network's answer for a window `share` times as wide, brought into the window, (256, 256)."""
        seen = cut(pixels, _grown(window, share), _NETWORK_PX)
        self.network.setInput(seen.astype(np.float32).transpose(2, 0, 1)[None] / 255)
        found: np.ndarray = self.network.forward()[0, 0]
        edge = (_NETWORK_PX - 1) / 2 * (1 - 1 / share)
        return cv2.warpAffine(
            found,
            np.array([[1 / share, 0, edge], [0, 1 / share, edge]]),
            (_NETWORK_PX, _NETWORK_PX),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def _window(box: Box, width: int, height: int) -> Box:
    """A square (in pixels) of some face sizes, the face in the middle."""
    side = _WINDOW_FACES * _face_px(box, width, height)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_x, half_y = side / 2 / width, side / 2 / height
    return x - half_x, y - half_y, x + half_x, y + half_y


def _grown(window: Box, share: float) -> Box:
    """The window made `share` times as wide and high around its middle."""
    x, y = (window[0] + window[2]) / 2, (window[1] + window[3]) / 2
    half_x, half_y = share * (window[2] - window[0]) / 2, share * (window[3] - window[1]) / 2
    return x - half_x, y - half_y, x + half_x, y + half_y


def _face_px(box: Box, width: int, height: int) -> float:
    return max((box[2] - box[0]) * width, (box[3] - box[1]) * height)


@cache
def _head_region(size_px: int) -> np.ndarray:
    """Where in a window the head can be, (size_px, size_px) in [0, 1].

    An egg around the face: far above for hair and hats, at the ears as wide as curls are, and narrow below,
    so that it ends under the chin with little of the neck and nothing of collars and shoulders.
    """
    face = size_px / _WINDOW_FACES
    places = (np.arange(size_px, dtype=np.float32) + 0.5 - size_px / 2) / face  # in faces, 0 at its middle
    x, y = places[None, :], places[:, None] + 0.1
    above, below = 1.15, 0.74
    reach = np.where(y < 0, 0.98, 0.98 - 0.1 * np.clip(y / below, 0, 1))
    radius = np.sqrt((x / reach) ** 2 + (y / np.where(y < 0, above, below)) ** 2)
    inside: np.ndarray = np.clip((1 - radius) / 0.03 + 0.5, 0, 1)
    return inside.astype(np.float32)


@cache
def _above_and_beside(size_px: int) -> np.ndarray:
    """The edge of the head's region above and beside the head, where a head that stands alone hardly
    reaches.
    """
    region = _head_region(size_px)
    edge: np.ndarray = (region > 0.05) & (cv2.erode(region, np.ones((7, 7), np.uint8)) < 0.5)
    edge[round(0.55 * size_px) :] = False
    return edge


def _within_picture(window: Box, size_px: int) -> np.ndarray:
    """Which pixels of a window lie in the picture."""
    steps = (np.arange(size_px) + 0.5) / size_px
    x, y = window[0] + steps * (window[2] - window[0]), window[1] + steps * (window[3] - window[1])
    inside: np.ndarray = ((y > 0) & (y < 1))[:, None] & ((x > 0) & (x < 1))[None]
    return inside


def _unlike_clothes(window: np.ndarray, person: np.ndarray) -> np.ndarray:
    """1 where a pixel is no clothing, (S, S) in [0, 1]: beside the jaw and below the chin, what is coloured
    as the person's clothes are and not as the head is, is a collar or a shoulder.
    """
    core, below_mouth, clothes = _places(window.shape[0])
    is_person = person > 0.5
    body = is_person & clothes
    head = is_person & (core | (~below_mouth & (_head_region(window.shape[0]) > 0.5)))
    if min(int(body.sum()), int(head.sum())) < _FEWEST_PX:
        return np.ones(person.shape, np.float32)
    colours = cv2.cvtColor(window, cv2.COLOR_RGB2LAB)
    share = _likely(colours, head)
    ratio = cv2.blur(share / (share + _likely(colours, body) + 1e-9), (7, 7))
    kept = np.clip((ratio - 0.25) / 0.2, 0, 1)
    kept[~below_mouth | core] = 1
    softened: np.ndarray = cv2.blur(kept, (5, 5)).astype(np.float32)
    return softened


def _likely(colours: np.ndarray, where: np.ndarray) -> np.ndarray:
    """How often each pixel's colour stands in a part of the picture."""
    bins, edges = [16, 16, 16], [0, 256] * 3
    counts = cv2.calcHist([colours], [0, 1, 2], where.astype(np.uint8), bins, edges)
    for axis in range(3):
        counts = (np.roll(counts, 1, axis) + 2 * counts + np.roll(counts, -1, axis)) / 4
    shares = counts / max(1.0, float(counts.sum()))
    at = (colours >> 4).astype(np.intp)
    found: np.ndarray = shares[at[..., 0], at[..., 1], at[..., 2]]
    return found


@cache
def _places(size_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a window: the face itself, what lies below the mouth, and where clothes are."""
    face = size_px / _WINDOW_FACES
    places = (np.arange(size_px, dtype=np.float32) + 0.5 - size_px / 2) / face
    x, y = np.broadcast_arrays(places[None, :], places[:, None])
    core = np.hypot(x / 0.43, y / 0.56) < 1
    return core, y > 0.22, (y > 0.72) & (np.abs(x) < 1.2)


def _along_edges(window: np.ndarray, mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask brought to the picture's own edges (a guided filter, He et al. 2010, on brightness)."""
    guide = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, size)

    mean_guide, mean_mask = mean(guide), mean(mask)
    variance = mean(guide * guide) - mean_guide**2
    slope = (mean(guide * mask) - mean_guide * mean_mask) / (variance + 1e-3)
    level = mean_mask - slope * mean_guide
    followed: np.ndarray = mean(slope) * guide + mean(level)
    return followed


def _steeper(mask: np.ndarray) -> np.ndarray:
    low, high = _SURE
    return np.clip((mask - low) / (high - low), 0, 1)


def _one_piece(mask: np.ndarray) -> np.ndarray:
    """Only the piece in the middle, without what hangs on it by a thread, its holes filled."""
    sure = (mask > 0.5).astype(np.uint8)
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THREAD_PX, _THREAD_PX))
    num, labels = cv2.connectedComponents(cv2.morphologyEx(sure, cv2.MORPH_OPEN, round_), connectivity=4)
    middle = labels[mask.shape[0] // 2, mask.shape[1] // 2]
    if num < 2 or middle == 0:
        return np.zeros_like(mask)
    piece = (labels == middle).astype(np.uint8)
    outline, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, outline, -1, 1, -1)
    near = cv2.dilate(piece, np.ones((5, 5), np.uint8))  # its own soft edge
    inner = cv2.erode(filled, np.ones((3, 3), np.uint8)).astype(np.float32)
    kept: np.ndarray = np.maximum(mask * near, inner)
    return kept


def _back(mask: np.ndarray, window: Box, width: int, height: int) -> np.ndarray:
    """A window's mask in the picture: zero outside of the window."""
    x0, y0, x1, y1 = window[0] * width, window[1] * height, window[2] * width, window[3] * height
    size = mask.shape[0]
    left, top = max(0, int(x0)), max(0, int(y0))
    right, bottom = min(width, int(x1) + 1), min(height, int(y1) + 1)
    step_x, step_y = size / (x1 - x0), size / (y1 - y0)
    to_mask = np.array(
        [
            [step_x, 0, (left - x0) * step_x + step_x / 2 - 0.5],
            [0, step_y, (top - y0) * step_y + step_y / 2 - 0.5],
        ]
    )
    result = np.zeros((height, width), np.float32)
    if right > left and bottom > top:
        result[top:bottom, left:right] = cv2.warpAffine(
            mask,
            to_mask,
            (right - left, bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
    return result
