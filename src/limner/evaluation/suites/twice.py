"""One open prompt, run twice: the same person within a run, another person in the other run.

Knows a prompt that leaves both persons open, and two close-ups that must follow from what was painted. Knows
nothing about how a token head draws (`models/token_head.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.builders.world.naming import named_pair
from limner.dialogue.parts import Picture, Round
from limner.evaluation.metrics.binding import distractors, with_person
from limner.evaluation.metrics.face_similarity import Face, cosine, face_at, faces_of, largest_face
from limner.evaluation.metrics.scene_reading import identity_distance, identity_of, right_identity
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking, tokens_of
from limner.evaluation.suites.redrawing import twin_of
from limner.evaluation.suites.tally import Tally
from limner.evaluation.views import CEILING, TOKENS, TWIN
from limner.inference.painter import Painter
from limner.perception.senses import WorldSenses
from limner_world.caption import tell
from limner_world.chance import seeded
from limner_world.film import later
from limner_world.render import render
from limner_world.scene import Scene
from limner_world.staging import cut_out
from limner_world.truth import scene_truth

RUNS: Final = 2
PERSONS: Final = (0, 1)  # left, right
CLOSE_UP: Final = "Generate a close-up photo of {}."


@dataclass(frozen=True, kw_only=True)
class OpenPrompt:
    """A prompt that leaves looks open, and a scene that would be one right answer. `names` from left to
    right.
    """

    text: str
    names: tuple[str, str]
    scene: Scene


@dataclass(frozen=True, kw_only=True, eq=False)
class PaintedRun:
    """The pictures of one run and the faces in them: of each person in the first picture (where the prompt
    put them) and in the close-up; None where the judge finds none.
    """

    first: Picture
    close_ups: tuple[Picture, ...]
    seen: tuple[Face | None, ...]
    close: tuple[Face | None, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All, in order."""
        return self.first, *self.close_ups


@dataclass(frozen=True, kw_only=True)
class Twice:
    """Two runs of a prompt of three rounds with different seeds, by every token head of the checkpoint.

    HEAD.within_run.face_similarity: a close-up against that person in its own run's first picture
    (consistency; "chance": against the other person there). HEAD.across_runs.face_similarity and .diversity
    (1 minus it): the close-ups of one name in the two runs. HEAD.first_picture.feature_distance: 1 minus the
    cosine of both first pictures' features. "true_picture" gives the same for rendered scenes, whose second
    run has strangers of equal described traits; it is every head's ceiling. Of tokens: right_person within a
    run, identity_distance across runs (the greater, the more diverse). A face that is not found counts as
    unlike within a run, and is left out across runs.
    """

    name: str = "twice"
    figure: str = "Figure 15"
    about: str = "One open prompt run twice: consistency within a run, diversity across runs."

    def measure(self, bench: Bench, index: int) -> Outcome:
        """Task `index` with every head; the default head's conversation is the one to show."""
        task, prompt = task_name(self.name, bench, index), prompt_of(bench.task_seed(index))
        tally, true = Tally(dialogue=task), true_runs(prompt, bench, index)
        measure(tally, "true_picture", bench.judge, true)
        twin = twin_of(bench.painter)
        shown: list[Shown] = []
        seconds: list[float] = []
        rounds: tuple[Round, ...] = ()
        for head in bench.painter.model.head_kinds:
            painter = bench.painter.with_sampling(token_head=head)
            runs, twins = [], []
            for number in range(RUNS):
                asking, run = painted_run(painter, prompt, bench.judge, paint_seed(task, number))
                runs.append(run)
                if twin is not None:
                    twins.append(seen_run(bench.judge, *(twin(picture) for picture in run.pictures)))
                shown += shown_of(f"{head}, run {number + 1}", prompt, run)
                seconds += asking.seconds
                rounds = rounds or asking.conversation.rounds
            measure(tally, head, bench.judge, runs)
            measure(tally.seen_as(CEILING), head, bench.judge, true)
            if twins:
                measure(tally.seen_as(TWIN), head, bench.judge, twins)
                read_tokens(tally.seen_as(TOKENS), head, runs)
        return Outcome(
            rows=tuple(tally.rows), shown=tuple(shown), round_seconds=tuple(seconds), conversation=rounds
        )


def prompt_of(seed: int) -> OpenPrompt:
    """A held-out scene of two persons in a text that gives names and sides and no looks."""
    rng = seeded("twice", SPLIT, seed)
    scene, names, _ = named_pair(rng, SPLIT, "bust")
    told = tell(scene, names, rng=rng, length="bare", sides=True)
    return OpenPrompt(text=told.text, names=(str(names[0]), str(names[1])), scene=scene)


