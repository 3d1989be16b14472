"""The backdrop's canvas: the part that is seen follows the tokens; nothing is drawn before it is learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner.models.backdrop_window import BackdropWindow
from limner.models.sizes import BackdropSizes
from limner.training.picture_kinds import PICTURE_KINDS
from limner.world.canvas import Canvas
from limner.world.scene import Scene
from limner.world.scene_tokens import NUM_TOKENS, TOKEN_DIM, encode_scene
from limner.world.settings import backdrop_window, paint_setting

SIZES = BackdropSizes(first_token=48, widths=(8, 8, 4), summary_width=16, window_width=48)
SIDE = 32


def scenes(count: int, split: str) -> list[Scene]:
    found = [PICTURE_KINDS["plain"](seed, split) for seed in range(count)]
    return [scene for scene in found if scene.setting != "white"]


def shown(chosen: list[Scene]) -> tuple[torch.Tensor, torch.Tensor]:
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in chosen]))
    windows = [backdrop_window(scene.setting, scene.variant, scene.framing) for scene in chosen]
    return tokens, torch.tensor(windows)


@pytest.fixture(scope="module")
def backdrop() -> BackdropWindow:
    torch.manual_seed(0)
    made = BackdropWindow(SIZES, NUM_TOKENS, TOKEN_DIM, map_channels=4)
    made.fit_window(*shown(scenes(1_200, "train")), noise=0.05)
    return made


def test_scene_tokens_tell_what_is_seen(backdrop: BackdropWindow) -> None:
    tokens, windows = shown(scenes(150, "test"))
    assert float((backdrop.windows(tokens) - windows).abs().mean()) * 256 < 4.0


def test_a_mirrored_place_is_read_from_right_to_left(backdrop: BackdropWindow) -> None:
    for scene in scenes(60, "test"):
        left, _, right, _ = backdrop.windows(torch.from_numpy(encode_scene(scene))[None])[0].tolist()
        true_left, _, true_right, _ = backdrop_window(scene.setting, scene.variant, scene.framing)
        assert (left < right) == (true_left < true_right)


def test_the_window_is_what_the_painter_shows() -> None:
    """A part of a place painted alone is the window's part of the whole place."""
    near, whole = Canvas(64), Canvas(64)
    paint_setting(near, "park", 3, "daylight", framing="half body")
    paint_setting(whole, "park", 3 + 8 * 2 * 2, "daylight", framing="full body")
    left, top, right, bottom = backdrop_window("park", 3, "half body")
    x0, y0, x1, y1 = (round(64 * side) for side in (left, top, right, bottom))
    part = whole.pixels()[y0:y1, x0:x1].astype(float).mean((0, 1))
    np.testing.assert_allclose(near.pixels().astype(float).mean((0, 1)), part, atol=4.0)
    mirrored = backdrop_window("park", 3 + 8, "half body")
    assert (mirrored[2], mirrored[1], mirrored[0], mirrored[3]) == (left, top, right, bottom)


def test_a_new_canvas_adds_nothing_and_learns(backdrop: BackdropWindow) -> None:
    tokens, _ = shown(scenes(40, "test")[:4])
    picture = torch.randn(len(tokens), 4, SIDE, SIDE)
    drawn = backdrop(picture, tokens)
    torch.testing.assert_close(drawn, picture)
    drawn.square().mean().backward()
    assert float(backdrop.last.weight.grad.abs().sum()) > 0
