"""How often the model does what was asked: right person, right state, traits, answers, on held-out dialogues.

Everything goes through the front door (`Conversation.say`), with people, hair and garments never trained on.

    python benchmarks/rates.py --model miniature --num 40

right person    close-ups by name that are nearer, in the encoder's tokens, to the person's true close-up than
                to the other's (chance 50 %); with the true first picture in the history, and with the model's
                own
right state     rollbacks whose picture is nearest to the exact target among all states of its chain; each
                chain's own chance is stated beside it
traits          described traits that the trait reader finds in the model's picture; beside it the same for
                the picture of another dialogue (chance) and for the true picture (the reader's own ceiling)
answers         questions about a true picture answered exactly
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

import limner
from limner.chat.conversation import Conversation
from limner.chat.painter import Painter
from limner.dialogue.parts import Dialogue, Picture, Round
from limner.world.dialogues import KINDS

FIRST_SEED = 20_000_000  # far from the seeds of training and of its held-out banks


@dataclass
class Rate:
    """Hits of trials, each with its own chance of being hit blindly."""

    hits: list[float] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)

    def add(self, hit: float, chance: float) -> None:
        self.hits.append(float(hit))
        self.chances.append(chance)

    def told(self) -> dict[str, float]:
        """Value, 95 % bootstrap interval, blind chance and count."""
        if not self.hits:
            return {"n": 0}
        rng = np.random.default_rng(0)
        means = [np.mean(rng.choice(self.hits, len(self.hits))) for _ in range(1000)]
        low, high = np.percentile(means, [2.5, 97.5])
        value, chance = float(np.mean(self.hits)), float(np.mean(self.chances))
        return {"value": value, "low": float(low), "high": float(high), "chance": chance, "n": len(self.hits)}


def dialogues(kind: str, num: int, size_px: int) -> Iterator[Dialogue]:
    """Held-out dialogues of one kind."""
    for seed in range(num):
        yield KINDS[kind](FIRST_SEED + seed, "test", size_px)


def distance(painter: Painter, one: Picture, other: Picture) -> float:
    """Mean squared difference of two pictures' image tokens."""
    return float((painter.encode(one) - painter.encode(other)).float().square().mean())


def painted(conversation: Conversation, text: str, round_: Round) -> Picture:
    """What the model paints when asked `text`, with what `round_` was given."""
    reply = conversation.say(text, images=list(round_.instruction.pictures), picture=True)
    assert reply.image is not None
    return Picture.from_pil(reply.image)


def right_person(painter: Painter, num: int, *, true_first: bool) -> Rate:
    """Close-ups of "named" dialogues against both persons' true close-ups."""
    rate = Rate()
    for dialogue in dialogues("named", num, painter.image_size_px):
        asked = [
            round_
            for round_ in dialogue.rounds[1:]
            if round_.depends_on == (0,) and round_.response.picture is not None
        ]
        truths = [round_.response.picture for round_ in asked]
        if len(truths) != 2:
            continue
        conversation = painter.conversation()
        if true_first:
            conversation.remember(dialogue.rounds[0])
        else:
            painted(conversation, dialogue.rounds[0].instruction.text, dialogue.rounds[0])
        for place, round_ in enumerate(asked):
            made = painted(conversation, round_.instruction.text, round_)
            own, other = (
                distance(painter, made, truth) for truth in (truths[place], truths[1 - place]) if truth
            )
            rate.add(own < other, 0.5)
    return rate


def right_state(painter: Painter, num: int) -> Rate:
    """The non-Markov round of "rollback" dialogues, earlier states true, against all states of the chain."""
    rate = Rate()
    for dialogue in dialogues("rollback", num, painter.image_size_px):
        index = next((i for i, r in enumerate(dialogue.rounds) if not r.is_markov(i)), None)
        if index is None or dialogue.rounds[index].response.picture is None:
            continue
        conversation = painter.conversation()
        for round_ in dialogue.rounds[:index]:
            conversation.remember(round_)
        made = painted(conversation, dialogue.rounds[index].instruction.text, dialogue.rounds[index])
        states = [r.response.picture for r in dialogue.rounds[: index + 1] if r.response.picture is not None]
        distances = [distance(painter, made, state) for state in states]
        rate.add(int(np.argmin(distances)) == len(states) - 1, 1 / len(states))
    return rate


def traits(painter: Painter, num: int) -> dict[str, Rate]:
    """Described traits of one person read back from the model's picture, another's, and the true one."""
    rates = {"traits": Rate(), "traits of the true picture": Rate(), "traits of another picture": Rate()}
    if painter.senses is None:
        return rates
    told, made = [], []
    for dialogue in dialogues("text_to_image", num, painter.image_size_px):
        scene = dialogue.truth["scenes"][0]
        if len(scene["figures"]) != 1:
            continue
        person = scene["figures"][0]["person"]["traits"]
        stated = {name: person[name] for name in dialogue.truth["stated"][0] if name in person}
        truth = dialogue.rounds[0].response.picture
        assert truth is not None
        told.append((stated, truth))
        made.append(painted(painter.conversation(), dialogue.rounds[0].instruction.text, dialogue.rounds[0]))
    strangers = made[1:] + made[:1]
    for (stated, truth), own, stranger in zip(told, made, strangers, strict=True):
        for name, picture in zip(rates, (own, truth, stranger), strict=True):
            read = _read(painter, picture)
            for trait, word in stated.items():
                if trait in read:
                    rates[name].add(read[trait] == word, 0.0)
    return rates


def _read(painter: Painter, picture: Picture) -> dict[str, str]:
    assert painter.senses is not None
    faces = painter.senses.find_faces(picture.pixels)
    return painter.senses.read_traits(picture.pixels, faces[0].box if faces else None)


def answers(painter: Painter, num: int) -> Rate:
    """Questions about a true picture; the chance is that of another question's answer."""
    rate, pairs = Rate(), []
    for dialogue in dialogues("question", num, painter.image_size_px):
        conversation = painter.conversation()
        for round_ in dialogue.rounds:
            if conversation.replies:
                reply = conversation.fork().say(round_.instruction.text, picture=False)
            else:
                given = list(round_.instruction.pictures)
                reply = painter.conversation().say(round_.instruction.text, images=given, picture=False)
            pairs.append((reply.text, round_.response.text))
            conversation.remember(round_)
    shuffled = [truth for _, truth in pairs]
    random.Random(0).shuffle(shuffled)
    for (said, truth), other in zip(pairs, shuffled, strict=True):
        rate.add(said == truth, float(other == truth))
    return rate


def main() -> None:
    """Measure and print, a line a rate; `--json` for one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="miniature")
    parser.add_argument("--num", type=int, default=40, help="dialogues of each kind")
    parser.add_argument("--head", choices=["flow", "regression"], default=None)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    painter = limner.load(options.model)
    if options.head:
        painter = painter.with_sampling(token_head=options.head)
    torch.manual_seed(0)
    start = time.perf_counter()
    rates = {
        "right person, true first picture": right_person(painter, options.num, true_first=True),
        "right person, own first picture": right_person(painter, options.num, true_first=False),
        "right state": right_state(painter, options.num),
        **traits(painter, options.num),
        "answers": answers(painter, options.num),
    }
    told = {name: rate.told() for name, rate in rates.items()}
    if options.json:
        print(json.dumps(told, indent=1))
        return
    for name, found in told.items():
        if found["n"]:
            print(
                f"{name:34} {found['value']:6.1%}  [{found['low']:.1%}, {found['high']:.1%}]"
                f"  chance {found['chance']:.1%}  n {found['n']}"
            )
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
