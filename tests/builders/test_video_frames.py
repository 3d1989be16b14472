"""First and last frames of every kind of film, and a reason for those that cannot be used."""

from __future__ import annotations

from pathlib import Path

import av
import film_files
import numpy as np
import pytest
from film_files import plain

from limner.builders.runner.document import DropError
from limner.builders.video.frames import LARGEST_PX, read_ends, read_shots

SHADES = (10, 60, 110, 160, 210)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".mov"])
def test_first_and_last_frame_of_every_container(tmp_path: Path, suffix: str) -> None:
    ends = read_ends(film_files.write(tmp_path / f"film{suffix}", [plain(shade) for shade in SHADES]))
    assert ends.first.shape == (48, 64, 3)
    assert abs(int(ends.first[40, 50].mean()) - 10) < 8
    assert abs(int(ends.last[40, 50].mean()) - 210) < 8


@pytest.mark.parametrize("num", [2, 3, 8, 41])
def test_the_last_frame_is_exact_though_others_are_passed_over(tmp_path: Path, num: int) -> None:
    rng = np.random.default_rng(num)
    frames = [rng.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(num)]
    film = film_files.write(tmp_path / "film.mp4", frames)
    with av.open(str(film)) as opened:
        last = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)][-1]
    assert (read_ends(film).last == last).all()


def test_last_frame_of_an_uneven_film(tmp_path: Path) -> None:
    times = (0, 1, 30, 31, 200)
    ends = read_ends(film_files.write(tmp_path / "film.mkv", [plain(shade) for shade in SHADES], times))
    assert abs(int(ends.last[40, 50].mean()) - 210) < 8


def test_a_turned_film_is_seen_upright(tmp_path: Path) -> None:
    ends = read_ends(film_files.turned(tmp_path / "film.mp4", [plain(shade) for shade in SHADES]))
    assert ends.first.shape == (64, 48, 3)
    white = ends.first.mean(2) > 200
    assert white[:28, 28:].all()  # a quarter clockwise takes upper left to upper right
    assert not white[36:].any()


def test_a_large_film_is_shrunk(tmp_path: Path) -> None:
    frames = [plain(shade, 3840, 2160) for shade in (10, 210)]
    ends = read_ends(film_files.write(tmp_path / "film.mp4", frames))
    assert ends.first.shape == (LARGEST_PX * 9 // 16, LARGEST_PX, 3)


def test_every_useless_film_has_its_reason(tmp_path: Path) -> None:
    whole = film_files.write(tmp_path / "whole.mp4", [plain(shade) for shade in SHADES]).read_bytes()
    films = {
        "empty.mp4": (b"", "empty file"),
        "text.mp4": (b"this is no film" * 50, "cannot be decoded"),
        "cut.mp4": (whole[: len(whole) // 2], "cannot be decoded"),
    }
    found = {}
    for name, (data, reason) in films.items():
        (tmp_path / name).write_bytes(data)
        found[name] = (_reason(tmp_path / name), reason)
    found["sound"] = (_reason(film_files.sound(tmp_path / "sound.mp4")), "no moving picture")
    found["one"] = (_reason(film_files.write(tmp_path / "one.mp4", [plain(9)])), "only one frame")
    found["absent"] = (_reason(tmp_path / "absent.mp4"), "no such file")
    assert {name: was for name, (was, _) in found.items()} == {name: due for name, (_, due) in found.items()}


def _reason(path: Path) -> str:
    with pytest.raises(DropError) as caught:
        read_ends(path)
    return caught.value.drop.reason


def test_shots_are_split_where_the_colours_change(tmp_path: Path) -> None:
    frames = [plain(20)] * 20 + [plain(220)] * 20 + [plain(120)] * 4
    shots = list(read_shots(film_files.write(tmp_path / "film.mp4", frames)))
    assert [round(int(shot.first[40, 50].mean()), -1) for shot in shots] == [20, 220]
    assert [round(int(shot.last[40, 50].mean()), -1) for shot in shots] == [20, 220]
