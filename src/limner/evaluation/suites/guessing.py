"""What guessing gives: answers, boxes and captions of other held-out dialogues, drawn once.

Knows the world's dialogues. Knows nothing about painters. The pool is the same for every task and seed, so
that chance is a property of the questions and not of the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from limner.builders.world import draft
from limner.dialogue.boxes import iou
from limner.evaluation.metrics.grounding import parse_box
from limner.evaluation.metrics.question import answer_matches
from limner.evaluation.suites.asking import SPLIT
from limner.evaluation.suites.caption_words import claims, names_trait, true_share
from limner.perception.protocols import Box
from limner_world.person import Traits
from limner_world.scene import Scene

POOL_SEED = 19_000_000  # below the seeds of all tasks
NUM_DIALOGUES = 120


def chance_of_answer(truth: str, topic: str, *, question: str = "", names: Sequence[str] = ()) -> float:
    """How often the answer to another question on the same topic would be right here.

    Where the truth is one of two people, their names are the pool; where it is yes or no, all such answers.
    """
    if len(names) > 1 and any(truth.strip(" .") == name for name in names):
        return 1 / len(names)
    pool = _answers().get(_pool_name(truth, topic), ())
    hits = [answer_matches(said, truth, question=question, names=names) for said in pool]
    return sum(hits) / len(hits) if hits else 0.0


def chance_box(truth: Box) -> float:
    """The mean IoU of the true boxes of other pictures with this one."""
    pool = _boxes()
    return sum(iou(box, truth) for box in pool) / len(pool)


def chance_of_naming(traits: Traits, field: str) -> float:
    """How many true captions of other pictures name this trait."""
    pool = _captions()
    return sum(names_trait(text, traits, field) for text in pool) / len(pool)


def chance_of_claims(scene: Scene) -> float:
    """The share of what true captions of other pictures claim that holds in `scene`."""
    shares = [true_share(claimed, scene) for claimed in _claims()]
    return sum(shares) / len(shares)


@lru_cache(maxsize=1)
def _captions() -> tuple[str, ...]:
    return tuple(
        draft("caption", POOL_SEED + number, SPLIT).rounds[0].response for number in range(NUM_DIALOGUES // 2)
    )


@lru_cache(maxsize=1)
def _claims() -> tuple[frozenset[tuple[str, str]], ...]:
    return tuple(claimed for text in _captions() if (claimed := frozenset(claims(text))))


@lru_cache(maxsize=1)
def _answers() -> Mapping[str, tuple[str, ...]]:
    pool: dict[str, list[str]] = defaultdict(list)
    for number in range(NUM_DIALOGUES):
        made = draft("question", POOL_SEED + number, SPLIT)
        for topic, round_ in zip(made.truth["topics"], made.rounds, strict=True):
            pool[_pool_name(round_.response, topic)].append(round_.response)
    return {topic: tuple(answers) for topic, answers in pool.items()}


def _pool_name(answer: str, topic: str) -> str:
    return "yes or no" if answer.startswith(("Yes", "No.", "No,")) else topic


@lru_cache(maxsize=1)
def _boxes() -> tuple[Box, ...]:
    texts = [
        round_.response
        for number in range(NUM_DIALOGUES // 2)
        for round_ in draft("point", POOL_SEED + number, SPLIT).rounds
    ]
    return tuple(box for box in map(parse_box, texts) if box is not None)
