"""Layers of scenes: true layers compose to the painter's own picture, tokens name places and views, and the
stage learns.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from limner.models.presets import SCENE_LAYERS, SKETCH, Preset
from limner.models.scene_layers import SceneLayers
from limner.models.sizes import BankSizes, CanvasSizes, DetailSizes
from limner.models.windows import FIGURE, SEEN_FIGURE
from limner.training.layers_of_scenes import (
    FiguresCutFree,
    RepeatedFigures,
    cut_free,
    places,
    prepare,
    window_of,
)
from limner.training.run_context import RunContext
from limner.training.stages.scene_layers import SPANS, SceneLayersStage, SceneLayersTask
from limner.training.state import SampleRng
from limner_world.chance import seeded
from limner_world.render import render, render_figure
from limner_world.scene import SETTINGS, Scene
from limner_world.scene_tokens import NUM_TOKENS, PERSON_SLOTS, TOKEN_DIM, decode_scene, encode_scene
from limner_world.settings import seen_window, variant_parts, whole_backdrop
from limner_world.staging import random_scene

CANVAS = CanvasSizes(widths=(16, 8), summary_width=16, direct_width=8, blocks=1, heads=2)
FIGURES = replace(CANVAS, texture_pitch=0.17, texture_tokens=(12, 13, 14))
SMALL = replace(
    SCENE_LAYERS,
    figures=FIGURES,
    faces=CANVAS,
    backdrop=replace(SCENE_LAYERS.backdrop, side=8, widths=(8, 4)),
    mend_width=8,
)
SIZE_PX = 128


@pytest.fixture(scope="module")
def layers() -> SceneLayers:
    patch = pytest.MonkeyPatch()
    patch.setattr("limner.training.layers_of_scenes.TO_FIND_FACES", 1_500)
    torch.manual_seed(0)
    made = SceneLayers(SMALL, NUM_TOKENS, TOKEN_DIM)
    prepare(made)
    patch.undo()
    return made


def plain_scenes(count: int) -> list[Scene]:
    """Busts of one or two without doings, furniture, light or style: nothing but a place and persons."""
    rng = seeded("true layers")
    made = []
    while len(made) < count:
        scene = random_scene(rng, framing="bust", interaction="none", style="storybook")
        if scene.setting != "white" and not scene.written_word:
            made.append(replace(scene, lighting="daylight"))
    return made


def tokens_of(scene: Scene) -> torch.Tensor:
    return torch.from_numpy(encode_scene(scene))[None]


@torch.no_grad()
def test_true_layers_compose_to_the_painters_picture(
    layers: SceneLayers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scene in plain_scenes(6):
        whole = torch.from_numpy(whole_backdrop(scene.setting, scene.variant, "daylight", SIZE_PX).copy())
        true_whole = whole.permute(2, 0, 1)[None].float() / 127.5 - 1
        for name, span in SPANS.items():
            free = FiguresCutFree(
                pixels_BWW4=np.stack(
                    [
                        render_figure(scene, place, window_of(scene, place, span), 256)
                        for place in range(len(scene.figures))
                    ]
                ),
                plain_BWW3=np.zeros((0, 0, 0, 3), np.uint8),
                tokens_BND=np.zeros((0, 0, 0), np.float32),
                person_B=np.zeros(0, np.int64),
                windows_B4=np.zeros((0, 4), np.float32),
            )
            monkeypatch.setattr(getattr(layers, name), "forward", lambda *_, free=free: free.target())
        monkeypatch.setattr(layers.backdrop, "whole", lambda _, whole=true_whole: whole)
        composed = layers(tokens_of(scene), SIZE_PX)[0]
        true, other = (
            torch.from_numpy(render(each, SIZE_PX)).permute(2, 0, 1).float() / 127.5 - 1
            for each in (scene, replace(scene, variant=scene.variant + 1, zoom=2 - scene.zoom))
        )
        # What remains is the paper's warm tone and a place that is a little out of focus.
        error = float((composed - true).abs().mean())
        assert error < 0.08, scene
        assert error < 0.6 * float((composed - other).abs().mean()), scene


@torch.no_grad()
def test_tokens_name_every_place_and_view(layers: SceneLayers) -> None:
    rng, seen = seeded("named places"), set()
    for scene in [random_scene(rng) for _ in range(300)]:
        tokens = tokens_of(scene) + 0.3 * torch.randn(1, NUM_TOKENS, TOKEN_DIM)
        named = layers.backdrop.place(tokens)[0]
        assert float(named.max()) > 0.99, scene.setting
        layout = 0 if scene.setting == "white" else variant_parts(scene.variant)[0]
        seen.add((scene.setting, layout, int(named.argmax())))
        if scene.setting != "white":
            expected = seen_window(scene.setting, scene.variant, scene.framing)
            assert layers.backdrop.windows(tokens)[0].tolist() == pytest.approx(expected, abs=1e-3)
    assert len({row for _, _, row in seen}) == len(seen)
    assert {setting for setting, _, _ in seen} == set(SETTINGS)


def test_a_place_begins_as_it_looks_from_afar(layers: SceneLayers) -> None:
    target, tokens = places(seeded("places"), range(12), 64, "train")
    with torch.no_grad():
        held = layers.backdrop.remembered(layers.backdrop.place(tokens)).view(12, -1, 8, 8)[:, :3]
    small = torch.nn.functional.interpolate(target, (8, 8), mode="area")
    by_day = torch.tensor([decode_scene(token.numpy()).lighting == "daylight" for token in tokens])
    assert by_day.sum() > 3
    assert float((held - small).abs().mean((1, 2, 3))[by_day].max()) < 0.08


def test_figures_are_met_again_and_new_ones_come() -> None:
    pictures = RepeatedFigures(32, FIGURE, kept=6, new=2)
    first = pictures.take(SampleRng(seed=0, step=0), 4)
    again = RepeatedFigures(32, FIGURE, kept=6, new=2).take(SampleRng(seed=0, step=0), 4)
    assert np.array_equal(first.pixels_BWW4, again.pixels_BWW4)
    later = pictures.take(SampleRng(seed=0, step=9), 4)
    assert not np.array_equal(first.pixels_BWW4[:2], later.pixels_BWW4[:2])


def test_a_figure_is_cut_free_of_everything_else() -> None:
    target = cut_free(3, "train", 64, FIGURE).target()
    colours, opacity = target[0, :3], target[0, 3]
    assert float(opacity.min()) == 0
    assert float(opacity.max()) == 1
    assert float(colours[:, opacity == 0].abs().max()) == 0
    assert 0.1 < float(opacity.mean()) < 0.9


def test_textures_read_the_tokens_of_the_clothes() -> None:
    named = [[part.name for part in PERSON_SLOTS[i].factors] for i in SCENE_LAYERS.figures.texture_tokens]
    assert named == [["garment"], ["garment_colour"], ["garment_pattern"]]


def test_a_pattern_is_told_apart_from_the_cloth() -> None:
    seeds = (seed for seed in range(200))
    worn = {}
    for seed in seeds:
        figure = cut_free(seed, "train", 64, SEEN_FIGURE)
        worn.setdefault(bool(np.any(figure.plain_BWW3 != figure.pixels_BWW4[..., :3])), figure)
        if len(worn) == 2:
            break
    assert float(worn[False].pattern().abs().max()) == 0
    patterned = worn[True].pattern()
    assert float(patterned.abs().max()) > 0.1
    assert float((patterned != 0).float().mean()) < 0.6  # cloth alone
    torch.testing.assert_close(
        worn[True].target()[:, :3] - patterned,
        2 * torch.from_numpy(worn[True].plain_BWW3).float().permute(0, 3, 1, 2) / 255
        - worn[True].target()[:, 3:],
    )


@torch.no_grad()
def test_learning_patterns_moves_the_texture_alone(layers: SceneLayers) -> None:
    told = (torch.randn(2, 24, TOKEN_DIM), torch.randn(2, NUM_TOKENS - 48, TOKEN_DIM))
    windows = torch.tensor([[-1.0, -1.0, 1.0, 2.0]] * 2)
    with torch.enable_grad():
        drawn, added = layers.figures.with_pattern(*told, windows)
        assert added is not None
        added.square().sum().backward()
    moved = {name for name, weight in layers.figures.named_parameters() if weight.grad is not None}
    assert moved
    assert all(name.startswith("texture.") for name in moved)
    assert torch.equal(drawn, layers.figures(*told, windows))
    assert layers.faces.with_pattern(*told, windows)[1] is None
    layers.zero_grad()


def small_preset() -> Preset:
    detokenizer = replace(
        SKETCH.detokenizer, width=24, layers=1, heads=2, summary_width=16, layers_of_scene=SMALL
    )
    return replace(SKETCH, detokenizer=detokenizer)


def test_the_stage_learns_and_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.training.layers_of_scenes.TO_FIND_FACES", 300)
    context = RunContext(out=tmp_path, preset=small_preset(), device=torch.device("cpu"))
    task = SceneLayersTask(SceneLayersStage(kept=8, new=2, places=2, faces=4, held_out=4), context)
    before = task.validate()
    optimizer = torch.optim.Adam(task.network.parameters(), lr=5e-3)
    for step in range(40):
        loss, told = task.loss(SampleRng(seed=0, step=step), 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert set(told) == {"figures", "patterns", "faces", "places"}
    after = task.validate()
    assert after["figures_db"] > before["figures_db"] + 1
    assert after["faces_db"] > before["faces_db"] + 1
    assert after["places_db"] > before["places_db"] + 0.5
    task.write()
    monkeypatch.setattr("limner.training.stages.scene_layers.prepare", lambda _: pytest.fail("begun anew"))
    again = SceneLayersTask(SceneLayersStage(kept=8, new=2, places=2, faces=4, held_out=4), context)
    assert again.validate()["figures_db"] == pytest.approx(after["figures_db"], abs=0.3)


def test_details_learn_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.training.layers_of_scenes.TO_FIND_FACES", 300)
    bank = BankSizes(tokens=(12,), words=(11,), side=32, reach=(-1.6, 0.2, 1.6, 3.4))
    with_details = replace(FIGURES, details=DetailSizes(banks=(bank,), width=8))
    preset = small_preset()
    detokenizer = replace(preset.detokenizer, layers_of_scene=replace(SMALL, figures=with_details))
    preset = replace(preset, detokenizer=detokenizer)
    context = RunContext(out=tmp_path, preset=preset, device=torch.device("cpu"))
    stage = SceneLayersStage(
        learns=("figures",), details_alone=True, remembered=30, kept=8, new=2, held_out=4, token_noise=0.0
    )
    task = SceneLayersTask(stage, context)
    canvas = task._layers.figures
    assert canvas.details is not None
    assert not canvas.details.is_new
    others = {
        key: kept.clone() for key, kept in canvas.state_dict().items() if not key.startswith("details.")
    }
    optimizer = torch.optim.Adam(task.network.parameters(), lr=5e-3)
    losses = []
    for step in range(30):
        loss, told = task.loss(SampleRng(seed=0, step=step), 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert set(told) == {"figures"}
    assert sum(losses[-5:]) < sum(losses[:5])
    assert all(torch.equal(canvas.state_dict()[key], kept) for key, kept in others.items())
