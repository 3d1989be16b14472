"""Every kind of dialogue: deterministic, parted, exact about what each round needs and shows."""

from __future__ import annotations

import json
import re
from functools import cache

import numpy as np
import pytest
from dots import dots

from limner.builders.kind_names import KIND_NAMES
from limner.builders.world import DRAFTS, KINDS, Draft, draft, words_of_world
from limner.dialogue.parts import Dialogue
from limner.dialogue.ways_back import ORDINALS
from limner_world.person import Identity
from limner_world.scene import Scene
from limner_world.serial import scene_from_json
from limner_world.staging import scene_split

ALL = sorted(DRAFTS)
NUM = 60


@cache
def drafted(kind: str, seed: int, split: str = "train") -> Draft:
    """One draft for all tests that look at it."""
    return draft(kind, seed, split)


def dialogue(kind: str, seed: int, split: str = "train") -> Dialogue:
    return KINDS[kind](seed, split, 32, paint=dots)


@pytest.mark.parametrize("kind", ALL)
def test_same_seed_same_dialogue(kind: str) -> None:
    assert draft(kind, 5) == draft(kind, 5)
    assert draft(kind, 5) != draft(kind, 6)
    assert draft(kind, 5, "train") != draft(kind, 5, "test")


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_scene_belongs_to_the_split(kind: str, split: str) -> None:
    for seed in range(NUM):
        made = drafted(kind, seed, split)
        assert all(scene_split(scene) == split for scene in made.scenes)


@pytest.mark.parametrize("kind", ALL)
def test_dialogues_are_sound(kind: str) -> None:
    for seed in range(20):
        made = dialogue(kind, seed)
        assert made.kind == kind
        truth = json.loads(json.dumps(dict(made.truth)))
        assert len(truth["scenes"]) == len(made.rounds)
        for round_, scene in zip(made.rounds, truth["scenes"], strict=True):
            assert (round_.response.picture is None) == (scene is None)
            if scene is not None:
                assert np.array_equal(round_.response.picture.pixels, dots(scene_from_json(scene), 32))
            assert len(round_.instruction.text.split()) <= 130
            assert round_.instruction.text
            assert round_.response.text
        assert {person.name for person in made.persons} == set(truth["names"])


@pytest.mark.parametrize("kind", ALL)
def test_texts_are_clean(kind: str) -> None:
    for seed in range(NUM):
        for text in drafted(kind, seed).words():
            assert not re.search(r"[{}]|  |\bNone\b|\bnone\b| \.|\.\.| ,", text), text
            assert text[0] == text[0].upper() or text == text.lower(), text


def test_binding_text_has_no_pictures_and_many_targets() -> None:
    for seed in range(NUM):
        made = drafted("binding_text", seed)
        assert not made.scenes
        assert len(made.names) == 2
        assert 3 <= len(made.rounds) <= 9
        assert all(round_.depends_on == (0,) for round_ in made.rounds[1:])
        assert all(len(round_.response.split()) <= 40 for round_ in made.rounds[1:])


def test_close_ups_show_the_named_person() -> None:
    gap = 0
    for seed in range(150):
        made = drafted("named", seed)
        first = made.rounds[0].scene
        assert first is not None
        shown = []
        for index, round_ in enumerate(made.rounds[1:], start=1):
            if round_.scene is None or round_.scene.framing != "close-up" or round_.depends_on != (0,):
                continue
            name = next(name for name in made.names if name in round_.instruction)
            assert name in round_.response
            place = made.names[name][1]
            assert round_.scene.figures[0].person == first.figures[place].person
            assert round_.scene.setting == "white"
            shown.append(name)
            gap = max(gap, index)
        assert sorted(shown) == sorted(made.names)
    assert gap >= 5


def test_close_ups_restate_only_what_was_told() -> None:
    for seed in range(150):
        made = drafted("named", seed)
        for name, (_, place) in made.names.items():
            told = set(made.truth["stated"][place])
            said = " ".join(
                r.response for r in made.rounds[1:] if name in r.instruction and r.scene is not None
            )
            if not told & {"glasses"}:
                assert "glasses" not in said


def test_full_bodies_keep_the_face_and_the_hair() -> None:
    for seed in range(NUM):
        made = drafted("full_body", seed)
        first = made.rounds[0].scene
        assert first is not None
        for round_ in made.rounds[1:]:
            assert round_.scene is not None
            name = next(name for name in made.names if name in round_.response or name in round_.instruction)
            person = first.figures[made.names[name][1]].person
            now = round_.scene.figures[0].person
            assert now.identity == person.identity
            assert now.traits.hair_colour == person.traits.hair_colour


