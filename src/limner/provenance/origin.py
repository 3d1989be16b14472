"""Where a picture comes from, told by the file itself: text in PNG, EXIF in JPEG and WebP, C2PA if asked for.

Knows what is told and how files carry it. Signing is `credentials.py`'s business, how pixels are marked
`watermark.py`'s and `badge.py`'s; without these pixels never change.
The prompt is told on request only: a picture is often passed on by people who did not write it.
"""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from limner.provenance.badge import with_badge
from limner.provenance.fitting import Size, fitted
from limner.provenance.watermark import mark
from limner.version import __version__

if TYPE_CHECKING:
    from limner.dialogue.parts import Picture
    from limner.provenance.credentials import Credentials
    from limner.provenance.manifests import Making

MEDIA_TYPES: Final = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEADER_END: Final = 33  # the signature and the IHDR chunk, which must come first
_PNG_URL: Final = "data:image/png;base64,"
_TOLD_BYTES: Final = 3 * 2**12  # what is told stands at a file's beginning
_NODE: Final = re.compile(rb"[0-9a-f]{16,64}")
SOFTWARE: Final = 0x0131
DESCRIPTION: Final = 0x010E


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin metadata of a painted picture: the model's name and weights, the seed, the history node,
    perhaps the prompt.
    """

    model: str
    weights: str
    seed: int
    node_id: str
    prompt: str | None = None

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "model": self.model,
            "weights": self.weights,
            "seed": self.seed,
            "node": self.node_id,
        }
        return told if self.prompt is None else {**told, "prompt": self.prompt}


def software() -> str:
    """The name and version of what painted."""
    return f"limner {__version__}"


def png_that_tells(
    png: bytes, origin: Origin, credentials: Credentials | None = None, making: Making | None = None
) -> bytes:
    """The same picture with text chunks: Software, and limner:model, :weights, :seed, :node, :prompt.

    Chunks are put in, nothing is encoded anew, so that the picture stays what it was to the last bit. With
    `credentials` a C2PA manifest is added. ValueError when the bytes are no PNG.
    """
    if not png.startswith(_SIGNATURE) or png[12:16] != b"IHDR":
        raise ValueError("Only a PNG can be told where it comes from in this way.")
    told = {"Software": software()} | {f"limner:{name}": str(v) for name, v in origin.to_json().items()}
    chunks = b"".join(_text_chunk(name, text) for name, text in told.items())
    whole = png[:_HEADER_END] + chunks + png[_HEADER_END:]
    return _signed(whole, "image/png", origin, credentials, making)


def file_that_tells(
    picture: Picture,
    origin: Origin,
    *,
    kind: str = "png",
    quality: int = 90,
    size: Size | None = None,
    credentials: Credentials | None = None,
    making: Making | None = None,
    badge: bool = False,
) -> bytes:
    """The picture as a file of that kind ("png", "jpeg", "webp") with its origin metadata.

    `size` fits it as `fitting.py` says; None leaves it as it was painted. `quality` (0 to 100) is
    that of JPEG and WebP. Where `making` names a watermark, it is put into the pixels, above a `badge` for
    people.
    """
    image = picture.to_pil()
    if size is not None:
        image = fitted(image, size)
    if badge:
        image = Image.fromarray(with_badge(np.asarray(image)))
    if making is not None and making.watermark is not None:
        image = Image.fromarray(mark(np.asarray(image)))
    buffer = io.BytesIO()
    if kind == "png":
        image.save(buffer, format="PNG", compress_level=3)
        return png_that_tells(buffer.getvalue(), origin, credentials, making)
    if kind not in MEDIA_TYPES:
        raise ValueError(f"A picture is written as {', '.join(MEDIA_TYPES)}, not {kind!r}.")
    exif = Image.Exif()
    exif[SOFTWARE] = software()
    exif[DESCRIPTION] = json.dumps(origin.to_json(), ensure_ascii=True)
    image.save(buffer, format=kind.upper(), quality=quality, exif=exif)
    return _signed(buffer.getvalue(), MEDIA_TYPES[kind], origin, credentials, making)


def _signed(
    whole: bytes, media_type: str, origin: Origin, credentials: Credentials | None, making: Making | None
) -> bytes:
    if credentials is None:
        return whole
    told = origin.to_json()
    return credentials.sign(whole, media_type, told, *(() if making is None else (making,)))


def media_type_of(data: bytes) -> str | None:
    """By its first bytes; None when it is of no kind that is written here."""
    if data.startswith(_SIGNATURE):
        return MEDIA_TYPES["png"]
    if data.startswith(b"\xff\xd8\xff"):
        return MEDIA_TYPES["jpeg"]
    return MEDIA_TYPES["webp"] if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def has_manifest(data: bytes) -> bool:
    """Whether a file seems to carry a C2PA manifest; asks no library."""
    return media_type_of(data) is not None and b"jumb" in data and b"c2pa" in data


def node_of_url(url: str) -> str | None:
    """The history node named in a data: URL's PNG, if it is a file of ours. Anybody can write such a file: it
    says where to look, and proves nothing.
    """
    if not url.startswith(_PNG_URL):
        return None
    try:
        head = base64.b64decode(url[len(_PNG_URL) : len(_PNG_URL) + 4 * (_TOLD_BYTES // 3)])
    except ValueError:
        return None
    start = head.find(b"iTXtlimner:node\0\0\0\0\0") + len(b"iTXtlimner:node\0\0\0\0\0")
    found = _NODE.match(head, start) if head.startswith(_SIGNATURE) and start >= _HEADER_END else None
    return None if found is None else found.group().decode()


def _text_chunk(name: str, text: str) -> bytes:
    """An uncompressed iTXt chunk: UTF-8, whatever the prompt is written in (PNG specification, 11.3.3.4)."""
    body = name.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
