"""The detokenizer's stage on pictures drawn from scenes: layers, kept pictures, parts that learn or stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from limner.models.detokenizer import DiTDetokenizer
from limner.models.presets import SCENE_LAYERS, SKETCH, Preset
from limner.models.sizes import CanvasSizes
from limner.training.run_context import RunContext
from limner.training.scene_pictures import ScenePictures
from limner.training.stages.detokenizer import DetokenizerStage, DetokenizerTask
from limner.training.state import SampleRng

CANVAS = CanvasSizes(widths=(8, 4), summary_width=8, direct_width=4, blocks=1, heads=2)


def small() -> Preset:
    """The sketch's kind of detokenizer, of 32 px."""
    return replace(
        SKETCH,
        image_size_px=32,
        vision=replace(SKETCH.vision, image_size_px=32, patch_size_px=2),
        autoencoder=replace(SKETCH.autoencoder, image_size_px=32),
        detokenizer=replace(
            SKETCH.detokenizer,
            latent_size=32,
            patch_size=8,
            width=24,
            layers=1,
            heads=2,
            refiner_widths=(8, 4),
            bottleneck=8,
            summary_width=16,
            layers_of_scene=replace(
                SCENE_LAYERS,
                figures=CANVAS,
                faces=CANVAS,
                backdrop=replace(SCENE_LAYERS.backdrop, side=4, widths=(8, 4)),
            ),
        ),
    )


def task(folder: Path, monkeypatch: pytest.MonkeyPatch, **stage: object) -> DetokenizerTask:
    monkeypatch.setattr("limner.training.layers_of_scenes.TO_FIND_FACES", 256)
    context = RunContext(out=folder, preset=small(), device=torch.device("cpu"))
    return DetokenizerTask(DetokenizerStage(kind="plain", held_out=2, fresh=True, **stage), context)  # type: ignore[arg-type]


def test_only_the_part_that_is_named_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = task(tmp_path, monkeypatch, learns="frame.layers.figures")
    loss, _ = made.loss(SampleRng(seed=0, step=0), 4)
    loss.backward()
    learning = {name for name, weight in made.network.named_parameters() if weight.grad is not None}
    assert learning
    assert all(name.startswith("frame.layers.figures.") for name in learning)


def test_a_new_detokenizer_knows_where_faces_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = task(tmp_path, monkeypatch).network
    assert isinstance(model, DiTDetokenizer)
    assert model.frame is not None
    assert model.frame.layers is not None
    assert float(model.frame.layers.finder.reading.abs().sum()) > 0


def test_the_part_that_is_kept_does_not_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = task(tmp_path, monkeypatch, keeps="frame.layers")
    loss, _ = made.loss(SampleRng(seed=0, step=0), 4)
    loss.backward()
    learning = {name for name, weight in made.network.named_parameters() if weight.grad is not None}
    assert any(name.startswith("frame.mend.") for name in learning)
    assert not any(name.startswith("frame.layers.") for name in learning)


def test_a_kept_picture_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = task(tmp_path, monkeypatch, kept=3)
    pictures = made._train
    assert isinstance(pictures, ScenePictures)
    assert len(pictures) == 3
    rows = np.array([0, 1, 2, 1])
    first = pictures.pixels(rows)
    monkeypatch.setattr("limner.training.scene_pictures.render", lambda *_: pytest.fail("drawn again"))
    torch.testing.assert_close(pictures.pixels(rows), first)
