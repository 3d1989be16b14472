"""Pictures as strangers send them: read when they are pictures, refused in one sentence otherwise."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from picture_bombs import (
    data_url,
    long_text_png,
    many_pixels_png,
    many_scans_jpeg,
    photo_with_a_place,
    png_bytes,
    told_png,
)
from PIL import Image

from limner.dialogue.parts import Picture
from limner.server.pictures.pictures_in import PictureReader, PictureSource, content_of, data_of_url
from limner.server.security.decoding import TOO_SLOW, UNREADABLE, Decoder, DecoderBusy, DecodingLimits
from limner.server.security.remote_pictures import OFF


@pytest.fixture(scope="module")
def reader():
    reader = PictureReader()
    yield reader
    reader.close()


def refusal(reader, data):
    with pytest.raises(ValueError, match=r"\.$") as refused:
        reader.from_bytes(data)
    return str(refused.value)


def test_a_picture_comes_out_as_its_pixels(reader):
    data = png_bytes(40, seed=3)
    assert reader.from_bytes(data) == Picture.from_bytes(data)
    assert reader.from_url(data_url(data)) == Picture.from_bytes(data)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP"])
def test_other_formats_are_read_too(reader, kind):
    buffer = io.BytesIO()
    Image.new("RGB", (33, 21), (10, 200, 30)).save(buffer, format=kind)
    picture = reader.from_bytes(buffer.getvalue())
    assert (picture.width_px, picture.height_px) == (33, 21)
    assert np.abs(picture.pixels.astype(int) - (10, 200, 30)).max() < 8


def test_a_photo_stands_upright_and_tells_no_place(reader):
    picture = reader.from_bytes(photo_with_a_place())
    assert (picture.width_px, picture.height_px) == (32, 48)
    assert picture.pixels[4, 16, 0] > 200 > picture.pixels[44, 16, 0]
    assert b"SECRET" not in picture.to_png()
    assert b"SECRET" not in reader.from_bytes(told_png()).to_png()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("nothing", b"", "empty"),
        ("words", b"<svg onload=alert(1)>" * 9, UNREADABLE),
        ("cut off", png_bytes()[:90], UNREADABLE),
        ("broken inside", png_bytes()[:60] + b"\0" * 40 + png_bytes()[100:], UNREADABLE),
        ("one pixel", png_bytes(1), "1x1 px"),
        ("a bomb of pixels", many_pixels_png(), "megapixels"),
        ("just too many pixels", many_pixels_png(5000, 5000), "megapixels"),
        ("a bomb of text", long_text_png(), UNREADABLE),
        ("a format with programs in it", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UNREADABLE),
    ],
)
def test_traps_are_refused_in_one_sentence_of_our_own(reader, name, data, sentence):
    told = refusal(reader, data)
    assert sentence in told
    assert told.endswith(".")
    assert not any(word in told for word in ("Error", "PIL", "zlib", "0x", "cannot identify", "Traceback"))


def test_a_file_over_the_limit_is_refused_unread(reader):
    assert "MB allowed" in refusal(reader, bytes(25_000_001))


def test_a_picture_that_takes_too_long_ends_with_its_worker_and_the_next_one_is_read():
    decoder = Decoder(DecodingLimits(cpu_s=0.3, num_workers=1))
    with pytest.raises(ValueError, match=TOO_SLOW):
        decoder.decode(many_scans_jpeg())
    assert decoder.decode(png_bytes()).width_px == 32
    decoder.close()


def test_a_picture_that_takes_too_much_memory_is_refused_and_the_next_one_is_read():
    decoder = Decoder(DecodingLimits(memory_bytes=300_000_000, max_pixels=20_000_000))
    buffer = io.BytesIO()
    Image.new("RGBA", (4400, 4400), (1, 2, 3, 4)).save(buffer, format="PNG")
    with pytest.raises(ValueError, match=r"memory|cannot be read"):
        decoder.decode(buffer.getvalue())
    assert decoder.decode(png_bytes()).width_px == 32
    decoder.close()


def test_pictures_in_use_have_a_total_and_leave_it_when_nobody_has_them():
    decoder = Decoder(DecodingLimits(max_pixels_held=2 * 32 * 32, num_workers=1))
    held = [decoder.decode(png_bytes(seed=seed)) for seed in range(2)]
    with pytest.raises(DecoderBusy):
        decoder.decode(png_bytes())
    view = held.pop().pixels[:4]  # whoever has a part of it has all of it
    with pytest.raises(DecoderBusy):
        decoder.decode(png_bytes())
    del view
    assert decoder.decode(png_bytes()).width_px == 32
    decoder.close()


def test_nobody_waits_for_a_worker_without_end():
    decoder = Decoder(DecodingLimits(num_workers=1, max_wait_s=0.2))
    with decoder._turn():
        start = time.monotonic()
        with pytest.raises(DecoderBusy) as busy:
            decoder.decode(png_bytes())
        assert 0.2 <= time.monotonic() - start < 30
        assert busy.value.retry_after_s >= 1
    assert decoder.decode(png_bytes()).width_px == 32
    decoder.close()


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png,rawbytes",
        "data:image/png;base64",
        "data:image/png;base64,@@@@",
        "data:image/png;base64,iVBOR",
        "data:text/html;base64,PGh0bWw+",
        "data:;base64,AAAA",
    ],
)
def test_malformed_data_urls_are_refused(url):
    with pytest.raises(ValueError, match=r"data: URL"):
        data_of_url(url)


def test_data_urls_are_read_in_any_case_and_with_parameters():
    assert data_of_url("DATA:image/PNG;name=a.png;BASE64,QUJD") == b"ABC"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x.png", "https://example.com/a.png", "file:///etc/passwd", "ftp://a/b", "/etc/passwd"],
)
def test_addresses_are_not_fetched_by_default(reader, url):
    with pytest.raises(ValueError, match="not fetched") as refused:
        reader.read([PictureSource(url=url)], read_file=lambda _: b"", most=4)
    assert str(refused.value) == OFF


def test_too_many_pictures_are_refused_before_the_first_is_read(reader):
    source = PictureSource(file_id="file_1")
    with pytest.raises(ValueError, match="at most 4"):
        reader.read([source] * 5, read_file=lambda _: pytest.fail("a picture was read"), most=4)


def test_content_is_understood_in_the_shapes_of_both_apis():
    url = data_url(png_bytes())
    shapes = [
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        {"type": "image_url", "image_url": url},
        {"type": "input_image", "image_url": url},
        {"type": "file", "file": {"file_data": url}},
        {"type": "input_file", "file_data": url},
    ]
    for shape in shapes:
        found = content_of([{"type": "text", "text": "Look."}, shape])
        assert (found.text, [source.url for source in found.pictures]) == ("Look.", [url])
    for shape in (
        {"type": "input_image", "file_id": "file_1"},
        {"type": "file", "file": {"file_id": "file_1"}},
        {"type": "input_file", "file_id": "file_1"},
    ):
        assert [source.file_id for source in content_of([shape]).pictures] == ["file_1"]
    assert content_of(None).text == ""
    assert content_of("Hello").text == "Hello"


@pytest.mark.parametrize(
    "content",
    [
        7,
        {"type": "text"},
        [7],
        [{"type": "text"}],
        [{"type": "text", "text": 7}],
        [{"type": "input_audio", "input_audio": {}}],
        [{"type": "image_url", "image_url": {}}],
        [{"type": "image_url"}],
        [{"type": "input_image", "file_id": 7}],
        [{"type": "file"}],
        [{"type": "text", "text": "a"}] * 300,
    ],
)
def test_content_of_no_known_shape_is_refused(content):
    with pytest.raises(ValueError, match=r"\.$"):
        content_of(content)
