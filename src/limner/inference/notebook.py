"""How answers look in a notebook: HTML that needs nothing else. Knows words and pictures alone."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Final

from PIL import Image

STRIP_PX: Final = 160  # the longer side of a picture in a strip


def png_bytes(image: Image.Image) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


def reply_html(text: str, image: Image.Image | None) -> str:
    """Words, and the picture in its own size below them."""
    shown = "" if image is None else _picture(image, text)
    return f'<div><p style="margin:0 0 .4em">{html.escape(text)}</p>{shown}</div>'


def conversation_html(rounds: Sequence[tuple[str, str, Image.Image | None]]) -> str:
    """A strip of rounds (instruction, answer, picture) side by side, numbered from 1."""
    if not rounds:
        return "<p>An empty conversation.</p>"
    cells = "".join(
        f'<figure style="margin:0;width:{STRIP_PX}px">{_small(image, answer)}'
        f'<figcaption style="font-size:.8em;overflow-wrap:anywhere"><b>{number}. {html.escape(said)}</b><br>'
        f"{html.escape(answer)}</figcaption></figure>"
        for number, (said, answer, image) in enumerate(rounds, start=1)
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start">{cells}</div>'


def _small(image: Image.Image | None, alternative: str) -> str:
    if image is None:
        return ""
    small = image.copy()
    small.thumbnail((STRIP_PX, STRIP_PX))
    return _picture(small, alternative)


def _picture(image: Image.Image, alternative: str) -> str:
    data = base64.b64encode(png_bytes(image)).decode()
    size = f'width="{image.width}" height="{image.height}"'
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alternative)}" {size}>'
