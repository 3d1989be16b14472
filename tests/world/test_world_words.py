"""Captions say what they claim, never what they may not, and stay short."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from limner_world.caption import tell
from limner_world.caption_writer import Caption
from limner_world.chance import seeded
from limner_world.names import Name, random_names
from limner_world.person import Identity, Traits
from limner_world.places import LIGHT_MARKS, PLACE_MARKS, STYLE_MARKS
from limner_world.scene import Scene
from limner_world.staging import random_scene, visible_traits
from limner_world.wording import HOLDING_MARKS, colour_word, marks, with_article

NUM = 200


Told = tuple[Scene, tuple[Name, ...], Caption]


def told_scene(seed: int, **choices: str) -> Told:
    rng = seeded("captions", seed)
    scene = random_scene(rng, split="test" if seed % 2 else "train")
    names = random_names(rng, [figure.person.traits for figure in scene.figures])
    return scene, names, tell(scene, names, rng=rng, **choices)


@cache
def told_scenes(**choices: str) -> list[Told]:
    """Told once for all tests that ask for the same."""
    return [told_scene(seed, **choices) for seed in range(NUM)]


def own_words(text: str, names: list[str]) -> list[str]:
    """For each name the sentences (or the bracketed note) that tell about it, in lower case."""
    low, lows = text.lower(), [name.lower() for name in names]
    own = []
    for name in lows:
        note = re.search(rf"{re.escape(name)} \(([^)]*)\)(?!:)", low)
        own.append(note.group(1) if note and note.group(1) not in ("on the left", "on the right") else "")
    current = None
    for sentence in re.split(r"(?<=(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)[.?!]) ", low)[1:]:
        heads = [
            place
            for place, name in enumerate(lows)
            if re.match(rf"(on the \w+, )?{re.escape(name)}\b", sentence)
        ]
        current = heads[0] if heads else current
        if current is not None:
            own[current] += " " + sentence
    return own


@pytest.mark.parametrize("length", ["short", "medium", "long"])
def test_every_claimed_trait_stands_in_the_text(length: str) -> None:
    for scene, names, told in told_scenes(length=length):
        for figure, stated, own in zip(
            scene.figures, told.stated, own_words(told.text, [str(name) for name in names]), strict=True
        ):
            traits = figure.person.traits
            for field in stated - {"side", "holding"}:
                if field == "garment_colour" and traits.garment == "white coat":
                    continue
                if field == "hair_colour" and traits.hair_style == "bald":
                    continue
                assert any(mark.lower() in own for mark in marks(traits, field)), (field, own, told.text)
            if "holding" in stated:
                assert any(mark in own for mark in HOLDING_MARKS[figure.holding]), told.text


def test_claimed_surroundings_stand_in_the_text() -> None:
    for scene, _, told in told_scenes():
        low = told.text.lower()
        for field, table in (("setting", PLACE_MARKS), ("style", STYLE_MARKS), ("lighting", LIGHT_MARKS)):
            if field in told.stated_scene:
                assert any(mark in low for mark in table[getattr(scene, field)]), (field, told.text)
        if "written_word" in told.stated_scene:
            assert scene.written_word.lower() in low


def test_only_visible_traits_are_claimed() -> None:
    for scene, _, told in told_scenes(length="long"):
        for figure, stated in zip(scene.figures, told.stated, strict=True):
            assert stated - {"side"} <= set(visible_traits(figure, scene))


def test_texts_never_tell_the_hidden_face_and_stay_short() -> None:
    hidden = re.compile(
        r"\b(jaw|chin|nose|brows?|forehead|cheekbones?|moles?|(?<!over-)ears?|lips|eye colou?r)\b"
    )
    named = {f.name.split("_")[0] for f in fields(Identity)}
    assert {"jaw", "chin", "brow", "nose", "mole", "forehead"} <= named
    for _, _, told in told_scenes():
        assert told.num_words <= 120
        assert not hidden.search(told.text), told.text
        assert not re.search(r"\d\.\d|\{|\}|  | \.|\bnone\b|None", told.text), told.text


def test_names_stand_in_named_texts_and_sides_are_right() -> None:
    seen = 0
    for scene, names, told in told_scenes():
        for name in names:
            assert str(name).lower() in told.text.lower()
        if len(names) == 2:
            left, right = (re.escape(str(name)) for name in names)
            low = told.text
            swapped = (
                rf"{left},? \(?on the right",
                rf"{right},? \(?on the left",
                f"On the right, {left}",
                f"On the left, {right}",
            )
            assert not re.search("|".join(swapped), low), low
            seen += bool(re.search(rf"{left},? \(?on the left|On the left, {left}", low))
            assert scene.figures[0] is not scene.figures[1]
    assert seen > NUM // 20


def test_lengths_differ_and_openings_vary() -> None:
    mean = {
        length: np.mean([told.num_words for *_, told in told_scenes(length=length)])
        for length in ("bare", "short", "medium", "long")
    }
    assert mean["bare"] < mean["short"] < mean["medium"] < mean["long"]
    openings = {" ".join(told.text.split()[:2]) for *_, told in told_scenes(register="ask")}
    assert len(openings) > 20


def test_untold_fields_are_left_out() -> None:
    for seed in range(100):
        rng = seeded("untold", seed)
        told = tell(random_scene(rng), rng=rng, length="long", untold=("skin", "hair_colour", "hair_style"))
        assert "skin" not in told.text
        assert " hair" not in told.text.replace("facial hair", "")


def test_same_seed_same_text() -> None:
    for seed, (*_, told) in enumerate(told_scenes()):
        assert told_scene(seed)[-1].text == told.text


def test_articles_and_colours() -> None:
    assert with_article("orange cap") == "an orange cap"
    assert with_article("red beanie") == "a red beanie"
    assert with_article("black headphones") == "black headphones"
    assert colour_word(seeded(1), "red") == "red"
    assert "white coat" in marks(Traits(garment="white coat"), "garment")
