"""Dialogues before they are painted: the same rounds with scenes where pictures will stand.

Drafting costs a fraction of a millisecond and no drawing, so that words can be trained without pictures and
pictures be rendered in other processes. Knows nothing about what is said in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Picture, Response, Round
from limner_world.question import Asked
from limner_world.scene import Scene
from limner_world.serial import scene_to_json

Paint = Callable[[Scene, int], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class DraftRound:
    """A round whose pictures are still scenes; `depends_on` as in `Round`."""

    instruction: str
    response: str
    scene: Scene | None = None
    pictures: tuple[Scene, ...] = ()
    depends_on: tuple[int, ...] = ()
    asked: Asked | None = None  # of a picture


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A dialogue whose pictures are still scenes.

    `names` maps each name to the (round, place in the scene from left) where its person is first seen: in
    the picture that the round paints, or in the first one it is given when `names_uploaded`. `truth` holds
    further JSON-able facts.
    """

    kind: str
    rounds: tuple[DraftRound, ...]
    names: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)
    names_uploaded: bool = False

    @property
    def scenes(self) -> list[Scene]:
        """All different scenes in order of appearance: what has to be rendered."""
        found: dict[Scene, None] = {}
        for round_ in self.rounds:
            for scene in (*round_.pictures, *((round_.scene,) if round_.scene is not None else ())):
                found.setdefault(scene)
        return list(found)

    def words(self) -> list[str]:
        """All texts in order: instruction, response, instruction, ..."""
        return [text for round_ in self.rounds for text in (round_.instruction, round_.response)]


def paint_draft(draft: Draft, size_px: int, paint: Paint | None = None) -> Dialogue:
    """The finished dialogue, each different scene painted once at `size_px` x `size_px` by `paint` (default:
    `render`).

    The dialogue's truth holds "scenes" (per round the painted scene as JSON, or null), "pictures" (per round
    the instruction's scenes), "names" (name -> [round, place]), "asked" (per round [field, place] of a
    question about a picture, or null) and whatever the draft adds.
    """
    if paint is None and draft.scenes:
        from limner_world.render import render

        paint = render
    painted = {scene: Picture(paint(scene, size_px)) for scene in draft.scenes} if paint is not None else {}
    rounds = tuple(
        Round(
            instruction=Instruction(
                text=round_.instruction, pictures=tuple(painted[scene] for scene in round_.pictures)
            ),
            response=Response(
                text=round_.response, picture=None if round_.scene is None else painted[round_.scene]
            ),
            depends_on=round_.depends_on,
        )
        for round_ in draft.rounds
    )
    return Dialogue(rounds=rounds, persons=_persons(draft), kind=draft.kind, truth=draft_truth(draft))


def draft_truth(draft: Draft) -> dict[str, Any]:
    """What the painted dialogue's `truth` holds; see `paint_draft`."""
    return {
        "scenes": [None if r.scene is None else scene_to_json(r.scene) for r in draft.rounds],
        "pictures": [[scene_to_json(scene) for scene in r.pictures] for r in draft.rounds],
        "names": {name: list(place) for name, place in draft.names.items()},
        "asked": [None if r.asked is None else [r.asked.field, r.asked.place] for r in draft.rounds],
        **draft.truth,
    }


def _persons(draft: Draft) -> tuple[NamedPerson, ...]:
    return tuple(
        NamedPerson(name=name, round_index=index, box=_face_box(_seen_in(draft, index), place))
        for name, (index, place) in draft.names.items()
    )


def _seen_in(draft: Draft, index: int) -> Scene | None:
    round_ = draft.rounds[index]
    return round_.pictures[0] if draft.names_uploaded else round_.scene


def _face_box(scene: Scene | None, place: int) -> tuple[float, float, float, float] | None:
    if scene is None:
        return None
    boxes = face_boxes(scene)
    x0, y0, x1, y1 = (min(max(float(side), 0.0), 1.0) for side in boxes[place])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def face_boxes(scene: Scene) -> Sequence[tuple[float, float, float, float]]:
    """Face boxes (x0, y0, x1, y1) in the unit square, left to right."""
    from limner_world.truth import scene_truth

    return scene_truth(scene).face_boxes
