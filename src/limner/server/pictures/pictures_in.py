"""Pictures that clients send: as data: URLs, as ids of uploaded files, or by an address that is allowed.

Knows the shapes of message content and where a picture's bytes come from. How bytes become pixels safely is
`decoding.py`'s business, how an address is fetched `remote_pictures.py`'s. Knows no endpoint.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from limner.dialogue.boxes import Box, checked_region
from limner.dialogue.parts import Picture
from limner.provenance.origin import has_manifest
from limner.server.security.decoding import ALPHA, Decoder, DecodingLimits
from limner.server.security.remote_pictures import OFF, RemoteRules, fetch

_DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,", re.IGNORECASE)
TEXT_KINDS: Final = ("text", "input_text", "output_text", "refusal")
PICTURE_KINDS: Final = ("image_url", "input_image", "file", "input_file")
MAX_PARTS: Final = 256
BASE64_PIECE: Final = 2**20  # letters; a multiple of four


@dataclass(frozen=True, kw_only=True)
class PictureRules:
    """What a picture may cost, and which addresses are fetched (none by default)."""

    decoding: DecodingLimits = field(default_factory=DecodingLimits)
    remote: RemoteRules = field(default_factory=RemoteRules)


@dataclass(frozen=True, kw_only=True)
class PictureSource:
    """Where the request says a picture is: a URL of any scheme, or the id of an uploaded file."""

    url: str | None = None
    file_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Content:
    """A message's words, joined, and its pictures in order; nothing is fetched or decoded yet."""

    text: str
    pictures: tuple[PictureSource, ...] = ()


ReadFile = Callable[[str], bytes]  # a file's id -> its bytes; raises what says that it is not there


@dataclass(frozen=True, eq=False, repr=False)
class GivenPicture(Picture):
    """A picture whose file carries a C2PA manifest, which manifests of derived pictures must name."""

    file: bytes = b""


class PictureReader:
    """Turns what clients send into pictures; for several threads. Decoding is bounded and out of process."""

    def __init__(self, rules: PictureRules | None = None) -> None:
        self.rules = rules or PictureRules()
        self.decoder = Decoder(self.rules.decoding)

    def from_bytes(self, data: bytes) -> Picture:
        """ValueError in one sentence when the bytes are no picture within the limits."""
        picture = self.decoder.decode(data)
        return GivenPicture(picture.pixels, data) if has_manifest(data) else picture

    def from_url(self, url: str) -> Picture:
        """The picture of a data: URL, or of an allowed address; ValueError otherwise."""
        return self.from_bytes(self._bytes_of(url))

    def read(self, sources: Sequence[PictureSource], read_file: ReadFile, *, most: int) -> list[Picture]:
        """All pictures in order. Their number is checked before the first is decoded."""
        if len(sources) > most:
            raise ValueError(f"{len(sources)} pictures were sent; at most {most} fit one round.")
        for source in sources:
            if source.url is not None and not is_data_url(source.url) and not self.rules.remote.origins:
                raise ValueError(OFF)
        return [self._read_one(source, read_file) for source in sources]

    def _read_one(self, source: PictureSource, read_file: ReadFile) -> Picture:
        if source.file_id is not None:
            return self.from_bytes(read_file(source.file_id))
        assert source.url is not None
        return self.from_url(source.url)

    def region(self, source: PictureSource) -> Box:
        """What a mask leaves to be painted, as the box around its transparent part; ValueError when it has
        none, as no uploaded file has.
        """
        if source.url is None:
            raise ValueError("Uploaded files are kept without transparency; send the mask as a data: URL.")
        return self.region_in(self._bytes_of(source.url))

    def region_in(self, mask: bytes) -> Box:
        """The same of a mask's file."""
        return checked_region(region_of_mask(self.decoder.decode(mask, wanted=ALPHA)))

    def _bytes_of(self, url: str) -> bytes:
        if not is_data_url(url) and not self.rules.remote.origins:
            raise ValueError(OFF)
        return data_of_url(url) if is_data_url(url) else fetch(url, self.rules.remote)

    def close(self) -> None:
        self.decoder.close()


def region_of_mask(opaque: Picture) -> Box:
    """The box around what is wholly transparent in a mask, given how opaque it is; ValueError without any."""
    open_HW = opaque.pixels[:, :, 0] == 0
    columns, rows = np.flatnonzero(open_HW.any(axis=0)), np.flatnonzero(open_HW.any(axis=1))
    if not len(columns):
        raise ValueError(
            "The mask has no transparent part; make what is to change transparent, as in a PNG with alpha 0."
        )
    sides = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    whole = (opaque.width_px, opaque.height_px) * 2
    x0, y0, x1, y1 = (float(side / most) for side, most in zip(sides, whole, strict=True))
    return (x0, y0, x1, y1)


