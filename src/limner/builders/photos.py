"""Pictures as cameras, phones and scanners leave them: large ones, AVIF, HEIC, TIFF, GIF, wide-gamut colours.

Knows Pillow, and pillow-heif where it is installed. What is read here was named by whoever builds, so it may
be larger than what a stranger may send (`dialogue/parts.py`).
"""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from limner.dialogue.parts import MIN_SIDE_PX, rgb_pixels

SUFFIXES: Final = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic",
    ".heif", ".hif", ".jp2", ".j2k", ".jpx", ".jpf", ".mpo", ".apng", ".ppm", ".pgm", ".pnm",
)  # fmt: skip
# Pictures that are told of and not read.
UNREAD: Final = (
    ".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw", ".jxl",
    ".psd", ".svg", ".raw", ".3fr", ".iiq", ".rwl", ".tga", ".exr",
)  # fmt: skip
LONGEST_PX: Final = 4096  # the longer side at which pictures are kept at most
_MOST_PIXELS: Final = 150_000_000
_MOST_BYTES: Final = 400_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")


def read_photo(source: Path | bytes, longest_px: int = LONGEST_PX) -> np.ndarray:
    """(H, W, 3) uint8 sRGB, upright, with a longer side of `longest_px` at most.

    Of a JPEG that is much larger, only as much as that is decoded. Of a GIF or TIFF with several pictures,
    the first. OSError when the file cannot be opened, ValueError with a sentence when it holds no usable
    picture.
    """
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), longest_px)
    suffix = source.suffix.lower()
    if suffix in UNREAD:
        raise ValueError(f"{source}: {suffix} pictures are not read; save it as PNG or JPEG")
    if source.exists() and not source.is_file():  # a pipe would be waited for without end
        raise ValueError(f"{source}: it is no file")
    with source.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size > _MOST_BYTES:
            raise ValueError(f"{source}: it holds {size / 1e6:.0f} MB, more than {_MOST_BYTES // 1_000_000}")
        try:
            return _read(file, longest_px)
        except ValueError as error:
            raise ValueError(f"{source}: {error}") from error


def shrunk(pixels: np.ndarray, longest_px: int) -> np.ndarray:
    """The picture with a longer side of `longest_px` at most; its shape is kept."""
    height, width = pixels.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _read(file: Any, longest_px: int) -> np.ndarray:
    is_heic = _is_heic(file.read(12))
    file.seek(0)
    formats = _heif() if is_heic else _known_formats()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit is asked below; decoders warn of odd metadata
            image = Image.open(file, formats=formats)
            _check_size(*image.size)
            image.draft("RGB", (longest_px, longest_px))
            pixels = shrunk(rgb_pixels(_in_srgb(image)), longest_px)
    except Image.DecompressionBombError as error:
        raise ValueError(f"it has more than {_MOST_PIXELS // 1_000_000} megapixels") from error
    except UnidentifiedImageError as error:
        raise ValueError("it is not a readable picture") from error
    except ValueError:
        raise
    except Exception as error:  # decoders raise nearly anything
        told = " ".join(str(error).split())
        raise ValueError(f"it cannot be decoded ({told})") from error
    if min(pixels.shape[:2]) < MIN_SIDE_PX:
        raise ValueError(f"it is {pixels.shape[1]}x{pixels.shape[0]} px, too small")
    return pixels


@cache
def _known_formats() -> tuple[str, ...]:
    """Those that this Pillow was built with."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > _MOST_PIXELS:
        raise ValueError(
            f"it has {width_px}x{height_px} pixels, more than {_MOST_PIXELS // 1_000_000} megapixels"
        )


def _is_heic(begin: bytes) -> bool:
    return begin[4:8] == b"ftyp" and begin[8:12] in (
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"hevc",
        b"mif1",
        b"msf1",
    )


def _heif() -> tuple[str, ...]:
    """The name of pillow-heif's format; ValueError that says what to install when it is missing."""
    try:
        import pillow_heif
    except ImportError as error:
        raise ValueError(
            'HEIC pictures need pillow-heif; install it with: pip install "limner[heic]"'
        ) from error
    pillow_heif.register_heif_opener()
    return ("HEIF",)


def _in_srgb(image: Image.Image) -> Image.Image:
    """The picture with its colours brought from its profile to sRGB; as it is when it has none that can be
    used. Phones write Display P3, cameras Adobe RGB.
    """
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK", "L"):
        return image
    try:
        told = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        if "srgb" in ImageCms.getProfileDescription(told).lower():
            return image
        orientation = image.getexif()
        converted = ImageCms.profileToProfile(image, told, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    if converted is None:
        return image
    converted.info["exif"] = orientation.tobytes()
    return converted
