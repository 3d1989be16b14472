"""Windows around faces: where they lie, that nothing is drawn beyond them, and that tokens tell of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner.models.face_windows import DOWN, SIDE, UP, FaceWindows, sampling_grid
from limner.models.sizes import FaceWindowSizes
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.scene_pictures import face_boxes
from limner.world.scene_tokens import NUM_TOKENS, TOKEN_DIM, encode_scene

SIZES = FaceWindowSizes(persons=2, person_tokens=24, widths=(8, 8, 4), summary_width=16)
SIDE_OF_MAP, CANVAS = 32, 16


@pytest.fixture(scope="module")
def windows() -> FaceWindows:
    torch.manual_seed(0)
    made = FaceWindows(SIZES, NUM_TOKENS, TOKEN_DIM, map_channels=4)
    made.fit_reading(*shown(1_500, "train"), noise=0.05)
    return made


def shown(count: int, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    scenes = [PICTURE_KINDS["plain"](seed, split) for seed in range(count)]
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in scenes]))
    return tokens, torch.from_numpy(face_boxes(scenes))


def test_scene_tokens_tell_where_faces_lie(windows: FaceWindows) -> None:
    tokens, boxes = shown(100, "test")
    found, there = windows.windows(tokens)
    present = boxes[..., 2] > boxes[..., 0]
    assert torch.equal(there, present)
    wide, high = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    x, y = (boxes[..., 0] + boxes[..., 2]) / 2, (boxes[..., 1] + boxes[..., 3]) / 2
    expected = torch.stack([x - SIDE * wide, y - UP * high, x + SIDE * wide, y + DOWN * high], dim=-1)
    # A side of a window is a multiple of the face's: pixels of 256, at an error of half a pixel of a face.
    assert ((found - expected).abs()[present].mean() * 256) < 2.0


def test_a_new_window_adds_nothing(windows: FaceWindows) -> None:
    tokens, _ = shown(3, "test")
    picture = torch.randn(3, 4, SIDE_OF_MAP, SIDE_OF_MAP)
    torch.testing.assert_close(windows(picture, tokens), picture)


@torch.no_grad()
def test_what_is_drawn_stays_in_its_window(windows: FaceWindows, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, _ = shown(6, "test")
    monkeypatch.setattr(
        windows, "canvases", lambda tokens, picture, person: torch.ones(len(picture), 4, CANVAS, CANVAS)
    )
    added = windows(torch.zeros(6, 4, SIDE_OF_MAP, SIDE_OF_MAP), tokens)
    found, there = windows.windows(tokens)
    centres = (torch.arange(SIDE_OF_MAP) + 0.5) / SIDE_OF_MAP
    for row in range(6):
        inside = torch.zeros(SIDE_OF_MAP, SIDE_OF_MAP, dtype=torch.bool)
        for x0, y0, x1, y1 in found[row][there[row]].tolist():
            fade_x, fade_y = (x1 - x0) / CANVAS, (y1 - y0) / CANVAS
            across = (centres > x0 - fade_x) & (centres < x1 + fade_x)
            down = (centres > y0 - fade_y) & (centres < y1 + fade_y)
            inside |= down[:, None] & across[None, :]
        assert float(added[row, :, ~inside].abs().max() if (~inside).any() else 0.0) == 0
        assert float(added[row].max()) > 0.9


def test_a_map_is_sampled_where_the_window_lies() -> None:
    grid = sampling_grid(torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.5, 0.25, 1.0, 0.75]]), 4)
    assert grid.shape == (2, 4, 4, 2)
    torch.testing.assert_close(grid[0, 0, :, 0], torch.tensor([-0.75, -0.25, 0.25, 0.75]))
    torch.testing.assert_close(grid[1, 0, :, 0], torch.tensor([-2.5, -1.5, -0.5, 0.5]))
    torch.testing.assert_close(grid[1, :, 0, 1], torch.tensor([-1.5, -0.5, 0.5, 1.5]))


def test_nobody_has_no_window(windows: FaceWindows) -> None:
    tokens, boxes = shown(40, "test")
    alone = boxes[:, 1].sum(-1) == 0
    assert alone.any()
    assert not windows.windows(tokens)[1][alone, 1].any()
