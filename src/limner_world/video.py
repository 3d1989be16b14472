"""Writes frames as a film file. Knows one codec (H.264 in MP4, which every player shows) and nothing of
scenes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner_world.chance import seeded
from limner_world.film import Film, random_film
from limner_world.render import render
from limner_world.scene import Scene
from limner_world.serial import scene_to_json
from limner_world.truth import scene_truth


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


def write_films(
    folder: str | Path,
    *,
    num: int,
    seed: int = 0,
    size_px: int = 256,
    split: str = "train",
    num_frames: int = 36,
    fps: int = 24,
) -> Iterator[Path]:
    """Write `num` random two-person clips of `split` and yield each clip's path as it is complete.

    Beside `film-00000.mp4` stands `film-00000.json` with the first and last scene and their face boxes, left
    to right, in [0, 1]. The number in the name is the clip's seed: the same seed gives the same clip.
    """
    folder = Path(folder)
    for number in range(seed, seed + num):
        film = random_film(seeded("film", split, number), split)
        frames = [render(scene, size_px) for scene in film.frames(num_frames)]
        path = write_film(frames, folder / f"film-{number:05d}.mp4", fps)
        truth = {"seed": number, "split": split, "num_frames": num_frames, "fps": fps, **_truth(film)}
        path.with_suffix(".json").write_text(json.dumps(truth, indent=1), encoding="utf-8")
        yield path


def _truth(film: Film) -> dict[str, object]:
    def told(scene: Scene) -> dict[str, object]:
        boxes = [[round(float(side), 4) for side in box] for box in scene_truth(scene).face_boxes]
        return {"scene": scene_to_json(scene), "face_boxes": boxes}

    return {"first": told(film.first), "last": told(film.last)}
