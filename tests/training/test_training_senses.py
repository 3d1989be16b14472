"""The senses' data and measures: what is measured has known answers; what is learned from is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limner.training.picture_kinds import VIEWS, identities
from limner.training.recipe_files import load_recipe
from limner.training.run_context import RunContext
from limner.training.sample_cache import PictureCache, SampleCacheSpec, picture_cache
from limner.training.stages.senses import JUDGE, senses_folder
from limner.training.stages.senses_data import Persons
from limner.training.stages.senses_metrics import ReadFace, face_rates, person_rates
from limner_world.scene import Scene


def _read(shared: float, right: dict[str, bool], described: set[str]) -> ReadFace:
    return ReadFace(
        scene=Scene(figures=()), place=0, overlap=shared, right=right, described=frozenset(described)
    )


def test_faces_and_traits_are_counted_as_told() -> None:
    faces = [
        _read(0.9, {"age": True, "glasses": True, "skin": False}, {"age", "skin"}),
        _read(0.6, {"age": True, "glasses": False}, {"age"}),
    ]
    rates = face_rates(faces, num_found=4)
    assert rates["faces_found"] == 0.5
    assert rates["faces_true"] == 0.25
    assert rates["traits"] == pytest.approx(2 / 3)
    assert rates["traits_and_absences"] == pytest.approx(3 / 5)


def test_persons_told_apart_by_known_cosines() -> None:
    rng = np.random.default_rng(0)
    blind = rng.normal(0, 0.1, (3, 400, VIEWS - 1))
    perfect = person_rates(blind[0] + 0.9, blind[1], blind[2])
    assert perfect["same_person"] > 0.99
    assert perfect["right_of_two"] == 1
    assert 0.2 < perfect["same_person_threshold"] < 0.7
    guess = person_rates(blind[0], blind[1], blind[2])
    assert abs(guess["same_person"] - 0.5) < 0.05
    assert abs(guess["right_of_two"] - 0.5) < 0.05
    between = person_rates(blind[0] + 0.15, blind[1], blind[2])
    assert 0.6 < between["same_person"] < between["right_of_two"] < 0.95


def test_pairs_of_persons_share_every_trait_and_no_face() -> None:
    for view in range(VIEWS):
        first, second = (
            identities(seed, "train").figures[0].person for seed in (8 * VIEWS + view, 9 * VIEWS + view)
        )
        assert first.traits == second.traits
        assert first.identity != second.identity


@pytest.fixture(scope="module")
def sample_caches(tmp_path_factory: pytest.TempPathFactory) -> tuple[PictureCache, PictureCache]:
    folder: Path = tmp_path_factory.mktemp("senses_banks")
    specs = [
        SampleCacheSpec(kind="identities", count=4 * VIEWS, size_px=48),
        SampleCacheSpec(kind="people", count=6, size_px=48),
    ]
    return picture_cache(specs[0], folder, workers=1), picture_cache(specs[1], folder, workers=1)


def test_a_batch_of_persons_holds_look_alikes_with_their_true_faces(
    sample_caches: tuple[PictureCache, PictureCache],
) -> None:
    persons = Persons([sample_caches[0]], [sample_caches[1]], 32, torch.device("cpu"))
    assert persons.num_persons == 4
    rng = np.random.default_rng(0)
    rows = persons.draw(rng, 8)
    numbers = persons.numbers(rows).tolist()
    assert sorted(numbers) == sorted(2 * list(range(4)))
    crops, measures, points = persons.take(rows, rng)
    assert crops.shape == (8, 3, 32, 32)
    for row, number, measured in zip(rows.tolist(), numbers, measures, strict=True):
        identity = sample_caches[0].scene(row).figures[0].person.identity
        torch.testing.assert_close(measured, torch.tensor(identity.vector()))
        assert row // VIEWS == number
    assert points.shape == (8, 20, 2)
    assert float(points.abs().max()) < 1.2
    others = persons.draw_others(rng, 5)
    assert (others >= 4 * VIEWS).all()
    assert persons.take(others, rng)[0].shape == (5, 3, 32, 32)


def test_a_run_goes_on_from_the_senses_in_its_folder(tmp_path: Path) -> None:
    recipe = load_recipe("senses").recipe("tiny")
    context = RunContext(out=tmp_path, preset=recipe.preset, device=torch.device("cpu"), workers=1)
    first = recipe.build(context)
    with torch.no_grad():
        next(first.senses.trait_reader.parameters()).fill_(0.5)
    first.senses.save(senses_folder(context, JUDGE), torch.bfloat16)
    second = recipe.build(context)
    weights = next(second.senses.trait_reader.parameters())
    assert torch.equal(weights, torch.full_like(weights, 0.5))
    assert weights.requires_grad
