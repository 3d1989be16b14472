"""A painter without fault, which measures a planner alone: the world's own, given what the plan gives.

It knows the scene behind every picture of the conversation, does the edit that is asked for to the picture
that it is given, and paints the person whose face it is given, posed anew. It has no memory: whatever the
plan gets wrong shows. The script tells it what a wish means once the plan's words hold that wish, and
nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from limner.benchmark.conversation import BenchConversation, BenchRound, as_picture
from limner.benchmark.systems.planned import PlannedSession
from limner.benchmark.systems.protocol import SystemAnswer
from limner.dialogue.parts import Picture
from limner.perception.painters import Reference
from limner.perception.protocols import FoundFace
from limner.planning.carrying_out import Hands
from limner.planning.plan import Planner
from limner_world.chance import seeded
from limner_world.describe import unnamed_subjects
from limner_world.edit import Edit, apply
from limner_world.instruction import phrase
from limner_world.scene import Scene
from limner_world.staging import portrait, random_scene
from limner_world.truth import scene_truth

_NUM_WORDINGS: Final = 400
_MOST_FOREIGN: Final = 0.2  # of the words of a new scene


@dataclass(frozen=True, kw_only=True, eq=False)
class PerfectSystem:
    """`planner` in front of the perfect painter."""

    planner: Planner

    @property
    def name(self) -> str:
        """Planner and painter."""
        return f"{self.planner.name}, perfect painter"

    def begin(self, conversation: BenchConversation) -> PerfectSession:
        """An empty conversation."""
        painter = PerfectPainter(conversation)
        hands = Hands(painter=painter, faces=painter, answerer=painter)
        inner = PlannedSession(planner=self._planner(painter), hands=hands, seed=0, places={})
        return PerfectSession(inner=inner, painter=painter)

    def _planner(self, painter: PerfectPainter) -> Planner:
        """A planner that looks for faces looks with the world's eyes."""
        from limner.planning.endpoint import EndpointPlanner
        from limner.planning.rules import RulesPlanner

        if isinstance(self.planner, RulesPlanner):
            return replace(self.planner, faces=painter)
        if isinstance(self.planner, EndpointPlanner):
            return replace(self.planner, faces=painter)
        return self.planner


@dataclass(kw_only=True)
class PerfectSession:
    """The script's place on this line, so that the painter knows which wish is at hand."""

    inner: PlannedSession
    painter: PerfectPainter
    here: int = -1
    at: dict[str, int] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """One round."""
        self.here = self.painter.conversation.round_after(self.here, text, self.told)
        self.told.add(self.here)
        self.painter.attend(self.painter.conversation.rounds[self.here])
        answer = self.inner.say(text, pictures)
        self.at[answer.id] = self.here
        return answer

    def fork(self, id: str) -> PerfectSession:
        """Another line from an answer on."""
        return PerfectSession(
            inner=self.inner.fork(id), painter=self.painter, here=self.at[id], at=self.at, told=self.told
        )


