"""A run that is given true tokens reads every given picture as what it shows, and others by the encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from roomy_painter import gray
from scene_painter import scene_painter
from tiny_bench import bench

from limner.builders.world import KINDS
from limner.evaluation.setup import alone
from limner.evaluation.suites.comprehend import Comprehend
from limner.evaluation.suites.drift import Drift
from limner.evaluation.suites.editing import Editing, make_task
from limner.evaluation.suites.full_body import FullBody
from limner.evaluation.suites.named import Named
from limner.evaluation.suites.personalize import Personalize
from limner.evaluation.suites.reconstruct import Reconstruct
from limner.evaluation.suites.rollback import Rollback
from limner.evaluation.suites.true_tokens import shown_in, tell_truth
from limner_world.scene_tokens import encode_scene

SUITES = (
    Named(num_strangers=0),
    FullBody(),
    Editing(),
    Rollback(),
    Personalize(),
    Comprehend(),
    Reconstruct(),
)


def test_pictures_of_a_dialogue_are_known_by_what_they_show():
    one = alone(replace(bench(scene_painter()), true_tokens=True))
    dialogue = KINDS["edit"](3, "test", 32)
    shown = list(shown_in(dialogue))
    assert len(shown) == len(dialogue.rounds) + 1
    tell_truth(one, shown)
    for picture, scene in shown:
        assert np.array_equal(one.painter.encode(picture).numpy(), encode_scene(scene))
    assert one.painter.encode(gray(32)).shape == (64, 64)


def test_nothing_is_told_where_nobody_asks():
    one = alone(bench(scene_painter()))
    (picture, scene), *_ = shown = list(shown_in(KINDS["edit"](3, "test", 32)))
    tell_truth(one, shown)
    assert not np.allclose(one.painter.encode(picture).float().numpy(), encode_scene(scene))


def test_a_single_edit_of_a_longer_dialogue_shows_its_own_pictures():
    """A task may hold the first round of a chain alone."""
    for seed in range(20):
        dialogue = make_task(seed, 32, chain=False).dialogue
        assert len(dialogue.rounds) == 1
        assert len(list(shown_in(dialogue))) == 2


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_no_suite_asks_the_encoder(suite, monkeypatch):
    one = alone(replace(bench(scene_painter()), true_tokens=True))

    def blind(pixels):
        raise AssertionError("the encoder was asked")

    monkeypatch.setattr(one.painter.model.image_tokenizer, "encode", blind)
    assert suite.measure(one, 0).rows


def test_drift_encodes_what_it_is_to_encode_anew(monkeypatch):
    one = alone(replace(bench(scene_painter()), true_tokens=True))
    asked, encode = [], one.painter.model.image_tokenizer.encode

    def counted(pixels: torch.Tensor) -> torch.Tensor:
        asked.append(len(pixels))
        return encode(pixels)

    monkeypatch.setattr(one.painter.model.image_tokenizer, "encode", counted)
    assert Drift(rounds=2).measure(one, 0).rows
    assert asked
