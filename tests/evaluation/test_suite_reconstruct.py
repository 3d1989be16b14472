"""Reconstruction: the truth scores full marks, flat colour does not, and everyone competes by name."""

import numpy as np
import pytest
import torch
from tiny_bench import TEXTS, bench, embedded, tiny_painter, values

from limner.dialogue.parts import Picture
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.suites.reconstruct import (
    Reconstruct,
    compare,
    conditions,
    contestants,
    flat,
    scenes_of,
    true_faces,
)
from limner.evaluation.suites.repainting import through_autoencoder, through_tokens
from limner.evaluation.suites.tally import Tally
from limner.inference.painter import Painter
from limner.models.detokenizer_presets import with_all_tokens, with_detokenizer
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer
from limner_world.render import render
from limner_world.scene_tokens import encode_scene


def score(picture, truth, scene):
    tally = Tally(dialogue="d")
    judge = bench().judge
    compare(tally, "it", judge, picture, truth, true_faces(judge, truth, scene, 0))
    names = ("psnr_db", "ssim", "face_similarity", "face_found")
    return {name: np.mean(values(tally.rows, f"it.{name}")) for name in names}


@pytest.mark.parametrize("group", ["close_up", "one_person", "two_person"])
def test_the_truth_scores_full_marks_and_wrong_pictures_do_not(group):
    scene = scenes_of(3)[group]
    truth = Picture(render(scene, 128))
    noise = np.random.default_rng(0).integers(0, 255, truth.pixels.shape, dtype=np.uint8)
    perfect, blank, random = (score(p, truth, scene) for p in (truth, flat(truth), Picture(noise)))
    assert perfect["psnr_db"] == 100
    assert perfect["ssim"] == pytest.approx(1)
    assert perfect["face_similarity"] == pytest.approx(1)
    assert perfect["face_found"] == 1
    for wrong in (blank, random):
        assert wrong["psnr_db"] < 25
        assert wrong["ssim"] < 0.8
        assert wrong["face_similarity"] < 0.5


def test_a_stranger_in_the_same_scene_has_another_face():
    judge, chances = bench().judge, []
    for seed in range(6):
        scene = scenes_of(seed)["close_up"]
        truth = Picture(render(scene, 128))
        (face,) = true_faces(judge, truth, scene, seed)
        chances.append(face.stranger)
    assert np.mean(chances) < 0.85
    assert len(set(chances)) == len(chances)


def test_a_picture_of_another_size_is_compared_at_the_size_of_the_truth():
    scene = scenes_of(2)["one_person"]
    truth = Picture(render(scene, 128))
    found = score(Picture(render(scene, 256)), truth, scene)
    assert found["psnr_db"] > score(flat(truth), truth, scene)["psnr_db"] + 5


def test_detokenizers_compete_by_their_names():
    others = {name: tiny_painter(1) for name in ("dit_human", "unet_stage2", "stage1")}
    found = list(contestants(bench(**others), seed=0))
    assert found == ["dit_16", "dit_human", "unet_stage2", "autoencoder", "flat"]
    same = list(contestants(bench(dit_16=tiny_painter(1)), seed=0))
    assert same == ["dit_16", "dit_16_other", "autoencoder", "flat"]


def painter_with(preset):
    torch.manual_seed(2)
    tokenizer = train_tokenizer(list(TEXTS) * 4, vocab_size=preset.language.vocab_size)
    return Painter(build_model(preset, tokenizer).eval(), None, fingerprint=preset.name)


def test_a_detokenizer_with_a_condition_competes_twice_and_heeds_it():
    second = painter_with(with_detokenizer(TINY, "unet_stage2"))
    own = bench(second)
    assert list(contestants(own, seed=0)) == ["unet_16", "unet_16_unrelated", "autoencoder", "flat"]
    outcome = Reconstruct().measure(bench(unet2=second), 0)
    for group in ("close_up", "one_person", "two_person"):
        edited, unrelated = (
            values(outcome.rows, f"{name}.{group}.psnr_db") for name in ("unet2", "unet2_unrelated")
        )
        assert len(edited) == len(unrelated) == 1
        assert edited != unrelated
    assert outcome.rows == Reconstruct().measure(bench(unet2=second), 0).rows


def test_the_edited_condition_is_closer_to_the_truth_than_the_unrelated_one():
    for index in range(3):
        for scene in scenes_of(index).values():
            shown, truth = conditions(bench(), scene, index), render(scene, 32)
            near, far = (psnr_db(shown[name].pixels, truth) for name in ("edited", "unrelated"))
            assert near > far


def test_a_detokenizer_of_more_tokens_competes():
    more = painter_with(with_all_tokens(TINY))
    assert more.model.detokenizer.sizes.num_tokens == 64
    truth = Picture(render(scenes_of(0)["one_person"], 32))
    assert through_tokens(more, truth, 1).pixels.shape == truth.pixels.shape
    assert list(contestants(bench(dit_256=more), seed=0))[:2] == ["dit_16", "dit_256"]
    with pytest.raises(ValueError, match="reads 64 image tokens, not 16"):
        more.paint(more.encode(truth), 1)


def test_a_task_depends_on_its_number_and_the_seed_alone():
    suite, tiny = Reconstruct(), bench(dit_human=tiny_painter(1))
    first = suite.measure(tiny, 1)
    assert first.rows == suite.measure(tiny, 1).rows
    assert first.rows != suite.measure(bench(seed=1, dit_human=tiny_painter(1)), 1).rows
    for group in ("close_up", "one_person", "two_person"):
        for name in ("dit_16", "dit_human", "autoencoder", "flat"):
            assert len(values(first.rows, f"{name}.{group}.psnr_db")) == 1
    assert [shown.column for shown in first.shown] == ["truth", "dit_16", "dit_human", "autoencoder"]


def test_the_embedded_detokenizer_lies_between_flat_colour_and_its_autoencoder():
    painter, psnr = embedded(), {}
    for group, scene in scenes_of(3).items():
        truth = Picture(render(scene, painter.image_size_px))
        # From true tokens: how well the encoder reads them is the business of its own benchmark.
        tokens = torch.from_numpy(encode_scene(scene)).to(painter.model.dtype)
        drawn = (flat(truth), painter.paint(tokens, 1), through_autoencoder(painter, truth))
        psnr[group] = [score(picture, truth, scene)["psnr_db"] for picture in drawn]
        assert psnr[group][2] > psnr[group][1]
    flat_db, drawn_db, _ = np.mean(list(psnr.values()), axis=0)
    assert drawn_db > flat_db + 1