def _pictures(made: Draft) -> list[Scene]:
    return [round_.scene for round_ in made.rounds if round_.scene is not None]


def test_rollbacks_start_from_the_round_they_name() -> None:
    ways = set()
    for seed in range(400):
        made = drafted("rollback", seed)
        scenes, how = _pictures(made), made.truth["rollback"]
        ways.add(how)
        back = [index for index, r in enumerate(made.rounds) if index and r.depends_on != (index - 1,)]
        if how == "first" and made.truth["base"] == -1 and made.rounds[1].depends_on == (0,) and not back:
            continue  # an upload edited once: its own round is also the one before
        assert len(back) == 1, made.rounds
        index = back[0]
        (base,) = made.rounds[index].depends_on
        assert base == max(made.truth["base"], 0)
        assert base < index - 1
        text = made.rounds[index].instruction
        if how == "undo":
            assert scenes[index] == scenes[index - 2]
        if how == "step back":
            steps = {
                "once": 1,
                "one": 1,
                "1": 1,
                "edit": 1,
                "change": 1,
                "two": 2,
                "twice": 2,
                "2": 2,
                "three": 3,
                "3": 3,
            }
            words = re.findall(r"[a-z0-9]+", text.split(" and ")[0].split(",")[0].lower())
            counts = {steps[word] for word in words[:6] if word in steps}
            assert index - 1 - base in counts, text
        if how != "undo" and made.truth["base"] >= 0:
            assert scenes[index] != scenes[base]
            assert _num_changed(scenes[index], scenes[base]) == 1
    assert ways == {"undo", "step back", "first", "instead", "before", "after"}


def test_branches_go_back_along_the_tree() -> None:
    found = set()
    for seed in range(300):
        made = drafted("branches", seed)
        scenes, ways = _pictures(made), made.truth["ways"]
        asked = [index for index, way in enumerate(ways) if way is not None]
        assert len(asked) == 2
        first, second = (ways[index] for index in asked)
        found.add(second["way"])
        at, base = asked[1], second["base"]
        start = made.rounds[0].pictures[0] if base < 0 else scenes[base]
        assert made.rounds[at].depends_on == (max(base, 0),)
        if second["way"] == "undo":
            assert scenes[at] == start
        else:
            assert _num_changed(scenes[at], start) == 1
            assert second["change"].lower() in made.rounds[at].instruction.lower()
        if at == asked[0] + 1 and second["way"] in ("instead", "undo") and first["way"] != "undo":
            # What the branch began with is taken back, not what was painted before it.
            assert base == first["base"]
        if at == asked[0] + 1 and (first["way"], second["way"]) == ("undo", "undo"):
            assert start not in (scenes[asked[0]], scenes[asked[0] - 1])
        if second["quoted"] is not None and second["way"] in ("instead", "before"):
            quoted = second["quoted"]
            began = ways[quoted]["base"] if ways[quoted] else quoted - 1
            assert base == began
        if second["way"] == "after":
            assert base == second["quoted"]
    assert found == {"undo", "step back", "first", "instead", "before", "after"}


def test_chats_mix_rounds_of_every_kind() -> None:
    kinds = set()
    for seed in range(200):
        made = drafted("chat", seed)
        scenes, ways, edits = _pictures(made), made.truth["ways"], made.truth["edits"]
        assert len(ways) == len(edits) == len(made.rounds)
        for index, round_ in enumerate(made.rounds[1:], 1):
            if round_.scene is None:
                kinds.add("question")
                assert index == len(made.rounds) - 1
                continue
            if edits[index] is not None:
                (source,) = round_.depends_on
                kinds.add("edit" if ways[index] is None else "back")
                assert source == edits[index]
                assert _num_changed(scenes[index], scenes[source]) == (
                    ways[index] is None or ways[index]["change"] != ""
                )
                continue
            shown = _identities(scenes[index])
            painted = [_identities(scene) for scene in scenes[:index]]
            if not round_.depends_on:
                kinds.add("new")
                assert not any(shown & others for others in painted)
                continue
            kinds.add("close-up" if scenes[index].setting == "white" else "elsewhere")
            kinds.add("together" if len(round_.depends_on) == 2 else "from one picture")
            assert shown <= set().union(*(painted[source] for source in round_.depends_on))
            for person in shown:  # as the last picture shows who it is, whose name is said if that lies back
                last = max(at for at, others in enumerate(painted) if person in others)
                assert last in round_.depends_on
                if last < index - 1:
                    kinds.add("from before")
                    assert any(name in round_.instruction for name in _names_of(made, person))
    assert kinds == {
        *("question", "edit", "back", "close-up", "elsewhere", "new"),
        *("from one picture", "together", "from before"),
    }


