"""Edits change exactly what they say and can be taken back; questions are answered by the scene."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import pytest

from limner_world.chance import seeded
from limner_world.describe import pronouns
from limner_world.edit import OPERATIONS, Edit, apply, random_edit
from limner_world.instruction import ask, phrase, say
from limner_world.person import HAIR_COLOURS, Traits
from limner_world.question import random_question
from limner_world.scene import Scene
from limner_world.staging import random_scene, scene_split


@cache
def edit_of(seed: int) -> tuple[Scene, Edit]:
    rng = seeded("edits", seed)
    split = "test" if seed % 2 else "train"
    scene = random_scene(rng, split=split)
    return scene, random_edit(scene, rng, split=split)


def edits(num: int) -> list[tuple[Scene, Edit]]:
    return [edit_of(seed) for seed in range(num)]


def test_an_edit_and_its_inverse_are_nothing() -> None:
    for scene, edit in edits(200):
        after = apply(edit, scene)
        assert after != scene
        assert apply(edit.inverse(), after) == scene
        assert scene_split(after) == scene_split(scene)


def test_an_edit_changes_nothing_else() -> None:
    for scene, edit in edits(200):
        after = apply(edit, scene)
        for place, (old, new) in enumerate(zip(scene.figures, after.figures, strict=True)):
            assert old.person.identity == new.person.identity
            changed = {
                f.name
                for f in fields(Traits)
                if getattr(old.person.traits, f.name) != getattr(new.person.traits, f.name)
            }
            assert changed <= (set(edit.after) if place == edit.place else set())
        if edit.place is None:
            assert after.figures == scene.figures


def test_every_operation_occurs_and_is_put_into_words() -> None:
    seen = set()
    for seed, (scene, edit) in enumerate(edits(500)):
        seen.add(edit.operation)
        rng = seeded("phrase", seed)
        traits = None if edit.place is None else scene.figures[edit.place].person.traits
        words = phrase(rng, edit, traits, "" if edit.place is None else "Mia")
        for text in (ask(rng, words), say(rng, words), words.gerund):
            assert text
            assert "{" not in text
            assert "none" not in text
            assert "  " not in text
        if edit.place is not None:
            assert "Mia" in words.imperative
        changed = [str(value) for name, value in edit.after.items() if value != edit.before[name]]
        new = [value for value in changed if value in ("red", "navy-blue", "beanie", "cap", "cardigan")]
        assert all(value in words.imperative for value in new), words.imperative
    assert seen == set(OPERATIONS)


def test_a_figure_is_called_by_pronouns_or_not_at_all() -> None:
    unaddressed = set()
    for seed, (scene, edit) in enumerate(edits(400)):
        if edit.place is None:
            continue
        traits = scene.figures[edit.place].person.traits
        own = pronouns(traits)
        words = phrase(seeded("called", seed), edit, traits, "Mia", own)
        assert "Mia" not in words.imperative + words.gerund
        assert "{" not in words.imperative + words.gerund
        assert {own.object, own.possessive} & set(words.imperative.split())
        bare = phrase(seeded("called", seed), edit, traits, "Mia", "")
        if "Mia" not in bare.imperative:
            unaddressed.add(edit.operation)
            assert not {"her", "his", "him"} & set(bare.imperative.split())
        assert "{" not in bare.imperative + bare.gerund
    assert {"add", "remove", "recolour garment", "recolour hair", "change garment"} <= unaddressed


def test_wrong_edits_are_refused() -> None:
    scene = random_scene(seeded("wrong"), num_figures=1)
    with pytest.raises(ValueError, match="figure 1"):
        apply(Edit(operation="add", place=1, before={}, after={"glasses": "red glasses"}), scene)
    with pytest.raises(ValueError, match="no known operation"):
        random_edit(scene, seeded(0), operations=("juggle",))


def test_hair_questions_are_answered_by_the_hair() -> None:
    asked_at_all = 0
    for seed in range(400):
        rng = seeded("hair", seed)
        scene = random_scene(rng, num_figures=2)
        asked = random_question(scene, rng, ["Mia", "Tom"], topics=("what",))
        if asked.field == "hair_colour" and asked.place is not None:
            asked_at_all += 1
            name = ["Mia", "Tom"][asked.place]
            assert name in asked.question
            assert asked.answer == f"{scene.figures[asked.place].person.traits.hair_colour.capitalize()}."
    assert asked_at_all > 10


def test_who_is_answered_with_the_one_who_has_it() -> None:
    for seed in range(600):
        rng = seeded("who", seed)
        scene = random_scene(rng, num_figures=2)
        asked = random_question(scene, rng, ["Mia", "Tom"], topics=("who",))
        if asked.field != "hair_colour":
            continue
        colours = [figure.person.traits.hair_colour for figure in scene.figures]
        colour = next(colour for colour in HAIR_COLOURS if colour in asked.question)
        owners = [name for name, own in zip(("Mia", "Tom"), colours, strict=True) if own == colour]
        visible = [f.person.traits.hair_style != "bald" for f in scene.figures]
        if all(visible):
            assert asked.answer == ("Both of them." if len(owners) == 2 else f"{owners[0]}.")


def test_only_what_was_told_is_asked() -> None:
    for seed in range(200):
        rng = seeded("told", seed)
        scene = random_scene(rng, num_figures=2)
        asked = random_question(scene, rng, ["Mia", "Tom"], told=[{"skin"}, set()], told_scene=set())
        assert asked.field in ("skin", "count")
        assert asked.place in (0, None)


def test_yes_and_no_are_right_about_glasses() -> None:
    for seed in range(500):
        rng = seeded("glasses", seed)
        scene = random_scene(rng, num_figures=1)
        scene = replace(scene, framing="bust")
        asked = random_question(scene, rng, ["Mia"], topics=("yes",))
        if asked.field == "glasses":
            worn = scene.figures[0].person.traits.glasses
            assert asked.answer.startswith("No" if worn == "none" else "Yes")
