"""First and last frames of every kind of film, and a reason for those that cannot be used."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import film_files
import numpy as np
import pytest
from film_files import plain

from limner.builders.runner.document import Drop, DropError
from limner.builders.video.frames import LARGEST_PX, SUFFIXES, Ends, read_ends, read_shots

RED, GREEN, BLUE, WHITE = (250, 20, 20), (20, 250, 20), (20, 20, 250), (250, 250, 250)
SHADES = (10, 60, 110, 160, 210)


@pytest.mark.parametrize(
    "suffix",
    [
        ".mp4",
        ".mkv",
        ".webm",
        ".mov",
        ".ts",
        ".mts",
        ".m2ts",
        ".mpg",
        ".vob",
        ".wmv",
        ".3gp",
        ".ogv",
        ".avi",
        ".qt",
    ],
)
def test_first_and_last_frame_of_every_container(tmp_path: Path, suffix: str) -> None:
    ends = read_ends(film_files.write(tmp_path / f"film{suffix}", [plain(shade) for shade in SHADES]))
    assert suffix in SUFFIXES
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


CORNERS = np.zeros((48, 64, 3), np.uint8)
CORNERS[:24, :32], CORNERS[:24, 32:], CORNERS[24:, :32], CORNERS[24:, 32:] = RED, GREEN, BLUE, WHITE


@pytest.mark.parametrize(
    ("matrix", "seen"),  # the corners from the upper left to the lower right, line by line
    [
        ((1, 0, 0, 1), "RGBW"),
        ((0, 1, -1, 0), "BRWG"),  # a quarter clockwise
        ((-1, 0, 0, -1), "WBGR"),
        ((0, -1, 1, 0), "GWRB"),
        ((-1, 0, 0, 1), "GRWB"),  # as a mirror shows it
        ((1, 0, 0, -1), "BWRG"),
        ((0, 1, 1, 0), "RBGW"),
        ((0, -1, -1, 0), "WGBR"),
    ],
)
def test_turned_and_mirrored_films_are_seen_as_they_were_filmed(
    tmp_path: Path, matrix: tuple[int, ...], seen: str
) -> None:
    ends = read_ends(film_files.write(tmp_path / "film.mp4", [CORNERS] * 3, matrix=matrix))
    for picture in (ends.first, ends.last):
        height, width = picture.shape[:2]
        assert (height, width) == ((48, 64) if matrix[0] else (64, 48))
        found = [picture[y, x] for y in (height // 4, -height // 4) for x in (width // 4, -width // 4)]
        assert "".join(_named(colour) for colour in found) == seen


def _named(colour: np.ndarray) -> str:
    known = {"R": RED, "G": GREEN, "B": BLUE, "W": WHITE}
    return min(known, key=lambda name: float(np.abs(colour.astype(int) - known[name]).sum()))


@pytest.mark.parametrize(
    ("suffix", "aspect", "width"),
    [(".mp4", 2, 560), (".mkv", 2, 560), (".ts", 2, 560), (".wmv", 2, 560), (".mov", Fraction(1, 2), 140)],
)
def test_pixels_that_are_not_square_are_seen_as_they_are(
    tmp_path: Path, suffix: str, aspect: Fraction, width: int
) -> None:
    frames = [plain(shade, 280, 640) for shade in (20, 20, 20, 200, 200, 200)]
    film = film_files.write(tmp_path / f"film{suffix}", frames, pixel_aspect=Fraction(aspect))
    ends = read_ends(film)
    assert ends.first.shape == ends.last.shape == (640, width, 3)
    assert (ends.first[:300, : width // 2 - 8].min(2) > 200).all()
    assert (ends.first[340:, width // 2 + 8 :].max(2) < 60).all()


def test_pixels_are_made_square_before_they_are_turned(tmp_path: Path) -> None:
    frames = [plain(shade, 80, 120) for shade in (20, 200)]
    film = film_files.write(tmp_path / "film.mov", frames, pixel_aspect=Fraction(2), matrix=(0, 1, -1, 0))
    assert read_ends(film).first.shape == (160, 120, 3)


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


@pytest.mark.parametrize(
    ("name", "codec"),
    [("film.mp4", "libx264"), ("film.mkv", "libx265"), ("film.avi", "mpeg4"), ("film.ts", "mpeg2video")],
)
def test_a_damaged_film_gives_no_pictures(tmp_path: Path, name: str, codec: str) -> None:
    film = film_files.write(tmp_path / name, _moving(), codec=codec, options=QUIET, keys_every=40)
    whole = read_ends(film)
    data = bytearray(film.read_bytes())
    rng = np.random.default_rng(3)
    for at in rng.integers(len(data) // 10, len(data) * 9 // 10, 60):
        data[at] = rng.integers(256)
    film.write_bytes(data)
    assert _reason(film) in ("damaged film", "cannot be decoded")
    assert whole.last.std() > 10  # it was a picture


QUIET = {"x265-params": "log-level=none"}


def _moving() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    large = cv2.resize(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8), (320, 240))
    return [np.roll(large, 3 * number, 1) for number in range(40)]


def test_only_the_damaged_shot_is_lost(tmp_path: Path) -> None:
    frames = _moving()
    film = film_files.write(
        tmp_path / "film.avi", [*frames, *(255 - frame // 3 for frame in frames)], keys_every=40
    )
    data = bytearray(film.read_bytes())
    rng = np.random.default_rng(3)
    for at in rng.integers(len(data) // 8, len(data) // 3, 30):
        data[at] = rng.integers(256)
    film.write_bytes(data)
    first, second = read_shots(film)
    assert isinstance(first, Drop)
    assert first.reason == "damaged film"
    assert isinstance(second, Ends)
    assert second.first.mean() > 190


def test_a_film_cut_from_a_broadcast_begins_at_its_first_whole_frame(tmp_path: Path) -> None:
    film = film_files.write(tmp_path / "film.ts", _moving(), codec="mpeg2video", keys_every=20)
    data = film.read_bytes()
    start = len(data) // 4 // 188 * 188
    film.write_bytes(data[:564] + data[start:])  # its tables, and what follows a quarter
    ends = read_ends(film)
    true = _moving()[20]
    assert np.abs(ends.first.astype(int) - true).mean() < 8


def test_shots_are_split_where_the_colours_change(tmp_path: Path) -> None:
    frames = [plain(20)] * 20 + [plain(220)] * 20 + [plain(120)] * 4
    shots = [
        shot for shot in read_shots(film_files.write(tmp_path / "film.mp4", frames)) if isinstance(shot, Ends)
    ]
    assert [round(int(shot.first[40, 50].mean()), -1) for shot in shots] == [20, 220]
    assert [round(int(shot.last[40, 50].mean()), -1) for shot in shots] == [20, 220]