def painted_run(
    painter: Painter, prompt: OpenPrompt, judge: WorldSenses, seed: int
) -> tuple[Asking, PaintedRun]:
    """The prompt, then a close-up of each by name."""
    asking = Asking(conversation=painter.conversation(seed=seed))
    first = asking.picture(prompt.text)
    close_ups = tuple(asking.picture(CLOSE_UP.format(name)) for name in prompt.names)
    return asking, seen_run(judge, first, *close_ups)


def seen_run(judge: WorldSenses, first: Picture, *close_ups: Picture) -> PaintedRun:
    """The pictures of a run with the faces that the judge finds in them."""
    faces = faces_of(judge, first.pixels)
    return PaintedRun(
        first=first,
        close_ups=close_ups,
        seen=tuple(face_on_side(faces, place) for place in PERSONS),
        close=tuple(largest_face(faces_of(judge, picture.pixels)) for picture in close_ups),
    )


def true_runs(prompt: OpenPrompt, bench: Bench, index: int) -> list[PaintedRun]:
    """What a perfect painter could do: the scene, and the scene with strangers of equal described traits."""
    other, seed, size_px = prompt.scene, bench.task_seed(index), bench.painter.image_size_px
    for place in PERSONS:
        (stranger,) = distractors(other.figures[place].person, 1, seed=seed, split=SPLIT)
        other = with_person(other, place, stranger)
    return [rendered_run(scene, bench.judge, seed, size_px) for scene in (prompt.scene, other)]


def rendered_run(scene: Scene, judge: WorldSenses, seed: int, size_px: int) -> PaintedRun:
    """A scene and the close-ups of a moment later, with the faces where they truly are."""
    last = later(seeded("twice later", SPLIT, seed), scene)
    first = Picture(render(scene, size_px))
    alone = [cut_out(last, place) for place in PERSONS]
    close_ups = tuple(Picture(render(one, size_px)) for one in alone)
    boxes = [scene_truth(one).face_boxes[0] for one in alone]
    return PaintedRun(
        first=first,
        close_ups=close_ups,
        seen=tuple(face_at(judge, first.pixels, box) for box in scene_truth(scene).face_boxes),
        close=tuple(face_at(judge, p.pixels, box) for p, box in zip(close_ups, boxes, strict=True)),
    )


def face_on_side(faces: Sequence[Face], place: int) -> Face | None:
    """The largest face whose middle lies in the left (0) or right (1) half; None when there is none."""
    return largest_face([face for face in faces if (face.box[0] + face.box[2] >= 1) == bool(place)])


def measure(tally: Tally, who: str, judge: WorldSenses, runs: Sequence[PaintedRun]) -> None:
    """Rows of consistency within each run, and of diversity between both."""
    for run in runs:
        for place in PERSONS:
            own, other = (cosine(run.seen[at], run.close[place]) for at in (place, 1 - place))
            tally.rate(f"{who}.within_run.face_similarity", own, other)
            tally.add(f"{who}.face_found", run.seen[place] is not None and run.close[place] is not None)
    first, second = runs
    for one, another in zip(first.close, second.close, strict=True):
        if one is not None and another is not None:
            likeness = cosine(one, another)
            tally.add(f"{who}.across_runs.face_similarity", likeness)
            tally.add(f"{who}.across_runs.diversity", 1 - likeness)
    a, b = judge.embed_pictures([first.first.pixels, second.first.pixels]).astype(np.float64)
    apart = 1 - float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    tally.add(f"{who}.first_picture.feature_distance", apart)


def read_tokens(tally: Tally, who: str, runs: Sequence[PaintedRun]) -> None:
    """Rows of what the tokens of both runs say: whose close-up it is within a run, how far faces are apart
    across runs.
    """
    for run in runs:
        seen = [identity_of(tokens_of(run.first), place) for place in PERSONS]
        for place in PERSONS:
            right = right_identity(identity_of(tokens_of(run.close_ups[place])), seen[place], seen[1 - place])
            tally.add(f"{who}.within_run.right_person", right)
    for one, other in zip(*(run.close_ups for run in runs), strict=True):
        face, another = identity_of(tokens_of(one)), identity_of(tokens_of(other))
        if face is not None and another is not None:
            tally.add(f"{who}.across_runs.identity_distance", identity_distance(face, another))


def shown_of(who: str, prompt: OpenPrompt, run: PaintedRun) -> list[Shown]:
    """A run's pictures, in order."""
    told = zip((run.first, *run.close_ups), (prompt.text, *prompt.names), strict=True)
    return [
        Shown(column=f"{who}, round {number}", picture=picture, text=text)
        for number, (picture, text) in enumerate(told, 1)
    ]
