"""A plan carried out: the painter is given base, faces and words, or what was asked for is shown again.

Knows plans, the album and painters' protocols. Knows nothing of how plans are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from limner.dialogue.parts import Picture
from limner.perception.painters import Answerer, AnyPainter, PaintError, Reference
from limner.planning.album import Album
from limner.planning.faces import Faces, face_of
from limner.planning.plan import Person, Plan

CANNOT_TELL: Final = "I only paint and cannot answer that."
REFUSED: Final = "The painter refused: {why}"
_POSSESSIVE: Final = {"woman": "her", "girl": "her", "man": "his", "boy": "his"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Hands:
    """The models that carry plans out.

    Args:
        painter: paints and changes.
        faces: finds faces to be cut out; None gives halves of pictures, or whole ones.
        answerer: answers questions; None says that nobody can.
        size_px: of new pictures; None leaves it to the painter.
    """

    painter: AnyPainter
    faces: Faces | None = None
    answerer: Answerer | None = None
    size_px: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Done:
    """What came of a plan: words and at most one picture."""

    text: str
    picture: Picture | None = None


def carry_out(plan: Plan, album: Album, hands: Hands, *, seed: int) -> Done:
    """Carry out a plan. A refusal of the painter becomes the reply's text; ValueError or OSError when the
    painter cannot be reached.
    """
    if plan.act in ("listen", "ask"):
        return Done(text=plan.reply)
    base = None if plan.base is None else album.at(plan.base).picture
    if plan.act == "recall":
        assert base is not None
        return Done(text=plan.reply, picture=base)
    references = [
        *(_face(person, album, hands.faces) for person in plan.people if person.picture),
        *_whole(plan.shown, album),
    ]
    try:
        if plan.act == "answer":
            if hands.answerer is None:
                return Done(text=CANNOT_TELL)
            return Done(text=hands.answerer.answer(plan.instruction, references, base))
        picture = hands.painter.paint(plan.instruction, references, base, size_px=hands.size_px, seed=seed)
    except PaintError as refusal:
        return Done(text=REFUSED.format(why=refusal))
    return Done(text=plan.reply, picture=picture)


def _face(person: Person, album: Album, faces: Faces | None) -> Reference:
    picture, box = face_of(person, album, faces)
    whose = _POSSESSIVE.get(person.noun, "the")
    seen = f"{whose} face of" if box is not None else f"the {person.noun} as seen in"
    return Reference(
        picture=picture,
        role=f"{person.name}: {seen} picture {person.picture}",
        source=album.at(person.picture).picture,
        box=box,
    )


def _whole(numbers: Sequence[int], album: Album) -> list[Reference]:
    return [Reference(picture=album.at(number).picture, role=f"picture {number}") for number in numbers]
