"""Tasks that reach back in a chain of edits: by count, by what was done, from scratch, by a picture's name.

Every earlier state is asked for, each in a fork of its own from the same round; the present state is no
candidate, for nobody goes back to where they are. So a system that cannot tell which one is meant hits one in
as many as there are candidates, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.benchmark.conversation import (
    CONTROL_FAMILY,
    Meaning,
    Own,
    Scored,
    Shot,
    StateCheck,
)
from limner.benchmark.tasks.changes import Change, draw_changes
from limner.benchmark.tasks.story import LISTEN, SPLIT, UPLOADED, Story
from limner.builders.world.replies import HERE_ONE
from limner.dialogue import ways_back
from limner_world.caption import tell
from limner_world.chance import pick
from limner_world.edit import apply
from limner_world.instruction import ask, say
from limner_world.scene import Scene
from limner_world.staging import random_scene

MOST_ROUNDS: Final = 10
# Names for pictures: plain words that are no colours, places, garments or persons of the world.
PICTURE_NAMES: Final = (
    *("Comet", "Anchor", "Velvet", "Thunder", "Lantern", "Pebble", "Falcon", "Cinder", "Marble", "Whistle"),
    *("Compass", "Feather", "Copper", "Saturn", "Ribbon", "Walnut", "Echo", "Domino", "Glacier", "Pepper"),
)
_NUMBERS: Final = {2: "two", 3: "three", 4: "four"}
_BRING: Final = ("Here is a picture of mine. {x}", "This is my picture. {x}", "Work on this picture. {x}")
_BACK: Final = ("Here is that picture again.", "Back to that picture.", "Here is how it was.")


@dataclass(frozen=True, kw_only=True)
class Chain:
    """States 0..n, the round after which each was there (-1: with the first round), the edits between them,
    one more edit that fits all of them, and whether it is asked for.
    """

    scenes: tuple[Scene, ...]
    rounds: tuple[int, ...]
    changes: tuple[Change, ...]
    new: Change
    edits: bool

    @property
    def num_earlier(self) -> int:
        """How many states lie behind the present one."""
        return len(self.scenes) - 1


def step_back(story: Story) -> None:
    """ "Step back twice", with or without a new edit; nothing in between, for a question is no step."""
    chain = _chain(story, spread=0)

    def words(base: int) -> str:
        steps = chain.num_earlier - base
        return pick(story.rng, ways_back.BENCH_COUNT_AND if chain.edits else ways_back.BENCH_COUNT).format(
            times=ways_back.BENCH_TIMES[steps],
            steps=ways_back.BENCH_STEPS[steps],
            edits="edit" if steps == 1 else f"{_NUMBERS[steps]} edits",
            new=chain.new.words.imperative,
        )

    _reach_back(story, chain, "step_back", words)


def before_or_after(story: Story) -> None:
    """ "Go back to how it was before giving her a red hat": the state is named by what was done."""
    chain = _chain(story, spread=2)

    def words(base: int) -> str:
        after = base > 0 and bool(story.rng.integers(2))
        bare, forms = (
            (ways_back.BENCH_AFTER, ways_back.BENCH_AFTER_AND)
            if after
            else (ways_back.BENCH_BEFORE, ways_back.BENCH_BEFORE_AND)
        )
        old = chain.changes[base - 1 if after else base].words.gerund
        return pick(story.rng, forms if chain.edits else bare).format(old=old, new=chain.new.words.imperative)

    _reach_back(story, chain, "before_or_after", words)


def instead_of(story: Story) -> None:
    """ "Instead of making the hair red and all that followed, ...": always with a new edit."""
    chain = _chain(story, spread=2, edits=True)

    def words(base: int) -> str:
        forms = ways_back.BENCH_INSTEAD_LAST if base == chain.num_earlier - 1 else ways_back.BENCH_INSTEAD_ALL
        old = chain.changes[base].words.gerund
        return pick(story.rng, forms).format(old=old, new=chain.new.words.imperative)

    _reach_back(story, chain, "instead_of", words)


def from_scratch(story: Story) -> None:
    """ "Start from scratch", or from the first, second, ... picture that was made; always with a new edit."""
    chain = _chain(story, spread=3, edits=True)
    uploaded = story.given == UPLOADED

    def words(base: int) -> str:
        forms = ways_back.BENCH_SCRATCH_AT
        if base == 0:
            forms = ways_back.BENCH_SCRATCH_GIVEN if uploaded else ways_back.BENCH_SCRATCH
        which = ways_back.ORDINALS[base - 1 if uploaded else base]  # an upload is none of the pictures made
        return pick(story.rng, forms).format(which=which, new=chain.new.words.imperative)

    _reach_back(story, chain, "from_scratch", words)


def picture_by_name(story: Story) -> None:
    """Each picture of the chain is given a name; later they are asked for by it, after other pictures."""
    names = _picture_names(story.rng, 5)
    chain = _chain(story, spread=1, names=names)
    room = MOST_ROUNDS - 1 - len(story.rounds)
    story.lead_away(int(story.rng.integers(0, min(room, 3) + 1)), ("other", "upload", "chat"))

    def words(base: int) -> str:
        forms = ways_back.BENCH_NAMED_AND if chain.edits else ways_back.BENCH_NAMED
        return pick(story.rng, forms).format(n=names[base], new=chain.new.words.imperative)

    _reach_back(story, chain, "picture_by_name", words)


def fork_picture(story: Story) -> None:
    """Two branches from one picture give the same two names to four different pictures; all are asked for.

    Both branches end with the same other picture, so that what was seen last does not tell the branch.
    """
    rng = story.rng
    names = _picture_names(rng, 2)
    scene, changes = _scene_with(rng, 5)
    root = _begin(story, scene)
    found: list[tuple[Scene, int, str]] = []  # a named picture, its round, its name
    for branch, (first, second) in enumerate((changes[:2], changes[2:4])):
        called = names if branch == 0 else names[::-1]
        middle = apply(first.edit, scene)
        last = apply(second.edit, middle)
        one = _edit(story, first, middle, after=root, name=called[0])
        two = _edit(story, second, last, after=one, name=called[1])
        found += [(middle, one, called[0]), (last, two, called[1])]
    aside = story.lead_away(1, ("other",), after=found[1][1])
    ends = (aside, story.repeat(aside, after=found[3][1]))
    new = changes[4] if story.given == UPLOADED and rng.random() < 0.5 else None
    states = tuple(_state(story, shot, index, new) for shot, index, _ in found)
    for place, (shot, made, name) in enumerate(found):
        text = pick(rng, ways_back.BENCH_NAMED_AND if new else ways_back.BENCH_NAMED)
        text = text.format(n=name, new=new.words.imperative if new else "")
        after = ends[place // 2]
        _ask(story, states, place, "fork_picture", text, new, target=shot, after=after, needs=made)


def _chain(story: Story, *, spread: int, names: Sequence[str] = (), edits: bool = False) -> Chain:
    """2 to 4 edits in a row, with up to `spread` rounds of words between them."""
    rng = story.rng
    num = int(rng.integers(2, 5))
    scene, changes = _scene_with(rng, num + 1)
    uploaded = story.given == UPLOADED
    if not uploaded:
        _begin(story, scene, name=names[0] if names else "")
    scenes, rounds = [scene], [-1 if uploaded else 0]
    for number, change in enumerate(changes[:num], start=1):
        scenes.append(apply(change.edit, scenes[-1]))
        brought = scene if uploaded and number == 1 else None
        called = names[number] if names else ""
        own = names[0] if names and brought is not None else ""
        rounds.append(_edit(story, change, scenes[-1], brought=brought, name=called, own_name=own))
        if number < num and spread:
            story.lead_away(int(rng.integers(0, spread + 1)) if number == 1 else 0, ("question", "chat"))
    if spread > 1:
        room = MOST_ROUNDS - 1 - len(story.rounds)
        story.lead_away(int(rng.integers(0, min(room, spread) + 1)), ("question", "chat"))
    # What a system painted itself has no exact edited target: there states are recalled where possible.
    edits = edits or (uploaded and rng.random() < 0.5)
    return Chain(
        scenes=tuple(scenes),
        rounds=tuple(rounds),
        changes=tuple(changes[:num]),
        new=changes[num],
        edits=edits,
    )


def _scene_with(rng: np.random.Generator, num: int) -> tuple[Scene, list[Change]]:
    """A held-out scene that allows `num` clear edits, and these."""
    while True:
        scene = random_scene(
            rng,
            framing="bust",
            interaction="none",
            style="storybook",
            split=SPLIT,
        )
        if scene.setting == "white" or scene.written_word:
            continue
        try:
            return scene, draw_changes(rng, scene, num)
        except ValueError:
            continue


def _begin(story: Story, scene: Scene, name: str = "") -> int:
    """The first picture, given or painted, without an edit."""
    rng = story.rng
    if story.given == UPLOADED:
        return story.add("Here is a picture of mine.", "I see it.", LISTEN, pictures=(scene,))
    text = tell(scene, None, rng=rng, register="ask", length="short").text
    text = _called(rng, text if text.endswith((".", "?")) else f"{text}.", name)
    return story.add(text, pick(rng, HERE_ONE), Meaning(act="paint", scene=scene), target=scene)


def _edit(
    story: Story,
    change: Change,
    result: Scene,
    *,
    after: int | None = None,
    brought: Scene | None = None,
    name: str = "",
    own_name: str = "",
) -> int:
    """One edit of the last picture, or of the one brought with it; checked as the Markov control."""
    rng = story.rng
    text = ask(rng, change.words)
    text = text if text.endswith((".", "?")) else f"{text}."
    if brought is not None:
        text = pick(rng, _BRING).format(x=text)
        if own_name:
            text = f"My picture is called {own_name}. {text}"
    before = brought or story.shown(story.last if after is None else after)
    scored = None
    if story.given == UPLOADED and before is not None:
        check = StateCheck(states=(before, result), right=1, exact=result)
        scored = Scored(family=CONTROL_FAMILY, depth=1, chance=0.5, check=check)
    return story.add(
        _called(rng, text, name),
        say(rng, change.words),
        Meaning(act="edit", edit=change.edit),
        after=after,
        pictures=() if brought is None else (brought,),
        target=result,
        scored=scored,
    )


def _called(rng: np.random.Generator, text: str, name: str) -> str:
    return pick(rng, ways_back.CALLS).format(x=text, n=name) if name else text


def _picture_names(rng: np.random.Generator, num: int) -> list[str]:
    return [PICTURE_NAMES[int(place)] for place in rng.permutation(len(PICTURE_NAMES))[:num]]


def _reach_back(story: Story, chain: Chain, family: str, words: Callable[[int], str]) -> None:
    """The scored rounds: `words` says how to ask for each earlier state."""
    new, end = (chain.new if chain.edits else None), story.last
    states = tuple(
        _state(story, scene, index, new)
        for scene, index in zip(chain.scenes[:-1], chain.rounds[:-1], strict=True)
    )
    for base in range(chain.num_earlier):
        needs = max(chain.rounds[base], 0)
        target = chain.scenes[base]
        _ask(story, states, base, family, words(base), new, target=target, after=end, needs=needs)


def _state(story: Story, scene: Scene, index: int, new: Change | None) -> Shot | Own:
    if story.given == UPLOADED:
        return scene if new is None else apply(new.edit, scene)
    return Own(round=index)


def _ask(
    story: Story,
    states: tuple[Shot | Own, ...],
    right: int,
    family: str,
    text: str,
    new: Change | None,
    *,
    target: Scene,
    needs: int,
    after: int,
) -> None:
    target = target if new is None else apply(new.edit, target)
    exact = target if story.given == UPLOADED else None
    line = story.line_to(after)
    story.add(
        text,
        pick(story.rng, _BACK) if new is None else say(story.rng, new.words),
        Meaning(act="recall") if new is None else Meaning(act="edit", edit=new.edit),
        after=after,
        target=target,
        scored=Scored(
            family=family,
            depth=len(line) - line.index(needs),
            chance=1 / len(states),
            check=StateCheck(states=states, right=right, exact=exact),
        ),
    )
