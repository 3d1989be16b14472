"""Every builder on made-up raw material, behind a gate, so that a test can kill it in the middle on a machine
of any speed. Run as a script it builds one of them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1] / "builders"))  # as pytest does

from patch_faces import ADAPTERS, BLUE, GREEN, RED, PatchFaces, people, portrait
from real_sets import seed_edit
from test_build_edits import Inverting
from test_build_full_body import Patches, named_set

from limner.builders.edits.job import EditsJob
from limner.builders.faces.job import FacesJob
from limner.builders.faces.parts import PARTS
from limner.builders.full_body.job import FullBodyJob
from limner.builders.questions import QuestionsJob
from limner.builders.runner.build import build
from limner.builders.runner.document import Document, Job, Source, Stage, Step

NUM_SOURCES = 9
PER_SHARD = 4


def _edits(folder: Path) -> Job:
    return EditsJob(source="seed-edit", folder=folder, editor_name="inverting", make_editor=Inverting)


def _faces(folder: Path) -> Job:
    return FacesJob(folder=folder, parts=tuple(PARTS), **ADAPTERS)  # type: ignore[arg-type]


def _full_body(folder: Path) -> Job:
    return FullBodyJob(folder=folder, names={}, make_faces=PatchFaces, make_personalizer=Patches, size_px=96)


def _questions(folder: Path) -> Job:
    return QuestionsJob(file=folder / "asked.jsonl")


JOBS: Mapping[str, Callable[[Path], Job]] = {
    "edits": _edits,
    "faces": _faces,
    "full-body": _full_body,
    "questions": _questions,
}


def raw_material(name: str, folder: Path) -> Path:
    """`NUM_SOURCES` sources for a builder, in `folder`."""
    if name == "edits":
        seed_edit(folder, num=NUM_SOURCES, edits=3)
    elif name == "faces":
        colours = [(RED, GREEN, BLUE)[place % 3] for place in range(NUM_SOURCES)]
        people(folder, **{f"p{place}": (colour, 2) for place, colour in enumerate(colours)})
    elif name == "full-body":
        named_set(folder, num=NUM_SOURCES - 1)
    else:
        folder.mkdir()
        for place in range(NUM_SOURCES):
            (folder / f"{place}.png").write_bytes(portrait(RED, seed=place).to_png())
        asked = [{"image": f"{place}.png", "data": ["What?", "A portrait."]} for place in range(NUM_SOURCES)]
        (folder / "asked.jsonl").write_text("\n".join(map(json.dumps, asked)))
    return folder


@dataclass(frozen=True, kw_only=True)
class Gated:
    """A job whose sources begin only as the number in a file allows."""

    job: Job
    gate: Path

    @property
    def seed(self) -> int:
        return self.job.seed

    def settings(self) -> Mapping[str, Any]:
        return self.job.settings()

    def sources(self) -> Iterable[Source]:
        return self.job.sources()

    def stages(self) -> Sequence[Stage]:
        return [Stage(open=self._open), *self.job.stages()]

    def _open(self) -> Sequence[Step]:
        return [Gate(gate=self.gate, begun=[])]


@dataclass(frozen=True)
class Gate:
    """Waits for its turn."""

    gate: Path
    begun: list[str]
    name: str = "gate"

    def __call__(self, document: Document) -> Iterable[Document]:
        self.begun.append(document.id)
        while len(self.begun) > int(self.gate.read_text() or 0):
            time.sleep(0.005)
        yield document


if __name__ == "__main__":
    name, raw, out, gate, told = sys.argv[1], *map(Path, sys.argv[2:])
    log = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    build(
        Gated(job=JOBS[name](raw), gate=gate),
        out,
        per_shard=PER_SHARD,
        tell=lambda far: os.write(log, b"."),  # one when it begins, one a source
    )
