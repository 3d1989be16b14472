"""Shows a picture in a terminal: inline where that is understood, else in half blocks, else not at all.

Knows the two inline protocols (kitty's graphics, iTerm2's files) and how terminals announce themselves.
"""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from rich.text import Text

from limner.cli.terminal import out

if TYPE_CHECKING:
    from PIL import Image

Means = Literal["kitty", "iterm2", "blocks"]
_CHUNK: Final = 4096  # the most that one kitty escape may carry


def means_of(environment: Mapping[str, str], *, is_terminal: bool) -> Means | None:
    """How a terminal with these environment variables shows pictures; None when it does not."""
    if not is_terminal or environment.get("TERM") == "dumb":
        return None
    multiplexed = "TMUX" in environment or environment.get("TERM", "").startswith(("screen", "tmux"))
    if not multiplexed:
        if environment.get("TERM") in ("xterm-kitty", "xterm-ghostty"):
            return "kitty"
        if environment.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm"):
            return "iterm2"
    return "blocks" if environment.get("COLORTERM") in ("truecolor", "24bit") else None


def show(image: Image.Image, columns: int = 48) -> None:
    """Show the picture on stdout, `columns` characters wide, by the best means there is; maybe by none."""
    match means_of(os.environ, is_terminal=sys.stdout.isatty()):
        case "kitty":
            _write(kitty(image, columns))
        case "iterm2":
            _write(iterm2(image, columns))
        case "blocks":
            out.print(half_blocks(image, columns))
        case None:
            pass


def kitty(image: Image.Image, columns: int) -> str:
    """The escape sequences that show a picture in kitty and its relatives."""
    data = base64.b64encode(_png(image)).decode()
    chunks = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
    words = []
    for number, chunk in enumerate(chunks):
        head = f"a=T,f=100,q=2,c={columns}," if number == 0 else ""
        words.append(f"\x1b_G{head}m={int(number < len(chunks) - 1)};{chunk}\x1b\\")
    return "".join(words)


def iterm2(image: Image.Image, columns: int) -> str:
    """The escape sequence that shows a picture in iTerm2 and WezTerm."""
    data = _png(image)
    encoded = base64.b64encode(data).decode()
    return f"\x1b]1337;File=inline=1;size={len(data)};width={columns};preserveAspectRatio=1:{encoded}\x07"


def half_blocks(image: Image.Image, columns: int) -> Text:
    """The picture as text: each character shows two pixels, one above the other."""
    import numpy as np
    from PIL import Image

    rows = max(2, round(columns * image.height / image.width / 2) * 2)
    pixels_HWC = np.asarray(image.convert("RGB").resize((columns, rows), Image.Resampling.LANCZOS))
    text = Text()
    for upper, lower in zip(pixels_HWC[0::2], pixels_HWC[1::2], strict=True):
        for (r0, g0, b0), (r1, g1, b1) in zip(upper, lower, strict=True):
            text.append("▀", style=f"rgb({r0},{g0},{b0}) on rgb({r1},{g1},{b1})")
        text.append("\n")
    return text


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _write(escapes: str) -> None:
    sys.stdout.write(f"{escapes}\n")
    sys.stdout.flush()
