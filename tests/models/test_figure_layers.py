"""Persons as layers: where they lie, and that nothing is drawn beyond their windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from limner.models.figure_layers import DOWN, SIDE, UP, FigureLayers, sampling_grid
from limner.models.presets import SCENE_LAYERS
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.scene_pictures import face_boxes
from limner.world.scene_tokens import NUM_TOKENS, TOKEN_DIM, encode_scene

SIZES = replace(
    SCENE_LAYERS,
    figure_widths=(8, 8, 4),
    figure_summary=16,
    figure_direct=4,
    figure_blocks=1,
    figure_heads=2,
)
SIDE_OF_PICTURE, CANVAS = 32, 16


@pytest.fixture(scope="module")
def figures() -> FigureLayers:
    torch.manual_seed(0)
    made = FigureLayers(SIZES, NUM_TOKENS, TOKEN_DIM)
    made.fit_reading(*shown(1_500, "train"), noise=0.05)
    return made


def shown(count: int, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    scenes = [PICTURE_KINDS["plain"](seed, split) for seed in range(count)]
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in scenes]))
    return tokens, torch.from_numpy(face_boxes(scenes))


def test_scene_tokens_tell_where_faces_lie(figures: FigureLayers) -> None:
    tokens, boxes = shown(100, "test")
    found, there = figures.windows(tokens)
    present = boxes[..., 2] > boxes[..., 0]
    assert torch.equal(there, present)
    wide, high = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    x, y = (boxes[..., 0] + boxes[..., 2]) / 2, (boxes[..., 1] + boxes[..., 3]) / 2
    expected = torch.stack([x - SIDE * wide, y - UP * high, x + SIDE * wide, y + DOWN * high], dim=-1)
    # A side of a window is a multiple of the face's: pixels of 256, at an error of half a pixel of a face.
    assert ((found - expected).abs()[present].mean() * 256) < 2.0


@torch.no_grad()
def test_what_is_drawn_stays_in_its_window(figures: FigureLayers, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, _ = shown(6, "test")
    monkeypatch.setattr(
        figures, "canvases", lambda tokens, picture, person: torch.ones(len(picture), 4, CANVAS, CANVAS)
    )
    placed = figures(tokens, SIDE_OF_PICTURE)
    assert placed.shape == (6, 2, 4, SIDE_OF_PICTURE, SIDE_OF_PICTURE)
    found, there = figures.windows(tokens)
    centres = (torch.arange(SIDE_OF_PICTURE) + 0.5) / SIDE_OF_PICTURE
    for row in range(6):
        for person in range(2):
            drawn = placed[row, person]
            if not there[row, person]:
                assert float(drawn.abs().max()) == 0
                continue
            x0, y0, x1, y1 = found[row, person].tolist()
            fade_x, fade_y = (x1 - x0) / CANVAS, (y1 - y0) / CANVAS
            across = (centres > x0 - fade_x) & (centres < x1 + fade_x)
            down = (centres > y0 - fade_y) & (centres < y1 + fade_y)
            inside = down[:, None] & across[None, :]
            assert float(drawn[:, ~inside].abs().max() if (~inside).any() else 0.0) == 0
            assert float(drawn.max()) > 0.9


def test_opacity_keeps_to_its_limits(figures: FigureLayers, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, _ = shown(3, "test")
    monkeypatch.setattr(
        figures,
        "canvases",
        lambda _, picture, person: torch.full((len(picture), 4, CANVAS, CANVAS), 9.0),
    )
    opacity = figures(tokens, SIDE_OF_PICTURE)[:, :, 3]
    assert float(opacity.min()) == 0
    assert float(opacity.max()) == 1


def test_a_picture_is_sampled_where_the_window_lies() -> None:
    grid = sampling_grid(torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.5, 0.25, 1.0, 0.75]]), 4)
    assert grid.shape == (2, 4, 4, 2)
    torch.testing.assert_close(grid[0, 0, :, 0], torch.tensor([-0.75, -0.25, 0.25, 0.75]))
    torch.testing.assert_close(grid[1, 0, :, 0], torch.tensor([-2.5, -1.5, -0.5, 0.5]))
    torch.testing.assert_close(grid[1, :, 0, 1], torch.tensor([-1.5, -0.5, 0.5, 1.5]))
    # The picture as a window of something larger, mirrored: its left edge lies on the right.
    larger = sampling_grid(torch.tensor([[1.0, 0.0, 0.5, 0.5]]), 2, inverse=True)
    torch.testing.assert_close(larger[0, 0, :, 0], torch.tensor([0.75, 0.25]))
    torch.testing.assert_close(larger[0, :, 0, 1], torch.tensor([-0.75, -0.25]))


def test_nobody_has_no_window(figures: FigureLayers) -> None:
    tokens, boxes = shown(40, "test")
    alone = boxes[:, 1].sum(-1) == 0
    assert alone.any()
    assert not figures.windows(tokens)[1][alone, 1].any()
