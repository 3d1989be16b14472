"""Pictures that are held as PNG bytes, for histories of many of them: a third of their pixels' room.

Knows how a picture is packed and looked at again. Knows nothing of who holds it, and for how long.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from limner.dialogue.parts import Picture, Round, rgb_pixels


class PackedPicture(Picture):
    """A picture whose pixels are decoded each time that they are looked at, and not held: some 10 ms for
    256 px a side. Its digest and its size are known without.
    """

    _png: bytes
    _size_px: tuple[int, int]

    def __init__(self, picture: Picture, png: bytes | None = None) -> None:
        """`png`: what `picture` was read from or was packed as, where that is at hand."""
        size_px = picture.width_px, picture.height_px
        png = picture.to_png() if png is None else png
        self.__dict__.update(digest=picture.digest, _png=png, _size_px=size_px)

    @property
    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8, read-only, decoded anew."""
        with Image.open(io.BytesIO(self._png), formats=("PNG",)) as image:
            pixels = rgb_pixels(image)
        pixels.setflags(write=False)
        return pixels

    @property
    def width_px(self) -> int:
        return self._size_px[0]

    @property
    def height_px(self) -> int:
        return self._size_px[1]

    @property
    def num_bytes(self) -> int:
        """What is held."""
        return len(self._png)

    def to_png(self) -> bytes:
        return self._png


def packed(round_: Round, pngs: Sequence[bytes]) -> Round:
    """The same round with all its pictures packed; `pngs` hold them in the order of
    `Round.pictures`.
    """
    pictures = [PackedPicture(*each) for each in zip(round_.pictures, pngs, strict=True)]
    painted = None if round_.response.picture is None else pictures.pop()
    return replace(
        round_,
        instruction=replace(round_.instruction, pictures=tuple(pictures)),
        response=replace(round_.response, picture=painted),
    )
