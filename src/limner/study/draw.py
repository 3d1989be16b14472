"""Drawing a study: which conversations, which sides, which checks and repeats. Nothing is written here.

Knows two runs as conversations by task name, and chance under a seed. What raters could tell systems apart by
(names, order, sides) follows from a keyed hash, so that it says nothing without the key.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from limner.dialogue.parts import Picture, Round
from limner.study.pairs import SIDES, Answer, Key, KeyRow, Kind, Pair, PairRound, Study
from limner.study.questions import Question

Conversation = tuple[Round, ...]

PARTS: Final = 3
TILES: Final = 8  # a broken picture is cut in TILES x TILES pieces, which change places
NOISE: Final = 60.0  # and gets Gaussian noise of this standard deviation, in levels of 0..255


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A study ready to be written: what raters see, the key, the pictures by file name, and why tasks
    that were looked at could not be used, counted.
    """

    study: Study
    key: Key
    pictures: Mapping[str, Picture]
    left_out: Mapping[str, int]


def draw_study(
    run_a: Mapping[str, Conversation],
    run_b: Mapping[str, Conversation],
    *,
    names: tuple[str, str],
    questions: tuple[Question, ...],
    num: int,
    num_checks: int,
    num_repeats: int,
    seed: int,
) -> Drawn:
    """Pairs of the tasks that both runs hold, with checks and repeats.

    Args:
        run_a, run_b: task name -> the rounds that were held; looked up only as far as needed.
        names: how the runs are called in the key and in results.
        num: pairs that count, at most; fewer when the runs share fewer tasks.
        num_checks: attention checks of each of the two kinds.
        num_repeats: pairs shown twice, sides swapped; at most a third of the pairs.
        seed: everything follows from it, and whoever knows it can unblind the study.

    Raises:
        ValueError: when the runs share no conversation to show, or more repeats are asked for than fit.
    """
    chance = random.Random(f"limner-study {seed}")
    tasks, left_out = _fit_tasks(run_a, run_b, chance, num + 2 * num_checks)
    if not tasks:
        why = f" ({next(iter(left_out))})" if left_out else ""
        raise ValueError(
            f"{names[0]} and {names[1]} share no conversation to show{why}; "
            "give two runs of the same suites and seed."
        )
    used, spare = tasks[:num], tasks[num:] or tasks
    room = -(-len(used) // PARTS)
    if num_repeats > room:
        raise ValueError(f"{len(used)} pairs leave room for {room} repeats, not {num_repeats}.")

    press = _Press(seed)
    for place, (task, half) in enumerate(zip(used, _halves(chance, len(used)), strict=True)):
        left = "ab"[half]
        sides = _sided(run_a[task], run_b[task], left)
        part = place * PARTS // len(used)
        pair = press.add("pair", part, sides, KeyRow(kind="pair", conversation=task, left=left))
        if place < num_repeats:
            row = KeyRow(kind="repeat", conversation=task, left=_other(left), repeats=pair)
            press.add("repeat", PARTS - 1, sides[::-1], row)
    _add_checks(press, chance, (run_a, run_b), spare, num_checks)

    study_id = press.name("study")[:12]
    pairs = tuple(sorted(press.pairs, key=lambda pair: pair.id))
    return Drawn(
        study=Study(id=study_id, questions=questions, pairs=pairs),
        key=Key(study=study_id, seed=seed, runs=dict(zip("ab", names, strict=True)), rows=press.rows),
        pictures=press.pictures,
        left_out=left_out,
    )


def broken(picture: Picture, chance: random.Random) -> Picture:
    """The picture in shuffled pieces under strong noise: worse than whatever a model paints."""
    noise = np.random.default_rng(chance.getrandbits(63))
    side = min(TILES, picture.height_px, picture.width_px)
    rows = np.array_split(np.arange(picture.height_px), side)
    columns = np.array_split(np.arange(picture.width_px), side)
    places = [(row, column) for row in rows for column in columns]
    targets = list(places)
    chance.shuffle(targets)
    pixels = picture.pixels.astype(np.float32)
    ruined = pixels.copy()
    for (row, column), (to_row, to_column) in zip(places, targets, strict=True):
        piece = pixels[np.ix_(row, column)]
        ruined[np.ix_(to_row, to_column)] = np.resize(piece, (len(to_row), len(to_column), 3))
    ruined += noise.normal(0.0, NOISE, ruined.shape)
    return Picture(ruined.clip(0, 255).astype(np.uint8))


class _Press:
    """Collects pairs under names that say nothing: each file and pair has its own keyed hash."""

    def __init__(self, seed: int) -> None:
        self._secret = hashlib.sha256(f"limner-study {seed}".encode()).digest()
        self.pairs: list[Pair] = []
        self.rows: dict[str, KeyRow] = {}
        self.pictures: dict[str, Picture] = {}

    def name(self, *parts: object) -> str:
        return hmac.digest(self._secret, repr(parts).encode(), "sha256").hex()[:24]

    def add(self, kind: Kind, part: int, sides: Sequence[Conversation], row: KeyRow) -> str:
        """Add a pair of conversations, left and right; its id."""
        pair_id = self.name(kind, len(self.pairs))
        rounds = []
        for index, (left, right) in enumerate(zip(*sides, strict=True)):
            given = tuple(
                self._keep(picture, pair_id, index, "given", place)
                for place, picture in enumerate(left.instruction.pictures)
            )
            answers = {
                side: Answer(
                    text=round_.response.text,
                    picture=None
                    if round_.response.picture is None
                    else self._keep(round_.response.picture, pair_id, index, side),
                )
                for side, round_ in zip(SIDES, (left, right), strict=True)
            }
            rounds.append(PairRound(said=left.instruction.text, given=given, **answers))
        self.pairs.append(Pair(id=pair_id, part=part, rounds=tuple(rounds)))
        self.rows[pair_id] = row
        return pair_id

    def _keep(self, picture: Picture, *place: object) -> str:
        name = f"{self.name(*place)}.png"
        self.pictures[name] = picture
        return name


def _add_checks(
    press: _Press,
    chance: random.Random,
    runs: tuple[Mapping[str, Conversation], Mapping[str, Conversation]],
    tasks: Sequence[str],
    num_checks: int,
) -> None:
    kinds: list[Kind] = ["same", "broken"]
    intact = iter(_halves(chance, num_checks))
    for place in range(2 * num_checks):
        kind, task = kinds[place % 2], tasks[place % len(tasks)]
        run = chance.randrange(2)
        whole = runs[run][task]
        row = KeyRow(kind=kind, conversation=task, left="ab"[run])
        sides = [whole, whole]
        if kind == "broken":
            side = next(intact)
            row = replace(row, intact=SIDES[side])
            sides[1 - side] = _ruined(whole, chance)
        press.add(kind, place % PARTS, sides, row)


def _ruined(conversation: Conversation, chance: random.Random) -> Conversation:
    rounds = []
    for round_ in conversation:
        picture = round_.response.picture
        if picture is not None:
            round_ = replace(round_, response=replace(round_.response, picture=broken(picture, chance)))
        rounds.append(round_)
    return tuple(rounds)


def _fit_tasks(
    run_a: Mapping[str, Conversation], run_b: Mapping[str, Conversation], chance: random.Random, num: int
) -> tuple[list[str], Mapping[str, int]]:
    """Up to `num` tasks that can be shown, in random order; and why others could not, counted."""
    order = sorted({*run_a, *run_b})
    chance.shuffle(order)
    tasks: list[str] = []
    left_out = Counter[str]()
    for task in order:
        if len(tasks) == num:
            break
        reason = _unfit(run_a.get(task, ()), run_b.get(task, ()))
        if reason:
            left_out[reason] += 1
        else:
            tasks.append(task)
    return tasks, dict(left_out.most_common())


def _unfit(one: Conversation, other: Conversation) -> str | None:
    if not one or not other:
        return "a run holds no conversation for the task"
    if [round_.instruction for round_ in one] != [round_.instruction for round_ in other]:
        return "the two runs were told different things"
    if not all(any(round_.response.picture for round_ in held) for held in (one, other)):
        return "a side answered without any picture"
    return None


def _halves(chance: random.Random, num: int) -> list[int]:
    """0 and 1 equally often (up to one), in random order."""
    start = chance.randrange(2)
    drawn = [(start + place) % 2 for place in range(num)]
    chance.shuffle(drawn)
    return drawn


def _sided(one: Conversation, other: Conversation, left: str) -> tuple[Conversation, Conversation]:
    return (one, other) if left == "a" else (other, one)


def _other(run: str) -> str:
    return "b" if run == "a" else "a"
