"""Small files that would cost much: made here, byte by byte, so that none lies in the repository."""

from __future__ import annotations

import base64
import functools
import io
import struct
import zlib

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo


def png_bytes(side_px: int = 32, seed: int = 0, **how) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (side_px, side_px, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", **how)
    return buffer.getvalue()


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@functools.cache
def many_pixels_png(width_px: int = 30_000, height_px: int = 30_000) -> bytes:
    """A PNG of 900 megapixels of one color in under a megabyte."""
    deflate = zlib.compressobj(9)
    row = bytes(1 + (width_px + 7) // 8)
    body = b"".join(deflate.compress(row * 1000) for _ in range(height_px // 1000)) + deflate.flush()
    head = struct.pack(">IIBBBBB", width_px, height_px, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


@functools.cache
def long_text_png(num_bytes: int = 90_000_000) -> bytes:
    """A small picture with a compressed comment that unpacks to 90 MB."""
    deflate = zlib.compressobj(9)
    text = b"".join(deflate.compress(bytes(1_000_000)) for _ in range(num_bytes // 1_000_000))
    png = png_bytes()
    return png[:33] + _chunk(b"zTXt", b"Comment\0\0" + text + deflate.flush()) + png[33:]


@functools.cache
def many_scans_jpeg(num_scans: int = 4000, side_px: int = 2048) -> bytes:
    """A progressive JPEG that repeats one empty scan: some 100 kB that take many seconds to decode."""
    buffer = io.BytesIO()
    Image.new("RGB", (side_px, side_px), (90, 120, 150)).save(buffer, format="JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * num_scans + data[-2:]


def photo_with_a_place(orientation: int = 6) -> bytes:
    """A JPEG of 48x32 px, lying on its side by its EXIF, with a place and a comment in it."""
    pixels = np.zeros((32, 48, 3), dtype=np.uint8)
    pixels[:, :24] = (250, 10, 10)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "SECRET-PLACE"
    exif.get_ifd(0x8825)[1] = "N"
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", exif=exif, comment=b"SECRET-COMMENT", quality=95)
    return buffer.getvalue()


def told_png(text: str = "SECRET-TEXT") -> bytes:
    info = PngInfo()
    info.add_text("Comment", text)
    return png_bytes(pnginfo=info)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
