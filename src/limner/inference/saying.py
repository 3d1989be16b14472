"""What is said in one round, checked: text, pictures of any kind, the part of a picture that they are about,
how many steps to draw with.

Knows what an instruction may hold. Knows nothing about conversations or models.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from limner.dialogue.boxes import Box
from limner.dialogue.parts import Instruction, Picture

MAX_TEXT_CHARACTERS = 4000
MAX_IMAGES = 4
MAX_STEPS = 1000

Image_ = str | Path | bytes | Image.Image | np.ndarray | Picture


def instruction_of(text: str, images: Sequence[Image_] = (), region: Box | None = None) -> Instruction:
    """An instruction of text, pictures and region; ValueError says in one sentence what is wrong."""
    said = checked_text(text)
    pictures = as_pictures(images)
    try:
        return Instruction(text=said, pictures=pictures, region=region)
    except TypeError:
        raise ValueError(f"A region is four numbers x0, y0, x1, y1 from 0 to 1, not {region!r}.") from None
    except ValueError as error:
        sentence = str(error).removesuffix(".")
        raise ValueError(f"{sentence[0].upper()}{sentence[1:]}.") from None


def checked_text(text: str) -> str:
    """The text without surrounding white space, its accents composed with their letters (NFC), so that what
    looks alike is read alike; ValueError when it is empty or too long.
    """
    if not isinstance(text, str):
        raise ValueError(f"What you say must be text, not {type(text).__name__}.")
    text = text.strip()
    if not text:
        raise ValueError("The text is empty; say what you want to see.")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ValueError(f"The text has {len(text)} characters, more than {MAX_TEXT_CHARACTERS}; shorten it.")
    return unicodedata.normalize("NFC", text)


def checked_steps(steps: int) -> int:
    """Steps of the detokenizer; ValueError when they are no whole number from 1 to 1,000."""
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps is a whole number from 1 to {MAX_STEPS:,}, not {steps!r}.")
    return steps


def as_pictures(images: Sequence[Image_]) -> tuple[Picture, ...]:
    """Paths, bytes, PIL images, arrays or pictures -> pictures; ValueError says what is wrong with one."""
    if isinstance(images, (str, bytes, Path, Image.Image, Picture, np.ndarray)):
        raise ValueError("images is a list: write images=[...] even for one picture.")
    if len(images) > MAX_IMAGES:
        raise ValueError(f"{len(images)} pictures were given; at most {MAX_IMAGES} fit one round.")
    return tuple(_as_picture(image) for image in images)


def _as_picture(image: Image_) -> Picture:
    match image:
        case Picture():
            return image
        case bytes() | bytearray() | memoryview():
            return Picture.from_bytes(bytes(image))
        case Image.Image():
            return Picture.from_pil(image)
        case np.ndarray():
            return Picture(image)
        case str() | Path():
            try:
                return Picture.from_file(image)
            except OSError as error:
                raise ValueError(f"The picture {image} cannot be read: {error.strerror or error}.") from error
        case io.IOBase():
            return Picture.from_bytes(image.read())
    raise ValueError(f"A picture is a path, bytes, a PIL image or an array, not {type(image).__name__}.")
