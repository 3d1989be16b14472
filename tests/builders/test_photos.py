"""Pictures as cameras and phones write them are read: size, kind, which way up, colours; or their reason is
told.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.builders.faces.identity import portraits_of
from limner.builders.photos import read_photo

SMALL = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
PICTURE = Image.fromarray(SMALL).resize((240, 160), Image.Resampling.BILINEAR)


@pytest.mark.parametrize(
    ("suffix", "least"),
    [
        ("jpg", 3),
        ("png", 0),
        ("avif", 4),
        ("tif", 0),
        ("tiff", 0),
        ("gif", 9),
        ("webp", 4),
        ("mpo", 3),
        ("apng", 0),
    ],
)
def test_every_kind_of_picture(tmp_path: Path, suffix: str, least: float) -> None:
    file = tmp_path / f"a.{suffix}"
    PICTURE.save(file)
    assert portraits_of(tmp_path) == [file]
    read = read_photo(file).astype(int)
    assert np.abs(read - np.asarray(PICTURE)).mean() <= least
    assert (read_photo(file.read_bytes()) == read).all()


def test_photographs_of_24_megapixels_and_more(tmp_path: Path) -> None:
    upright = PICTURE.rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    PICTURE.resize((6000, 4000)).save(tmp_path / "a.jpg", exif=exif)
    read = read_photo(tmp_path / "a.jpg", 1536)
    assert read.shape == (1536, 1024, 3)
    small = np.asarray(Image.fromarray(read).resize((16, 24), Image.Resampling.BOX)).astype(int)
    true = np.asarray(upright.rotate(180).resize((16, 24), Image.Resampling.BOX))
    assert np.abs(small - true).mean() < 4


def test_colours_of_a_wide_profile_are_brought_to_srgb(tmp_path: Path) -> None:
    skin = np.array([200, 140, 110])
    linear = (skin / 255) ** 2.2
    in_p3 = np.linalg.inv(P3) @ SRGB @ linear
    pixels = np.tile((255 * in_p3 ** (1 / 2.2)).round().astype(np.uint8), (32, 32, 1))
    assert np.abs(pixels[0, 0] - skin).max() > 5
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.png", "a.tif", "a.webp"):
        options = {"lossless": True} if name.endswith("webp") else {}
        Image.fromarray(pixels[:20]).save(tmp_path / name, icc_profile=_profile(P3), exif=exif, **options)
        read = read_photo(tmp_path / name)
        assert read.shape == (32, 20, 3)
        assert np.abs(read.astype(int) - skin).max() <= 3
    Image.fromarray(pixels).save(tmp_path / "broken.png", icc_profile=b"no profile at all")
    assert (read_photo(tmp_path / "broken.png") == pixels).all()


# Columns: the light of red, green and blue, as seen by D50 (ICC's white).
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])


def _profile(colours: np.ndarray) -> bytes:
    """A small ICC profile (version 2) of these colours, with a gamma of 2.2."""

    def xyz(values: object) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in np.ravel(values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    name = b"wide"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + bytes(80)
    desc += bytes(-len(desc) % 4)
    tags = {b"desc": desc, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz((0.9642, 1, 0.8249))}
    tags |= {b"rXYZ": xyz(colours[:, 0]), b"gXYZ": xyz(colours[:, 1]), b"bXYZ": xyz(colours[:, 2])}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    at, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s", at + len(body), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp"
    )
    head += bytes(68 - len(head)) + struct.pack(">iii", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + body


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.dng", b"II*\0", "not read"),
        ("a.jpg", b"no picture", "not a readable picture"),
        ("a.png", b"", "not a readable picture"),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", 'pip install "limner\\[heic\\]"'),
    ],
)
def test_what_cannot_be_read_says_why(
    tmp_path: Path, name: str, data: bytes, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as where it is not installed
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=told):
        read_photo(tmp_path / name)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="it is no file"):
        read_photo(tmp_path / "a.jpg")


def test_a_picture_cut_off_or_too_large_says_so(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(buffer.getvalue()[: buffer.tell() // 2])
    with pytest.raises(ValueError, match="cannot be decoded"):
        read_photo(tmp_path / "cut.jpg")
    Image.new("1", (20_000, 8_000)).save(tmp_path / "large.png")
    with pytest.raises(ValueError, match="more than 150 megapixels"):
        read_photo(tmp_path / "large.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match="8x8 px, too small"):
        read_photo(tmp_path / "small.png")
