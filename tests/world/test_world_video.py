"""Films: what was written is what plays."""

import json

import numpy as np
import pytest

from limner_world.serial import scene_from_json
from limner_world.video import write_film, write_films


def moving_square(num_frames: int = 12, side_px: int = 64) -> list[np.ndarray]:
    frames = []
    for number in range(num_frames):
        frame = np.full((side_px, side_px, 3), (240, 230, 210), np.uint8)
        frame[20:40, number * 2 : number * 2 + 20] = (180, 40, 60)
        frames.append(frame)
    return frames


def test_a_film_plays_as_it_was_written(tmp_path) -> None:
    av = pytest.importorskip("av")
    frames = moving_square()
    path = write_film(frames, tmp_path / "films" / "walk.mp4", fps=12)
    assert [p.name for p in path.parent.iterdir()] == ["walk.mp4"]  # nothing temporary is left
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"  # what browsers play
        assert stream.average_rate == 12
        played = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert len(played) == len(frames)
    for before, after in zip(frames, played, strict=True):
        assert np.abs(before.astype(int) - after.astype(int)).mean() < 6


@pytest.mark.parametrize(
    ("frames", "fps", "message"),
    [
        ([], 24, "at least one frame"),
        (moving_square(2), 0, "1 frame a second"),
        ([np.zeros((64, 64), np.uint8)], 24, "not \\(H, W, 3\\) uint8"),
        ([np.zeros((64, 64, 3), np.float32)], 24, "float32"),
        ([np.zeros((64, 64, 3), np.uint8), np.zeros((32, 32, 3), np.uint8)], 24, "frame 1 has the shape"),
        ([np.zeros((63, 64, 3), np.uint8)], 24, "odd side"),
    ],
)
def test_unwritable_frames_are_refused_and_leave_nothing(tmp_path, frames, fps, message) -> None:
    with pytest.raises(ValueError, match=message):
        write_film(frames, tmp_path / "film.mp4", fps=fps)
    assert list(tmp_path.iterdir()) == []


def test_clips_of_the_world_come_with_their_truth(tmp_path) -> None:
    av = pytest.importorskip("av")
    paths = list(write_films(tmp_path, num=2, seed=7, size_px=64, num_frames=3))
    assert [path.name for path in paths] == ["film-00007.mp4", "film-00008.mp4"]
    for path in paths:
        truth = json.loads(path.with_suffix(".json").read_text())
        with av.open(str(path)) as film:
            assert film.streams.video[0].frames == 3
        for moment in ("first", "last"):
            assert (
                len(scene_from_json(truth[moment]["scene"]).figures) == len(truth[moment]["face_boxes"]) == 2
            )
    again = next(write_films(tmp_path / "again", num=1, seed=8, size_px=64, num_frames=3))
    assert again.with_suffix(".json").read_text() == paths[1].with_suffix(".json").read_text()
