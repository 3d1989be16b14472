from pathlib import Path

import numpy as np
import pytest

from limner.builders.world import KINDS
from limner.training.batches import PictureBatches, draw, face_weights
from limner.training.picture_kinds import VIEWS, identities, people
from limner.training.sample_cache import SampleCacheSpec, cache_folder, dialogue_cache, picture_cache
from limner.training.stages.scene_labels import ABSENT, TRAIT_WORDS, figure_labels

PEOPLE = SampleCacheSpec(kind="people", count=6, size_px=32)


def test_pictures_are_the_same_from_one_process_or_two_and_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limner.training.render_pool.CHUNK", 4)
    alone = picture_cache(PEOPLE, tmp_path / "one", workers=1)
    beside = picture_cache(SampleCacheSpec(kind="people", count=10, size_px=32), tmp_path / "two", workers=2)
    assert alone.pixels.shape == (6, 32, 32, 3)
    assert np.array_equal(alone.pixels, beside.pixels[:6])
    assert alone.captions == beside.captions[:6]
    before = (cache_folder(tmp_path / "one", PEOPLE) / "pixels.npy").stat().st_mtime_ns
    again = picture_cache(PEOPLE, tmp_path / "one", workers=1)
    assert (cache_folder(tmp_path / "one", PEOPLE) / "pixels.npy").stat().st_mtime_ns == before
    assert again.scene(3) == alone.scene(3)


def test_held_out_pictures_are_other_pictures(tmp_path: Path) -> None:
    train = picture_cache(PEOPLE, tmp_path, workers=1)
    test = picture_cache(
        SampleCacheSpec(kind="people", count=6, size_px=32, split="test"), tmp_path, workers=1
    )
    assert not set(train.scene_lines) & set(test.scene_lines)


def test_a_cache_of_dialogues_returns_what_the_world_painted(tmp_path: Path) -> None:
    sample_cache = dialogue_cache(SampleCacheSpec(kind="named", count=2, size_px=32), tmp_path, workers=1)
    for index in range(2):
        painted, stored = KINDS["named"](index, "train", 32), sample_cache.dialogue(index)
        assert stored.rounds == painted.rounds
        assert stored.persons == painted.persons
        assert dict(stored.truth) == dict(painted.truth)
    text = dialogue_cache(SampleCacheSpec(kind="binding_text", count=2, size_px=32), tmp_path, workers=1)
    assert len(text.pixels) == 0
    assert text.dialogue(1).rounds == KINDS["binding_text"](1, "train", 32).rounds


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose one of natural, plain, conversation, people"):
        picture_cache(SampleCacheSpec(kind="cats", count=1, size_px=32), tmp_path, workers=1)
    with pytest.raises(ValueError, match="rollback"):
        dialogue_cache(SampleCacheSpec(kind="cats", count=1, size_px=32), tmp_path, workers=1)


def test_one_person_keeps_face_and_skin_through_all_views() -> None:
    scenes = [identities(seed, "train") for seed in range(VIEWS + 1)]
    persons = [scene.figures[0].person for scene in scenes]
    assert len({person.identity for person in persons[:VIEWS]}) == 1
    assert len({person.traits.skin for person in persons[:VIEWS]}) == 1
    assert len({person.traits for person in persons[:VIEWS]}) > VIEWS // 2
    assert persons[VIEWS].identity != persons[0].identity


def test_batches_are_scaled_and_faces_weigh_more(tmp_path: Path) -> None:
    import torch

    sample_cache = picture_cache(PEOPLE, tmp_path, workers=1)
    pixels = PictureBatches(sample_cache.pixels, torch.device("cpu")).take(np.array([2, 0]))
    assert pixels.shape == (2, 3, 32, 32)
    assert torch.allclose(
        pixels[1, 0], torch.from_numpy(sample_cache.pixels[0, :, :, 0] / 127.5 - 1.0).float(), atol=1e-6
    )
    weights = face_weights(sample_cache.face_boxes, 32, 4.0)
    assert torch.allclose(weights.mean(dim=(1, 2, 3)), torch.ones(6))
    x0, y0, x1, y1 = sample_cache.face_boxes[0, 0]
    centre = weights[0, 0, int((y0 + y1) * 16), int((x0 + x1) * 16)]
    assert float(centre) == pytest.approx(4.0 * float(weights[0].min()), rel=1e-4)


def test_draws_repeat_only_when_they_must() -> None:
    rng = np.random.default_rng(0)
    assert len(set(draw(rng, 8, 8).tolist())) == 8
    assert len(draw(rng, 3, 8)) == 8


def test_labels_name_what_can_be_seen() -> None:
    skin, glasses = (list(TRAIT_WORDS).index(name) for name in ("skin", "glasses"))
    for seed in range(6):
        scene = people(seed, "train")
        for figure in scene.figures:
            labels, traits = figure_labels(figure, scene), figure.person.traits
            assert TRAIT_WORDS["skin"][labels[skin]] == traits.skin
            assert TRAIT_WORDS["glasses"][labels[glasses]] == traits.glasses
            hidden = traits.hair_style == "bald"
            assert (labels[list(TRAIT_WORDS).index("hair_colour")] == ABSENT) == hidden
