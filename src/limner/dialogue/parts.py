"""The parts of a dialogue as pure values: pictures, instructions, responses, rounds, persons, dialogues.

Knows what each part holds, that it is well formed, and how untrusted picture bytes become a `Picture`.
Knows nothing about history, storage, tokens or models; identity in a history is `history.py`'s business.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps

from limner.dialogue.boxes import Box, checked_box, checked_region

MIN_SIDE_PX: Final = 16
MAX_PIXELS: Final = 20_000_000
MAX_BYTES: Final = 25_000_000
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_RUN_LENGTHS: Final = 3  # zlib's Z_RLE


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """An RGB picture: (H, W, 3) uint8, read-only, each side at least 16 px and at most 20 megapixels in all.

    The array given is copied unless it is already read-only and owns its memory, so a picture never changes.
    Two pictures are equal when their digests are.
    """

    pixels: np.ndarray

    def __post_init__(self) -> None:
        pixels = self.pixels
        if not isinstance(pixels, np.ndarray) or pixels.ndim != 3 or pixels.shape[2] != 3:
            shape = getattr(pixels, "shape", type(pixels).__name__)
            raise ValueError(f"a picture needs an array of shape (height, width, 3), not {shape}")
        if pixels.dtype != np.uint8:
            raise ValueError(
                f"a picture needs uint8 pixels in 0..255, not {pixels.dtype}; scale and cast them first"
            )
        _check_size(width_px=pixels.shape[1], height_px=pixels.shape[0])
        if pixels.flags.writeable or not pixels.flags.c_contiguous or not pixels.flags.owndata:
            pixels = pixels.copy(order="C")
            pixels.setflags(write=False)
            object.__setattr__(self, "pixels", pixels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over shape, mode and bytes."""
        return pixels_digest(self.pixels)

    @property
    def width_px(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.pixels.shape[0])

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Picture) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Picture({self.width_px}x{self.height_px}, {self.digest[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes numpy forgets the read-only flag; the constructor restores it.
        return (Picture, (self.pixels,))

    def to_pil(self) -> Image.Image:
        return Image.fromarray(self.pixels)

    def to_png(self) -> bytes:
        """PNG bytes. Runs alone are packed: against zlib's default strategy at level 3 that takes 60% of the
        time, for 5% fewer bytes on photographs and 7% more on painted scenes.
        """
        buffer = io.BytesIO()
        self.to_pil().save(buffer, format="PNG", compress_level=1, compress_type=_RUN_LENGTHS)
        return buffer.getvalue()

    @classmethod
    def from_pil(cls, image: Image.Image) -> Picture:
        """A picture of the first frame: EXIF orientation applied, alpha flattened on white, any mode to RGB.

        Embedded colour profiles are ignored. ValueError for a size out of range or an undecodable image.
        """
        _check_size(width_px=image.width, height_px=image.height)
        try:
            pixels = rgb_pixels(image)
        except Exception as error:  # decoders of untrusted bytes raise nearly anything
            raise ValueError(
                f"the picture cannot be decoded ({error}); save it anew as PNG or JPEG"
            ) from error
        pixels.setflags(write=False)
        return cls(pixels)

    @classmethod
    def from_bytes(cls, data: bytes) -> Picture:
        """Decode untrusted bytes (PNG, JPEG, WebP, GIF, BMP).

        ValueError when they are over 25 MB, over 20 megapixels, under 16 px a side, or no such picture.
        The size is read from the header and refused before any pixel is decoded.
        """
        if len(data) > MAX_BYTES:
            raise ValueError(
                f"the picture file holds {len(data) / 1e6:.1f} MB, more than the {MAX_BYTES // 1_000_000} MB "
                "allowed; send a smaller one"
            )
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise ValueError(_too_large("many times more")) from error
        except Exception as error:  # decoders of untrusted bytes raise nearly anything
            raise ValueError(
                f"the bytes are not a readable picture; send one of {', '.join(FORMATS)}"
            ) from error
        with image:
            return cls.from_pil(image)

    @classmethod
    def from_png(cls, data: bytes) -> Picture:
        """`from_bytes` for PNG bytes, guarded alike; bytes of another format raise ValueError."""
        if not data.startswith(b"\x89PNG\r\n\x1a\n"):
            raise ValueError("the bytes are not a PNG picture; use Picture.from_bytes for other formats")
        return cls.from_bytes(data)

    @classmethod
    def from_file(cls, path: str | Path) -> Picture:
        """Read a picture file; OSError when it cannot be opened, ValueError as `from_bytes`."""
        path = Path(path)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        try:
            return cls.from_bytes(data)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def pixels_digest(pixels: np.ndarray) -> str:
    """SHA-256 (hex) of (H, W, 3) uint8 RGB pixels: over shape, mode and bytes."""
    height_px, width_px, channels = pixels.shape
    digest = hashlib.sha256(f"{height_px}x{width_px}x{channels} RGB uint8\n".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def _too_large(size: str) -> str:
    limit = MAX_PIXELS // 1_000_000
    return f"the picture has {size} pixels, more than the {limit} megapixels allowed; scale it down"


def _check_size(*, width_px: int, height_px: int) -> None:
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise ValueError(
            f"the picture is {width_px}x{height_px} px, smaller than {MIN_SIDE_PX}x{MIN_SIDE_PX}; "
            "use a larger one"
        )
    if width_px * height_px > MAX_PIXELS:
        raise ValueError(_too_large(f"{width_px}x{height_px}"))


def rgb_pixels(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 of the first frame: EXIF orientation applied, alpha flattened on white, any mode to
    RGB.

    Whatever a decoder raises, and ValueError for floating-point pixels.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16-bit gray; Pillow's own conversion clips it to white
        gray = np.clip(np.asarray(image).astype(np.int64) >> 8, 0, 255).astype(np.uint8)
        return np.repeat(gray[:, :, None], 3, axis=2)
    if image.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(ground, image)
    return np.array(image.convert("RGB"))


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str):
        raise ValueError(f"the {where}'s text must be a string, not {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the {where}'s text holds half of a surrogate pair at {error.start}; remove it"
        ) from error


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """What the user says in one round: text, any number of pictures, and perhaps which part of the picture
    it is about: `region` (x0, y0, x1, y1) in [0, 1], of the last picture given here, else the last painted.
    """

    text: str
    pictures: tuple[Picture, ...] = ()
    region: Box | None = None

    def __post_init__(self) -> None:
        _check_text(self.text, "instruction")
        object.__setattr__(self, "pictures", tuple(self.pictures))
        if self.region is not None:
            object.__setattr__(self, "region", checked_region(self.region))


@dataclass(frozen=True, kw_only=True)
class Response:
    """What is answered in one round: text and at most one picture."""

    text: str
    picture: Picture | None = None

    def __post_init__(self) -> None:
        _check_text(self.text, "response")


@dataclass(frozen=True, kw_only=True)
class Round:
    """One instruction with its response; `depends_on` lists the 0-based earlier rounds it needs, in order."""

    instruction: Instruction
    response: Response
    depends_on: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        depends_on = tuple(sorted({int(index) for index in self.depends_on}))
        if depends_on and depends_on[0] < 0:
            raise ValueError(f"a round cannot depend on round {depends_on[0]}; indices start at 0")
        object.__setattr__(self, "depends_on", depends_on)

    def is_markov(self, index: int) -> bool:
        """Whether this round, standing at `index`, needs no round earlier than the one just before it."""
        return all(needed == index - 1 for needed in self.depends_on)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures, the instruction's first."""
        answer = self.response.picture
        return self.instruction.pictures + ((answer,) if answer is not None else ())


@dataclass(frozen=True, kw_only=True)
class NamedPerson:
    """A name and where its person is first seen: a round, perhaps a face box (x0, y0, x1, y1) in [0, 1]."""

    name: str
    round_index: int
    box: Box | None = None

    def __post_init__(self) -> None:
        _check_text(self.name, "person's name")
        if not self.name.strip():
            raise ValueError("a named person needs a name that is not empty")
        if self.box is not None:
            object.__setattr__(self, "box", checked_box(self.box, f"{self.name}'s box"))


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """Rounds in order, the persons named in them, the kind of sample, and its truth (JSON-able)."""

    rounds: tuple[Round, ...]
    persons: tuple[NamedPerson, ...] = ()
    kind: str = ""
    truth: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rounds", tuple(self.rounds))
        object.__setattr__(self, "persons", tuple(self.persons))
        if not self.rounds:
            raise ValueError("a dialogue needs at least one round")
        for index, round_ in enumerate(self.rounds):
            if round_.depends_on and round_.depends_on[-1] >= index:
                raise ValueError(
                    f"round {index} depends on round {round_.depends_on[-1]}, which is not earlier"
                )
        for person in self.persons:
            if not 0 <= person.round_index < len(self.rounds):
                raise ValueError(
                    f"{person.name} is seen in round {person.round_index} of {len(self.rounds)}; "
                    "round_index starts at 0"
                )

    @property
    def is_markov(self) -> bool:
        """Whether every round needs at most the round just before it."""
        return all(round_.is_markov(index) for index, round_ in enumerate(self.rounds))
