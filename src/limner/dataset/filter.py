"""A stricter set out of a set: by the scores that its dialogues were stored with, and without building anew.

Knows the numbers and words in a dialogue's truth by dotted names, such as `scores.margin`. Decodes no
picture.
"""

from __future__ import annotations

import hashlib
import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from limner.dataset.reader import DatasetReader
from limner.dataset.spec import shard_paths
from limner.dataset.writer import DatasetWriter

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION: Final = re.compile(r"\s*([\w.-]+)\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A comparison with a value of the truth: `scores.margin >= 0.3`."""

    name: str
    sign: str
    value: float | str

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value
        return f"{self.name}{self.sign}{value}"

    def holds(self, truth: Mapping[str, Any]) -> bool | None:
        """None where the truth has no such value."""
        found = _found(truth, self.name)
        if isinstance(self.value, float):
            is_number = isinstance(found, int | float) and not isinstance(found, bool)
            return bool(_COMPARE[self.sign](found, self.value)) if is_number else None
        if not isinstance(found, str):
            return None
        return bool(_COMPARE[self.sign](found, self.value))


@dataclass(frozen=True, kw_only=True)
class Cap:
    """Dialogues for which `condition` holds are at most this share of what is kept."""

    condition: Condition
    share: float


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """How many there were, how many were kept, and how many each condition or cap left out."""

    num_in: int
    num_kept: int
    left_out: Mapping[str, int]


def condition_of(text: str) -> Condition:
    """NAME>=VALUE and the like; ValueError for another shape."""
    matched = _CONDITION.fullmatch(text)
    if matched is None:
        raise ValueError(
            f'"{text}" is no condition; write one like scores.margin>=0.3 (>=, <=, >, <, =, !=).'
        )
    name, sign, value = matched.groups()
    try:
        number: float | str = float(value)
    except ValueError:
        number = value
    return Condition(name=name, sign=sign, value=number)


def cap_of(text: str) -> Cap:
    """CONDITION=SHARE, such as scores.alike>0.9=0.2; ValueError for another shape or no share of 0 to 1."""
    condition, _, share = text.rpartition("=")
    try:
        cap = Cap(condition=condition_of(condition), share=float(share))
    except ValueError as error:
        raise ValueError(f'"{text}" is no cap; write one like scores.alike>0.9=0.2.') from error
    if not 0 <= cap.share < 1:
        raise ValueError(f"The share in {text} is {share}; give one from 0 to below 1.")
    return cap


def filter_dataset(folder: Path, out: Path, where: Sequence[Condition], caps: Sequence[Cap] = ()) -> Filtered:
    """Copy the dialogues of `folder` that meet all conditions to `out`, unchanged and in order.

    A dialogue without a score that is asked for is left out. Which ones a cap leaves out depends on their ids
    alone. ValueError when nothing is left, when `folder` is no data set, or `out` holds one already.
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
    for cap in caps:
        kept, num = _capped(kept, truths, cap)
        left_out[f"{cap.condition} for more than {cap.share:.0%}"] += num
    if not kept:
        told = ", ".join(f"{why}: {num}" for why, num in left_out.items())
        raise ValueError(f"Nothing of {folder} is left ({told}).")
    with DatasetWriter(out) as writer:
        for index in kept:
            writer.write_row(dict(reader.record(index).row))
    return Filtered(num_in=len(truths), num_kept=len(kept), left_out=dict(left_out))


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
    room = int(cap.share / (1 - cap.share) * (len(kept) - len(under)))
    drawn = sorted(under, key=lambda index: hashlib.sha256(truths[index][0].encode()).digest())
    gone = set(drawn[room:])
    return [index for index in kept if index not in gone], len(gone)


def _found(truth: Mapping[str, Any], name: str) -> Any:
    value: Any = truth
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{name}.{key}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, float(value)
