"""Chats: pictures as they should be have every rate at 1; a model that repeats, mixes persons or goes back to
the last picture has not.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scene_painter import scene_painter
from tiny_bench import bench, tiny_painter, values

from limner.builders.world import draft
from limner.evaluation.score import estimates
from limner.evaluation.suites.asking import SPLIT, Asking, Painted
from limner.evaluation.suites.chat import Chat, Played, play, read_tokens
from limner.evaluation.suites.tally import Tally
from limner.evaluation.views import TOKENS
from limner_world.scene_tokens import encode_scene

NUM = 20


@lru_cache
def chats():
    return [draft("chat", seed, SPLIT) for seed in range(NUM)]


def painted(scene):
    return Painted(np.zeros((32, 32, 3), np.uint8), tokens_ND=encode_scene(scene))


def as_it_should_be(made):
    rounds = tuple(round_ for round_ in made.rounds if round_.scene is not None)
    return Played(
        rounds=rounds,
        edits=tuple(made.truth["edits"][: len(rounds)]),
        ways=tuple(made.truth["ways"][: len(rounds)]),
        pictures=tuple(painted(round_.scene) for round_ in rounds),
        asking=Asking(conversation=None),
    )


def measured(wrong=lambda played: played):
    rows = []
    for index, made in enumerate(chats()):
        tally = Tally(dialogue=str(index))
        read_tokens(tally, wrong(as_it_should_be(made)))
        rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def test_pictures_as_they_should_be_are_right_in_everything():
    found = measured()
    chances = {name for name in found if name.startswith("chance.")}
    assert {found[name] for name in found.keys() - chances} == {1.0}
    expected = {"edit.change_made", "edit.rest_kept", "back.right_state"}
    assert expected | {"person.kept", "person.right", "elsewhere.place"} <= found.keys()


def test_who_paints_the_last_picture_again_changes_nothing_and_goes_nowhere():
    def repeated(played):
        pictures = [played.pictures[0], *played.pictures[:-1]]
        return replace(played, pictures=tuple(pictures))

    found = measured(repeated)
    assert found["edit.change_made"] < 0.2
    assert found["elsewhere.place"] < 0.3


def test_a_first_picture_of_somebody_else_is_what_later_ones_are_held_against():
    """The model's own picture counts: when it painted others, the true ones are not what was to be kept."""

    def begun_otherwise(played):
        other = next(made.rounds[0].scene for made in chats() if made.rounds[0].scene != played.scene(0))
        return replace(played, pictures=(painted(other), *played.pictures[1:]))

    found = measured(begun_otherwise)
    assert found["person.kept"] < 0.9
    assert found["edit.rest_kept"] < 0.9
    assert found["edit.change_made"] > 0.9


def test_a_task_tells_what_tokens_say():
    rows = Chat().measure(bench(scene_painter()), 1).rows
    assert values(rows, f"{TOKENS}person.kept") or values(rows, f"{TOKENS}edit.rest_kept")


def test_every_picture_of_a_chat_is_asked_for():
    made = next(made for made in chats() if made.rounds[-1].scene is None)
    played = play(bench(tiny_painter()), made, seed=3)
    assert len(played.pictures) == len(made.rounds) - 1
    asked = [round_.instruction.text for round_ in played.asking.conversation.rounds]
    assert asked == [round_.instruction for round_ in made.rounds[:-1]]


def test_a_conversation_is_shown_round_by_round():
    outcome = Chat().measure(bench(tiny_painter()), 0)
    assert outcome.rows == Chat().measure(bench(tiny_painter()), 0).rows
    assert [shown.column for shown in outcome.shown] == [
        f"Round {number + 1}" for number in range(len(outcome.conversation))
    ]
