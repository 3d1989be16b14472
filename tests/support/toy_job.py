"""A small job for the runner's tests: numbers become painted squares; some are dropped, some fail."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from limner.builders.runner.document import Document, Drop, DropError, Source, Stage, Step
from limner.dialogue.parts import Dialogue, Instruction, Picture, Response, Round


@dataclass(frozen=True, kw_only=True)
class ToyJob:
    num: int
    seed: int = 0
    pause_s: float = 0.0
    deadly: str = ""  # a file: while it exists, number 5 ends its process
    torn: str = ""  # a file: number 5 takes it away and ends its process in the midst of its answer

    def settings(self) -> Mapping[str, Any]:
        return {"kind": "toy"}

    def sources(self) -> Iterable[Source]:
        return [Source(id=f"n{number}", value={"number": number}) for number in range(self.num)]

    def stages(self) -> Sequence[Stage]:
        return [Stage(open=self._open)]

    def _open(self) -> Sequence[Step]:
        return [
            Twins(name="twins", pause_s=self.pause_s, deadly=self.deadly, torn=self.torn),
            Why(name="no multiples of 3", why=_why),
            Paint(name="paint"),
        ]


def _why(document: Document) -> Drop | None:
    return Drop(reason="multiple of 3", detail=str(document.value)) if document.value % 3 == 0 else None


@dataclass(frozen=True, kw_only=True)
class Why:
    name: str
    why: Callable[[Document], Drop | None]

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        yield self.why(document) or document


@dataclass(frozen=True, kw_only=True)
class Twins:
    name: str
    pause_s: float
    deadly: str
    torn: str

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        number = document.value["number"]
        time.sleep(self.pause_s)
        if number == 5 and self.deadly and Path(self.deadly).exists():
            os._exit(9)
        if number == 5 and self.torn and Path(self.torn).exists():
            Path(self.torn).unlink()
            Connection._send = _send_half  # type: ignore[attr-defined]
        if number == 7:
            raise DropError("is seven")
        if number == 8:
            raise KeyError("eight")
        for part in range(2 if number % 4 == 1 else 1):
            yield document.part(str(part), number)


def _send_half(pipe: Connection, data: bytes) -> None:
    """What a process does that is killed while it writes."""
    os.write(pipe.fileno(), data[: len(data) // 2])
    os._exit(9)


@dataclass(frozen=True, kw_only=True)
class Paint:
    name: str

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        shade = document.chance("shade").integers(0, 256, (16, 16, 3)).astype(np.uint8)
        response = Response(text=document.id, picture=Picture(shade))
        round_ = Round(instruction=Instruction(text=f"Paint {document.value}."), response=response)
        yield document.telling(Dialogue(rounds=(round_,), kind="toy"))
