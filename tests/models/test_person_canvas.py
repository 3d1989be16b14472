"""Persons on canvases: where faces lie, that nothing is drawn beyond a window, limits of opacity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from limner.models.person_canvas import Texture
from limner.models.presets import SCENE_LAYERS
from limner.models.scene_layers import SceneLayers
from limner.models.sizes import CanvasSizes
from limner.models.windows import FACE, FIGURE, SEEN_FIGURE, sampling_grid
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.scene_pictures import face_boxes
from limner_world.scene import Scene
from limner_world.scene_tokens import NUM_TOKENS, TOKEN_DIM, encode_scene
from limner_world.truth import body_frames

SMALL = CanvasSizes(widths=(8, 4), summary_width=8, direct_width=4, blocks=1, heads=2)
SIZES = replace(
    SCENE_LAYERS,
    figures=SMALL,
    faces=SMALL,
    backdrop=replace(SCENE_LAYERS.backdrop, side=4, widths=(8, 4)),
)
SIDE_OF_PICTURE, CANVAS = 32, 16


@pytest.fixture(scope="module")
def layers() -> SceneLayers:
    torch.manual_seed(0)
    made = SceneLayers(SIZES, NUM_TOKENS, TOKEN_DIM)
    made.finder.fit(*shown(1_500, "train"), true_frames(scenes_of(1_500, "train")), noise=0.05)
    return made


def shown(count: int, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    scenes = scenes_of(count, split)
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in scenes]))
    return tokens, torch.from_numpy(face_boxes(scenes))


def scenes_of(count: int, split: str) -> list[Scene]:
    return [PICTURE_KINDS["plain"](seed, split) for seed in range(count)]


def true_frames(scenes: list[Scene]) -> torch.Tensor:
    frames = torch.zeros(len(scenes), 2, 3)
    for row, scene in enumerate(scenes):
        for person, frame in enumerate(body_frames(scene)):
            frames[row, person] = torch.tensor(frame)
    return frames


def drawing(layers: SceneLayers, patch: pytest.MonkeyPatch, **values: float) -> None:
    """Canvases that are everywhere of one value."""
    for name, value in values.items():
        canvas = getattr(layers, name)
        patch.setattr(
            canvas, "forward", lambda told, *_, value=value: torch.full((len(told), 4, CANVAS, CANVAS), value)
        )


def test_scene_tokens_tell_where_faces_lie(layers: SceneLayers) -> None:
    tokens, boxes = shown(100, "test")
    found, there = layers.finder(tokens)
    present = boxes[..., 2] > boxes[..., 0]
    assert torch.equal(there, present)
    low, high = boxes[..., :2], boxes[..., 2:]
    expected = torch.cat([(low + high) / 2, high - low], dim=-1)
    assert ((found - expected).abs()[present].mean() * 256) < 1.0


def test_a_span_is_measured_in_faces() -> None:
    window = FIGURE.window(torch.tensor([0.5, 0.4, 0.1, 0.2]))
    torch.testing.assert_close(window, torch.tensor([0.33, 0.13, 0.67, 0.9]))


def test_a_canvas_reaches_as_far_down_as_the_picture_shows() -> None:
    # Centre x, centre y, width and height of faces: a bust, half a body, one that ends in the picture.
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.25], [0.5, 0.4, 0.1, 0.15], [0.5, 0.2, 0.1, 0.08]])
    found = SEEN_FIGURE.window(boxes)
    expected = [(1.7, 1.35, 2.9), (2.2, 1.35, 5.0), (2.6, 1.35, 8.0)]
    for box, window, (side, up, down) in zip(boxes.tolist(), found.tolist(), expected, strict=True):
        x, y, wide, high = box
        assert window == pytest.approx([x - side * wide, y - up * high, x + side * wide, y + down * high])
    one = SEEN_FIGURE.window(boxes[1].double())
    torch.testing.assert_close(one.float(), found[1])


def test_scene_tokens_tell_the_frames_of_bodies(layers: SceneLayers) -> None:
    scenes = scenes_of(100, "test")
    tokens, boxes = shown(100, "test")
    whole = ((boxes > 0.001) & (boxes < 0.999)).all(-1)
    frames, true = layers.finder.frames(tokens, layers.finder(tokens)[0])[whole], true_frames(scenes)[whole]
    below = (frames[:, 1] + 1.2 * true[:, 2] - true[:, 1]) / true[:, 2] - 1.2
    assert float(below.abs().mean()) < 0.2 * 0.17  # of the repeats of a pattern
    assert float((frames[:, 2] / true[:, 2] - 1).abs().mean()) < 0.02


def test_a_texture_repeats_in_the_bodys_frame() -> None:
    """The same place of a body has the same texture, wherever the canvas lies and however large it is."""
    torch.manual_seed(0)
    texture = Texture(channels=3, told_width=4, pitch=0.25)
    torch.nn.init.normal_(texture.leave.weight)
    x, told = torch.zeros(1, 3, 32, 32), torch.randn(1, 4)
    with torch.no_grad():
        near = texture(x, told, torch.tensor([[-1.0, 0.0, 1.0, 2.0]]))
        moved = texture(x, told, torch.tensor([[-0.5, 0.5, 1.5, 2.5]]))
        torch.testing.assert_close(near[..., 8:, 8:], moved[..., :-8, :-8], rtol=1e-3, atol=1e-3)
        again = texture(x, told, torch.tensor([[-1.0, 0.5, 1.0, 2.5]]))  # two repeats of the longest wave
        torch.testing.assert_close(near, again, rtol=1e-3, atol=1e-3)
        assert float((near - near.mean()).abs().max()) > 0.1


@torch.no_grad()
def test_what_is_drawn_stays_in_its_window(layers: SceneLayers, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, _ = shown(6, "test")
    drawing(layers, monkeypatch, figures=1.0, faces=1.0)
    placed = layers.persons(tokens, SIDE_OF_PICTURE)
    assert placed.shape == (6, 2, 4, SIDE_OF_PICTURE, SIDE_OF_PICTURE)
    boxes, there = layers.finder(tokens)
    found = SEEN_FIGURE.window(boxes)
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


@torch.no_grad()
def test_the_face_is_drawn_in_the_place_of_the_figures(
    layers: SceneLayers, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, boxes = shown(8, "test")
    drawing(layers, monkeypatch, figures=0.25, faces=0.75)
    placed = layers.persons(tokens, 128)
    for row in range(8):
        x0, y0, x1, y1 = (boxes[row, 0] * 128).round().int().tolist()
        assert float(placed[row, 0, :, (y0 + y1) // 2, (x0 + x1) // 2].min()) == pytest.approx(0.75)
        outside = FACE.window(layers.finder(tokens)[0])[row, 0] * 128
        above = max(int(outside[1]) - 2, 0)
        if above > SEEN_FIGURE.window(layers.finder(tokens)[0])[row, 0, 1] * 128 + 16:
            assert float(placed[row, 0, 0, above, (x0 + x1) // 2]) == pytest.approx(0.25)


def test_opacity_keeps_to_its_limits(layers: SceneLayers, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, _ = shown(3, "test")
    drawing(layers, monkeypatch, figures=9.0, faces=9.0)
    opacity = layers.persons(tokens, SIDE_OF_PICTURE)[:, :, 3]
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


def test_nobody_has_no_window(layers: SceneLayers) -> None:
    tokens, boxes = shown(40, "test")
    alone = boxes[:, 1].sum(-1) == 0
    assert alone.any()
    assert not layers.finder(tokens)[1][alone, 1].any()
