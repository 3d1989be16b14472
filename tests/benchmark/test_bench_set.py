"""The published set: the same everywhere, well formed, of held-out people, and with nothing to guess from."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from limner.benchmark.conversation import (
    CONTROL_FAMILY,
    NON_MARKOV_FAMILIES,
    BenchConversation,
    BenchRound,
    Own,
    StateCheck,
    as_picture,
)
from limner.benchmark.scripts import VERSION, content_hash, conversation, conversations
from limner.benchmark.tasks.changes import draw_changes
from limner_world.chance import seeded
from limner_world.edit import apply
from limner_world.sampling import identity_split
from limner_world.scene import Scene
from limner_world.staging import random_scene

# What version 1.0 says and shows. When this changes, so must VERSION: reported scores would not compare.
HASH_OF_18 = "677f57ea09498a8ff6cc9b5f05f55002d8559978cb6b930681333036f293f702"
NUM = 16 * len(NON_MARKOV_FAMILIES)


@pytest.fixture(scope="module")
def found() -> list[BenchConversation]:
    return list(conversations(NUM, seed=4))


def _asked(one: BenchConversation) -> list[BenchRound]:
    """The rounds that the conversation is about."""
    return [r for r in one.rounds if r.scored is not None and r.scored.family == one.family]


def test_version_one_is_what_it_was():
    assert VERSION == "1.0"
    assert content_hash(conversations(18)) == HASH_OF_18


def test_a_conversation_follows_from_its_number_and_seed_alone(found):
    assert content_hash([conversation(7, seed=4)]) == content_hash([found[7]])
    assert content_hash([conversation(7, seed=5)]) != content_hash([found[7]])


def test_the_hash_sees_a_single_word(found):
    one = found[0]
    first = BenchRound(**{**vars(one.rounds[0]), "say": one.rounds[0].say + "!"})
    other = BenchConversation(**{**vars(one), "rounds": (first, *one.rounds[1:])})
    assert content_hash([one]) != content_hash([other])


def test_every_family_comes_in_both_ways_of_giving_pictures(found):
    seen = {(one.family, one.given) for one in found}
    assert seen == {(family, given) for family in NON_MARKOV_FAMILIES for given in ("uploaded", "painted")}


def test_lines_have_two_to_ten_rounds_and_end_with_what_they_are_about(found):
    lengths = set()
    for one in found:
        followed = {r.after for r in one.rounds}
        for index, round_ in enumerate(one.rounds):
            if index not in followed:
                assert round_.scored.family == one.family
                lengths.add(len(one.line_to(index)))
        families = {r.scored.family for r in one.rounds if r.scored is not None}
        assert families <= {one.family, CONTROL_FAMILY}
    assert lengths == set(range(2, 11))


def test_names_are_needed_one_to_eight_rounds_later(found):
    for family in ("person_by_name", "answer_by_name"):
        depths = {r.scored.depth for one in found if one.family == family for r in _asked(one)}
        assert depths == set(range(1, 9))


def test_names_are_told_that_many_rounds_back_and_not_said_in_between(found):
    for one in found:
        for round_ in _asked(one):
            if not round_.scored.name:
                continue
            line = one.line_to(one.rounds.index(round_))
            told = line[-1 - round_.scored.depth]
            assert round_.scored.name in round_.say
            assert round_.scored.name in one.rounds[told].say
            between = line[line.index(told) + 1 : -1]
            assert not any(round_.scored.name in one.rounds[index].say for index in between)


def test_states_are_named_or_made_that_many_rounds_back(found):
    for one in found:
        for round_ in _asked(one):
            check = round_.scored.check
            if isinstance(check, StateCheck) and isinstance(check.states[0], Own):
                line = one.line_to(one.rounds.index(round_))
                assert line[-1 - round_.scored.depth] == check.states[check.right].round


def test_every_candidate_is_right_once_after_one_and_the_same_beginning(found):
    for one in found:
        asked = _asked(one)
        by_line = defaultdict(list)
        for round_ in asked:
            by_line[round_.after].append(round_.scored.check.right)
        if one.family == "fork_picture":  # candidates lie on two lines that end alike
            assert sorted(right for rights in by_line.values() for right in rights) == [0, 1, 2, 3]
            first, second = (one.rounds[after] for after in by_line)
            assert (first.say, first.target) == (second.say, second.target)
        else:
            for rights in by_line.values():
                assert sorted(rights) == list(range(round(1 / asked[0].scored.chance)))


def test_a_conversation_that_goes_on_from_nowhere_is_refused():
    first = BenchRound(say="Hello.", after=-1)
    with pytest.raises(ValueError, match="goes on from round 3"):
        BenchConversation(
            name="x", family="f", given="uploaded", rounds=(first, BenchRound(say="And?", after=3))
        )


def test_people_are_held_out(found):
    for one in found:
        scenes = [shot for r in one.rounds for shot in (*r.pictures, r.target) if isinstance(shot, Scene)]
        assert all(identity_split(f.person.identity) == "test" for scene in scenes for f in scene.figures)


def test_chance_is_one_in_as_many_as_there_are_candidates(found):
    for one in found:
        for round_ in _asked(one):
            check = round_.scored.check
            several = getattr(check, "states", getattr(check, "options", (0, 1)))
            assert round_.scored.chance == 1 / len(several)


def test_edits_of_a_chain_touch_different_things_and_fit_every_state():
    rng = seeded("changes", 0)
    made = 0
    for _ in range(40):
        scene = random_scene(rng, framing="bust", interaction="none", style="storybook", split="test")
        try:
            changes = draw_changes(rng, scene, 3)
        except ValueError:
            continue
        made += 1
        assert len({change.slot for change in changes}) == 3
        assert changes[-1].edit.place is not None
        first, second, third = (change.edit for change in changes)
        assert apply(first, apply(second, apply(third, scene))) == apply(
            third, apply(second, apply(first, scene))
        )
    assert made > 10


def test_states_can_be_told_apart_at_a_glance(found):
    for one in found[2:40:9]:
        check = _asked(one)[0].scored.check
        if one.given != "uploaded":
            continue
        small = [as_picture(state, 64).pixels.reshape(16, 4, 16, 4, 3).mean((1, 3)) for state in check.states]
        for place, state in enumerate(small):
            for other in small[:place]:
                assert np.abs(state - other).max() > 25
