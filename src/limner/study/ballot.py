"""Who votes on what next: each rater's own order, what stands, casting and taking back.

Knows the study as raters see it and the log of votes. Never opens the key. Knows nothing about HTTP.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from limner.study.pairs import VOTES_FILE, Pair, Study, read_study
from limner.study.questions import CHOICES
from limner.study.votes import Standing, Undo, Vote, VoteLog, read_votes

RATER: Final = re.compile(r"[0-9a-f]{32}")
MAX_NAME_CHARACTERS: Final = 60
MAX_SECONDS: Final = 86_400.0
MAX_RATERS: Final = 10_000
MAX_LINES_PER_PAIR: Final = 20  # votes and undos that one rater may spend on a pair, on average


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where a rater stands.

    Args:
        done, total: pairs voted on, and all.
        pair: the next pair; None when all are done.
        coming: the pair after that, for its pictures to be loaded ahead.
        last: the vote that an undo would take back.
    """

    done: int
    total: int
    pair: Pair | None
    coming: Pair | None
    last: Vote | None


class Ballot:
    """A study that is open for votes. Safe for threads; one process at a time holds it."""

    def __init__(self, folder: Path) -> None:
        self.study = read_study(folder)
        self._pairs: Mapping[str, Pair] = {pair.id: pair for pair in self.study.pairs}
        self._log = VoteLog(folder / VOTES_FILE)
        self._standing = Standing(read_votes(folder / VOTES_FILE).standing)
        self._num_lines: dict[str, int] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let another server have the votes."""
        self._log.close()

    def step(self, rater: str) -> Step:
        """Where this rater stands. ValueError when the id is none."""
        _check_rater(rater)
        with self._lock:
            votes = self._standing.of(rater)
            waiting = [pair for pair in order_of(self.study, rater) if pair.id not in votes]
            return Step(
                done=len(self._pairs) - len(waiting),
                total=len(self._pairs),
                pair=waiting[0] if waiting else None,
                coming=waiting[1] if len(waiting) > 1 else None,
                last=[*votes.values()][-1] if votes else None,
            )

    def cast(self, data: Mapping[str, Any]) -> Step:
        """Enter a vote as the page sends it (`rater`, `name`, `pair`, `answers`, `seconds`).

        Sent twice, it counts once. ValueError says what is wrong with it, and then nothing is kept.
        """
        vote = Vote(
            rater=_check_rater(data.get("rater")),
            name=_checked_name(data.get("name")),
            pair=self._check_pair(data.get("pair")),
            answers=self._checked_answers(data.get("answers")),
            seconds=_checked_seconds(data.get("seconds")),
            time=_now(),
        )
        self._enter(vote)
        return self.step(vote.rater)

    def take_back(self, data: Mapping[str, Any]) -> Step:
        """Undo a vote (`rater`, `pair`), so that the pair comes again. Without a vote nothing happens."""
        undo = Undo(
            rater=_check_rater(data.get("rater")), pair=self._check_pair(data.get("pair")), time=_now()
        )
        if undo.pair in self._standing.of(undo.rater):
            self._enter(undo)
        return self.step(undo.rater)

    def _enter(self, record: Vote | Undo) -> None:
        with self._lock:
            num = self._num_lines.get(record.rater, 0) + 1
            if num > MAX_LINES_PER_PAIR * len(self._pairs):
                raise ValueError("This rater sent far more votes than there are pairs; no more are taken.")
            if not self._standing.of(record.rater) and self._standing.num_raters >= MAX_RATERS:
                raise ValueError(f"This study has had {MAX_RATERS} raters; no more are taken.")
            self._log.append(record)
            self._standing.enter(record)
            self._num_lines[record.rater] = num

    def _check_pair(self, pair: object) -> str:
        if not isinstance(pair, str) or pair not in self._pairs:
            raise ValueError("The study has no such pair; reload the page.")
        return pair

    def _checked_answers(self, answers: object) -> dict[str, str]:
        names = [question.name for question in self.study.questions]
        if not isinstance(answers, dict) or set(answers) != set(names):
            raise ValueError(f"A vote answers each of {', '.join(names)}.")
        if not all(answer in CHOICES for answer in answers.values()):
            raise ValueError(f"An answer is one of {', '.join(CHOICES)}.")
        return {name: answers[name] for name in names}


def order_of(study: Study, rater: str) -> list[Pair]:
    """The pairs in this rater's own order: part 0, 1, 2, each shuffled by a hash of study, rater and pair."""

    def key(pair: Pair) -> tuple[int, bytes]:
        return pair.part, hashlib.sha256(f"{study.id} {rater} {pair.id}".encode()).digest()

    return sorted(study.pairs, key=key)


def _check_rater(rater: object) -> str:
    if not isinstance(rater, str) or not RATER.fullmatch(rater):
        raise ValueError("A rater's id is 32 hexadecimal digits; reload the page.")
    return rater


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or len(name) > MAX_NAME_CHARACTERS or not (name == "" or name.isprintable()):
        raise ValueError(f"A name is at most {MAX_NAME_CHARACTERS} printable characters.")
    return name.strip()


def _checked_seconds(seconds: object) -> float:
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not is_number or not math.isfinite(seconds) or seconds < 0:  # type: ignore[arg-type, operator]
        raise ValueError("The seconds of a vote are a number, 0 or more.")
    return round(min(float(seconds), MAX_SECONDS), 2)  # type: ignore[arg-type]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
