"""Small real films for tests: still, cut, turned, uneven in time, broken, without pictures."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def plain(shade: int, width: int = 64, height: int = 48) -> np.ndarray:
    """A frame of one shade, its upper left quarter white."""
    frame = np.full((height, width, 3), shade, np.uint8)
    frame[: height // 2, : width // 2] = 255
    return frame


def write(path: Path, frames: Sequence[np.ndarray], times: Sequence[int] | None = None) -> Path:
    """The frames as H.264 (VP8 in webm); `times` in 1/24 s makes the rate uneven."""
    codec = "libvpx" if path.suffix == ".webm" else "libx264"
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        stream.codec_context.time_base = Fraction(1, 24)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = (times[number] if times else number), Fraction(1, 24)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def sound(path: Path) -> Path:
    """A film file that holds sound only."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def turned(path: Path, frames: Sequence[np.ndarray]) -> Path:
    """An MP4 whose header says: show it turned by a quarter, clockwise."""
    write(path, frames)
    data = path.read_bytes()
    straight = b"".join(n.to_bytes(4, "big") for n in (65536, 0, 0, 0, 65536, 0, 0, 0, 0x40000000))
    quarter = b"".join(
        n.to_bytes(4, "big", signed=True)
        for n in (0, 65536, 0, -65536, 0, 0, frames[0].shape[0] * 65536, 0, 0x40000000)
    )
    at = data.index(straight, data.index(b"tkhd"))
    path.write_bytes(data[:at] + quarter + data[at + len(straight) :])
    return path
