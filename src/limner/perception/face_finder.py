"""Where are the faces? A heat map of face centres, with a box at each place (after Zhou et al. 2019,
CenterNet).

Knows shrunk pictures and boxes in the unit square. Knows nothing about who it is.

Legend: B batch, G cells along a side, c channels, F faces of one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.perception.protocols import Box, FoundFace
from limner.perception.towers import Residual

CELL_PX = 4
BOX_WEIGHT = 2.0


@dataclass(frozen=True, kw_only=True)
class FaceFinderSizes:
    """A picture of `image_size_px` makes a heat map of a quarter as many cells a side."""

    image_size_px: int = 96
    width: int = 20
    max_faces: int = 2


class FaceFinder(nn.Module):
    """A small U: cells of 4 px, halved twice for context, brought back with shortcuts."""

    def __init__(self, sizes: FaceFinderSizes) -> None:
        super().__init__()
        if sizes.image_size_px % (4 * CELL_PX):
            raise ValueError(
                f"A face finder needs a multiple of {4 * CELL_PX} px, not {sizes.image_size_px} px."
            )
        self.sizes = sizes
        width = sizes.width
        self.enter = nn.Sequential(nn.Conv2d(3 * CELL_PX**2, width, 3, padding=1), Residual(width))
        self.down_half = nn.Sequential(
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), Residual(2 * width)
        )
        self.down_quarter = nn.Sequential(
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1), Residual(4 * width), Residual(4 * width)
        )
        self.to_half = nn.Conv2d(4 * width, 2 * width, 1)
        self.to_full = nn.Conv2d(2 * width, width, 1)
        self.join_half = Residual(2 * width)
        self.join_full = Residual(width)
        self.leave = nn.Conv2d(width, 5, 1)
        # A face centre is one cell in 300: starting there, the first steps are not all about empty cells.
        nn.init.constant_(self.leave.get_parameter("bias")[:1], -5.0)

    def forward(self, pixels_B3HW: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels in [-1, 1] -> heat logits (B, G, G) and shapes (B, 4, G, G).

        A shape is the centre's offset in cells (x, y) and the log of width and height in the unit square.
        """
        full = self.enter(F.pixel_unshuffle(pixels_B3HW, CELL_PX))
        half = self.down_half(full)
        deep = self.down_quarter(half)
        half = self.join_half(half + F.interpolate(self.to_half(deep), scale_factor=2.0, mode="nearest"))
        full = self.join_full(full + F.interpolate(self.to_full(half), scale_factor=2.0, mode="nearest"))
        out_B5GG = self.leave(F.gelu(full))
        return out_B5GG[:, 0], out_B5GG[:, 1:]

    def loss(self, pixels_B3HW: Tensor, boxes: Sequence[Sequence[Box]]) -> tuple[Tensor, dict[str, float]]:
        """Focal loss of the heat map and L1 of the boxes at true centres -> (scalar, metrics)."""
        heat_BGG, shape_B4GG = self(pixels_B3HW)
        target_BGG, cells, wanted = _targets(boxes, heat_BGG)
        positive = target_BGG == 1
        chance = torch.sigmoid(heat_BGG)
        right = -F.logsigmoid(heat_BGG) * (1 - chance).square() * positive
        wrong = -F.logsigmoid(-heat_BGG) * chance.square() * (1 - target_BGG) ** 4
        count = max(1, len(wanted))
        heat_loss = (right + wrong).sum() / count
        if cells:
            found = torch.stack([shape_B4GG[b, :, row, column] for b, row, column in cells])
            shape_loss = (found - wanted).abs().mean()
        else:
            shape_loss = heat_BGG.sum() * 0
        metrics = {"heat": float(heat_loss.detach()), "box": float(shape_loss.detach())}
        return heat_loss + BOX_WEIGHT * shape_loss, metrics

    @torch.no_grad()
    def find(self, pixels_B3HW: Tensor, threshold: float = 0.3) -> list[tuple[FoundFace, ...]]:
        """At most `max_faces` faces of each picture that stand out by `threshold`, left to right."""
        heat_BGG, shape_B4GG = self(pixels_B3HW)
        chance = torch.sigmoid(heat_BGG)
        peaks = chance * (F.max_pool2d(chance[:, None], 5, stride=1, padding=2)[:, 0] == chance)
        grid = heat_BGG.shape[-1]
        scores, places = peaks.flatten(1).topk(self.sizes.max_faces)
        results = []
        for b in range(len(scores)):
            faces = []
            for score, place in zip(scores[b].tolist(), places[b].tolist(), strict=True):
                if score >= threshold:
                    row, column = divmod(place, grid)
                    faces.append(
                        FoundFace(box=_box(shape_B4GG[b, :, row, column], row, column, grid), score=score)
                    )
            results.append(tuple(sorted(faces, key=lambda face: face.box[0] + face.box[2])))
        return results


def _box(shape_4: Tensor, row: int, column: int, grid: int) -> Box:
    dx, dy, log_width, log_height = shape_4.tolist()
    x, y = (column + 0.5 + dx) / grid, (row + 0.5 + dy) / grid
    width, height = float(torch.tensor(log_width).exp()), float(torch.tensor(log_height).exp())
    edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    x0, y0, x1, y1 = (min(1.0, max(0.0, edge)) for edge in edges)
    return x0, y0, x1, y1


def _targets(
    boxes: Sequence[Sequence[Box]], like_BGG: Tensor
) -> tuple[Tensor, list[tuple[int, int, int]], Tensor]:
    """A bump of 1 at each true centre, falling off with the face's size; the cells of the centres; their
    shapes.
    """
    batch, grid, _ = like_BGG.shape
    heat = torch.zeros(batch, grid, grid)
    places = torch.arange(grid) + 0.5
    cells: list[tuple[int, int, int]] = []
    shapes: list[list[float]] = []
    for b, faces in enumerate(boxes):
        for x0, y0, x1, y1 in faces:
            x, y = (x0 + x1) / 2 * grid, (y0 + y1) / 2 * grid
            row, column = min(grid - 1, max(0, int(y))), min(grid - 1, max(0, int(x)))
            width, height = max(x1 - x0, 1e-3), max(y1 - y0, 1e-3)
            spread_x, spread_y = max(0.5, width * grid / 6), max(0.5, height * grid / 6)
            bump = torch.exp(
                -0.5 * (((places[:, None] - row - 0.5) / spread_y) ** 2)
                - 0.5 * (((places[None] - column - 0.5) / spread_x) ** 2)
            )
            heat[b] = torch.maximum(heat[b], bump)
            heat[b, row, column] = 1.0
            cells.append((b, row, column))
            logs = torch.tensor([width, height]).log().tolist()
            shapes.append([x - column - 0.5, y - row - 0.5, *logs])
    device = like_BGG.device
    return heat.to(device), cells, torch.tensor(shapes).reshape(-1, 4).to(device)
