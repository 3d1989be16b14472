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

from limner.builders.runner.document import Drop, DropError
from limner.builders.video.colours import rgb_of

SUFFIXES: Final = (
    ".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".divx", ".ts", ".mts", ".m2ts", ".m2t",
    ".mpg", ".mpeg", ".mpe", ".m2v", ".vob", ".wmv", ".asf", ".3gp", ".3g2", ".ogv", ".ogm", ".flv",
    ".f4v", ".mxf", ".rm", ".rmvb", ".y4m",
)  # fmt: skip
LARGEST_PX: Final = 1280  # the longer side that is kept: enough for a 512 px square, and it bounds memory
_DAMAGED: Final = "damaged film"
_SHOT_CHANGE: Final = 0.45  # of the colour histogram, 0 to 1
# Decoders that tell of damage only when they are asked to end at it.
_END_AT_DAMAGE: Final = ("hevc",)


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
    """The first and the last frame of a film. Seeks, so that a long film takes no longer than a short one.

    A film of which a frame on the way to them is damaged is dropped: what is seen there is made of others.
    """
    with _opened(path) as (container, stream):
        first = next(_sound(container.decode(stream)), None)
        if first is None:
            raise DropError("no frames")
        last = _last_by_seeking(container, stream)
        if last is None:
            last = _last_of_all(path)
        if last is None or last.pts is None or first.pts is None or last.pts <= first.pts:
            raise DropError("only one frame")
        return Ends(first=_upright(first, stream), last=_upright(last, stream))


def read_shots(path: Path, shortest_s: float = 0.5) -> Iterator[Ends | Drop]:
    """The ends of every shot, or why it is not used; reads the whole film, yet holds three frames. Shots
    under `shortest_s` are left out.
    """
    with _opened(path) as (container, stream):
        shot: list[Any] = []
        before, has_key, is_damaged = None, False, False
        for frame in container.decode(stream):
            has_key = has_key or bool(frame.key_frame)
            if frame.is_corrupt and not has_key:
                continue
            colours = _colours(frame)
            if before is not None and _change(before, colours) > _SHOT_CHANGE:
                yield from _shot(shot, is_damaged, stream, shortest_s)
                shot, is_damaged = [], False
            shot, before = [*shot[:1], frame], colours
            is_damaged = is_damaged or bool(frame.is_corrupt)
        yield from _shot(shot, is_damaged, stream, shortest_s)


def _shot(shot: list[Any], is_damaged: bool, stream: Any, shortest_s: float) -> Iterator[Ends | Drop]:
    """What becomes of a shot, of which the first and the last frame are given."""
    if not shot or (shot[-1].time or 0.0) - (shot[0].time or 0.0) < shortest_s:
        return
    if is_damaged:
        yield Drop(reason=_DAMAGED, detail=f"from second {shot[0].time:.1f} to {shot[-1].time:.1f}")
    else:
        yield Ends(first=_upright(shot[0], stream), last=_upright(shot[-1], stream))


def _sound(frames: Iterable[Any]) -> Iterator[Any]:
    """The frames as they are, without those that miss what came before the first key frame; `DropError` at
    one that is damaged.
    """
    has_key = False
    for frame in frames:
        has_key = has_key or bool(frame.key_frame)
        if not frame.is_corrupt:
            yield frame
        elif has_key:
            raise DropError(_DAMAGED, f"at second {frame.time or 0.0:.1f}")


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
            if films[0].codec_context.name in _END_AT_DAMAGE:
                films[0].codec_context.options = {"err_detect": "explode"}
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
            packets: list[int] = []
            latest = _latest(_sound(_decoded(container.demux(stream), packets)))
            if latest is None or not packets or latest.pts >= max(packets):
                break
        return latest
    except av.FFmpegError:
        return None


def _decoded(packets: Iterable[Any], times: list[int]) -> Iterator[Any]:
    """The frames of these packets, whose times are noted."""
    for packet in packets:
        if packet.pts is not None:
            times.append(packet.pts)
        yield from packet.decode()


def _last_of_all(path: Path) -> Any:
    with _opened(path) as (container, stream):
        return _latest(_sound(container.decode(stream)))


def _latest(frames: Iterable[Any]) -> Any:
    latest = None
    for frame in frames:
        if frame.pts is not None and (latest is None or frame.pts > latest.pts):
            latest = frame
    return latest


def _upright(frame: Any, stream: Any) -> np.ndarray:
    """The frame's pixels, shrunk to `LARGEST_PX`, their pixels square, turned and mirrored as its film
    says.
    """
    width, height = round(frame.width * _pixel_aspect(stream)), frame.height
    scale = min(1.0, LARGEST_PX / max(width, height))
    width, height = max(2, round(width * scale)), max(2, round(height * scale))
    return np.ascontiguousarray(_shown(rgb_of(frame, width, height), frame))


def _pixel_aspect(stream: Any) -> float:
    """Width by height of one pixel, 1 when the film does not say or says nonsense. The stream knows it, by
    its container and else its codec; frames do not.
    """
    aspect = stream.sample_aspect_ratio
    value = float(aspect) if aspect else 1.0
    return value if math.isfinite(value) and 0.2 <= value <= 5 else 1.0


def _shown(pixels: np.ndarray, frame: Any) -> np.ndarray:
    """Turned and mirrored by the film's display matrix: any of the eight ways in which a picture can lie."""
    from av.sidedata.sidedata import Type

    told = frame.side_data.get(Type.DISPLAYMATRIX)
    if told is None:
        return pixels
    # A pixel (x, y) is shown at (a x + c y, b x + d y), but for a shift.
    a, b, _, c, d, *_ = np.frombuffer(bytes(told)[:36], np.int32).tolist()
    if max(abs(a), abs(d)) >= max(abs(b), abs(c)):
        to_x, to_y = a, d
    else:
        pixels, to_x, to_y = pixels.transpose(1, 0, 2), c, b
    return pixels[:: -1 if to_y < 0 else 1, :: -1 if to_x < 0 else 1]


def _colours(frame: Any) -> np.ndarray:
    small = frame.reformat(width=64, height=64, format="rgb24", threads=1).to_ndarray()
    counts = cv2.calcHist([small], [0, 1, 2], None, [6, 6, 6], [0, 256, 0, 256, 0, 256])
    shares: np.ndarray = counts / counts.sum()
    return shares


def _change(before: np.ndarray, after: np.ndarray) -> float:
    """How much of one histogram is not in the other, 0 to 1."""
    return float(np.abs(before - after).sum() / 2)
