"""First and last frame of a film, by seeking; and its shots, when asked for.

Knows PyAV. A film that cannot be used is a `DropError` with its reason, whatever is wrong with the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from limner.builders.runner.document import DropError

SUFFIXES: Final = (".mp4", ".mkv", ".webm", ".mov", ".m4v", ".avi")
LARGEST_PX: Final = 1280  # the longer side that is kept: enough for a 512 px square, and it bounds memory
_SHOT_CHANGE: Final = 0.45  # of the colour histogram, 0 to 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Ends:
    """The first and the last frame of a shot, (H, W, 3) uint8 RGB, upright."""

    first: np.ndarray
    last: np.ndarray


def require_av() -> None:
    """ValueError that says what to install when PyAV is missing."""
    try:
        import av
    except ImportError as error:
        raise ValueError('Films need PyAV; install it with: pip install "limner[video]".') from error
    av.logging.set_level(av.logging.PANIC)  # its complaints about broken films come back as reasons


def read_ends(path: Path) -> Ends:
    """The first and the last frame of a film. Seeks, so that a long film takes no longer than a short one."""
    with _opened(path) as (container, stream):
        first = next(container.decode(stream), None)
        if first is None:
            raise DropError("no frames")
        last = _last_by_seeking(container, stream)
        if last is None:
            last = _last_of_all(path)
        if last.pts is None or first.pts is None or last.pts <= first.pts:
            raise DropError("only one frame")
        return Ends(first=_upright(first), last=_upright(last))


def read_shots(path: Path, shortest_s: float = 0.5) -> Iterator[Ends]:
    """The ends of every shot; reads the whole film, yet holds three frames. Shots under `shortest_s` are left
    out.
    """
    with _opened(path) as (container, stream):
        first = last = before = None
        for frame in container.decode(stream):
            colours = _colours(frame)
            if before is not None and _change(before, colours) > _SHOT_CHANGE:
                yield from _shot(first, last, shortest_s)
                first = frame
            first, last, before = first or frame, frame, colours
        yield from _shot(first, last, shortest_s)


def _shot(first: Any, last: Any, shortest_s: float) -> Iterator[Ends]:
    if first is not None and (last.time or 0.0) - (first.time or 0.0) >= shortest_s:
        yield Ends(first=_upright(first), last=_upright(last))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    import av

    if not path.is_file():
        raise DropError("no such file", str(path))
    if path.stat().st_size == 0:
        raise DropError("empty file")
    try:
        with av.open(str(path)) as container:
            covers = av.stream.Disposition.attached_pic
            films = [stream for stream in container.streams.video if not stream.disposition & covers]
            if not films:
                raise DropError("no moving picture")
            films[0].thread_count = 1  # workers share the cores between them
            yield container, films[0]
    except (av.FFmpegError, ValueError, MemoryError) as error:
        told = re.sub(r"\[Errno -?\d+\] ", "", str(error))
        raise DropError("cannot be decoded", told) from error


def _last_by_seeking(container: Any, stream: Any) -> Any:
    """The last frame, or None when the film's length or index is no help.

    Of H.264, frames that no other is told by are passed over on the way, which takes a quarter of the time;
    should the last one be such a frame, all are read.
    """
    import av

    if stream.duration is not None:
        end = (stream.start_time or 0) + stream.duration
    elif container.duration is not None:
        end = int(container.duration / av.time_base / stream.time_base)
    else:
        return None
    try:
        for skipped in ("NONREF", "DEFAULT") if stream.codec_context.name == "h264" else ("DEFAULT",):
            container.seek(max(0, end - 1), stream=stream, backward=True)
            stream.codec_context.skip_frame = skipped
            latest, told = None, None
            for packet in container.demux(stream):
                told = packet.pts if told is None else max(told, packet.pts or told)
                latest = _latest((latest, *packet.decode()))
            if latest is None or told is None or latest.pts >= told:
                break
        return latest
    except av.FFmpegError:
        return None


def _last_of_all(path: Path) -> Any:
    with _opened(path) as (container, stream):
        return _latest(container.decode(stream))


def _latest(frames: Iterable[Any]) -> Any:
    latest = None
    for frame in frames:
        if frame is not None and frame.pts is not None and (latest is None or frame.pts > latest.pts):
            latest = frame
    return latest


def _upright(frame: Any) -> np.ndarray:
    """The frame's pixels, shrunk to `LARGEST_PX`, square, and turned as its film says."""
    width, height = frame.width, frame.height
    aspect = _pixel_aspect(frame)
    width = round(width * aspect)
    scale = min(1.0, LARGEST_PX / max(width, height))
    width, height = max(2, round(width * scale)), max(2, round(height * scale))
    pixels: np.ndarray = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    turns = round(frame.rotation / 90) % 4  # counter-clockwise, as numpy turns
    return np.ascontiguousarray(np.rot90(pixels, turns))


def _pixel_aspect(frame: Any) -> float:
    """Width by height of one pixel, 1 when the film does not say or says nonsense."""
    aspect = getattr(frame, "sample_aspect_ratio", None)
    value = float(aspect) if aspect else 1.0
    return value if math.isfinite(value) and 0.2 <= value <= 5 else 1.0


def _colours(frame: Any) -> np.ndarray:
    small = frame.reformat(width=64, height=64, format="rgb24").to_ndarray()
    counts = cv2.calcHist([small], [0, 1, 2], None, [6, 6, 6], [0, 256, 0, 256, 0, 256])
    shares: np.ndarray = counts / counts.sum()
    return shares


def _change(before: np.ndarray, after: np.ndarray) -> float:
    """How much of one histogram is not in the other, 0 to 1."""
    return float(np.abs(before - after).sum() / 2)
