"""Windows of a picture: where they lie around a face, and from which places of it they are sampled.

Knows tensors only.

Legend: K windows of a batch, S side of what is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor


@dataclass(frozen=True)
class Span:
    """What a window holds, in units of the face's box from its centre: to either side, up and down."""

    side: float
    up: float
    down: float

    def window(self, boxes: Tensor) -> Tensor:
        """Centres and sizes of faces (..., 4) -> x0, y0, x1, y1 of their windows (..., 4)."""
        x, y, wide, high = boxes.unbind(-1)
        sides = (x - self.side * wide, y - self.up * high, x + self.side * wide, y + self.down * high)
        return torch.stack(sides, dim=-1)


@dataclass(frozen=True)
class FittedSpan:
    """The first of `spans`, each reaching further down, that reaches the lower edge of the picture from where
    the face is (the last one, where none does). So a canvas shows all of a person that a picture shows, as
    large as it may.
    """

    spans: tuple[Span, ...]

    def window(self, boxes: Tensor) -> Tensor:
        """As `Span.window`; boxes are in the unit square."""
        _, y, _, high = boxes.unbind(-1)
        short = sum((y + span.down * high < 1).long() for span in self.spans[:-1])
        windows = torch.stack([span.window(boxes) for span in self.spans], dim=-2)
        chosen = torch.as_tensor(short)[..., None, None].expand(*boxes.shape[:-1], 1, 4)
        return windows.gather(-2, chosen)[..., 0, :]


FIGURE: Final = Span(1.7, 1.35, 2.5)  # shoulders, hats, chest
# Down to the chest, to the hips, to the feet.
SEEN_FIGURE: Final = FittedSpan((Span(1.7, 1.35, 2.9), Span(2.2, 1.35, 5.0), Span(2.6, 1.35, 8.0)))
FACE: Final = Span(0.75, 0.75, 0.7)


def within(windows_K4: Tensor, reach: tuple[float, ...]) -> Tensor:
    """Windows as they lie in `reach` (x0, y0, x1, y1), which is the unit square to them; float32."""
    x0, y0, x1, y1 = reach
    size_4 = windows_K4.new_tensor((x1 - x0, y1 - y0) * 2)
    return ((windows_K4 - windows_K4.new_tensor((x0, y0) * 2)) / size_4).float()


def sampling_grid(windows_K4: Tensor, side: int, *, inverse: bool = False) -> Tensor:
    """(K, side, side, 2): where each pixel of a picture of `side` lies in a window of it, -1 to 1 inside;
    with `inverse` the windows are the picture's in something larger.
    """
    centres = (torch.arange(side, device=windows_K4.device) + 0.5) / side
    x0, y0, x1, y1 = (windows_K4[:, index, None] for index in range(4))
    if inverse:
        x_KS, y_KS = x0 + (x1 - x0) * centres, y0 + (y1 - y0) * centres
    else:
        x_KS, y_KS = (centres - x0) / (x1 - x0), (centres - y0) / (y1 - y0)
    shape = (len(windows_K4), side, side)
    across, down = 2 * x_KS - 1, 2 * y_KS - 1
    return torch.stack([across[:, None, :].expand(shape), down[:, :, None].expand(shape)], dim=-1)
