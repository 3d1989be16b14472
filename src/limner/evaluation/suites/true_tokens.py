"""Given pictures read as they truly are: a run that leaves the encoder out of what is measured.

Where a run asks for it, true pictures enter a painter's history as the scene tokens of what they show. So a
language model is measured before its encoder is trained, and what the encoder loses is told apart. Knows
dialogues with their truth. Knows nothing about suites.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from limner.dialogue.parts import Dialogue, Picture
from limner.evaluation.suite import Bench
from limner_world.scene import Scene
from limner_world.scene_tokens import encode_scene
from limner_world.serial import scene_from_json

Shown = tuple[Picture, Scene]


def shown_in(*dialogues: Dialogue) -> Iterator[Shown]:
    """Every picture of painted dialogues of the world, given or answered, and what it shows."""
    for dialogue in dialogues:
        truth = zip(dialogue.rounds, dialogue.truth["scenes"], dialogue.truth["pictures"], strict=True)
        for round_, painted, given in truth:
            if round_.response.picture is not None:
                yield round_.response.picture, scene_from_json(painted)
            for picture, scene in zip(round_.instruction.pictures, given, strict=True):
                yield picture, scene_from_json(scene)


def tell_truth(bench: Bench, shown: Iterable[Shown]) -> None:
    """Make every painter of `bench` read these pictures as what they show, where the run asks for it."""
    if not bench.true_tokens:
        return
    for picture, scene in shown:
        tokens_KD = torch.from_numpy(encode_scene(scene))
        for painter in (bench.painter, *bench.others.values()):
            painter.know(picture, tokens_KD)
