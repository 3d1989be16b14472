"""A stricter set out of a set: by the scores that its dialogues were stored with, and without building anew.

Knows the numbers and words in a dialogue's truth by dotted names, such as `scores.margin`. Decodes no
picture.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from limner.dataset.conditions import Cap, Condition
from limner.dataset.reader import DatasetReader
from limner.dataset.spec import shard_paths
from limner.dataset.writer import DatasetWriter

_CARD: Final = "README.md"


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """How many there were, how many were kept, and how many each condition or cap left out."""

    num_in: int
    num_kept: int
    left_out: Mapping[str, int]


def filter_dataset(folder: Path, out: Path, where: Sequence[Condition], caps: Sequence[Cap] = ()) -> Filtered:
    """Copy the dialogues of `folder` that meet all conditions to `out`, unchanged and in order.

    A dialogue without a score that is asked for is left out. Which ones a cap leaves out depends on their ids
    alone. ValueError when nothing is left, when `folder` is no data set, when `out` holds one already or
    cannot be written; then nothing of it stays.
    """
    reader = DatasetReader(folder)
    if shard_paths(out):
        raise ValueError(f"{out} holds a data set already; give another folder.")
    truths = list(_truths(reader.paths))
    left_out: Counter[str] = Counter()
    kept: list[int] = []
    for index, (_, truth) in enumerate(truths):
        why = _why_not(truth, where)
        if why is None:
            kept.append(index)
        else:
            left_out[why] += 1
    num_before = -1
    while len(kept) != num_before:  # what one cap leaves out raises the share of another
        num_before = len(kept)
        for cap in caps:
            kept, num = _capped(kept, truths, cap)
            left_out[f"{cap.condition} for more than {cap.share:.0%}"] += num
    if not kept:
        told = ", ".join(f"{why}: {num}" for why, num in left_out.items())
        raise ValueError(f"Nothing of {folder} is left ({told}).")
    _write(out, (dict(reader.record(index).row) for index in kept))
    return Filtered(num_in=len(truths), num_kept=len(kept), left_out=dict(left_out))


def _write(out: Path, rows: Iterable[dict[str, Any]]) -> None:
    """A set of these rows in `out`, whole or not at all."""
    is_new = not out.exists()
    had_card = (out / _CARD).exists()
    try:
        with DatasetWriter(out) as writer:
            for row in rows:
                writer.write_row(row)
    except BaseException as error:
        for path in shard_paths(out):
            path.unlink()
        if not had_card:
            (out / _CARD).unlink(missing_ok=True)
        if is_new and out.is_dir():
            out.rmdir()
        if isinstance(error, OSError):
            told = os.strerror(error.errno) if error.errno else f"{error}"
            raise ValueError(
                f"{out} cannot be written ({told}); make room, or give another folder."
            ) from error
        raise


def scores_of(folder: Path) -> dict[str, tuple[float, float, float]]:
    """The names of all scores in the truths of a set: (lowest, middle, highest)."""
    found: dict[str, list[float]] = {}
    for _, truth in _truths(DatasetReader(folder).paths):
        for name, value in _numbers(truth.get("scores"), "scores"):
            found.setdefault(name, []).append(value)
    return {
        name: (min(values), sorted(values)[len(values) // 2], max(values))
        for name, values in sorted(found.items())
    }


def _truths(paths: Sequence[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, truth) of every dialogue; reads no picture."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["id", "truth"]):
                for row in batch.to_pylist():
                    yield row["id"], json.loads(row["truth"])


def _why_not(truth: Mapping[str, Any], where: Sequence[Condition]) -> str | None:
    for condition in where:
        holds = condition.holds(truth)
        if holds is None:
            return f"no {condition.name}"
        if not holds:
            return f"not {condition}"
    return None


def _capped(kept: list[int], truths: Sequence[tuple[str, dict[str, Any]]], cap: Cap) -> tuple[list[int], int]:
    """What a cap keeps of `kept`, and how many it leaves out."""
    under = [index for index in kept if cap.condition.holds(truths[index][1])]
    share = Fraction(str(cap.share))  # 6 % of 50 are 3, and in floats 2.9999...
    room = int(share / (1 - share) * (len(kept) - len(under)))
    drawn = sorted(under, key=lambda index: hashlib.sha256(truths[index][0].encode()).digest())
    gone = set(drawn[room:])
    return [index for index in kept if index not in gone], len(gone)


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{name}.{key}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, float(value)
