"""A dialogue of three rounds out of a finished clip: the two, then each alone by name (paper Section 3.3.2).

Knows phrasings. Adds nothing to what was found.
"""

from __future__ import annotations

from typing import Any, Final

from limner.builders.heads import worst
from limner.builders.likeness import alike, sharpness
from limner.builders.runner.document import Document
from limner.builders.video.clip import Clip
from limner.builders.world.replies import CLOSE_UP_ASKS, HERE_THEY_ARE, with_identity
from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Picture, Response, Round
from limner_world.chance import chance, pick

_OPENINGS: Final = (
    "{text}",
    "{text}",
    "Generate an image: {text}",
    "Generate an image of this. {text}",
    "Please paint this: {text}",
    "Create a picture of the following. {text}",
)
_HERE_IS: Final = (
    "Here is {x}.",
    "This is {x}.",
    "Here is a close-up of {x}.",
    "Here is {x} up close.",
    "A close-up of {x}.",
)


def dialogue_of(document: Document, clip: Clip) -> Dialogue:
    """Round 1 asks for the first frame's square; rounds 2 and 3, in either order, for each head by name."""
    rng = document.chance("words")
    assert clip.square is not None
    assert clip.square_faces is not None
    opening = pick(rng, _OPENINGS).format(text=clip.text)
    rounds = [_round(opening, pick(rng, HERE_THEY_ARE), clip.square)]
    for place in (0, 1) if chance(rng, 0.5) else (1, 0):
        name = clip.names[place]
        ask, say = pick(rng, CLOSE_UP_ASKS).format(x=name), pick(rng, _HERE_IS).format(x=name)
        ask, say = with_identity(rng, ask, say)
        rounds.append(_round(ask, say, clip.cut_outs[place], depends_on=(0,)))
    persons = tuple(
        NamedPerson(name=name, round_index=0, box=box)
        for name, box in zip(clip.names, clip.square_faces, strict=True)
    )
    return Dialogue(rounds=tuple(rounds), persons=persons, kind="named", truth=_truth(document, clip))


def _round(ask: str, say: str, pixels: Any, depends_on: tuple[int, ...] = ()) -> Round:
    response = Response(text=say, picture=Picture(pixels))
    return Round(instruction=Instruction(text=ask), response=response, depends_on=depends_on)


def _truth(document: Document, clip: Clip) -> dict[str, Any]:
    """Where it comes from, and what was measured: boxes of the whole frames, by name."""
    assert clip.first_faces is not None
    assert clip.last_faces is not None
    assert clip.similarities is not None
    assert clip.margin is not None
    assert clip.told is not None
    found = zip(clip.names, clip.first_faces, clip.last_faces, clip.similarities, strict=True)
    return {
        "source": document.id,
        "shot": clip.shot,
        "caption": clip.told.caption,
        "faces": {
            name: {
                "first": [round(side, 4) for side in first],
                "last": [round(side, 4) for side in last],
                "similarity": round(float(alike), 4),
            }
            for name, first, last, alike in found
        },
        "margin": round(float(clip.margin), 4),
        "scores": _scores(clip),
    }


def _scores(clip: Clip) -> dict[str, Any]:
    """What the filters used or could use, one number each for the whole dialogue (`limner dataset
    filter`).
    """
    assert clip.first_faces is not None
    assert clip.last_faces is not None
    assert clip.similarities is not None
    assert clip.margin is not None
    assert clip.head_scores is not None
    pairs = list(zip(clip.first_faces, clip.last_faces, strict=True))
    sizes = [max((b[2] - b[0]) * clip.last.shape[1], (b[3] - b[1]) * clip.last.shape[0]) for _, b in pairs]
    return {
        "similarity": round(float(min(clip.similarities)), 4),
        "margin": round(float(clip.margin), 4),
        "sharpness": round(min(sharpness(clip.last, box) for _, box in pairs), 2),
        "alike": round(max(alike(clip.first, first, clip.last, last) for first, last in pairs), 4),
        "face_px": round(float(min(sizes)), 1),
        "head": worst(clip.head_scores),
    }
