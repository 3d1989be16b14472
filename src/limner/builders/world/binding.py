"""Dialogues without pictures that teach which traits belong to which name. Knows words only."""

from __future__ import annotations

from typing import Final

import numpy as np

from limner.builders.world.draft import Draft, DraftRound
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_THEY_ARE, describe, restate
from limner_world.caption import tell
from limner_world.caption_writer import Caption
from limner_world.chance import chance, pick, weighted
from limner_world.names import MEN, WOMEN, Name, invented_name, random_names
from limner_world.person import COLOURS, GARMENTS, HAIR_COLOURS
from limner_world.question import random_question
from limner_world.sampling import random_person
from limner_world.scene import Scene
from limner_world.staging import random_scene, shared_traits_pair

_LENGTHS: Final = {"short": 0.45, "medium": 0.4, "long": 0.15}
_CARDS: Final = (
    "{x} has {hair} hair and wears a {colour} {garment}.",
    "{x} is wearing a {colour} {garment} and has {hair} hair.",
    "{x} has {hair} hair. {x} wears a {colour} {garment}.",
    "{x}, with {hair} hair, is wearing a {colour} {garment}.",
)
_TOPICS: Final = {
    "hair": (
        ("What color is {x}'s hair?", "What is {x}'s hair color?", "Which hair color does {x} have?"),
        ("{x} has {hair} hair.", "It is {hair}."),
    ),
    "colour": (
        ("What color is {x}'s {garment}?", "Which color does {x} wear?"),
        ("It is {colour}.", "{x} wears {colour}."),
    ),
    "garment": (
        ("What does {x} wear?", "What is {x} wearing?"),
        ("{x} wears a {colour} {garment}.", "A {colour} {garment}."),
    ),
    "owner": (("Who has {hair} hair?", "Who wears the {colour} {garment}?"), ("{x}.",)),
    "close-up": (CLOSE_UP_ASKS, ("Here is {x}, with {hair} hair and a {colour} {garment}.",)),
}
_REPEAT: Final = ("Repeat this: {text}", "Say it again: {text}", "Write this down: {text}")
_RECALL: Final = ("What did I say of {x}?", "Tell me again about {x}.", "Recall {x}.")
_DRILLED: Final = WOMEN[:40] + MEN[:40]
_DESCRIBE: Final = (
    "Describe {x}.",
    "What does {x} look like?",
    "Tell me about {x}.",
    "Who is {x}?",
    "How would you describe {x}?",
)


def draft_binding_text(rng: np.random.Generator, split: str) -> Draft:
    """Two named persons told in text, then four to eight short questions whose answers need the right
    name.
    """
    people = shared_traits_pair(rng, split) if chance(rng, 0.12) else None
    while True:
        scene = random_scene(rng, num_figures=2, people=people, split=split)
        names = random_names(rng, [figure.person.traits for figure in scene.figures], split)
        told = tell(scene, names, rng=rng, length=weighted(rng, _LENGTHS))
        if all(len(stated - {"side"}) >= 2 for stated in told.stated):
            break
    rounds = [DraftRound(instruction=told.text, response=pick(rng, HERE_THEY_ARE))]
    asked: set[str] = set()
    wanted = 1 + int(rng.integers(4, 9))
    for _ in range(40):
        round_ = _question(rng, scene, names, told)
        if round_.instruction not in asked and round_.response:
            asked.add(round_.instruction)
            rounds.append(round_)
        if len(rounds) == wanted:
            break
    return Draft(
        kind="binding_text",
        rounds=tuple(rounds),
        names={str(name): (0, place) for place, name in enumerate(names)},
        truth={"stated": [sorted(fields) for fields in told.stated]},
    )


def draft_binding_words(rng: np.random.Generator, split: str) -> Draft:
    """The same in the fewest words: two names with different hair and clothes, then each is asked for.

    Short and dense, so that the step from "one of the two" to the right one comes after minutes, not hours.
    """
    people = [random_person(rng, split) for _ in range(2)]
    names = [str(name) for name in random_names(rng, [person.traits for person in people], split)]
    names = _unlike(names, rng, split)
    hairs = rng.permutation(HAIR_COLOURS)[:2]
    colours = rng.permutation(COLOURS)[:2]
    garments = rng.permutation(GARMENTS)[:2]
    told = [
        pick(rng, _CARDS).format(x=name, hair=hair, colour=colour, garment=garment)
        for name, hair, colour, garment in zip(names, hairs, colours, garments, strict=True)
    ]
    rounds = [
        DraftRound(
            instruction=" ".join(told[int(i)] for i in rng.permutation(2)), response=pick(rng, HERE_THEY_ARE)
        )
    ]
    asks = [(place, topic) for place in range(2) for topic in _TOPICS]
    for index in rng.permutation(len(asks))[: int(rng.integers(5, len(asks) + 1))]:
        place, topic = asks[int(index)]
        ask, say = _TOPICS[topic]
        words = {
            "x": names[place],
            "hair": hairs[place],
            "colour": colours[place],
            "garment": garments[place],
        }
        rounds.append(
            DraftRound(
                instruction=pick(rng, ask).format(**words),
                response=_sentence(pick(rng, say).format(**words)),
                depends_on=(0,),
            )
        )
    return Draft(
        kind="binding_words",
        rounds=tuple(rounds),
        names={name: (0, place) for place, name in enumerate(names)},
    )


