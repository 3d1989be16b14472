"""Comprehension: questions about a picture, pointing at people, captions (paper, Section 3.3.1: what training
to paint must not unlearn).

Knows tasks, answers and measuring. Knows nothing about files and reports. Every round stands alone: earlier
rounds are given as they should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limner.builders.world import KINDS
from limner.dialogue.boxes import iou
from limner.dialogue.parts import Dialogue
from limner.evaluation.metrics.binding import right_of_two
from limner.evaluation.metrics.grounding import parse_box
from limner.evaluation.metrics.question import answer_matches
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking
from limner.evaluation.suites.caption_words import claims, names_trait, told_traits, true_share
from limner.evaluation.suites.guessing import chance_box, chance_of_answer, chance_of_claims, chance_of_naming
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.true_tokens import shown_in, tell_truth
from limner.inference.painter import Painter
from limner_world.scene import Scene
from limner_world.serial import scene_from_json


@dataclass(frozen=True, kw_only=True, eq=False)
class ComprehendTask:
    """A dialogue of each sort, painted, with its truth: questions, pointing, a caption."""

    questions: Dialogue
    pointing: Dialogue
    caption: Dialogue

    @property
    def dialogues(self) -> tuple[Dialogue, ...]:
        """All three."""
        return self.questions, self.pointing, self.caption


Answers = tuple[tuple[str, ...], ...]
"""Per dialogue of a task, what was said in each round."""


def make_task(seed: int, size_px: int) -> ComprehendTask:
    """Held-out dialogues of all three sorts."""
    questions, pointing, caption = (
        KINDS[kind](seed, SPLIT, size_px) for kind in ("question", "point", "caption")
    )
    return ComprehendTask(questions=questions, pointing=pointing, caption=caption)


def drive(painter: Painter, task: ComprehendTask, *, seed: int) -> tuple[Answers, list[float]]:
    """Ask for words in every round that has no picture to paint, after the true rounds before it; the
    seconds too.
    """
    seconds: list[float] = []
    answers = []
    for dialogue in task.dialogues:
        asking = Asking(conversation=painter.conversation(seed=seed), seconds=seconds)
        said = []
        for number, round_ in enumerate(dialogue.rounds):
            if round_.response.picture is not None:
                said.append("")
            else:
                alone = asking.fork() if number else _begin(painter, seed, seconds)
                said.append(alone.words(round_.instruction.text, round_.instruction.pictures))
            asking.conversation.remember(round_)
        answers.append(tuple(said))
    return tuple(answers), seconds


def oracle(task: ComprehendTask) -> Answers:
    """The answers of a perfect reader: the truth."""
    return tuple(tuple(round_.response.text for round_ in d.rounds) for d in task.dialogues)


def measure(tally: Tally, task: ComprehendTask, answers: Answers) -> None:
    """Rows of all three sorts, each rate beside what guessing gives (`guessing.py`)."""
    _measure_questions(tally, task.questions, answers[0])
    _measure_pointing(tally, task.pointing, answers[1])
    _measure_caption(tally, task.caption, answers[2][0])


def _begin(painter: Painter, seed: int, seconds: list[float]) -> Asking:
    return Asking(conversation=painter.conversation(seed=seed), seconds=seconds)


def _measure_questions(tally: Tally, dialogue: Dialogue, said: Sequence[str]) -> None:
    names = [person.name for person in dialogue.persons]
    for round_, topic, text in zip(dialogue.rounds, dialogue.truth["topics"], said, strict=True):
        question, truth = round_.instruction.text, round_.response.text
        hit = answer_matches(text, truth, question=question, names=names)
        chance = chance_of_answer(truth, topic, question=question, names=names)
        tally.rate("question.answers", hit, chance)
        tally.rate(f"question.{topic}.answers", hit, chance)


def _measure_pointing(tally: Tally, dialogue: Dialogue, said: Sequence[str]) -> None:
    truths = {
        number: box
        for number, round_ in enumerate(dialogue.rounds)
        if (box := parse_box(round_.response.text)) is not None
    }
    for number, truth in truths.items():
        box = parse_box(said[number])
        (other,) = (truths[place] for place in truths if place != number)
        tally.rate("pointing.iou", iou(box, truth), chance_box(truth))
        tally.add("pointing.box_given", box is not None)
        tally.rate("pointing.right_person", right_of_two(iou(box, truth), iou(box, other)), 0.5)


def _measure_caption(tally: Tally, dialogue: Dialogue, text: str) -> None:
    scene = _uploaded(dialogue)
    for traits, field in told_traits(scene, dialogue.truth["stated"]):
        hit = names_trait(text, traits, field)
        tally.rate("caption.traits_named", hit, chance_of_naming(traits, field))
    claimed = claims(text)
    if claimed:
        tally.rate("caption.claims_true", true_share(claimed, scene), chance_of_claims(scene))


def _uploaded(dialogue: Dialogue) -> Scene:
    return scene_from_json(dialogue.truth["pictures"][0][0])


@dataclass(frozen=True, kw_only=True)
class Comprehend:
    """Words about pictures. One dialogue of each sort is a task."""

    name: str = "comprehend"
    figure: str = "Section 3.3.1"
    about: str = "questions by topic, pointing at people, captions"

    def measure(self, bench: Bench, index: int) -> Outcome:
        """See `Suite.measure`."""
        task = make_task(bench.task_seed(index), bench.painter.image_size_px)
        tell_truth(bench, shown_in(*task.dialogues))
        answers, seconds = drive(bench.painter, task, seed=paint_seed(self.name, bench.seed, index))
        tally = Tally(dialogue=task_name(self.name, bench, index))
        measure(tally, task, answers)
        return Outcome(rows=tuple(tally.rows), shown=_shown(task, answers), round_seconds=tuple(seconds))


def _shown(task: ComprehendTask, answers: Answers) -> tuple[Shown, ...]:
    shown = []
    for column, dialogue, said in zip(
        ("Questions", "Pointing", "Caption"), task.dialogues, answers, strict=True
    ):
        picture = next(picture for round_ in dialogue.rounds for picture in round_.pictures)
        lines = [
            f"{round_.instruction.text} - {text} ({round_.response.text})"
            for round_, text in zip(dialogue.rounds, said, strict=True)
            if round_.response.picture is None
        ]
        shown.append(Shown(column=column, picture=picture, text="\n".join(lines)))
    return tuple(shown)
