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


_CODECS = {
    ".webm": "libvpx", ".ogv": "libvpx", ".wmv": "wmv2", ".asf": "wmv2", ".3gp": "mpeg4", ".avi": "mpeg4",
    ".mpg": "mpeg2video", ".vob": "mpeg2video", ".mpeg": "mpeg2video",
}  # fmt: skip
_FORMATS = {".mts": "mpegts", ".m2ts": "mpegts", ".ogv": "ogg", ".qt": "mov"}


def write(
    path: Path,
    frames: Sequence[np.ndarray],
    times: Sequence[int] | None = None,
    *,
    codec: str = "",
    options: dict[str, str] | None = None,
    pixel_aspect: Fraction | None = None,
    matrix: Sequence[int] | None = None,
    pixel_format: str = "yuv420p",
    keys_every: int = 12,
) -> Path:
    """The frames in a film of the suffix's kind; `times` in 1/24 s makes the rate uneven.

    `matrix` is (a, b, c, d): a pixel (x, y) is to be shown at (a x + c y, b x + d y). Frames of 16 bits are
    levels of YUV, as they shall stand in the film.
    """
    with av.open(str(path), "w", format=_FORMATS.get(path.suffix)) as film:
        stream = film.add_stream(codec or _CODECS.get(path.suffix, "libx264"), rate=24, options=options or {})
        height, width = frames[0].shape[-2:] if frames[0].dtype == np.uint16 else frames[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = Fraction(1, 24)
        stream.codec_context.gop_size = keys_every
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if matrix is not None:
            a, b, c, d = matrix
            shift = (width * (a < 0) + height * (c < 0), width * (b < 0) + height * (d < 0))
            told = (a, b, 0, c, d, 0, *shift, 1 << 14)
            stream.set_display_matrix([value << 16 for value in told])
        for number, pixels in enumerate(frames):
            if pixels.dtype == np.uint16:
                frame = _of_levels(pixels, pixel_format)
            else:
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = (times[number] if times else number), Fraction(1, 24)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def _of_levels(levels: np.ndarray, pixel_format: str) -> av.VideoFrame:
    """A frame of these levels (3, H, W), uint16, plane by plane."""
    frame = av.VideoFrame(levels.shape[2], levels.shape[1], pixel_format)
    for plane, values in zip(frame.planes, levels, strict=True):
        rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        rows[:, : plane.width] = values
        plane.update(rows.tobytes())
    return frame


def sound(path: Path) -> Path:
    """A film file that holds sound only."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path