def draft_echo(rng: np.random.Generator, split: str) -> Draft:
    """What was said is said again: all of it, then what belongs to each name.

    The most elementary use of a history, and the first one to be learned: copying, then copying by name.
    """
    count = int(rng.integers(2, 4))
    people = [random_person(rng, split) for _ in range(count)]
    names = [str(name) for name in random_names(rng, [person.traits for person in people], split)]
    names = _unlike(names, rng, split)
    cards = [
        pick(rng, _CARDS).format(x=name, hair=pick(rng, HAIR_COLOURS), colour=colour, garment=garment)
        for name, colour, garment in zip(
            names, rng.permutation(COLOURS), rng.permutation(GARMENTS), strict=False
        )
    ]
    text = " ".join(cards)
    rounds = [DraftRound(instruction=pick(rng, _REPEAT).format(text=text), response=text)]
    for index in rng.permutation(count):
        ask = pick(rng, _RECALL).format(x=names[int(index)])
        rounds.append(DraftRound(instruction=ask, response=cards[int(index)], depends_on=(0,)))
    return Draft(kind="echo", rounds=tuple(rounds), names={name: (0, i) for i, name in enumerate(names)})


def draft_drill(rng: np.random.Generator, split: str) -> Draft:
    """The kernel of binding: "Clara: red hair, blue dress. Adam: gray hair, tan suit. Clara?" asks."""
    names = _unlike([str(name) for name in rng.permutation(_DRILLED)[:2]], rng, split)
    cards = [
        f"{hair} hair, {colour} {garment}"
        for hair, colour, garment in zip(
            rng.permutation(HAIR_COLOURS)[:2],
            rng.permutation(COLOURS)[:2],
            rng.permutation(GARMENTS)[:2],
            strict=True,
        )
    ]
    told = " ".join(f"{name}: {card}." for name, card in zip(names, cards, strict=True))
    asked = [int(rng.integers(2)) for _ in range(4)]
    rounds = [
        DraftRound(
            instruction=f"{told} {names[asked[0]]}?", response=f"{names[asked[0]]}: {cards[asked[0]]}."
        )
    ]
    for place in asked[1:]:
        rounds.append(
            DraftRound(
                instruction=f"{names[place]}?", response=f"{names[place]}: {cards[place]}.", depends_on=(0,)
            )
        )
    return Draft(kind="drill", rounds=tuple(rounds), names={name: (0, i) for i, name in enumerate(names)})


def _unlike(names: list[str], rng: np.random.Generator, split: str) -> list[str]:
    """Half of the names replaced by invented ones: known names are one token each, and a name that training
    never met comes in pieces that have to be copied one by one.
    """
    chosen: list[str] = []
    for name in names:
        while chance(rng, 0.5) or name in chosen:
            name = invented_name(rng, split)
            if name not in names and name not in chosen:
                break
        chosen.append(name)
    return chosen


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _question(rng: np.random.Generator, scene: Scene, names: tuple[Name, ...], told: Caption) -> DraftRound:
    place = int(rng.integers(2))
    name, figure, stated = str(names[place]), scene.figures[place], told.stated[place]
    kind = weighted(rng, {"question": 0.7, "describe": 0.12, "close-up": 0.18})
    if kind == "describe":
        ask, say = pick(rng, _DESCRIBE).format(x=name), describe(name, figure, stated)
    elif kind == "close-up":
        ask, say = pick(rng, CLOSE_UP_ASKS).format(x=name), restate(rng, name, figure, stated)
    else:
        asked = random_question(
            scene, rng, names, told=told.stated, told_scene=told.stated_scene, topics=("what", "who", "yes")
        )
        ask, say = asked.question, asked.answer
    return DraftRound(instruction=ask, response=say, depends_on=(0,))
