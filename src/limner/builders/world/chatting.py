"""Whole conversations, as people hold them: a picture, changes to it, somebody up close, the same person
elsewhere, somebody new, two who were painted apart together, a way back, a question.

The other kinds have each of these alone. Here what one round leaves is what the next begins with: an edit of
a close-up, a close-up of somebody whose hair was dyed two rounds ago and who is called by name from behind
two other pictures. Knows how rounds are mixed and how "the same woman" is asked for; edits and ways back are
`rollback.py`'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from limner.builders.world.draft import Draft, DraftRound
from limner.builders.world.naming import AS_ASKED, BODY
from limner.builders.world.picturing import draft_face_to_image, draft_paired
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_ONE, HERE_THEY_ARE
from limner.builders.world.rollback import CHAT_WAYS, Chain, begin, finished, names_of, reach_back
from limner_world.caption import tell
from limner_world.chance import chance, pick, weighted
from limner_world.describe import pronouns, unnamed_subjects
from limner_world.film import later
from limner_world.names import Name, random_name, random_names
from limner_world.person import Identity, Person
from limner_world.places import LIGHT_PHRASES, place_phrases
from limner_world.question import random_question
from limner_world.sampling import random_outfit
from limner_world.scene import LIGHTINGS, Figure, Scene
from limner_world.staging import PLACES, cut_out, random_scene
from limner_world.wording import plain_garment

ROUNDS: Final = {"edit": 0.36, "elsewhere": 0.23, "close-up": 0.18, "back": 0.13, "new": 0.1}
# Of rounds that could call somebody by name whom the last picture does not show: how often they do.
_FROM_BEFORE: Final = 0.65
_TOGETHER: Final = 0.5  # of those that reach back for another picture: with somebody else who was named
_BRIEF: Final = 0.3  # of edits that can be said without a verb
_AS_IT_WAS: Final = 0.5  # of ways back: an earlier picture as it was
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
    "{x} {p}{w}.",
    "Now {x} alone {p}{w}.",
    "{x} alone {p}{w}.",
    "Just {x} {p}{w}.",
    "Only {x} {p}{w}.",
)
_FROM_HEAD_TO_TOE: Final = (
    "A full body picture of {x} {p}{w}.",
    "Full body picture of {x} {p}{w}.",
    "Full body shot of {x} {p}{w}.",
    "Show {x} from head to toe {p}{w}.",
    "Paint {x} {p}{w}, full body.",
    "{x} {p}{w}, full body.",
)
# {x} are both of them, by name or as they are seen.
_BOTH: Final = (
    "{x} {p}.",
    "Now {x} together {p}.",
    "Paint {x} {p}.",
    "Paint {x} together {p}.",
    "Now paint {x} {p}.",
    "Show me {x} {p}.",
    "Put {x} {p}.",
)
_THEM: Final = (
    "Now both of them {p}.",
    "Paint them {p}.",
    "Now the two of them {p}.",
    "Show them together {p}.",
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
                chain.step(brief=_BRIEF)
                edits.append(chain.bases[-1])
            case "back":
                reach_back(chain, CHAT_WAYS, alone=_AS_IT_WAS)
                edits.append(chain.bases[-1])
            case "close-up":
                _close_up(chain)
                edits.append(None)
            case "new":
                _somebody_new(chain)
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
    return begin(rng, split, uploaded=False, named=chance(rng, 0.65))


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
    close = kind == "close-up" and _is_close_up(chain.scenes[-1])
    return "edit" if close and not _from_before(chain) else kind


def _is_close_up(scene: Scene) -> bool:
    return scene.setting == "white" and scene.framing == "close-up"


def _seen_last(chain: Chain) -> dict[Identity, int]:
    """Everybody who was painted, and the last round that shows them."""
    return {
        figure.person.identity: index for index, scene in enumerate(chain.scenes) for figure in scene.figures
    }


def _from_before(chain: Chain) -> list[tuple[int, int]]:
    """(round, place) of those who have a name, from the last picture of each, but for who is in the latest
    picture.
    """
    return [
        (index, _place_of(chain.scenes[index], person))
        for person, index in _seen_last(chain).items()
        if index != chain.last and person in chain.names
    ]


def _place_of(scene: Scene, person: Identity) -> int:
    return [figure.person.identity for figure in scene.figures].index(person)


def _close_up(chain: Chain) -> None:
    rng, before = chain.rng, _from_before(chain)
    index, place = chain.last, int(rng.integers(len(chain.scenes[-1].figures)))
    if before and (chance(rng, _FROM_BEFORE) or _is_close_up(chain.scenes[-1])):
        index, place = before[int(rng.integers(len(before)))]
    scene = chain.scenes[index]
    called = chain.subject(scene, place)
    ask = pick(rng, CLOSE_UP_ASKS)
    if index == chain.last and len(scene.figures) == 1 and chance(rng, 0.4):
        own = pronouns(scene.figures[place].person.traits)
        ask = ask.replace("{x}'s", own.possessive).replace("does {x}", f"does {own.subject}")
        ask = ask.format(x=own.object)
    else:
        ask = ask.format(x=called)
    target = cut_out(later(rng, scene), place)
    chain.add(ask, pick(rng, _UP_CLOSE).format(x=called), target, chain.last, None, shows=(index,))


def _somebody_new(chain: Chain) -> None:
    """A picture of others, who may have names."""
    rng = chain.rng
    scene = random_scene(rng, num_figures=1 if chance(rng, 0.75) else 2, split=chain.split)
    traits = [figure.person.traits for figure in scene.figures]
    taken = {part for name in chain.names.values() for part in str(name).split()}
    names: tuple[Name, ...] | None = None
    if chance(rng, 0.6):
        if len(traits) == 1:
            names = (random_name(rng, traits[0], chain.split, tuple(taken)),)
        else:
            names = random_names(rng, traits, chain.split)
        if any(set(str(name).split()) & taken for name in names):
            names = None
    length = pick(rng, ("bare", "short", "short", "medium"))
    told = tell(scene, names, rng=rng, length=length, register=pick(rng, ("usual", "ask")))
    chain.names = {**chain.names, **names_of(scene, names)}
    say = pick(rng, HERE_ONE if len(traits) == 1 else HERE_THEY_ARE)
    chain.add(told.text, say, scene, None, None)


def _elsewhere(chain: Chain) -> None:
    """The persons of the last picture, or one of them, or somebody of before, in another one."""
    rng, before = chain.rng, _from_before(chain)
    last = [(chain.last, place) for place in range(len(chain.scenes[-1].figures))]
    if before and chance(rng, _FROM_BEFORE):
        chosen = [before.pop(int(rng.integers(len(before))))]
        others = [*before, *((index, place) for index, place in last if _is_named(chain, index, place))]
        if others and chance(rng, _TOGETHER):
            chosen.append(others[int(rng.integers(len(others)))])
            chosen = [chosen[at] for at in rng.permutation(2)]
    elif len(last) == 2 and chance(rng, 0.5):
        chosen = last
    else:
        chosen = [last[int(rng.integers(len(last)))]]
    people, dressed = [], chance(rng, 0.5)
    for index, place in chosen:
        person = chain.scenes[index].figures[place].person
        traits = random_outfit(rng, person.traits, chain.split) if dressed else person.traits
        people.append(Person(traits=traits, identity=person.identity))
    if len(chosen) == 1 and chance(rng, 0.6):
        _briefly(chain, chosen[0], people[0], dressed)
        return
    if len(chosen) == 2 and not dressed and chance(rng, 0.5):
        _both_briefly(chain, chosen, tuple(people))
        return
    style = chain.scenes[chosen[0][0]].style
    target = random_scene(rng, people=tuple(people), style=style, split=chain.split)
    told = tell(
        target,
        [_the_same(chain, chain.scenes[index], place) for index, place in chosen],
        rng=rng,
        length=pick(rng, ("bare", "short", "medium")),
        register=pick(rng, ("usual", "ask")),
        untold=BODY if dressed else (*BODY, *_WORN, "glasses", "headwear", "jewellery", "neckwear"),
    )
    if len(chosen) == 1:
        (index, place), *_ = chosen
        say = pick(rng, AS_ASKED).format(x=chain.subject(chain.scenes[index], place))
    else:
        say = pick(rng, HERE_THEY_ARE)
    shows = tuple(sorted({index for index, _ in chosen}))
    chain.add(told.text, say, target, chain.last, None, shows=shows)


def _is_named(chain: Chain, index: int, place: int) -> bool:
    return chain.scenes[index].figures[place].person.identity in chain.names


def _briefly(chain: Chain, source: tuple[int, int], person: Person, dressed: bool) -> None:
    """One person in another place, in a few words; light, style and framing stay as they were."""
    rng, (index, place) = chain.rng, source
    scene = chain.scenes[index]
    if dressed:  # what is worn beside the garment is not said, so it stays
        worn = {name: getattr(person.traits, name) for name in _WORN}
        person = replace(person, traits=replace(scene.figures[place].person.traits, **worn))
    framing = "bust" if _is_close_up(scene) else scene.framing
    target = random_scene(
        rng,
        people=(person,),
        setting=pick(rng, tuple(name for name in PLACES if name != scene.setting)),
        framing=framing if chance(rng, 0.7) else "full body",
        style=scene.style,
        interaction="none",
        split=chain.split,
    )
    kept = scene.lighting if scene.setting != "white" else "daylight"
    still: Figure = replace(target.figures[0], holding="none")
    target = replace(target, lighting=kept, written_word="", figures=(still,))
    called, place_told = chain.subject(scene, place), pick(rng, place_phrases(target.setting))
    asked = called
    if index == chain.last and len(scene.figures) == 1 and chance(rng, 0.4):
        asked = pronouns(person.traits).object
    elif called.startswith("the ") and chance(rng, 0.6):
        asked = _same(called)
    worn_told = pick(rng, _WEARING).format(w=plain_garment(person.traits, _WORN)) if dressed else ""
    is_whole = target.framing == "full body" and chance(rng, 0.7)
    text = pick(rng, _FROM_HEAD_TO_TOE if is_whole else _ELSEWHERE).format(x=asked, p=place_told, w=worn_told)
    text = f"{text[0].upper()}{text[1:]}"
    say = pick(rng, _HERE).format(x=called, p=place_told)
    chain.add(text, say, target, chain.last, None, shows=(index,))


def _both_briefly(chain: Chain, sources: list[tuple[int, int]], people: tuple[Person, ...]) -> None:
    """Two persons, who may come from two pictures, in another place in a few words."""
    rng, scenes = chain.rng, [chain.scenes[index] for index, _ in sources]
    target = random_scene(
        rng,
        people=people,
        setting=pick(rng, tuple(name for name in PLACES if name not in {scene.setting for scene in scenes})),
        style=scenes[0].style,
        interaction="none",
        split=chain.split,
    )
    light = pick(rng, LIGHTINGS) if chance(rng, 0.35) else "daylight"
    still = tuple(replace(figure, holding="none") for figure in target.figures)
    target = replace(target, lighting=light, written_word="", figures=still)
    called = [chain.subject(scene, place) for scene, (_, place) in zip(scenes, sources, strict=True)]
    place_told = pick(rng, place_phrases(target.setting))
    if light != "daylight":
        place_told = f"{place_told} {pick(rng, LIGHT_PHRASES[light])}"
    are_last = {index for index, _ in sources} == {chain.last}
    text = pick(rng, _THEM if are_last and chance(rng, 0.5) else _BOTH)
    text = text.format(x=f"{called[0]} and {called[1]}", p=place_told)
    shows = tuple(sorted({index for index, _ in sources}))
    chain.add(f"{text[0].upper()}{text[1:]}", pick(rng, HERE_THEY_ARE), target, chain.last, None, shows=shows)


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
