"""Sampled people: disjoint splits, sense, variety, names, and scenes that survive JSON."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from limner_world.chance import seeded
from limner_world.film import random_film
from limner_world.names import MEN, NEUTRAL, WOMEN, held_out_names, is_held_out, random_names, seen_names
from limner_world.person import COLOURS, GARMENTS, HAIR_COLOURS, HAIR_STYLES, Traits
from limner_world.sampling import (
    identity_split,
    person_split,
    random_outfit,
    random_person,
    settle,
    traits_split,
)
from limner_world.scene import INTERACTIONS, SETTINGS, STYLES
from limner_world.serial import scene_from_json, scene_to_json
from limner_world.staging import cut_out, random_scene, scene_split, shared_traits_pair


@pytest.mark.parametrize("split", ["train", "test"])
def test_people_belong_to_their_split(split: str) -> None:
    rng = seeded("people", split)
    for _ in range(300):
        person = random_person(rng, split)
        assert identity_split(person.identity) == traits_split(person.traits) == split
        assert settle(person.traits) == person.traits
        other = random_outfit(rng, person.traits, split)
        assert traits_split(other) == split
        assert other.hair_colour == person.traits.hair_colour


def test_a_tenth_is_held_out() -> None:
    rng = seeded("tenth")
    combinations = [
        Traits(hair_colour=hair, hair_style=style, garment=garment, garment_colour=colour)
        for hair in HAIR_COLOURS
        for style in HAIR_STYLES
        for garment in GARMENTS
        for colour in COLOURS
    ]
    share = sum(traits_split(traits) == "test" for traits in combinations) / len(combinations)
    assert 0.08 < share < 0.12
    assert {person_split(random_person(rng, split)) for split in ("train", "test")} == {"train", "test"}


def test_people_make_sense() -> None:
    rng = seeded("sense")
    for _ in range(600):
        traits = random_person(rng).traits
        if traits.age in ("baby", "child") or traits.presentation == "woman":
            assert traits.facial_hair == "none"
        if traits.glasses == "dark sunglasses":
            assert traits.expression not in ("winking", "eyes closed")
        if traits.age == "baby":
            assert traits.jewellery == traits.make_up == "none"


def test_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="split"):
        random_person(seeded(0), "validation")
    with pytest.raises(ValueError, match="one or two figures"):
        random_scene(seeded(0), num_figures=3)


def test_scenes_cover_the_vocabulary() -> None:
    scenes = [random_scene(seeded("cover", seed)) for seed in range(1500)]
    assert {scene.setting for scene in scenes} == set(SETTINGS)
    assert {scene.style for scene in scenes} == set(STYLES)
    assert {scene.interaction for scene in scenes} == set(INTERACTIONS)
    worn = Counter(figure.person.traits.garment for scene in scenes for figure in scene.figures)
    assert set(worn) == set(GARMENTS)


def test_scenes_survive_json() -> None:
    for seed in range(200):
        scene = random_scene(seeded("json", seed))
        assert scene_from_json(json.loads(json.dumps(scene_to_json(scene)))) == scene
    plain = scene_to_json(random_scene(seeded("json", 0)))
    with pytest.raises(ValueError, match="weather"):
        scene_from_json({**plain, "weather": "rain"})


def test_two_may_share_their_traits_but_not_their_faces() -> None:
    rng = seeded("shared")
    shared = 0
    for _ in range(30):
        first, second = shared_traits_pair(rng)
        assert first.identity != second.identity
        shared += first.traits.hair_colour == second.traits.hair_colour
        assert person_split(first) == person_split(second) == "train"
    assert shared > 15


def test_names_differ_and_are_parted() -> None:
    assert min(len(set(WOMEN)), len(set(MEN))) > 250
    for pool in (WOMEN, MEN, NEUTRAL):
        assert not set(seen_names(pool)) & set(held_out_names(pool))
        assert held_out_names(pool)
    unseen = 0
    for seed in range(300):
        rng = seeded("names", seed)
        people = [random_person(rng).traits, random_person(rng).traits]
        first, second = random_names(rng, people)
        assert not set(first.name.split()) & set(second.name.split())
        assert not is_held_out(first.name)
        assert first.name in first.introduction
        unseen += is_held_out(random_names(rng, people, "test")[0].name)
    assert 90 < unseen < 210


def test_films_move_but_keep_their_people() -> None:
    for seed in range(50):
        film = random_film(seeded("film", seed))
        frames = film.frames(5)
        assert frames[0] == film.first
        assert frames[-1] == film.last
        assert len({frame.figures[0].turn for frame in frames}) > 2
        for frame in frames:
            assert [f.person for f in frame.figures] == [f.person for f in film.first.figures]
        assert scene_split(film.last) == "train"
    with pytest.raises(ValueError, match="num=1"):
        film.frames(1)


def test_a_cut_out_keeps_the_person_and_drops_the_rest() -> None:
    scene = random_scene(seeded("cut"), num_figures=2)
    face = cut_out(scene, 1)
    assert face.figures[0].person == scene.figures[1].person
    assert (face.setting, face.framing, face.figures[0].holding) == ("white", "close-up", "none")
