"""How far two pictures are apart to somebody who looks: features of perceptual models, layer by layer.

The distance is LPIPS' (Zhang et al. 2018, eq. 1) with all weights 1, through networks of the world's own in
the place of AlexNet: faces through the face embedder and the trait reader, persons from hat to hips through
the trait reader, and the whole picture through the text score. It can be learned through (gradients reach the
pixels) as well as measured by; whoever does both needs two sets of them. Knows no scenes and no losses.

Legend: B pictures, N windows, c channels, S picture side, H W places.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.perception.crops import WHOLE, body_window, face_window
from limner.perception.protocols import Box
from limner.perception.senses import WorldSenses
from limner.perception.towers import Residual, Tower

EPSILON = 1e-6


def seen_distance(
    senses: WorldSenses,
    drawn_B3SS: Tensor,
    true_B3SS: Tensor,
    boxes: Sequence[Sequence[Box]],
) -> Tensor:
    """Distance (scalar, 0 for equal pictures): the mean over faces, persons and whole pictures.

    Args:
        senses: who looks; frozen.
        drawn_B3SS: pixels in [-1, 1]; gradients reach them.
        true_B3SS: what they are compared with, of the same size.
        boxes: per picture the true faces, in the unit square.

    Raises:
        ValueError: pictures of different sizes.
    """
    if drawn_B3SS.shape != true_B3SS.shape or len(boxes) != len(drawn_B3SS):
        raise ValueError(
            f"Pictures of the shapes {tuple(drawn_B3SS.shape)} and {tuple(true_B3SS.shape)} with the faces "
            f"of {len(boxes)} do not go together; bring both to one size and pass the faces of each."
        )
    told = [
        _apart(tower, *(windows_of(pictures, windows, size_px) for pictures in (drawn_B3SS, true_B3SS)))
        for tower, windows, size_px in _views(senses, boxes)
    ]
    return torch.stack(told).mean()


def windows_of(pictures_B3SS: Tensor, windows: Sequence[tuple[int, Box]], size_px: int) -> Tensor:
    """(picture, window) pairs -> (N, 3, size_px, size_px), as `crops.cut` cuts them, but with gradients.

    Beyond the edges, the edge colour repeats. Large windows are sampled finer first and averaged, lest thin
    strokes break up.
    """
    side = pictures_B3SS.shape[-1]
    longest = max(max(x1 - x0, y1 - y0) for _, (x0, y0, x1, y1) in windows) * side
    finer = max(1, math.ceil(longest / size_px))
    places = (torch.arange(size_px * finer, device=pictures_B3SS.device) + 0.5) / (size_px * finer)
    grids = [
        torch.stack(
            torch.meshgrid(
                2 * (y0 + places * (y1 - y0)) - 1, 2 * (x0 + places * (x1 - x0)) - 1, indexing="ij"
            )[::-1],
            dim=-1,
        )
        for _, (x0, y0, x1, y1) in windows
    ]
    rows = torch.tensor([row for row, _ in windows], device=pictures_B3SS.device)
    cut = F.grid_sample(
        pictures_B3SS[rows].float(), torch.stack(grids), padding_mode="border", align_corners=False
    )
    return F.avg_pool2d(cut, finer)


def _views(
    senses: WorldSenses, boxes: Sequence[Sequence[Box]]
) -> Iterator[tuple[Tower, list[tuple[int, Box]], int]]:
    """(who looks, at which windows, at which size)."""
    faces = [(row, face_window(box)) for row, found in enumerate(boxes) for box in found]
    bodies = [(row, body_window(box)) for row, found in enumerate(boxes) for box in found]
    if faces:
        yield senses.face_embedder.tower, faces, senses.face_embedder.sizes.image_size_px
        yield senses.trait_reader.face, faces, senses.trait_reader.sizes.face_size_px
        yield senses.trait_reader.body, bodies, senses.trait_reader.sizes.body_size_px
    every = [(row, WHOLE) for row in range(len(boxes))]
    yield senses.text_image_score.picture_tower, every, senses.text_image_score.sizes.image_size_px


def _apart(tower: Tower, drawn_N3HW: Tensor, true_N3HW: Tensor) -> Tensor:
    with torch.no_grad():
        wanted = list(_maps(tower, true_N3HW))
    errors = [
        (map_NcHW - true_NcHW).square().sum(dim=1).mean()
        for map_NcHW, true_NcHW in zip(_maps(tower, drawn_N3HW), wanted, strict=True)
    ]
    return torch.stack(errors).mean()


def _maps(tower: Tower, pixels_N3HW: Tensor) -> Iterator[Tensor]:
    """What a tower sees after each of its residual layers, of unit length at every place."""
    x_NcHW = pixels_N3HW
    layers: list[nn.Module] = list(tower.body)
    last = max(index for index, layer in enumerate(layers) if isinstance(layer, Residual))
    for layer in layers[: last + 1]:
        x_NcHW = layer(x_NcHW)
        if isinstance(layer, Residual):
            yield F.normalize(x_NcHW, dim=1, eps=EPSILON)
