"""The published set: the same everywhere, well formed, of held-out people, and with nothing to guess from."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

from limner.evaluation.benchmark.conversation import (
    CONTROL_FAMILY,
    NON_MARKOV_FAMILIES,
    AnswerCheck,
    BenchConversation,
    BenchRound,
    PersonCheck,
    as_picture,
)
from limner.evaluation.benchmark.scripts import VERSION, content_hash, conversation, conversations
from limner.evaluation.benchmark.tasks.changes import draw_changes
from limner.world.chance import seeded
from limner.world.edit import apply
from limner.world.sampling import identity_split
from limner.world.scene import Scene
from limner.world.staging import random_scene

# What version 1.0 says and shows. When this changes, so must VERSION: reported scores would not compare.
HASH_OF_18 = "951c1aff1aed69e0a64154d91057fd631e0d58a63440e07106adcd9bfbfdd9c6"
NUM = 16 * len(NON_MARKOV_FAMILIES)


@pytest.fixture(scope="module")
def found() -> list[BenchConversation]:
    return list(conversations(NUM, seed=4))


def _scored(one: BenchConversation) -> BenchRound:
    """The round that the conversation is about."""
    return next(r for r in one.rounds if r.scored is not None and r.scored.family == one.family)


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


def test_conversations_have_two_to_ten_rounds_and_one_of_them_is_what_they_are_about(found):
    lengths = {len(one.rounds) for one in found}
    assert lengths >= {2, 10}
    assert lengths <= set(range(2, 11))
    for one in found:
        families = [r.scored.family for r in one.rounds if r.scored is not None]
        assert families.count(one.family) == 1
        assert set(families) <= {one.family, CONTROL_FAMILY}


def test_names_are_needed_one_to_eight_rounds_later(found):
    for family in ("person_by_name", "answer_by_name"):
        depths = [_scored(one).scored.depth for one in found if one.family == family]
        assert set(depths) == set(range(1, 9))


def test_depth_counts_rounds_back_on_the_line_and_names_are_not_said_in_between(found):
    for one in found:
        if one.family not in ("person_by_name", "answer_by_name", "fork_person"):
            continue
        index = one.rounds.index(_scored(one))
        line = one.line_to(index)
        told = line[-1 - one.rounds[index].scored.depth]
        name = _asked_for(one)
        assert name in one.rounds[told].say
        assert not any(name in one.rounds[between].say for between in line[line.index(told) + 1 : -1])


def _asked_for(one: BenchConversation) -> str:
    """The name in the question: the one word of it that the naming round has too, and that is a name."""
    words = [re.findall(r"\b[A-Z]\w+", r.say) for r in (one.rounds[0], one.rounds[1], _scored(one))]
    common = [word for word in words[2] if word in words[0] + words[1] and word not in ("The", "On")]
    assert common, one.name
    return common[-1]


def test_forks_go_back_to_an_earlier_round(found):
    for one in found:
        forks = [index for index, r in enumerate(one.rounds) if r.after != index - 1]
        assert bool(forks) == one.family.startswith("fork_")


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
        scored = _scored(one).scored
        match scored.check:
            case PersonCheck():
                assert scored.chance == 0.5
            case AnswerCheck(options=options):
                assert scored.chance == 1 / len(options)
            case check:
                assert scored.chance == 1 / len(check.states)


def test_no_place_among_the_candidates_is_better_than_another(found):
    beyond = defaultdict(list)
    for one in found:
        scored = _scored(one).scored
        beyond["first"].append((scored.check.right == 0) - scored.chance)
        last = getattr(scored.check, "states", getattr(scored.check, "options", (0, 1)))
        beyond["last"].append((scored.check.right == len(last) - 1) - scored.chance)
    assert all(abs(np.mean(values)) < 0.1 for values in beyond.values())


def test_who_is_meant_changes_nothing_before_the_question(monkeypatch):
    """The same story with another pointer: all rounds but the last are the same, word for word."""
    from limner.evaluation.benchmark import scripts

    plain = [conversation(index) for index in range(4 * len(NON_MARKOV_FAMILIES))]
    real = scripts.seeded

    def other(*key):
        return real(*(("another",) if key[0] == "pointer" else ()), *key)

    monkeypatch.setattr(scripts, "seeded", other)
    changed = 0
    for index, one in enumerate(plain):
        again = conversation(index)
        assert [(r.say, r.after) for r in again.rounds[:-1]] == [(r.say, r.after) for r in one.rounds[:-1]]
        changed += again.rounds[-1] != one.rounds[-1]
    assert changed > len(plain) / 3


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
        check = _scored(one).scored.check
        if one.given != "uploaded":
            continue
        small = [as_picture(state, 64).pixels.reshape(16, 4, 16, 4, 3).mean((1, 3)) for state in check.states]
        for place, state in enumerate(small):
            for other in small[:place]:
                assert np.abs(state - other).max() > 25
