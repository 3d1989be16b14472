"""`limner build questions`: question answering in LLaVA's or SEED-X's JSON -> dialogues (supplement 9).

LLaVA: `{"image", "conversations": [{"from": "human", "value"}, {"from": "gpt", "value"}, ...]}`. SEED-X:
`{"image", "data": [question, answer, ...]}`. A list or one record a line, of any length: never read at once.
Records without a picture (as in ScienceQA) are dialogues of text. Knows no other format and no licence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from limner.builders.edits.roots import ImageRoots
from limner.builders.edits.sessions import scaled
from limner.builders.files import are_whole, printable
from limner.builders.photos import read_photo
from limner.builders.runner.document import Document, Drop, DropError, Source, Stage, Step
from limner.dialogue.parts import Dialogue, Instruction, Picture, Response, Round

_PLACEHOLDER: Final = re.compile(r"\s*<image(?:\d+)?>\s*|\s*<ImageHere>\s*")
_CHUNK_CHARACTERS: Final = 1 << 20
_MAX_RECORD_CHARACTERS: Final = 1 << 26
_USERS: Final = ("human", "user")


@dataclass(frozen=True, kw_only=True)
class QuestionsJob:
    """Imports questions and answers.

    Args:
        file: .json (a list) or .jsonl.
        images: roots of the pictures; the file's own folder is looked in last.
        seed: unused by the steps; part of every build.
        size_px: the longer side of pictures at most.
        rounds: question-answer pairs of one record at most.
    """

    file: Path
    images: tuple[Path, ...] = ()
    seed: int = 0
    size_px: int = 512
    rounds: int = 6

    def settings(self) -> Mapping[str, Any]:
        return {
            "build": "questions",
            "file": str(self.file),
            "images": [str(root) for root in self.images],
            "size_px": self.size_px,
            "rounds": self.rounds,
        }

    def sources(self) -> Iterator[Source]:
        """One for each record, by its place in the file. ValueError when the file is no such list."""
        ImageRoots.of(self.images)
        for number, record in enumerate(read_records(self.file)):
            yield Source(id=f"{self.file.stem}-{number:07d}", value={"record": record})

    def stages(self) -> Sequence[Stage]:
        return (Stage(open=self._open),)

    def _open(self) -> Sequence[Step]:
        roots = ImageRoots.of((*self.images, self.file.parent), "images")
        return (
            ReadRecord(rounds=self.rounds),
            TellQuestions(roots=roots, size_px=self.size_px, source=self.file.name),
        )


def read_records(file: Path) -> Iterator[Any]:
    """The records of a JSON list or of JSON lines, one at a time. A broken line is given as its text.

    ValueError when the file is neither, or a list breaks off.
    """
    with file.open(encoding="utf-8-sig", errors="replace") as opened:
        start = opened.read(256).lstrip("\ufeff \t\r\n")
        opened.seek(0)
        if start.startswith("["):
            yield from _from_list(opened, file)
            return
        if not start.startswith("{"):
            raise ValueError(f"{file} is neither a JSON list nor JSON lines; give LLaVA's or SEED-X's JSON.")
        for line in opened:
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    yield line[:200]


def _from_list(opened: Any, file: Path) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    text = opened.read(_CHUNK_CHARACTERS).lstrip("\ufeff \t\r\n")[1:]
    while True:
        text = text.lstrip(" \t\r\n,")
        if text.startswith("]"):
            return
        try:
            record, end = decoder.raw_decode(text)
            # A number or word that ends where the text does may go on in the next piece.
            is_whole = end < len(text)
        except (ValueError, RecursionError):
            is_whole = False
        if is_whole:
            yield record
            text = text[end:]
            continue
        more = opened.read(_CHUNK_CHARACTERS)
        if not more or len(text) > _MAX_RECORD_CHARACTERS:
            raise ValueError(f"{file} breaks off or is no JSON near {text[:60]!r}; copy it again.")
        text += more


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A record taken apart: pairs of question and answer, and its picture's path ("" without one)."""

    name: str
    image: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class ReadRecord:
    """A record -> its pairs; drops what asks or answers nothing."""

    rounds: int
    name: str = "questions with answers"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        record = document.value["record"]
        if not isinstance(record, dict):
            yield Drop(reason="not a record", detail=str(record)[:200])
            return
        image = record.get("image") or ""
        if isinstance(image, list):
            image = image[0] if len(image) == 1 else ""
            if not image:
                yield Drop(reason="several pictures")
                return
        found = _pairs(record)
        if not isinstance(image, str) or not found:
            yield Drop(reason="no question with an answer", detail=str(sorted(record))[:200])
            return
        if not all(are_whole(words) for pair in found for words in pair):
            yield Drop(
                reason="words with half of a character", detail=str(record.get("id", document.id))[:200]
            )
            return
        yield document.having(
            Asked(name=str(record.get("id", document.id)), image=image, pairs=tuple(found[: self.rounds]))
        )


def _pairs(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    turns: list[Any] = []
    listed = record.get("conversations")
    if isinstance(listed, list):
        for index, turn in enumerate(listed):
            is_user = isinstance(turn, dict) and turn.get("from", turn.get("role")) in _USERS
            if not isinstance(turn, dict) or is_user != (index % 2 == 0):
                return []
            turns.append(turn.get("value", turn.get("content")))
    elif isinstance(record.get("data"), list):
        turns = record["data"]
    if not all(isinstance(turn, str) for turn in turns):
        return []
    told = [_PLACEHOLDER.sub(" ", turn).strip() for turn in turns]
    found = []
    for ask, answer in zip(told[::2], told[1::2], strict=False):
        if not ask or not answer:
            break
        found.append((ask, answer))
    return found


@dataclass(frozen=True, kw_only=True)
class TellQuestions:
    """The pairs as rounds; the picture comes with the first question."""

    roots: ImageRoots
    size_px: int
    source: str
    name: str = "pictures that can be read"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        asked: Asked = document.value
        pictures = (self._picture(asked.image),) if asked.image else ()
        rounds = tuple(
            Round(
                instruction=Instruction(text=ask, pictures=() if index else pictures),
                response=Response(text=answer),
                depends_on=(0,) if index and pictures else (),
            )
            for index, (ask, answer) in enumerate(asked.pairs)
        )
        truth = {
            "source": printable(self.source),
            "record": document.id,
            "name": printable(asked.name),
            "image": printable(asked.image),
        }
        yield document.telling(Dialogue(kind="question", rounds=rounds, truth=truth))

    def _picture(self, image: str) -> Picture:
        place = self.roots.find(image)
        if place is None:
            raise DropError("missing picture", image)
        try:
            return scaled(Picture(read_photo(place)), self.size_px)
        except (ValueError, OSError) as error:
            raise DropError("picture that cannot be read", " ".join(str(error).split())) from error
