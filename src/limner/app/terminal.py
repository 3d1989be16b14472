"""The terminal's two streams: answers on stdout, everything else on stderr, and a sentence for an error.

Knows text only; pictures are `terminal_picture.py`'s.
"""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console
from rich.text import Text

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160), *range(0xD800, 0xE000)), "�")


def plain(text: str) -> Text:
    """Text as it stands, without markup; control characters, which could steer a terminal, and bytes of
    names that are no UTF-8 are replaced.
    """
    return Text(text.translate(_CONTROLS))


def fail(error: object) -> NoReturn:
    """Print one clear sentence on stderr and leave with exit code 2."""
    err.print(plain(f"limner: {sentence(error)}"))
    raise SystemExit(2)


def sentence(error: object) -> str:
    """What went wrong, on one line and without error numbers."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"{place}{error.strerror}."
    return " ".join(str(error).split())