class PerfectPainter:
    """An `AnyPainter`, an `Answerer` and a finder of faces, of one conversation."""

    name = "perfect painter"

    def __init__(self, conversation: BenchConversation) -> None:
        self.conversation = conversation
        self._scenes: dict[str, Scene] = {}
        self._round: BenchRound | None = None
        self._known: dict[int, set[str]] = {}

    def attend(self, round_: BenchRound) -> None:
        """Set the round that comes next."""
        self._round = round_
        for shot in round_.pictures:
            if isinstance(shot, Scene):
                self._keep(shot)

    def paint(
        self,
        instruction: str,
        references: Sequence[Reference],
        base: Picture | None,
        *,
        size_px: int | None,
        seed: int,
    ) -> Picture:
        """See `AnyPainter`. Without a base the last whole reference is one; what is not understood leaves it
        as it is.
        """
        faces = [one for one in references if one.source is not None]
        if base is None and not faces and references:
            base = references[-1].picture
        meaning = self._round.meaning if self._round is not None else None
        described = meaning.scene if meaning is not None and meaning.act == "paint" else None
        if described is not None and self._tells_scene(instruction):
            return self._keep(described)
        if base is not None:
            scene = self._scenes.get(base.digest)
            edit = None if meaning is None else meaning.edit
            if scene is None or edit is None or not self._tells_edit(instruction, edit):
                return base
            can_be_done = edit.place is None or edit.place < len(scene.figures)
            return self._keep(apply(edit, scene) if can_be_done else scene)
        if faces and (found := self._figure(faces[0])) is not None:
            scene, place = found
            rng = seeded("perfect", self.conversation.name, seed)
            return self._keep(portrait(rng, scene.figures[place], scene.style))
        return self._keep(random_scene(seeded("perfect", instruction), num_figures=1, split="test"))

    def answer(self, question: str, references: Sequence[Reference], base: Picture | None) -> str:
        """See `Answerer`: the offered answer that is true of the person who is given."""
        options = self._round.meaning.options if self._round is not None and self._round.meaning else ()
        for reference in references:
            found = self._figure(reference)
            if found is None:
                continue
            scene, place = found
            traits = scene.figures[place].person.traits
            side = "left" if place == 0 else "right"
            asks_side = set(options) == {"left", "right"}
            colour = traits.hair_colour if "hair" in question.lower() else traits.garment_colour
            true = {side if asks_side else colour}
            return next((f"{one.capitalize()}." for one in options if one in true), "I cannot tell.")
        return "I cannot tell."

    def find_faces(self, pixels: object) -> tuple[FoundFace, ...]:
        """The true faces of a picture of this conversation, from left to right."""
        scene = self._scenes.get(Picture(pixels).digest)  # type: ignore[arg-type]
        boxes = () if scene is None else scene_truth(scene).face_boxes
        return tuple(FoundFace(box=box, score=1.0) for box in sorted(boxes, key=lambda box: box[0] + box[2]))

    def _keep(self, scene: Scene) -> Picture:
        picture = as_picture(scene, self.conversation.size_px)
        self._scenes[picture.digest] = scene
        return picture

    def _figure(self, reference: Reference) -> tuple[Scene, int] | None:
        """Whose face it is: the scene, and which of its figures."""
        source = reference.source
        scene = None if source is None else self._scenes.get(source.digest)
        if scene is None:
            return None
        boxes = scene_truth(scene).face_boxes
        if reference.box is None:
            return (scene, 0) if len(boxes) == 1 else None
        middle = reference.box[0] + reference.box[2]
        return scene, min(
            range(len(boxes)), key=lambda place: abs(boxes[place][0] + boxes[place][2] - middle)
        )

    def _tells_scene(self, instruction: str) -> bool:
        """Whether the words are those that the script describes its scene with, hardly any others."""
        assert self._round is not None
        said, told = set(_words(self._round.say).split()), _words(instruction).split()
        foreign = sum(word not in said for word in told)
        return bool(told) and foreign <= _MOST_FOREIGN * len(told)

    def _tells_edit(self, instruction: str, edit: Edit) -> bool:
        """Whether the words hold the edit in one of the world's wordings."""
        told = f" {_words(instruction)} "
        return any(f" {wording} " in told for wording in self._wordings(edit))

    def _wordings(self, edit: Edit) -> set[str]:
        """The edit in all the world's wordings, as far as many draws show them."""
        if id(edit) in self._known:
            return self._known[id(edit)]
        found = self._known[id(edit)] = set()
        seen = set()
        for scene in self._known_scenes():
            if edit.place is not None and edit.place >= len(scene.figures):
                continue
            traits = None if edit.place is None else scene.figures[edit.place].person.traits
            subject = "" if edit.place is None else unnamed_subjects(scene)[edit.place]
            if (traits, subject) in seen:
                continue
            seen.add((traits, subject))
            rng = seeded("wordings", self.conversation.name)
            found |= {_words(phrase(rng, edit, traits, subject).imperative) for _ in range(_NUM_WORDINGS)}
        return found

    def _known_scenes(self) -> list[Scene]:
        targets = [one.target for one in self.conversation.rounds if isinstance(one.target, Scene)]
        given = [shot for one in self.conversation.rounds for shot in one.pictures if isinstance(shot, Scene)]
        return [*given, *targets]


def _words(text: str) -> str:
    return " ".join(re.findall(r"[\w'’-]+", text.lower()))
