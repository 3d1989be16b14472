"""What a terminal can show: a picture in coloured half blocks, a sentence for an error. Knows nothing about models."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import numpy as np
from PIL import Image
from rich.console import Console
from rich.text import Text

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: object) -> NoReturn:
    """Print one clear sentence on stderr and leave with exit code 2."""
    err.print(Text(f"limner: {message}"))
    raise SystemExit(2)


def can_show_pictures() -> bool:
    """Whether stdout is a terminal of 24-bit colours."""
    return sys.stdout.isatty() and os.environ.get("COLORTERM") in ("truecolor", "24bit")


def half_blocks(image: Image.Image, columns: int = 56) -> Text:
    """The picture as text: each character shows two pixels, one above the other."""
    rows = max(2, round(columns * image.height / image.width / 2) * 2)
    pixels_HWC = np.asarray(image.convert("RGB").resize((columns, rows), Image.Resampling.LANCZOS))
    text = Text()
    for upper, lower in zip(pixels_HWC[0::2], pixels_HWC[1::2], strict=True):
        for top, bottom in zip(upper, lower, strict=True):
            text.append(
                "▀", style=f"rgb({top[0]},{top[1]},{top[2]}) on rgb({bottom[0]},{bottom[1]},{bottom[2]})"
            )
        text.append("\n")
    return text
