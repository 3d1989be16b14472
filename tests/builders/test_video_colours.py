"""Films are seen in the colours that they were filmed in, whatever their matrix, curve and fields."""

from __future__ import annotations

from pathlib import Path

import av
import film_files
import numpy as np
import pytest

from limner.builders.video.frames import read_ends

# Skin, hair, leaves, sky, grays: what is darker than the knee comes back as it was.
PATCHES = np.array(
    [(190, 140, 115), (60, 40, 30), (70, 120, 50), (90, 130, 180), (120, 120, 120), (40, 40, 40)], np.uint8
)
PICTURE = PATCHES.repeat(48, 0)[None].repeat(64, 0)
BT709, BT2020 = (0.2126, 0.0722), (0.2627, 0.0593)
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def _yuv10(rgb: np.ndarray, matrix: tuple[float, float]) -> np.ndarray:
    """Levels (3, H, W) of 10 bits, in the narrow range, of R'G'B' in 0..1."""
    red, blue = matrix
    luma = rgb @ (red, 1 - red - blue, blue)
    parts = [
        64 + 876 * luma,
        512 + 896 * (rgb[..., 2] - luma) / (2 - 2 * blue),
        512 + 896 * (rgb[..., 0] - luma) / (2 - 2 * red),
    ]
    return np.stack(parts).round().astype(np.uint16)


def _film(folder: Path, levels: np.ndarray, told: str) -> Path:
    options = {"qp": "0", "x264-params": f"log-level=none{told}"}  # without loss
    return film_files.write(
        folder / "film.mp4", [levels] * 2, codec="libx264", options=options, pixel_format="yuv444p10le"
    )


def _nits(picture: np.ndarray) -> np.ndarray:
    """sRGB's light, in BT.2020's primaries, with a white of 203."""
    level = picture / 255
    light = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return 203 * light @ TO_BT2020.T


def _pq(nits: np.ndarray) -> np.ndarray:
    power = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def _hlg(nits: np.ndarray) -> np.ndarray:
    shown = nits / 1000
    luma = (shown @ (0.2627, 0.678, 0.0593))[..., None]
    scene = shown * luma ** (1 / 1.2 - 1)
    high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)


@pytest.mark.parametrize(("curve", "encode"), [("smpte2084", _pq), ("arib-std-b67", _hlg)])
def test_films_of_high_dynamic_range_look_as_the_scene_did(tmp_path: Path, curve: str, encode) -> None:
    told = f":colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc"
    seen = read_ends(_film(tmp_path, _yuv10(encode(_nits(PICTURE)), BT2020), told)).last
    assert np.abs(seen.astype(int) - PICTURE).max() <= 6
    light = np.full(PICTURE.shape, 203.0)
    light[:, 96:192], light[:, 192:] = 600, 1000
    white, bright, brightest = (
        read_ends(_film(tmp_path, _yuv10(encode(light), BT2020), told)).last[32, x].astype(int)
        for x in (40, 140, 250)
    )
    assert 225 < white.min() < bright.min() < brightest.min()  # highlights can still be told apart
    assert brightest.min() >= 250


@pytest.mark.parametrize(
    ("size", "matrix", "told"),
    [
        ((288, 64), (0.299, 0.114), ""),
        ((288, 720), BT709, ""),
        ((288, 64), BT709, ":colormatrix=bt709"),
        ((288, 720), (0.299, 0.114), ":colormatrix=smpte170m"),
        ((1280, 64), BT709, ""),
    ],
)
def test_the_matrix_is_the_films_or_by_its_size(
    tmp_path: Path, size: tuple[int, int], matrix: tuple[float, float], told: str
) -> None:
    width, height = size
    picture = np.resize(np.array(PATCHES).repeat(width // 6 + 1, 0)[:width], (height, width, 3))
    seen = read_ends(_film(tmp_path, _yuv10(picture / 255, matrix), told)).last
    assert seen.shape == picture.shape
    assert np.abs(seen.astype(int) - picture).max() <= 3


def test_wide_primaries_are_brought_to_srgb(tmp_path: Path) -> None:
    light = (PICTURE / 255) ** 2.2 @ TO_BT2020.T
    told = ":colorprim=bt2020:transfer=bt2020-10:colormatrix=bt2020nc"
    seen = read_ends(_film(tmp_path, _yuv10(light ** (1 / 2.2), BT2020), told)).last
    assert np.abs(seen.astype(int) - PICTURE).max() <= 8


def test_what_moves_between_two_fields_is_seen_once(tmp_path: Path) -> None:
    path = tmp_path / "film.mts"
    with av.open(str(path), "w", format="mpegts") as film:
        stream = film.add_stream("libx264", rate=25, options={"x264-params": "tff=1", "crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
        for number in range(8):
            pixels = np.full((128, 160, 3), 30, np.uint8)
            for field in (0, 1):
                left = 40 + 8 * (2 * number + field) % 80
                pixels[field::2, left : left + 30] = 220
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    seen = read_ends(path).first[8:-8].mean(2)
    assert np.abs(np.diff(seen, axis=0)).max() < 25  # no comb
    widths = (seen > 125).sum(1)
    assert widths.min() >= 27
    assert widths.max() <= 33
