"""Single-picture samples: caption, painting from text, questions, copies, cropped faces, faces into
pictures (Section 3.3.1).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner.builders.world.draft import Draft, DraftRound
from limner.builders.world.replies import HERE_ONE, HERE_THEY_ARE, with_identity
from limner_world.caption import tell
from limner_world.chance import chance, pick, weighted
from limner_world.describe import unnamed_subjects
from limner_world.names import Name, random_names
from limner_world.person import Person
from limner_world.question import random_question
from limner_world.sampling import random_outfit
from limner_world.scene import Scene
from limner_world.staging import CLOSE_FRAMINGS, cut_out, portrait, random_scene

_CAPTION_ASKS: Final = (
    "Describe this picture.",
    "Describe the image.",
    "What do you see?",
    "What does this picture show?",
    "Write a caption for this picture.",
    "Caption this image.",
    "Tell me what is in the picture.",
    "Please describe what you see.",
)
_COPY_ASKS: Final = (
    "Paint this picture again.",
    "Repeat this image.",
    "Give me the same picture.",
    "Copy this picture.",
    "Generate the same image again.",
    "Show me this picture once more.",
    "Reproduce this image as it is.",
)
_CROP_ASKS: Final = (
    "Cut out {x}'s face.",
    "Crop the face of {x}.",
    "Show me only {x}'s face.",
    "Generate a close-up photo of {x}.",
    "A close-up of {x} on a white background.",
    "Give me {x}'s face alone.",
    "Show {x} up close on white.",
)
_FACE_LEADS: Final = (
    "This is the face of {x}. {c}",
    "Use this face. {c}",
    "With this face: {c}",
    "{c} Use the face in the picture.",
    "{c}",
    "{c}",
)
_FRAMED: Final = {"bust": 0.5, "half body": 0.25, "full body": 0.25}
# Most people say little.
_USUAL_LENGTHS: Final = {"bare": 0.25, "short": 0.4, "medium": 0.25, "long": 0.1}


def _name_text(rng: np.random.Generator, names: tuple[Name, ...]) -> str:
    if len(names) == 1:
        return pick(rng, ("This is {}.", "Meet {}.", "The picture shows {}.")).format(names[0].introduction)
    both = f"{names[0].introduction} and {names[1].introduction}"
    return pick(
        rng, ("These are {}, from left to right.", "From left to right: {}.", "You see {}, left to right.")
    ).format(both)


def draft_caption(rng: np.random.Generator, split: str) -> Draft:
    """An uploaded picture and its description, with names where the user tells them."""
    scene = random_scene(rng, split=split)
    length = pick(rng, ("short", "medium", "medium", "long"))
    if chance(rng, 0.3):
        names = random_names(rng, [figure.person.traits for figure in scene.figures], split)
        told = tell(scene, names, rng=rng, length=length, register="describe")
        ask = f"{_name_text(rng, names)} {pick(rng, _CAPTION_ASKS)}"
        places = {str(name): (0, place) for place, name in enumerate(names)}
    else:
        told = tell(scene, rng=rng, length=length, register="describe")
        ask, places = pick(rng, _CAPTION_ASKS), {}
    rounds = (DraftRound(instruction=ask, response=told.text, pictures=(scene,)),)
    stated = [sorted(fields) for fields in told.stated]
    return Draft(kind="caption", rounds=rounds, names=places, truth={"stated": stated}, names_uploaded=True)


def draft_text_to_image(rng: np.random.Generator, split: str) -> Draft:
    """A text and its picture: one or two persons, named or not; sometimes a lone portrait on white."""
    is_usual = chance(rng, 0.6)
    is_whole = is_usual and chance(rng, 0.15)
    scene = random_scene(rng, split=split, framing="full body" if is_whole else None)
    if len(scene.figures) == 1 and not is_whole and chance(rng, 0.15):
        scene = portrait(rng, scene.figures[0], scene.style)
    names = random_names(rng, [f.person.traits for f in scene.figures], split) if chance(rng, 0.5) else None
    length, register = (weighted(rng, _USUAL_LENGTHS), "usual") if is_usual else (None, None)
    told = tell(scene, names, rng=rng, length=length, register=register, frame=True if is_whole else None)
    say = pick(rng, HERE_THEY_ARE if len(scene.figures) == 2 else HERE_ONE)
    return Draft(
        kind="text_to_image",
        rounds=(DraftRound(instruction=told.text, response=say, scene=scene),),
        names={str(name): (0, place) for place, name in enumerate(names or ())},
        truth={
            "stated": [sorted(fields) for fields in told.stated],
            "stated_scene": sorted(told.stated_scene),
        },
    )


def draft_question(rng: np.random.Generator, split: str) -> Draft:
    """An uploaded picture and one to four questions about it."""
    scene = random_scene(rng, split=split)
    names = None
    lead = ""
    if chance(rng, 0.3):
        names = random_names(rng, [f.person.traits for f in scene.figures], split)
        lead = f"{_name_text(rng, names)} "
    rounds: list[DraftRound] = []
    topics: list[str] = []
    for index in range(int(rng.integers(1, 5))):
        asked = random_question(scene, rng, names)
        if any(asked.question in round_.instruction for round_ in rounds):
            continue
        first = index == 0
        topics.append(asked.field)
        rounds.append(
            DraftRound(
                instruction=f"{lead if first else ''}{asked.question}",
                response=asked.answer,
                pictures=(scene,) if first else (),
                depends_on=() if first else (0,),
                asked=asked,
            )
        )
    return Draft(
        kind="question",
        rounds=tuple(rounds),
        names={str(name): (0, place) for place, name in enumerate(names or ())},
        truth={"topics": topics},
        names_uploaded=True,
    )


def draft_copy(rng: np.random.Generator, split: str) -> Draft:
    """Stage 1: a picture and the same picture again."""
    scene = random_scene(rng, split=split)
    if chance(rng, 0.3):
        scene = portrait(rng, scene.figures[0], scene.style)
    rounds = (
        DraftRound(
            instruction=pick(rng, _COPY_ASKS), response=pick(rng, HERE_ONE), scene=scene, pictures=(scene,)
        ),
    )
    return Draft(kind="copy", rounds=rounds)


def _personal(rng: np.random.Generator, split: str, kind: str, face: Scene, whole: Scene) -> Draft:
    """A face and a text, and the whole picture of that person."""
    names = random_names(rng, [f.person.traits for f in whole.figures], split) if chance(rng, 0.4) else None
    told = tell(whole, names, rng=rng, register="ask" if chance(rng, 0.7) else "describe")
    subject = str(names[0]) if names else unnamed_subjects(whole)[0]
    text = told.text if told.text.endswith((".", "?")) else f"{told.text}."
    ask = pick(rng, _FACE_LEADS).format(x=subject, c=text)
    ask = ask.lower() if text.islower() else ask
    ask, say = with_identity(rng, ask, pick(rng, ("I have generated an image.", *HERE_ONE)), rate=0.5)
    return Draft(
        kind=kind,
        rounds=(DraftRound(instruction=ask, response=say, scene=whole, pictures=(face,)),),
        names={str(name): (0, place) for place, name in enumerate(names or ())},
        truth={"stated": [sorted(fields) for fields in told.stated]},
    )


def draft_face_to_image(rng: np.random.Generator, split: str) -> Draft:
    """Stage 2: the face cut out of a picture, in the very same pose, and a caption -> the whole picture."""
    whole = random_scene(rng, num_figures=1, framing=pick(rng, tuple(_FRAMED)), split=split)
    face = cut_out(whole, 0)
    return _personal(rng, split, "face_to_image", face, whole)


def draft_paired(rng: np.random.Generator, split: str) -> Draft:
    """Stage 3: the face from one picture, a caption of another -> that other picture, posed and dressed
    anew.
    """
    first = random_scene(rng, num_figures=1, split=split)
    figure = first.figures[0]
    dressed = random_outfit(rng, figure.person.traits, split)
    person = Person(traits=dressed, identity=figure.person.identity)
    whole = random_scene(
        rng, people=(person,), framing=pick(rng, tuple(_FRAMED)), style=first.style, split=split
    )
    return _personal(rng, split, "paired", portrait(rng, figure, first.style), whole)


def draft_crop(rng: np.random.Generator, split: str) -> Draft:
    """A whole picture -> one face of it, cut out; in the same pose, or a moment later."""
    scene = random_scene(
        rng, framing=pick(rng, tuple(CLOSE_FRAMINGS)) if chance(rng, 0.7) else None, split=split
    )
    place = int(rng.integers(len(scene.figures)))
    names = random_names(rng, [f.person.traits for f in scene.figures], split) if chance(rng, 0.4) else None
    subject = str(names[place]) if names else unnamed_subjects(scene, rng)[place]
    ask = pick(rng, _CROP_ASKS).format(x=subject)
    if names:
        ask = f"{_name_text(rng, names)} {ask}"
    ask, say = with_identity(
        rng, ask, pick(rng, ("Here is {x}.", "This is {x}.", "Here is {x}'s face.")).format(x=subject)
    )
    target = cut_out(scene, place) if chance(rng, 0.7) else portrait(rng, scene.figures[place], scene.style)
    return Draft(
        kind="crop",
        rounds=(DraftRound(instruction=ask, response=say, scene=target, pictures=(scene,)),),
        names={str(name): (0, where) for where, name in enumerate(names or ())},
        truth={"place": place},
        names_uploaded=True,
    )
