"""Takes one source through all steps: what is to be written of it, what was dropped and why, how many came
how far.

Knows neither files nor processes: every engine calls `run_steps`, or its parts in turn, and
gets the same `Outcome`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from PIL import Image

from limner.builders.runner.document import Document, Drop, DropError, Source, Step, StopError
from limner.dataset.spec import SCHEMA, to_row

UNEXPECTED = "unexpected error"
DIED = "its worker process was ended"
_PREVIEW_PX = 224


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A dropped document: the step, why, and its pictures as one small WebP strip (may be empty)."""

    document: str
    step: str
    reason: str
    detail: str
    strip: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that became of one source: rows as Arrow bytes, drops, and how many left each step."""

    number: int
    rows: tuple[bytes, ...]
    drops: tuple[Dropped, ...]
    passed: tuple[tuple[str, int], ...]  # each step's name, and how many documents left it
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Underway:
    """A source in progress: its current documents, and what the steps so far have dropped, passed and
    counted.
    """

    number: int
    documents: tuple[Document, ...]
    drops: tuple[Dropped, ...] = ()
    passed: tuple[tuple[str, int], ...] = ()
    counts: Counter[str] = field(default_factory=Counter)


def run_steps(steps: Sequence[Step], source: Source, number: int, seed: int) -> Outcome:
    """One source through `steps`; depends on nothing but them, the source and the seed.

    A `DropError`, and any error that is not foreseen, drops the document; `StopError` is let through.
    """
    return finished(taken_through(steps, begun(source, number, seed)))


def begun(source: Source, number: int, seed: int) -> Underway:
    """A source before its first step."""
    document = Document(id=source.id, number=number, seed=seed, value=dict(source.value))
    return Underway(number=number, documents=(document,), counts=document.counts)


def taken_through(steps: Sequence[Step], underway: Underway) -> Underway:
    """A source after these further steps; errors as of `run_steps`."""
    documents, drops, passed = underway.documents, list(underway.drops), list(underway.passed)
    for step in steps:
        kept: list[Document] = []
        for document in documents:
            for found in _results(step, document):
                if isinstance(found, Drop):
                    drops.append(_dropped(document, step.name, found))
                else:
                    kept.append(found)
        documents = tuple(kept)
        passed.append((step.name, len(documents)))
    return replace(underway, documents=documents, drops=tuple(drops), passed=tuple(passed))


def finished(underway: Underway) -> Outcome:
    """What became of a source that all steps have seen."""
    return Outcome(
        number=underway.number,
        rows=tuple(_row_bytes(document) for document in underway.documents),
        drops=underway.drops,
        passed=underway.passed,
        counts=dict(underway.counts),
    )


def gave_up(source: Source, number: int, detail: str) -> Outcome:
    """A source that ended every process that tried it."""
    drop = Dropped(document=source.id, step="reading", reason=DIED, detail=detail)
    return Outcome(number=number, rows=(), drops=(drop,), passed=())


def _results(step: Step, document: Document) -> Iterable[Document | Drop]:
    try:
        return list(step(document)) or [Drop(reason="nothing found")]
    except DropError as error:
        return [error.drop]
    except (StopError, MemoryError):
        raise
    except Exception as error:  # libraries under the steps raise nearly anything on a stranger's file
        told = " ".join(str(error).split())[:300]
        return [Drop(reason=UNEXPECTED, detail=f"{type(error).__name__}: {told}")]


def _dropped(document: Document, step: str, drop: Drop) -> Dropped:
    return Dropped(
        document=document.id,
        step=step,
        reason=drop.reason,
        detail=drop.detail,
        strip=_strip(document.pictures),
    )


def _strip(pictures: Sequence[np.ndarray]) -> bytes:
    """The pictures side by side, small."""
    if not pictures:
        return b""
    small = []
    for pixels in pictures:
        image = Image.fromarray(pixels)
        image.thumbnail((_PREVIEW_PX, _PREVIEW_PX))
        small.append(image)
    strip = Image.new("RGB", (sum(i.width for i in small), max(i.height for i in small)), "white")
    left = 0
    for image in small:
        strip.paste(image, (left, 0))
        left += image.width
    buffer = io.BytesIO()
    strip.save(buffer, format="WEBP", quality=70)
    return buffer.getvalue()


def _row_bytes(document: Document) -> bytes:
    """The finished dialogue as one row in Arrow's stream format."""
    assert document.dialogue is not None, "the last step of a job must set the dialogue"
    table = pa.Table.from_pylist([to_row(document.dialogue)], schema=SCHEMA)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, SCHEMA) as stream:
        stream.write_table(table)
    return sink.getvalue()
