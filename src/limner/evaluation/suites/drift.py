"""What repeated encoding does to a picture, against keeping the image tokens as they were predicted.

Knows two ways to repeat (the bare loop of encoder and detokenizer, and a conversation that asks for the same
picture) and both histories. Knows nothing about how tokens are kept (`chat/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from limner.dialogue.parts import Picture
from limner.evaluation.metrics.drift import drift_per_round
from limner.evaluation.metrics.face_similarity import Face, face_at, similarity_to
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.metrics.scene_reading import share_right
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking, tokens_of
from limner.evaluation.suites.redrawing import twin_of
from limner.evaluation.suites.repainting import through_tokens
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.true_tokens import tell_truth
from limner.evaluation.views import TOKENS, TWIN
from limner.inference.conversation_state import HISTORIES
from limner.inference.painter import Painter
from limner.perception.senses import WorldSenses
from limner_world.chance import seeded
from limner_world.render import render
from limner_world.scene import Scene
from limner_world.staging import random_scene
from limner_world.truth import scene_truth

AGAIN: Final = (
    "Paint this picture again.",
    "Show me this picture once more.",
    "Give me the same picture.",
    "Reproduce this image as it is.",
)


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One true picture of a person, repeated for `rounds` rounds in two ways and with both histories.

    "loop": encode and detokenize, nothing else (the paper's Figure 10); "cache" detokenizes the first tokens
    in every round, with that round's seed, and so is the noise floor. "chat": a conversation that is given
    the picture and then asked for it again and again. Metrics are WAY.HISTORY.round_N.{psnr_db,
    face_similarity}, their slopes, WAY.HISTORY.METRIC.drift_per_round, and what is lost from the first to the
    last round, WAY.HISTORY.METRIC.lost; PSNR is to the picture of round 1, faces are compared with the true
    one. A conversation's tokens tell `factors_right`, the share of the true scene's factors that they say.
    """

    name: str = "drift"
    figure: str = "Figure 10"
    about: str = "Rounds of encoding and decoding against the token cache."
    rounds: int = 10

    def measure(self, bench: Bench, index: int) -> Outcome:
        """All rounds of task `index`, both ways, both histories."""
        task = task_name(self.name, bench, index)
        scene = scene_of(bench.task_seed(index))
        truth = Picture(render(scene, bench.painter.image_size_px))
        tell_truth(bench, [(truth, scene)])
        face = face_at(bench.judge, truth.pixels, scene_truth(scene).face_boxes[0])
        tally = Tally(dialogue=task)
        shown = [Shown(column="truth", picture=truth)]
        seconds: list[float] = []
        seed, twin = paint_seed(task), twin_of(bench.painter)
        for history in HISTORIES:
            looped = loop(bench.painter, truth, history, self.rounds, seed)
            measure(tally, f"loop.{history}", bench.judge, looped, face)
            shown += shown_of(f"loop, {history}", looped)
        for history in HISTORIES:
            asking = Asking(conversation=bench.painter.conversation(seed=seed, history=history))
            asked = ask_again(asking, truth, self.rounds)
            measure(tally, f"chat.{history}", bench.judge, asked, face)
            if twin is not None:
                redrawn = [twin(picture) for picture in asked]
                measure(tally.seen_as(TWIN), f"chat.{history}", bench.judge, redrawn, face)
                read_tokens(tally.seen_as(TOKENS), f"chat.{history}", asked, scene)
            shown += shown_of(f"chat, {history}", asked)
            seconds = seconds or asking.seconds
        return Outcome(rows=tuple(tally.rows), shown=tuple(shown), round_seconds=tuple(seconds))


def scene_of(seed: int) -> Scene:
    """A held-out person, near enough for the face to be seen."""
    return random_scene(seeded("drift", SPLIT, seed), num_figures=1, framing="bust", split=SPLIT)


def loop(painter: Painter, picture: Picture, history: str, rounds: int, seed: int) -> list[Picture]:
    """`picture` through the image tokens `rounds` times: each time the last result ("reencode"), or always
    the first tokens ("cache"). Round r draws with the same noise in both.
    """
    made: list[Picture] = []
    for number in range(rounds):
        source = made[-1] if made and history == "reencode" else picture
        made.append(through_tokens(painter, source, seed + number))
    return made


def ask_again(asking: Asking, picture: Picture, rounds: int) -> list[Picture]:
    """A conversation's pictures when it is given `picture` and asked for the same again, `rounds` times."""
    return [
        asking.picture(AGAIN[number % len(AGAIN)], [picture] if number == 0 else [])
        for number in range(rounds)
    ]


def measure(tally: Tally, prefix: str, judge: WorldSenses, pictures: Sequence[Picture], face: Face) -> None:
    """Rows of every round and their slopes."""
    first = pictures[0].pixels
    psnrs = [psnr_db(picture.pixels, first) for picture in pictures[1:]]
    _by_round(tally, prefix, "psnr_db", psnrs, len(pictures))
    likenesses = [similarity_to(judge, picture.pixels, face) for picture in pictures]
    _by_round(tally, prefix, "face_similarity", likenesses, len(pictures))


def read_tokens(tally: Tally, prefix: str, pictures: Sequence[Picture], scene: Scene) -> None:
    """Rows of what the tokens of every round say of the true scene, and how that changes."""
    right = [share_right(tokens_of(picture), scene) for picture in pictures]
    _by_round(tally, prefix, "factors_right", right, len(pictures))


def _by_round(tally: Tally, prefix: str, metric: str, values: Sequence[float], rounds: int) -> None:
    """Each value, their slope, and what is lost from the first to the last; the last value is the last
    round's.
    """
    for number, value in enumerate(values, rounds - len(values) + 1):
        tally.add(f"{prefix}.round_{number}.{metric}", value)
    if len(values) > 1:
        tally.add(f"{prefix}.{metric}.drift_per_round", drift_per_round(values))
        tally.add(f"{prefix}.{metric}.lost", values[0] - values[-1])


def shown_of(way: str, pictures: Sequence[Picture]) -> list[Shown]:
    """The first, the middle and the last round."""
    numbers = sorted({0, len(pictures) // 2, len(pictures) - 1})
    return [Shown(column=f"{way}, round {number + 1}", picture=pictures[number]) for number in numbers]
