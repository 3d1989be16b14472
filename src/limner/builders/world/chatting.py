"""Whole conversations, as people hold them: a picture, changes to it, somebody up close, the same person
elsewhere, a way back, a question.

The other kinds have each of these alone. Here what one round leaves is what the next begins with: an edit of
a close-up, a close-up of somebody whose hair was dyed two rounds ago. Knows how rounds are mixed and how "the
same woman" is asked for; edits and ways back are `rollback.py`'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from limner.builders.world.draft import Draft, DraftRound
from limner.builders.world.naming import AS_ASKED, BODY
from limner.builders.world.picturing import draft_face_to_image, draft_paired
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_THEY_ARE
from limner.builders.world.rollback import BRANCH_WAYS, Chain, begin, finished, names_of, reach_back
from limner_world.caption import tell, unnamed_subjects
from limner_world.chance import chance, pick, weighted
from limner_world.describe import pronouns
from limner_world.film import later
from limner_world.names import Name
from limner_world.person import Person
from limner_world.places import PLACE_PHRASES
from limner_world.question import random_question
from limner_world.sampling import random_outfit
from limner_world.scene import Figure, Scene
from limner_world.staging import PLACES, cut_out, random_scene
from limner_world.wording import plain_garment

ROUNDS: Final = {"edit": 0.42, "elsewhere": 0.25, "close-up": 0.18, "back": 0.15}
_UP_CLOSE: Final = ("Here is {x}.", "Here is {x} up close.", "This is {x}.", "A close-up of {x}.")
# {x} is the person, {p} a place, {w} what is worn there (or nothing).
_ELSEWHERE: Final = (
    "Now paint {x} {p}{w}.",
    "Paint {x} {p}{w}.",
    "Draw {x} {p}{w}.",
    "Show {x} {p}{w}.",
    "Now {x} {p}{w}.",
    "Now show me {x} {p}{w}.",
    "Generate an image of {x} {p}{w}.",
    "Create a picture of {x} {p}{w}.",
    "Let's see {x} {p}{w}.",
    "Put {x} {p}{w}.",
    "I want to see {x} {p}{w}.",
    "Can you paint {x} {p}{w}?",
    "A picture of {x} {p}{w}.",
)
_WEARING: Final = (", wearing {w}", " in {w}", ", dressed in {w}", " wearing {w}")
# What the person wears on another day; the body, hair and beard stay.
_WORN: Final = frozenset({"garment", "garment_colour", "garment_pattern"})
_HERE: Final = ("Here is {x} {p}.", "This is {x} {p}.", "Here you are.", "Here is the picture.")


def draft_chat(rng: np.random.Generator, split: str) -> Draft:
    """A picture from words, or of a face that is given, and two to five rounds of any kind after it."""
    chain = _begin_with_face(rng, split) if chance(rng, 0.12) else _begin_with_words(rng, split)
    edits: list[int | None] = [None]
    for _ in range(int(rng.integers(2, 6))):
        match _possible(chain, weighted(rng, ROUNDS)):
            case "edit":
                chain.step()
                edits.append(chain.bases[-1])
            case "back":
                reach_back(chain, BRANCH_WAYS)
                edits.append(chain.bases[-1])
            case "close-up":
                _close_up(chain)
                edits.append(None)
            case _:
                _elsewhere(chain)
                edits.append(None)
    truth: dict[str, Any] = {"edits": edits}
    if not chance(rng, 0.3):
        return finished(chain, "chat", **truth)
    chain.rounds.append(_question(chain))
    edits.append(None)
    chain.ways.append(None)
    return finished(chain, "chat", **truth)


def _begin_with_words(rng: np.random.Generator, split: str) -> Chain:
    return begin(rng, split, uploaded=False, named=chance(rng, 0.45))


def _begin_with_face(rng: np.random.Generator, split: str) -> Chain:
    """A face, and the picture that is asked of it."""
    drawn = (draft_face_to_image if chance(rng, 0.5) else draft_paired)(rng, split)
    (round_,), (name, *_) = drawn.rounds, (*drawn.names, None)
    scene = round_.scene
    assert scene is not None
    names = None if name is None else [Name(name=name, introduction=name)]
    chain = Chain(rng, split, scene, [], [], [], names_of(scene, names), uploaded=False)
    chain.add(round_.instruction, round_.response, scene, None, None, pictures=round_.pictures)
    return chain


def _possible(chain: Chain, kind: str) -> str:
    """`kind`, or an edit where it has nothing to begin with."""
    if kind == "back" and not any(words is not None for words in chain.words):
        return "edit"
    return "edit" if kind == "close-up" and _is_close_up(chain.scenes[-1]) else kind


def _is_close_up(scene: Scene) -> bool:
    return scene.setting == "white" and scene.framing == "close-up"


def _close_up(chain: Chain) -> None:
    rng, scene = chain.rng, chain.scenes[-1]
    place = int(rng.integers(len(scene.figures)))
    called = chain.subject(scene, place)
    ask = pick(rng, CLOSE_UP_ASKS)
    if len(scene.figures) == 1 and chance(rng, 0.4):
        own = pronouns(scene.figures[place].person.traits)
        ask = ask.replace("{x}'s", own.possessive).replace("does {x}", f"does {own.subject}")
        ask = ask.format(x=own.object)
    else:
        ask = ask.format(x=called)
    target = cut_out(later(rng, scene), place)
    chain.add(ask, pick(rng, _UP_CLOSE).format(x=called), target, chain.last, None)


def _elsewhere(chain: Chain) -> None:
    """The persons of the last picture, or one of them, in another one."""
    rng, scene = chain.rng, chain.scenes[-1]
    both = len(scene.figures) == 2
    chosen = [0, 1] if both and chance(rng, 0.5) else [int(rng.integers(len(scene.figures)))]
    people, dressed = [], chance(rng, 0.5)
    for place in chosen:
        person = scene.figures[place].person
        traits = random_outfit(rng, person.traits, chain.split) if dressed else person.traits
        people.append(Person(traits=traits, identity=person.identity))
    if len(chosen) == 1 and chance(rng, 0.6):
        _briefly(chain, scene, people[0], chosen[0], dressed)
        return
    target = random_scene(rng, people=tuple(people), style=scene.style, split=chain.split)
    names = [_the_same(chain, scene, place) for place in chosen]
    told = tell(
        target,
        names,
        rng=rng,
        length=pick(rng, ("bare", "short", "medium")),
        register=pick(rng, ("usual", "ask")),
        untold=BODY if dressed else (*BODY, *_WORN, "glasses", "headwear", "jewellery", "neckwear"),
    )
    if len(chosen) == 1:
        say = pick(rng, AS_ASKED).format(x=chain.subject(scene, chosen[0]))
    else:
        say = pick(rng, HERE_THEY_ARE)
    chain.add(told.text, say, target, chain.last, None)


def _briefly(chain: Chain, scene: Scene, person: Person, place: int, dressed: bool) -> None:
    """One person in another place, in a few words; light, style and framing stay as they were."""
    rng = chain.rng
    if dressed:  # what is worn beside the garment is not said, so it stays
        worn = {name: getattr(person.traits, name) for name in _WORN}
        person = replace(person, traits=replace(scene.figures[place].person.traits, **worn))
    framing = "bust" if _is_close_up(scene) else scene.framing
    target = random_scene(
        rng,
        people=(person,),
        setting=pick(rng, tuple(name for name in PLACES if name != scene.setting)),
        framing=framing if chance(rng, 0.75) else "full body",
        style=scene.style,
        interaction="none",
        split=chain.split,
    )
    kept = scene.lighting if scene.setting != "white" else "daylight"
    still: Figure = replace(target.figures[0], holding="none")
    target = replace(target, lighting=kept, written_word="", figures=(still,))
    called, place_told = chain.subject(scene, place), pick(rng, PLACE_PHRASES[target.setting])
    asked = called
    if len(scene.figures) == 1 and chance(rng, 0.4):
        asked = pronouns(person.traits).object
    elif called.startswith("the ") and chance(rng, 0.6):
        asked = _same(called)
    worn_told = pick(rng, _WEARING).format(w=plain_garment(person.traits, _WORN)) if dressed else ""
    text = pick(rng, _ELSEWHERE).format(x=asked, p=place_told, w=worn_told)
    say = pick(rng, _HERE).format(x=called, p=place_told)
    chain.add(text, say, target, chain.last, None)


def _the_same(chain: Chain, scene: Scene, place: int) -> Name:
    name = chain.names.get(scene.figures[place].person.identity)
    if name is not None:
        return name
    called = unnamed_subjects(scene)[place]
    return Name(name=called, introduction=_same(called))


def _same(called: str) -> str:
    """ "the woman" -> "the same woman"."""
    return f"the same {called.removeprefix('the ')}"


def _question(chain: Chain) -> DraftRound:
    """About the last picture."""
    scene = chain.scenes[-1]
    found = [chain.names.get(figure.person.identity) for figure in scene.figures]
    names = found if all(name is not None for name in found) else None
    asked = random_question(scene, chain.rng, names)
    return DraftRound(
        instruction=asked.question, response=asked.answer, depends_on=(chain.last,), asked=asked
    )
