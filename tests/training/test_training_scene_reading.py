"""Pictures with their scene tokens, and what is told of tokens that were read from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner.training.pictures_to_read import PicturesToRead, draw_pictures, scene_to_read
from limner.training.stages.scene_factors import Agreement, SceneFactors
from limner.training.stages.vision import FACE_NUMBERS, FACE_TOKENS, Shown, patches_in_faces, token_weights
from limner_world.sampling import SPLITS
from limner_world.scene import FRAMINGS, STYLES
from limner_world.scene_tokens import decode_scene, encode_scene
from limner_world.staging import scene_split

SIZE_PX = 64


@pytest.fixture(scope="module")
def pictures() -> PicturesToRead:
    return draw_pictures(range(24), SIZE_PX)


@pytest.fixture(scope="module")
def shown(pictures: PicturesToRead) -> Shown:
    return Shown(pictures, torch.device("cpu"))


def agreement(shown: Shown, read: torch.Tensor) -> Agreement:
    made = Agreement(SceneFactors())
    for rows in (slice(0, 10), slice(10, None)):
        made.add(read[rows], shown.tokens_BND[rows], shown.num_figures_B[rows])
    return made


def test_true_tokens_are_read_without_a_fault(shown: Shown) -> None:
    told = agreement(shown, shown.tokens_BND)
    assert set(told.words().values()) == {1.0}
    assert told.explained() == pytest.approx(dict.fromkeys(told.explained(), 1.0), abs=1e-4)
    assert set(FACE_NUMBERS) < set(told.explained())
    factors = SceneFactors()
    assert float(factors.cross_entropy(shown.tokens_BND, shown.tokens_BND, shown.num_figures_B)) < 0.02


def test_numbers_are_those_of_the_scene(shown: Shown) -> None:
    factors = SceneFactors()
    column = factors.number_names.index("eye_spacing")
    expected = [
        scene_to_read(seed, "train").figures[0].person.identity.eye_spacing / 0.55 for seed in range(24)
    ]
    found = factors.numbers(shown.tokens_BND)[:, column]
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-4, rtol=0)


def test_only_the_factor_that_is_misread_is_blamed(shown: Shown) -> None:
    read = shown.tokens_BND.clone()
    read[:, FACE_TOKENS[0]] = 0.0  # the left person's first eight numbers, as if each were the mean
    read[:6, 2] = read[:6, 2].roll(1, 0)  # skins of six
    told = agreement(shown, read)
    wrong = {name for name, share in told.words().items() if share < 1}
    assert wrong == {"skin"}
    missed = {name for name, share in told.explained().items() if share < 0.99}
    assert missed == set(FACE_NUMBERS[:8])
    elsewhere = torch.arange(24) >= 6
    assert told.words(elsewhere)["skin"] == 1.0


def test_somebody_who_is_not_there_does_not_count(shown: Shown) -> None:
    read = shown.tokens_BND.clone()
    alone = shown.num_figures_B == 1
    assert bool(alone.any())
    read[alone, 24:48] = 0.0
    told = agreement(shown, read)
    assert set(told.words().values()) == {1.0}
    assert min(told.explained().values()) > 0.999


def test_pictures_depend_on_their_seed_alone(pictures: PicturesToRead) -> None:
    again = draw_pictures([7, 3], SIZE_PX)
    assert np.array_equal(again.pixels_BSS3, pictures.pixels_BSS3[[7, 3]])
    assert np.array_equal(again.tokens_BND[0], encode_scene(scene_to_read(7, "train")))
    assert decode_scene(again.tokens_BND[1]).style == scene_to_read(3, "train").style


def test_everything_that_the_world_shows_is_met() -> None:
    for split in SPLITS:
        scenes = [scene_to_read(seed, split) for seed in range(200)]
        assert {scene.framing for scene in scenes} == set(FRAMINGS)
        assert {scene.style for scene in scenes} == set(STYLES)
        assert {len(scene.figures) for scene in scenes} == {1, 2}
        assert {scene_split(scene) for scene in scenes} == {split}


def test_patches_in_a_face_are_given_to_the_nearer_one() -> None:
    boxes = torch.tensor([[[0.0, 0.0, 0.5, 0.5], [0.25, 0.0, 0.75, 0.5]]])
    picture, patch, figure, centres = patches_in_faces(boxes, 4)
    assert picture.tolist() == [0] * 6
    assert patch.tolist() == [0, 1, 2, 4, 5, 6]
    assert figure.tolist() == [0, 0, 1, 0, 0, 1]
    assert centres[0].tolist() == [0.125, 0.125]


def test_large_faces_weigh_more(shown: Shown) -> None:
    weights = token_weights(shown, 4.0)
    large = int((shown.boxes_BF4[:, 0, 2] - shown.boxes_BF4[:, 0, 0]).argmax())
    assert weights[large, list(FACE_TOKENS)].tolist() == [4.0] * 3
    assert bool((weights[:, :17] == 1).all())
    alone = int((shown.num_figures_B == 1).nonzero()[0])
    assert bool((weights[alone, 24:48] == 1).all())
