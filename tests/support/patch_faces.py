"""Portraits that a few lines can read: a face is a square of one colour, and the colour is the person."""

from functools import partial

import cv2
import numpy as np

from limner.dialogue.parts import Picture
from limner.perception.protocols import FoundFace, Told

RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)


class PatchFaces:
    """A `FaceReader` of one's own: faces are squares of saturated colours on gray."""

    match_floor = 0.9

    def find_faces(self, pixels):
        height, width = pixels.shape[:2]
        strong = (pixels.max(-1).astype(int) - pixels.min(-1) > 60).astype(np.uint8)
        found = []
        for x, y, w, h, area in cv2.connectedComponentsWithStats(strong)[2][1:]:
            if area > 30:
                box = (x / width, y / height, (x + w) / width, (y + h) / height)
                found.append(FoundFace(box=box, score=1.0))
        return tuple(sorted(found, key=lambda face: face.box[0]))

    def embed(self, crop):
        size = crop.shape[0]
        vector = (
            crop[size * 2 // 5 : size * 3 // 5, size * 2 // 5 : size * 3 // 5].mean((0, 1)).astype(np.float32)
        )
        return vector / np.linalg.norm(vector)

    def similarity(self, first, second):
        return float(first @ second)


class RoundSegmenter:
    """A head is an ellipse around the face, higher than wide."""

    def segment_face(self, pixels, box):
        height, width = pixels.shape[:2]
        x0, y0, x1, y1 = box
        y, x = np.mgrid[0:height, 0:width]
        away_x = (x + 0.5 - (x0 + x1) / 2 * width) / ((x1 - x0) * width)
        away_y = (y + 0.5 - (y0 + y1) / 2 * height) / ((y1 - y0) * height)
        return (np.hypot(away_x / 0.65, away_y / 0.75) < 1).astype(np.float32)


class PlainCaptioner:
    def caption(self, view):
        if view.pixels.mean() > 250:
            raise ValueError("nothing is seen")
        return Told(caption=f"A person of {view.pixels.shape[0]} px.")


def portrait(*faces, seed=0, width_px=96, height_px=64, side_px=20):
    """Gray noise with one square a colour, at places that the seed draws."""
    rng = np.random.default_rng(seed)
    pixels = np.repeat(rng.integers(90, 110, (height_px, width_px, 1), dtype=np.uint8), 3, axis=2)
    for place, colour in enumerate(faces):
        left = int(rng.integers(7, 12)) + place * 40
        top = int(rng.integers(7, height_px - side_px - 6))
        shade = rng.integers(-15, 15)
        pixels[top : top + side_px, left : left + side_px] = np.clip(np.array(colour) + shade, 0, 255)
    return Picture(pixels)


def people(folder, **persons):
    """NAME=(colour, number of portraits): a folder for each person."""
    seed = 0
    for name, (colour, num) in persons.items():
        (folder / name).mkdir(parents=True)
        for index in range(num):
            seed += 1
            (folder / name / f"{index}.png").write_bytes(portrait(colour, seed=seed).to_png())
    return folder


ADAPTERS = {
    "names": {"faces": "patch", "segmenter": "round"},
    "smallest_px": 12,
    "make_faces": PatchFaces,
    "make_segmenter": RoundSegmenter,
    "make_captioner": partial(PlainCaptioner),
}
