"""The sizes that clients ask for pictures in, and how they are written. Pictures are fitted by
`limner.provenance.fitting`.
"""

from __future__ import annotations

import re
from typing import Final

from limner.provenance.fitting import Size
from limner.server.errors import wrong

MIN_SIZE_PX: Final = 16
MAX_SIZE_PX: Final = 2048
_SIZE: Final = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")


def size_of(size: str | None, *, param: str = "size") -> Size | None:
    """The size that a picture is handed out in; None leaves it as it is painted. 400 for what is none."""
    if size is None or size == "auto":
        return None
    match = _SIZE.fullmatch(size)
    if match is None:
        raise wrong(
            f"size must be auto, or a width and a height such as 1024x1024, not {size[:20]!r}.", param=param
        )
    width, height = int(match.group(1)), int(match.group(2))
    if not all(MIN_SIZE_PX <= side <= MAX_SIZE_PX for side in (width, height)):
        raise wrong(
            f"size must be from {MIN_SIZE_PX} to {MAX_SIZE_PX} px a side, not {width}x{height}.", param=param
        )
    return width, height


def size_text(size: Size) -> str:
    """(1024, 1536) -> "1024x1536"."""
    return f"{size[0]}x{size[1]}"
