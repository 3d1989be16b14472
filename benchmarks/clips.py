"""Films for the builders' benchmark, as a camera would bring drawn persons; and decoding alone."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from limner_world.chance import seeded
from limner_world.film import random_film
from limner_world.render import render

WIDTH_PX, HEIGHT_PX, SECONDS, FPS, KEY_EVERY = 1280, 720, 8, 24, 48


def write_clip(path: Path, number: int) -> None:
    """A clip of the world as a camera would bring it."""
    rng = np.random.default_rng(number)
    shown = [_wide(render(scene, HEIGHT_PX)) for scene in random_film(seeded("clip", number)).frames(9)]
    grain = [rng.normal(0, 3, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.int16) for _ in range(3)]
    num = SECONDS * FPS
    with av.open(str(path), "w") as film:
        options = {"crf": "23", "preset": "veryfast", "g": str(KEY_EVERY)}
        stream = film.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = WIDTH_PX, HEIGHT_PX, "yuv420p", 1
        for frame in range(num):
            still = shown[round(frame / (num - 1) * (len(shown) - 1))]
            pixels = np.asarray(cv2.add(still, grain[frame % 3], dtype=cv2.CV_8U), np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        film.mux(stream.encode())


def _wide(square: np.ndarray) -> np.ndarray:
    """The square in the middle of a frame that goes on beside it, blurred."""
    wide = cv2.GaussianBlur(cv2.resize(square, (WIDTH_PX, HEIGHT_PX)), (0, 0), 25)
    left = (WIDTH_PX - HEIGHT_PX) // 2
    wide[:, left : left + HEIGHT_PX] = square
    return wide


def decode_only(path: Path) -> None:
    """What nobody can leave out."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        stream.thread_count = 1
        next(film.decode(stream)).to_ndarray(format="rgb24")
        assert stream.duration is not None
        film.seek((stream.start_time or 0) + stream.duration - 1, stream=stream)
        for last in film.decode(stream):
            frame = last
        frame.to_ndarray(format="rgb24")
