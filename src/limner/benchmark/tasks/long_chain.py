"""Tasks of twenty edits in a row, with distractors, asked for in two ways: on what the system made, and on
the truth; and at the end the way back to states that lie up to twenty turns behind.

The difference of the two ways at the same turn is what a system loses by going on from its own pictures.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner.benchmark.conversation import Meaning, Scored, StateCheck
from limner.benchmark.tasks.changes import Change, draw_one
from limner.benchmark.tasks.story import LISTEN, SPLIT, Story
from limner.dialogue import ways_back
from limner_world.chance import pick
from limner_world.edit import apply
from limner_world.instruction import ask, say
from limner_world.scene import Scene
from limner_world.staging import random_scene

TURNS: Final = 20
OWN: Final = "long_own"
TRUE: Final = "long_true"
BACK: Final = "long_back"
ON_TRUTH: Final = (1, 5, 10, 15, 20)
BACK_TO: Final = (0, 5, 10, 15)
_EVERY: Final = 4  # turns between distractors
_BRING: Final = ("Work on this picture. {x}", "Now take this one. {x}", "Here is another picture. {x}")


def long_chain(story: Story, turns: int = TURNS) -> None:
    """One chain of `turns` edits; nothing else is in the conversation but distractors."""
    rng = story.rng
    scene, changes = _chain(rng, turns)
    scenes = [scene]
    story.add("Here is a picture of mine.", "I see it.", LISTEN, pictures=(scene,))
    for number, change in enumerate(changes, start=1):
        scenes.append(apply(change.edit, scenes[-1]))
        _edit(story, change, (scenes[-2], scenes[-1]), family=OWN, depth=number)
        if number % _EVERY == 0 and number < turns:
            story.lead_away(1, ("question", "chat"))
    end = story.last
    for number in (turn for turn in ON_TRUTH if turn <= turns):
        given = scenes[number - 1]
        pair = (given, scenes[number])
        _edit(story, changes[number - 1], pair, family=TRUE, depth=number, after=0, given=given)
    back_to = [state for state in BACK_TO if state < turns]
    states = tuple(scenes[state] for state in back_to)
    for place, state in enumerate(back_to):
        story.add(
            _way_back(rng, changes, state),
            "Here is that picture again.",
            Meaning(act="recall"),
            after=end,
            target=scenes[state],
            scored=Scored(
                family=BACK,
                depth=turns - state,
                chance=1 / len(states),
                check=StateCheck(states=states, right=place, exact=scenes[state]),
            ),
        )


def _chain(rng: np.random.Generator, turns: int) -> tuple[Scene, list[Change]]:
    """A scene and edits that follow one another, neighbours on different things, each worded but once. Those
    by which a state is asked for later ("before dyeing her hair black") are made only once.
    """
    while True:
        scene = start = random_scene(rng, framing="bust", interaction="none", style="storybook", split=SPLIT)
        if scene.setting == "white" or scene.written_word:
            continue
        changes: list[Change] = []
        for _ in range(turns):
            change = draw_one(rng, scene, avoid=changes[-1].slot if changes else None)
            if change is None or any(change.words.gerund == one.words.gerund for one in changes):
                break
            changes.append(change)
            scene = apply(change.edit, scene)
        if len(changes) == turns and all(_is_alone(state, changes) for state in BACK_TO[1:] if state < turns):
            return start, changes


def _is_alone(index: int, changes: list[Change]) -> bool:
    """Whether no other change has the effect of this one."""
    edit = changes[index].edit
    same = [one for one in changes if (one.edit.place, one.edit.after) == (edit.place, edit.after)]
    return len(same) == 1


def _edit(
    story: Story,
    change: Change,
    scenes: tuple[Scene, Scene],
    *,
    family: str,
    depth: int,
    after: int | None = None,
    given: Scene | None = None,
) -> None:
    """One edit from the first to the second of `scenes`, after round `after` (default: the last one)."""
    text = ask(story.rng, change.words)
    text = text if text.endswith((".", "?")) else f"{text}."
    if given is not None:
        text = pick(story.rng, _BRING).format(x=text)
    check = StateCheck(states=scenes, right=1, exact=scenes[1])
    story.add(
        text,
        say(story.rng, change.words),
        Meaning(act="edit", edit=change.edit),
        after=after,
        pictures=() if given is None else (given,),
        target=scenes[1],
        scored=Scored(family=family, depth=depth, chance=0.5, check=check),
    )


def _way_back(rng: np.random.Generator, changes: list[Change], state: int) -> str:
    if state == 0:
        return "Show me again the picture that I gave you at the beginning."
    old = changes[state].words.gerund
    return pick(rng, ways_back.BENCH_BEFORE).format(old=old)
