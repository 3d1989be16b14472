"""A first picture composed of layers: the place, then the persons before it; and what joins it to the rest.

What a place looks like and what a person looks like is learned on canvases of their own, far cheaper than in
whole pictures (`backdrop_layer.py`, `person_canvas.py`). What lies between (furniture, light, style, hands
that meet) the transformer draws, and a few convolutions choose, pixel by pixel, between both. Of the small
scales alone: it needs tokens that name places and persons, and persons and places shown apart to learn from,
which photographs do not come with. Knows tensors only.

Legend: B batch, F persons (figures), K persons of a batch, W side of a canvas, N image tokens, D token width,
S side of the picture, M places a side of the finest map, C its channels, E width of the summary.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.backdrop_layer import BackdropLayer
from limner.models.person_canvas import FaceFinder, PersonCanvas
from limner.models.refine import FINER, RGBA
from limner.models.sizes import LayerSizes
from limner.models.windows import FACE, SEEN_FIGURE, sampling_grid

FADE = 6.0  # a face's canvas fades into the figure's over a sixth of the way from its edge to its middle
GATE_START = -2.0  # of the transformer's share before its sigmoid: at first the layers are most of a picture


class SceneLayers(nn.Module):
    """The layers of a scene, composed."""

    def __init__(self, sizes: LayerSizes, num_tokens: int, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        each, first = sizes.person_tokens, sizes.persons * sizes.person_tokens
        others = num_tokens - first
        self.backdrop = BackdropLayer(sizes.backdrop, first, num_tokens, token_dim)
        self.finder = FaceFinder(sizes.persons, num_tokens, token_dim)
        self.figures = PersonCanvas(sizes.figures, each, others, token_dim)
        self.faces = PersonCanvas(sizes.faces, each, others, token_dim)

    def forward(self, image_tokens_BND: Tensor, side: int) -> Tensor:
        """(B, 3, side, side) float32, about in [-1, 1]; persons from left to right, each over the former."""
        picture_B3SS: Tensor = self.backdrop(image_tokens_BND, side)
        for layer_BCSS in self.persons(image_tokens_BND, side).unbind(1):
            colours, opacity = layer_BCSS.split((3, 1), dim=1)
            picture_B3SS = picture_B3SS * (1 - opacity) + colours
        return picture_B3SS

    def persons(self, image_tokens_BND: Tensor, side: int) -> Tensor:
        """The persons in their places (B, F, 4, side, side) float32: colours in [-1, 1] times their opacity,
        and the opacity in [0, 1]. Nothing where nobody is.
        """
        boxes_BF4, there_BF = self.finder(image_tokens_BND)
        picture_K, person_K = torch.nonzero(there_BF, as_tuple=True)
        count, persons = len(image_tokens_BND), self.sizes.persons
        placed = torch.zeros(count * persons, RGBA, side, side, device=image_tokens_BND.device)
        if len(picture_K):
            told = self.told(image_tokens_BND, picture_K, person_K)
            boxes_K4 = boxes_BF4[picture_K, person_K]
            frames_K3 = self.finder.frames(image_tokens_BND, boxes_BF4)[picture_K, person_K]
            windows_K4, faces_K4 = SEEN_FIGURE.window(boxes_K4), FACE.window(boxes_K4)
            drawn_KCWW = self.figures(*told, in_frame(windows_K4, frames_K3))
            whole = _sampled(drawn_KCWW, sampling_grid(windows_K4, side))
            grid_KSS2 = sampling_grid(faces_K4, side)
            share_K1SS = (FADE * (1 - grid_KSS2.abs().amax(-1))).clamp(0, 1)[:, None]
            drawn_KCSS = torch.lerp(
                whole, _sampled(self.faces(*told, in_frame(faces_K4, frames_K3)), grid_KSS2), share_K1SS
            )
            placed = placed.index_copy(0, picture_K * persons + person_K, drawn_KCSS)
        colours, opacity = placed.unflatten(0, (count, persons)).split((RGBA - 1, 1), dim=2)
        return torch.cat([colours, opacity.clamp(0, 1)], dim=2)

    def told(self, image_tokens_BND: Tensor, picture_K: Tensor, person_K: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens that describe these persons of these pictures: their own, and those of the scene."""
        each, persons = self.sizes.person_tokens, self.sizes.persons
        persons_BFTD = image_tokens_BND[:, : persons * each].unflatten(1, (persons, each))
        return persons_BFTD[picture_K, person_K], image_tokens_BND[picture_K, persons * each :]


def in_frame(windows_K4: Tensor, frames_K3: Tensor) -> Tensor:
    """Windows x0, y0, x1, y1 of the unit square -> the same in bodies' frames (x, y, unit)."""
    return (windows_K4 - frames_K3[:, :2].repeat(1, 2)) / frames_K3[:, 2:]


def _sampled(drawn_KCWW: Tensor, grid_KSS2: Tensor) -> Tensor:
    """Canvases in their places, float32. Colours are stored with their opacity, and beyond a canvas both are
    nothing.
    """
    return F.grid_sample(drawn_KCWW.float(), grid_KSS2, padding_mode="zeros", align_corners=False)


class Mend(nn.Module):
    """Joins the composed layers and the transformer's own picture."""

    def __init__(self, map_channels: int, width: int, summary_width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(map_channels + 3 * FINER**2, width, 3, padding=1)
        self.modulation = nn.Linear(summary_width, 2 * width)
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, 4 * FINER**2, 3, padding=1)
        for zero in (self.modulation, self.leave):
            nn.init.zeros_(zero.weight)
            assert zero.bias is not None
            nn.init.zeros_(zero.bias)

    def forward(
        self, map_BCMM: Tensor, drawn_B3SS: Tensor, composed_B3SS: Tensor, summary_BE: Tensor
    ) -> Tensor:
        """The picture (B, 3, S, S) of the finest map, what the transformer drew of it, and the layers."""
        composed_B3SS = composed_B3SS.to(map_BCMM.dtype)
        x = torch.cat([map_BCMM, F.pixel_unshuffle(composed_B3SS, FINER)], dim=1)
        scale, shift = self.modulation(summary_BE)[:, :, None, None].chunk(2, dim=1)
        x = F.silu(self.enter(x.contiguous(memory_format=torch.channels_last)) * (1 + scale) + shift)
        x = x + F.silu(self.inner(x))
        change, gate = F.pixel_shuffle(self.leave(x), FINER).split((3, 1), dim=1)
        share = torch.sigmoid(gate + GATE_START)
        mended_B3SS: Tensor = composed_B3SS + share * (drawn_B3SS - composed_B3SS) + change
        return mended_B3SS
