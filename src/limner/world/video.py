"""Writes frames as a film file. Knows one codec (H.264 in MP4, which every player shows) and nothing of
scenes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_film(frames: Sequence[NDArray[np.uint8]], path: str | Path, fps: int = 24) -> Path:
    """Write `frames`, each (H, W, 3) uint8 RGB with even sides, as H.264 in an MP4 at `path`, and return it.

    The file appears at once when it is complete. ValueError names what is wrong with the frames; ImportError
    says what to install when PyAV is missing.
    """
    _check(frames, fps)
    try:
        import av  # optional, and large: only who writes films needs it
    except ImportError as error:
        raise ImportError('writing films needs PyAV; install it with: pip install "limner[video]"') from error
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    height_px, width_px, _ = frames[0].shape
    try:
        with av.open(str(temporary), "w", format="mp4", options={"movflags": "faststart"}) as film:
            stream = film.add_stream("libx264", rate=fps, options={"crf": "16", "preset": "medium"})
            stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
            for frame in frames:
                film.mux(
                    stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24"))
                )
            film.mux(stream.encode())  # what the encoder still holds back
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _check(frames: Sequence[NDArray[np.uint8]], fps: int) -> None:
    if len(frames) == 0:
        raise ValueError("a film needs at least one frame")
    if fps < 1:
        raise ValueError(f"a film needs at least 1 frame a second, not {fps}")
    for number, frame in enumerate(frames):
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"frame {number} is {frame.dtype} of shape {frame.shape}, not (H, W, 3) uint8")
        if frame.shape != frames[0].shape:
            raise ValueError(f"frame {number} has the shape {frame.shape}, the first has {frames[0].shape}")
    if frames[0].shape[0] % 2 or frames[0].shape[1] % 2:
        raise ValueError(
            f"a frame of {frames[0].shape[1]}x{frames[0].shape[0]} px has an odd side; H.264 needs even ones"
        )
