"""Tasks whose scored round needs a name told 1 to 8 rounds earlier: portraits and questions by name.

Both persons are asked for, each in a fork of its own from the same round, so that a system blind to the names
is right exactly half of the time. Knows how such rounds are worded and checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from limner.benchmark.conversation import AnswerCheck, Meaning, Own, PersonCheck, Scored
from limner.benchmark.tasks.pairs import Pair, bring, draw_pair, introduce
from limner.benchmark.tasks.story import LISTEN, UPLOADED, Story
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_THEY_ARE
from limner_world.caption import tell
from limner_world.chance import pick
from limner_world.film import later
from limner_world.names import Name
from limner_world.person import Traits
from limner_world.scene import Scene
from limner_world.staging import cut_out, portrait

MOST_BETWEEN_IN_FORKS: Final = 3  # there are two branches to be told
NUM_TAKES: Final = 6
_ANYTHING: Final = ("other", "upload", "question", "chat")
# What can be told apart in a close-up and is read well; the garment shows at the shoulders.
_TELLING: Final = (
    "age",
    "skin",
    "hair_colour",
    "hair_style",
    "facial_hair",
    "glasses",
    "garment",
    "garment_colour",
)
_HERE: Final = ("Here is {x}.", "This is {x}.", "Here is {x} up close.")
_EITHER: Final[Mapping[str, tuple[str, ...]]] = {
    "hair_colour": ("Is {x}'s hair {a} or {b}?", "Does {x} have {a} or {b} hair?"),
    "garment_colour": ("Does {x} wear something {a} or something {b}?", "Are {x}'s clothes {a} or {b}?"),
    "side": ("Is {x} on the {a} or on the {b} of the picture with both?",),
}


def person_by_name(story: Story, depth: int) -> None:
    """Two persons and their names, `depth` - 1 rounds of other things, then a close-up of each by name."""
    pair, stated = _begin(story)
    end = story.lead_away(depth - 1, _ANYTHING)
    _ask_portraits(story, pair, [(end, pair.names)], "person_by_name", depth, known=stated)


def answer_by_name(story: Story, depth: int) -> None:
    """The same, but the last round asks which of two things is true of one of them."""
    pair, stated = _begin(story)
    traits = [figure.person.traits for figure in pair.scene.figures]
    fields = [name for name in ("hair_colour", "garment_colour") if all(name in told for told in stated)]
    end = story.lead_away(depth - 1, _ANYTHING)
    field = pick(story.rng, [*fields, "side"])
    values = ("left", "right") if field == "side" else tuple(str(getattr(t, field)) for t in traits)
    options = (values[0], values[1]) if story.rng.random() < 0.5 else (values[1], values[0])
    wording = pick(story.rng, _EITHER[field])
    for name, value in zip(pair.names, values, strict=True):
        check = AnswerCheck(options=options, right=options.index(value))
        story.add(
            wording.format(x=name, a=options[0], b=options[1]),
            f"{value.capitalize()}.",
            Meaning(act="answer", options=options),
            after=end,
            scored=Scored(family="answer_by_name", depth=depth, chance=0.5, check=check),
        )


def fork_person(story: Story, depth: int) -> None:
    """One picture, two branches that name its persons the opposite way; then both names are asked in both."""
    rng = story.rng
    pair = draw_pair(rng)
    if story.given == UPLOADED:
        root = story.add(bring(rng), "I see two people.", LISTEN, pictures=(pair.scene,))
    else:
        text = tell(pair.scene, None, rng=rng, register="ask", length="short").text
        meaning = Meaning(act="paint", scene=pair.scene)
        root = story.add(text, pick(rng, HERE_THEY_ARE), meaning, target=pair.scene)
    between = min(depth - 1, MOST_BETWEEN_IN_FORKS)
    ends = []
    for names in (pair.names, (pair.names[1], pair.names[0])):
        say, reply = introduce(rng, names)
        end = story.add(say, reply, LISTEN, after=root)
        ends.append((story.lead_away(between, _ANYTHING, after=end), names))
    _ask_portraits(story, pair, ends, "fork_person", between + 1)


def _begin(story: Story) -> tuple[Pair, tuple[frozenset[str], ...]]:
    """The first round: who is who, in a picture given or in words to paint; what is known of each."""
    rng = story.rng
    pair = draw_pair(rng)
    if story.given == UPLOADED:
        say, reply = introduce(rng, pair.names)
        story.add(f"{bring(rng)} {say}", reply, LISTEN, pictures=(pair.scene,))
        return pair, (frozenset(_TELLING), frozenset(_TELLING))
    names = [Name(name=name, introduction=name) for name in pair.names]
    while True:
        told = tell(pair.scene, names, rng=rng, length="medium", sides=True)
        if all({"hair_colour", "garment_colour"} & stated for stated in told.stated):
            break
    meaning = Meaning(act="paint", scene=pair.scene)
    story.add(told.text, pick(rng, HERE_THEY_ARE), meaning, target=pair.scene)
    return pair, told.stated


def _ask_portraits(
    story: Story,
    pair: Pair,
    ends: list[tuple[int, tuple[str, str]]],
    family: str,
    depth: int,
    *,
    known: tuple[frozenset[str], ...] = (),
) -> None:
    """Both persons by name, after each of `ends` with the names that hold there."""
    rng, uploaded = story.rng, story.given == UPLOADED
    moved = later(rng, pair.scene)
    ask, here = pick(rng, CLOSE_UP_ASKS), pick(rng, _HERE)
    takes = tuple(
        tuple(portrait(rng, figure, pair.scene.style) for _ in range(NUM_TAKES))
        for figure in pair.scene.figures
    )
    if not known and uploaded:
        known = (frozenset(_TELLING), frozenset(_TELLING))
    for end, names in ends:
        for place, name in enumerate(names):
            check = PersonCheck(
                seen=pair.scene if uploaded else Own(round=0),
                right=place,
                takes=takes if uploaded else (),
                traits=_words(pair.scene, known),
            )
            story.add(
                ask.format(x=name),
                here.format(x=name),
                Meaning(act="portray"),
                after=end,
                target=cut_out(moved, place),
                scored=Scored(family=family, depth=depth, chance=0.5, check=check, name=name),
            )


def _words(scene: Scene, known: tuple[frozenset[str], ...]) -> tuple[dict[str, str], ...]:
    """What is known of each person, as far as a close-up shows it."""
    return tuple(
        _of(figure.person.traits, fields) for figure, fields in zip(scene.figures, known, strict=False)
    )


def _of(traits: Traits, fields: frozenset[str]) -> dict[str, str]:
    return {name: str(getattr(traits, name)) for name in _TELLING if name in fields}
