"""Votes on disk: one JSON line each, appended and never changed.

Knows lines and which votes stand after later votes and undos. Knows nothing about which side is whose. A vote
is acknowledged only after its line has reached the disk, so a server that dies loses nothing it confirmed.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from limner.study.questions import CHOICES
from limner.whole_file import sync_folder

PRIVATE: Final = 0o600


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One rater's answers about one pair.

    Args:
        rater: the browser's random id.
        name: what the rater called himself or herself; may be empty.
        pair: the pair's id.
        answers: question name -> "left", "right" or "tie".
        seconds: from showing the pair to the last answer, as the browser told.
        time: when the server received it, ISO 8601 in UTC.
    """

    rater: str
    name: str
    pair: str
    answers: Mapping[str, str]
    seconds: float
    time: str


@dataclass(frozen=True, kw_only=True)
class Undo:
    """A rater took back the vote on a pair."""

    rater: str
    pair: str
    time: str


@dataclass(frozen=True, kw_only=True)
class VotesRead:
    """The votes that stand, in the order in which they were last cast, and how many lines were no votes."""

    standing: tuple[Vote, ...]
    num_unreadable: int


class Standing:
    """Which votes stand: a later vote of the same rater on the same pair replaces the earlier one, an undo
    removes it.
    """

    def __init__(self, records: Iterable[Vote | Undo] = ()) -> None:
        self._votes: dict[str, dict[str, Vote]] = {}
        for record in records:
            self.enter(record)

    def enter(self, record: Vote | Undo) -> None:
        """Take account of one more line."""
        votes = self._votes.setdefault(record.rater, {})
        votes.pop(record.pair, None)
        if isinstance(record, Vote):
            votes[record.pair] = record

    def of(self, rater: str) -> Mapping[str, Vote]:
        """A rater's votes by pair, the latest last."""
        return self._votes.get(rater, {})

    def __iter__(self) -> Iterator[Vote]:
        for votes in self._votes.values():
            yield from votes.values()

    @property
    def num_raters(self) -> int:
        return len(self._votes)


class VoteLog:
    """The file of votes, open for appending by one server at a time. Safe for threads.

    ValueError when another process has it open.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise ValueError(f"{path} is open in another server; stop that one first.") from None
        size = os.fstat(self._file).st_size
        self._is_torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"
        sync_folder(path.parent)

    def append(self, record: Vote | Undo) -> None:
        """Write one line and wait until it is on the disk. OSError when it could not be written."""
        kind = "vote" if isinstance(record, Vote) else "undo"
        line = json.dumps({"kind": kind, **asdict(record)}).encode("ascii") + b"\n"
        with self._lock:
            # What a crash or a full disk left of a line is closed, so that it cannot spoil this one.
            whole = b"\n" + line if self._is_torn else line
            self._is_torn = True
            if os.write(self._file, whole) != len(whole):
                raise OSError(f"{self.path}: the line could not be written in full")
            os.fsync(self._file)
            self._is_torn = False

    def close(self) -> None:
        """Let another server have the file."""
        with self._lock:
            os.close(self._file)


def read_votes(path: Path) -> VotesRead:
    """The votes that stand. A missing file holds none; a last line without its end was never acknowledged
    and is left out like any other that cannot be read.
    """
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    records: list[Vote | Undo] = []
    num_unreadable = int(lines[-1] != b"")
    for line in lines[:-1]:
        record = _record(line)
        if record is None:
            num_unreadable += 1
        else:
            records.append(record)
    return VotesRead(standing=tuple(Standing(records)), num_unreadable=num_unreadable)


def _record(line: bytes) -> Vote | Undo | None:
    try:
        data: dict[str, Any] = json.loads(line)
        kind = data.pop("kind")
        if kind == "undo":
            return Undo(**data)
        vote = Vote(**data)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    is_whole = kind == "vote" and isinstance(vote.answers, dict) and {*vote.answers.values()} <= {*CHOICES}
    return vote if is_whole else None
