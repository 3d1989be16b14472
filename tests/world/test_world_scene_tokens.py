"""Scene tokens: exact both ways, unit spread, the same for both places, and nothing that decides a pixel left
out.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from limner.builders.world import DRAFTS
from limner_world.chance import seeded
from limner_world.render import render
from limner_world.scene import Scene
from limner_world.scene_tokens import (
    FIRST_SCENE_TOKEN,
    NUM_TOKENS,
    PERSON_TOKENS,
    TOKEN_DIM,
    canonical_scene,
    decode_scene,
    encode_scene,
    face_box,
    factor_values,
)
from limner_world.staging import cut_out, random_scene
from limner_world.truth import scene_truth

KINDS = ("rollback", "named", "edit", "full_body", "text_to_image", "face_to_image", "plain_named", "paired")


@cache
def _all() -> list[Scene]:
    """2,000 scenes: a second's worth. With 10,000, all came back as well."""
    found: list[Scene] = []
    seed = 0
    while len(found) < 2_000:
        for kind in KINDS:
            found += DRAFTS[kind](seed, "test" if seed % 2 else "train").scenes
        seed += 1
    return found[:2_000]


def _scenes(count: int) -> list[Scene]:
    return _all()[:count]


def test_two_thousand_scenes_come_back_exactly() -> None:
    for scene in _scenes(2_000):
        tokens = encode_scene(scene)
        assert tokens.shape == (NUM_TOKENS, TOKEN_DIM)
        assert tokens.dtype == np.float32
        found = decode_scene(tokens)
        assert found == canonical_scene(scene)
        assert canonical_scene(found) == found


def test_what_is_hidden_decides_no_pixel() -> None:
    for scene in _scenes(1_200)[::17]:
        # The variant as it was: it also chooses the style's grain, which no token tells.
        plain = replace(canonical_scene(scene), variant=scene.variant)
        assert np.array_equal(render(scene, 96), render(plain, 96)), scene


def test_tokens_bear_noise() -> None:
    rng = np.random.default_rng(0)
    for scene in _scenes(200):
        noisy = encode_scene(scene) + 0.5 * rng.standard_normal((NUM_TOKENS, TOKEN_DIM))
        found, wanted = decode_scene(noisy), canonical_scene(scene)
        assert len(found.figures) == len(wanted.figures)
        assert (found.setting, found.style, found.framing) == (wanted.setting, wanted.style, wanted.framing)
        for figure, other in zip(found.figures, wanted.figures, strict=True):
            assert figure.person.traits == other.person.traits


def test_tokens_have_unit_spread() -> None:
    tokens = np.stack([encode_scene(scene) for scene in _scenes(2_000)])
    assert np.sqrt(np.square(tokens).mean()) == pytest.approx(1.0, abs=0.05)
    assert (np.sqrt(np.square(tokens).mean(axis=(0, 2))) > 0.6).all()


def test_a_person_is_the_same_at_both_places() -> None:
    scene = random_scene(seeded("scene tokens", "places"), num_figures=2)
    left, right = scene.figures
    tokens = encode_scene(scene)
    swapped = encode_scene(replace(scene, figures=(right, left)))
    persons = tokens[:PERSON_TOKENS], tokens[PERSON_TOKENS:FIRST_SCENE_TOKEN]
    box = PERSON_TOKENS - 1  # where the face lies is all that differs
    assert np.array_equal(swapped[:box], persons[1][:box])
    assert np.array_equal(swapped[PERSON_TOKENS : PERSON_TOKENS + box], persons[0][:box])


def test_a_cut_out_copies_the_face_of_the_right_person() -> None:
    scene = random_scene(seeded("scene tokens", "cut-out"), num_figures=2, interaction="none")
    whole, alone = encode_scene(scene), encode_scene(cut_out(scene, 1))
    same = [
        index for index in range(PERSON_TOKENS) if np.array_equal(alone[index], whole[PERSON_TOKENS + index])
    ]
    assert len(same) >= PERSON_TOKENS - 5  # trousers, pose, what is held and the box may differ


def test_the_face_box_is_the_truth_s() -> None:
    for scene in _scenes(200)[::7]:
        tokens = encode_scene(scene)
        for place, wanted in enumerate(scene_truth(scene).face_boxes):
            assert face_box(tokens, place) == pytest.approx(wanted, abs=1e-3)


def test_letters_are_spelled() -> None:
    scene = replace(
        random_scene(seeded("scene tokens", "letters"), setting="beach"), written_word="Zebra Fox"
    )
    assert decode_scene(encode_scene(scene)).written_word == "ZEBRA FOX"
    with pytest.raises(ValueError, match="at most 10 letters"):
        encode_scene(replace(scene, written_word="UNFORGETTABLE"))
    with pytest.raises(ValueError, match="A to Z"):
        encode_scene(replace(scene, written_word="50%"))


def test_values_tell_who_is_absent() -> None:
    scene = random_scene(seeded("scene tokens", "alone"), num_figures=1)
    left, right, around = factor_values(scene)
    assert left["hair_style"] == scene.figures[0].person.traits.hair_style
    assert right == {}
    assert around["number"] == "1"


def test_a_thousand_scenes_a_second() -> None:
    scenes = _scenes(500)
    start = time.process_time()
    for scene in scenes:
        encode_scene(scene)
    assert time.process_time() - start < 1.5  # 0.2 s on the machine that trained the embedded model


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="scene tokens have the shape"):
        decode_scene(np.zeros((16, 64), np.float32))


def test_any_tokens_are_a_scene_that_can_be_painted() -> None:
    rng = np.random.default_rng(0)
    for number, scene in enumerate(_scenes(60)):
        for spread in (1.0, 3.0):
            noise = spread * rng.standard_normal((NUM_TOKENS, TOKEN_DIM))
            found = decode_scene(noise if number % 2 else encode_scene(scene) + noise)
            assert render(found, 32).shape == (32, 32, 3)
            assert decode_scene(encode_scene(found)) == canonical_scene(found)
