"""Parts: well-formed values, and untrusted picture bytes that decode right or are refused in a sentence."""

import contextlib
import io
import pickle
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from limner.dialogue.parts import MAX_BYTES, Dialogue, Instruction, NamedPerson, Picture, Response, Round


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def noise(height_px: int = 20, width_px: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


def png_header(width_px: int, height_px: int) -> bytes:
    """A PNG that claims a size and holds one byte of data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def test_a_picture_survives_png_and_other_processes() -> None:
    picture = Picture(noise())
    assert np.array_equal(Picture.from_png(picture.to_png()).pixels, picture.pixels)
    assert Picture.from_png(picture.to_png()) == picture
    sent = pickle.loads(pickle.dumps(picture))  # noqa: S301 - our own bytes
    assert sent == picture
    assert not sent.pixels.flags.writeable


def test_a_picture_cannot_be_changed_through_the_array_it_was_made_from() -> None:
    pixels = noise()
    read_only_view = pixels[:]
    read_only_view.setflags(write=False)
    made, viewed = Picture(pixels), Picture(read_only_view)
    pixels[:] = 0
    assert made.pixels.any()
    assert viewed.pixels.any()
    with pytest.raises(ValueError, match="read-only"):
        made.pixels[0, 0, 0] = 1


def test_the_digest_covers_shape_and_content() -> None:
    flat = np.zeros((16, 32, 3), np.uint8)
    turned = flat.reshape(32, 16, 3)
    assert Picture(flat).digest != Picture(turned).digest
    changed = flat.copy()
    changed[3, 4, 1] = 1
    assert Picture(flat) != Picture(changed)
    assert len({Picture(flat), Picture(flat.copy()), Picture(changed)}) == 2


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((20, 20), np.uint8), "shape"),
        (np.zeros((20, 20, 4), np.uint8), "shape"),
        (np.zeros((20, 20, 3), np.float32), "uint8"),
        (np.zeros((15, 20, 3), np.uint8), "smaller than 16x16"),
    ],
)
def test_malformed_arrays_are_refused(pixels: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Picture(pixels)


@pytest.mark.parametrize("format", ["PNG", "BMP", "GIF", "WEBP", "JPEG"])
def test_common_formats_decode(format: str) -> None:
    flat = Image.new("RGB", (24, 18), (200, 40, 90))
    picture = Picture.from_bytes(encoded(flat, format))
    assert (picture.width_px, picture.height_px) == (24, 18)
    assert np.abs(picture.pixels.astype(int) - (200, 40, 90)).max() < 8


def test_exif_orientation_is_applied() -> None:
    image = Image.new("RGB", (40, 20), (255, 0, 0))
    image.paste((0, 0, 255), (0, 0, 20, 20))  # blue on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: shown, blue is on top
    picture = Picture.from_bytes(encoded(image, "PNG", exif=exif))
    assert (picture.width_px, picture.height_px) == (20, 40)
    assert tuple(picture.pixels[5, 10]) == (0, 0, 255)
    assert tuple(picture.pixels[35, 10]) == (255, 0, 0)


def test_transparency_is_flattened_on_white() -> None:
    half = Image.new("RGBA", (20, 20), (0, 0, 0, 128))
    assert abs(int(Picture.from_bytes(encoded(half)).pixels[0, 0, 0]) - 127) <= 1
    clear = Image.new("LA", (20, 20), (0, 0))
    assert (Picture.from_bytes(encoded(clear)).pixels == 255).all()
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert (Picture.from_bytes(encoded(palette, transparency=0)).pixels == 255).all()


def test_gray_and_sixteen_bit_pictures_keep_their_brightness() -> None:
    assert (Picture.from_bytes(encoded(Image.new("L", (20, 20), 77))).pixels == 77).all()
    assert (Picture.from_bytes(encoded(Image.new("1", (20, 20), 1))).pixels == 255).all()
    deep = Image.fromarray(np.full((20, 20), 77 * 257, np.uint16))
    assert (Picture.from_bytes(encoded(deep)).pixels == 77).all()


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in [(255, 0, 0), (0, 255, 0)]]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert tuple(Picture.from_bytes(data).pixels[0, 0]) == (255, 0, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a readable picture"),
        (b"GIF89a and then nonsense", "not a readable picture|cannot be decoded|smaller"),
        (np.random.default_rng(0).bytes(5000), "not a readable picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a readable picture"),
        (png_header(30_000, 30_000), "pixels, more than the 20 megapixels"),
        (png_header(10_000, 9_999), "pixels, more than the 20 megapixels"),
        (png_header(5_000, 5_000), "pixels, more than the 20 megapixels"),
        (png_header(100_000, 16), "cannot be decoded"),
        (png_header(8, 8), "smaller than 16x16"),
        (png_header(64, 64), "cannot be decoded"),
        (b"\0" * (MAX_BYTES + 1), "25 MB"),
    ],
)
def test_hostile_bytes_are_refused_in_a_sentence(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Picture.from_bytes(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_truncated_pictures_are_refused(format: str) -> None:
    data = encoded(Image.fromarray(noise(64, 64)), format)
    with pytest.raises(ValueError, match=r"cannot be decoded|not a readable"):
        Picture.from_bytes(data[: len(data) * 2 // 3])


@pytest.mark.filterwarnings("ignore")  # Pillow may warn on the way to refusing
def test_random_damage_is_decoded_or_refused_but_never_crashes() -> None:
    rng = np.random.default_rng(1)
    for format in ["PNG", "JPEG", "WEBP", "GIF", "BMP"]:
        whole = encoded(Image.fromarray(noise(32, 32)), format)
        for _ in range(30):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), 5):
                data[place] = rng.integers(256)
            with contextlib.suppress(ValueError):
                assert Picture.from_bytes(bytes(data)).pixels.dtype == np.uint8


def test_from_file_names_the_file(tmp_path) -> None:
    path = tmp_path / "me.png"
    path.write_bytes(encoded(Image.fromarray(noise())))
    assert Picture.from_file(path) == Picture(noise())
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"me\.png"):
        Picture.from_file(path)
    with pytest.raises(ValueError, match="not a PNG"):
        Picture.from_png(encoded(Image.fromarray(noise()), "JPEG"))


def spoken(text: str = "Paint Ada.", depends_on: tuple[int, ...] = ()) -> Round:
    return Round(instruction=Instruction(text=text), response=Response(text="Here."), depends_on=depends_on)


def test_markov_rounds_are_told_from_others() -> None:
    assert spoken(depends_on=(1,)).is_markov(2)
    assert spoken(depends_on=()).is_markov(2)
    assert not spoken(depends_on=(0, 1)).is_markov(2)
    assert Dialogue(rounds=(spoken(), spoken(depends_on=(0,)))).is_markov
    assert not Dialogue(rounds=(spoken(), spoken(), spoken(depends_on=(0,)))).is_markov


def test_malformed_dialogues_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one round"):
        Dialogue(rounds=())
    with pytest.raises(ValueError, match="round 1 depends on round 1"):
        Dialogue(rounds=(spoken(), spoken(depends_on=(1,))))
    with pytest.raises(ValueError, match="Ada is seen in round 1"):
        Dialogue(rounds=(spoken(),), persons=(NamedPerson(name="Ada", round_index=1),))
    with pytest.raises(ValueError, match="Ada's box"):
        NamedPerson(name="Ada", round_index=0, box=(0.5, 0.1, 0.4, 0.2))
    with pytest.raises(ValueError, match="surrogate"):
        Instruction(text="half \ud83d")
    with pytest.raises(ValueError, match="must be a string"):
        Instruction(text=b"bytes")  # type: ignore[arg-type]