@lru_cache(maxsize=8)
def picture_reader(rules: PictureRules) -> PictureReader:
    """The one reader of a process for these rules, so that all endpoints share its workers."""
    return PictureReader(rules)


def is_data_url(url: str) -> bool:
    return url[:5].lower() == "data:"


def data_of_url(url: str) -> bytes:
    """The bytes of a base64 data: URL of a picture; ValueError says what is wrong with it."""
    head = _DATA_URL.match(url)
    if head is None or head.group(3) is None:
        raise ValueError("The picture's data: URL is malformed; write it as data:image/png;base64,....")
    kind = (head.group(1) or "").lower()
    if not kind.startswith("image/") and kind != "application/octet-stream":
        raise ValueError(f"The data: URL holds {kind or 'no kind of file'}, not a picture; send image/png.")
    try:
        return _from_base64(url, head.end())
    except (ValueError, UnicodeEncodeError):
        raise ValueError("The picture's data: URL is not valid base64; encode the file anew.") from None


def _from_base64(text: str, start: int) -> bytes:
    """Piece by piece, as one long call would hold up every other thread."""
    pieces = []
    for at in range(start, len(text), BASE64_PIECE):
        piece = text[at : at + BASE64_PIECE].encode("ascii")
        if b"=" in piece and at + BASE64_PIECE < len(text):
            raise ValueError("there is more after the end")
        pieces.append(binascii.a2b_base64(piece, strict_mode=True))
    return b"".join(pieces)


def content_of(content: Any, *, name: str = "content", is_answer: bool = False) -> Content:
    """A message's content, in the shapes of Chat Completions and of Responses alike.

    Args:
        name: how the content is called when one of its parts is refused.
        is_answer: parts of other kinds, which other models left in their answers, are passed over.

    A string, or a list of parts: text, input_text, output_text, image_url (its URL as an object or plain),
    input_image (image_url or file_id), file / input_file (file_id or file_data). ValueError otherwise.
    """
    if content is None:
        return Content(text="")
    if isinstance(content, str):
        return Content(text=content)
    if not isinstance(content, Sequence) or isinstance(content, (bytes, bytearray)):
        raise ValueError(f"{name} is a text or a list of parts.")
    if len(content) > MAX_PARTS:
        raise ValueError(f"{name} has {len(content)} parts, more than {MAX_PARTS}.")
    words: list[str] = []
    pictures: list[PictureSource] = []
    for index, part in enumerate(content):
        if isinstance(part, str):
            words.append(part)
            continue
        if not isinstance(part, Mapping):
            raise ValueError(f"{name}[{index}] must be an object with a type.")
        kind = part.get("type")
        if is_answer and kind not in (*TEXT_KINDS, *PICTURE_KINDS):
            continue
        try:
            if kind in TEXT_KINDS:
                words.append(_words_of(part))
            else:
                pictures.append(picture_source(part))
        except ValueError as error:
            raise ValueError(f"{name}[{index}]: {error}") from None
    return Content(text="\n".join(word for word in words if word), pictures=tuple(pictures))


def _words_of(part: Mapping[str, Any]) -> str:
    kind = part["type"]
    text = part.get("refusal" if kind == "refusal" else "text")
    if not isinstance(text, str):
        raise ValueError(f"A part of type {kind} needs its text as a string.")
    return text


def picture_source(part: Mapping[str, Any]) -> PictureSource:
    """Where the picture of a part is; ValueError when the part holds none or is of an unknown type."""
    kind = part.get("type")
    if kind == "image_url":
        return _of_url(part.get("image_url"))
    if kind == "input_image":
        if part.get("file_id") is not None:
            return _of_file(part["file_id"])
        return _of_url(part.get("image_url"))
    if kind in ("file", "input_file"):
        held = part.get("file") if kind == "file" else part
        if isinstance(held, Mapping):
            if held.get("file_id") is not None:
                return _of_file(held["file_id"])
            return _of_url(held.get("file_data"))
        raise ValueError(f"A part of type {kind} needs a file_id.")
    name = kind[:40] if isinstance(kind, str) else "no type"
    raise ValueError(f"A part of type {name!r} is not understood; send text and image_url or input_image.")


def _of_url(held: Any) -> PictureSource:
    url = held.get("url") if isinstance(held, Mapping) else held
    if not isinstance(url, str) or not url:
        raise ValueError("A picture needs its URL as a string; write it as data:image/png;base64,....")
    return PictureSource(url=url)


def _of_file(file_id: Any) -> PictureSource:
    if not isinstance(file_id, str) or not file_id:
        raise ValueError("A file's id is a string, as /v1/files returned it.")
    return PictureSource(file_id=file_id)