def test_chats_go_back_without_a_change_too() -> None:
    found = set()
    for seed in range(400):
        made = drafted("chat", seed)
        scenes = _pictures(made)
        for index, way in enumerate(made.truth["ways"]):
            if way is None or index == 0:
                continue
            text = made.rounds[index].instruction.lower()
            found.add((way["way"], way["change"] == ""))
            if way["change"] == "":
                assert scenes[index] == scenes[way["base"]] != scenes[index - 1]
            if way["way"] == "numbered":
                number = way["base"] + 1
                assert ORDINALS[way["base"]] in text or f"picture {number}" in text
    alone = {"step back", "first", "before", "after", "numbered"}
    assert found == {(way, changed) for way in alone for changed in (False, True)} | {
        ("undo", True),
        ("instead", False),
    }


def test_chats_say_things_in_a_few_words_too() -> None:
    said = " | ".join(round_.instruction for seed in range(400) for round_ in drafted("chat", seed).rounds)
    for words in (
        r"\| Now with (a|an|the) [a-z- ]+\.? \|",  # an edit without a verb
        r"\| Without the [a-z- ]+\.? \|",
        r"\| [A-Z][a-z]+ and [A-Z][a-z]+ (in|at|on|by|against|among|aboard) [a-z' ]+\. \|",
        r"[A-Z][a-z]+ alone (in|at|on|by) ",
        r"Full body picture of ",
        r"the two of them|both of them",
        r"[A-Z][a-z]+, an? [a-z- ]+, and [A-Z][a-z]+, an? ",
        r"an? [a-z]+ (named|called) [A-Z]",
    ):
        assert re.search(words, said), words


def _identities(scene: Scene) -> set[Identity]:
    return {figure.person.identity for figure in scene.figures}


def _names_of(made: Draft, person: Identity) -> list[str]:
    """In the writing of the text and in lower case."""
    found = [
        name
        for name, (index, place) in made.names.items()
        if made.rounds[index].scene.figures[place].person.identity == person
    ]
    return [*found, *(name.lower() for name in found)]


def test_pronouns_mean_one_person() -> None:
    said = 0
    for seed in range(300):
        made = drafted("rollback", seed)
        for index, round_ in enumerate(made.rounds):
            if {"her", "his", "him"} & set(re.findall(r"[a-z]+", round_.instruction.lower())) and index:
                figures = made.rounds[index].scene.figures
                shown = [figure.person.traits.presentation == "woman" for figure in figures]
                said += 1
                assert len(shown) == 1 or shown[0] != shown[1], round_.instruction
    assert said > 30


def _num_changed(one: Scene, other: Scene) -> int:
    """How many of the scene's own fields and of its figures differ."""
    own = sum(
        getattr(one, name) != getattr(other, name)
        for name in ("setting", "style", "lighting", "written_word")
    )
    return own + sum(a != b for a, b in zip(one.figures, other.figures, strict=True))


def test_instead_of_names_the_last_edit() -> None:
    for seed in range(200):
        made = drafted("rollback", seed)
        if made.truth["rollback"] == "instead":
            text = next(r.instruction for i, r in enumerate(made.rounds) if i and r.depends_on != (i - 1,))
            assert re.search(r"instead of|rather than", text.lower())


def test_faces_and_wholes_show_the_same_person() -> None:
    for seed in range(NUM):
        for kind in ("face_to_image", "paired"):
            (round_,) = drafted(kind, seed).rounds
            assert round_.scene is not None
            face, whole = round_.pictures[0].figures[0], round_.scene.figures[0]
            assert face.person.identity == whole.person.identity
            if kind == "face_to_image":
                assert face.person == whole.person
        (round_,) = drafted("copy", seed).rounds
        assert round_.pictures == (round_.scene,)


def test_boxes_are_where_the_face_is() -> None:
    for seed in range(30):
        made = dialogue("point", seed)
        boxes = {person.name: person.box for person in made.persons}
        found = 0
        for round_ in made.rounds:
            match = re.search(r"\[\[(\d+) (\d+) (\d+) (\d+)\]\]", round_.response.text)
            if match:
                name = next(name for name in boxes if name in round_.instruction.text)
                box = boxes[name]
                assert box is not None
                assert np.allclose([int(n) / 223 for n in match.groups()], box, atol=0.01)
                found += 1
        assert found == 2


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="sculpture"):
        draft("sculpture", 0)


def test_words_of_world_are_many_and_repeatable() -> None:
    words = list(words_of_world(500, 3))
    assert len(words) == 500
    assert words == list(words_of_world(500, 3))
    assert words != list(words_of_world(500, 4))
    assert len(set(words)) > 350


def test_kinds_are_named_once() -> None:
    assert tuple(KINDS) == KIND_NAMES
