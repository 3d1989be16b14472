"""The steps of the video recipe, in the paper's order: cheap filters first, paid words late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from limner.builders.heads import cut_out_head
from limner.builders.runner.document import Document, Drop, DropError, StopError
from limner.builders.video.clip import Clip
from limner.builders.video.frames import read_ends, read_shots
from limner.builders.video.framing import square_with_both
from limner.builders.video.matching import Limits, match, two_faces, why_unclear
from limner.builders.video.naming import draw_names, why_not_two_names
from limner.builders.video.telling import dialogue_of
from limner.perception.endpoint.troubles import EndpointError, excuse
from limner.perception.face_passes import found_in_all
from limner.perception.protocols import Captioner, FaceReader, Look, Segmenter, Writer

T = TypeVar("T")
_SHOT_STRIDE = 7919  # so that the shots of one film draw other names


@dataclass(frozen=True, kw_only=True)
class ReadFilm:
    """The first and last frame of a film, or of each of its shots."""

    shots: bool
    name: str = "film read"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        path = Path(document.value["path"])
        if not self.shots:
            ends = read_ends(path)
            clip = Clip(path=path, shot=0, first=ends.first, last=ends.last)
            yield document.having(clip, clip.first, clip.last)
            return
        for number, shot in enumerate(read_shots(path)):
            if isinstance(shot, Drop):
                yield shot
                continue
            clip = Clip(path=path, shot=number, first=shot.first, last=shot.last)
            yield document.part(f"shot{number}", clip).having(clip, clip.first, clip.last)


@dataclass(frozen=True, kw_only=True)
class FindFaces:
    """Exactly two faces in both frames, large enough."""

    reader: FaceReader
    smallest_px: int
    name: str = "two faces in both frames"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        clip: Clip = document.value
        found = found_in_all(self.reader, (clip.first, clip.last))
        first = two_faces(found[0], clip.first, "first", self.smallest_px)
        last = two_faces(found[1], clip.last, "last", self.smallest_px)
        yield document.having(replace(clip, first_faces=first, last_faces=last))


@dataclass(frozen=True, kw_only=True)
class FrameBoth:
    """A square of the first frame that holds both."""

    size_px: int
    name: str = "both in one square"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        clip: Clip = document.value
        assert clip.first_faces is not None
        square, faces = square_with_both(clip.first, clip.first_faces, self.size_px)
        yield document.having(replace(clip, square=square, square_faces=faces))


@dataclass(frozen=True, kw_only=True)
class MatchPersons:
    """Each person's face in the last frame."""

    reader: FaceReader
    limits: Limits
    name: str = "persons matched"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        clip: Clip = document.value
        assert clip.first_faces is not None
        assert clip.last_faces is not None
        found = match(self.reader, clip.first, clip.first_faces, clip.last, clip.last_faces)
        unclear = why_unclear(found, self.limits)
        matched = replace(
            clip, last_faces=found.last_faces, similarities=found.similarities, margin=found.margin
        )
        yield unclear or document.having(matched)


@dataclass(frozen=True, kw_only=True)
class CutOutHeads:
    """Each head of the last frame on white."""

    segmenter: Segmenter
    size_px: int
    name: str = "heads cut out"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        clip: Clip = document.value
        assert clip.last_faces is not None
        heads, measured = [], []
        for box, other in zip(clip.last_faces, reversed(clip.last_faces), strict=True):
            head, scores = cut_out_head(self.segmenter, clip.last, box, self.size_px, apart_from=other)
            heads.append(head)
            measured.append(scores)
        first, second = measured
        yield document.having(replace(clip, cut_outs=tuple(heads), head_scores=(first, second)))


@dataclass(frozen=True, kw_only=True)
class TellCaption:
    """Adds a caption without names."""

    captioner: Captioner
    name: str = "captioned"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        clip: Clip = document.value
        told = asked(document, self.captioner, lambda: self.captioner.caption(clip.view), "no caption")
        yield document.having(replace(clip, told=told))


@dataclass(frozen=True, kw_only=True)
class NamePersons:
    """Two names drawn, and the caption rewritten with them."""

    writer: Writer
    split: str
    name: str = "named"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        clip: Clip = document.value
        told = clip.told
        assert told is not None
        looks = told.looks if len(told.looks) == 2 else (Look(), Look())
        number = document.number + _SHOT_STRIDE * clip.shot
        names = draw_names(number, (looks[0], looks[1]), document.seed, self.split)
        text = asked(
            document, self.writer, lambda: self.writer.name_persons(clip.view, told, names), "not rewritten"
        )
        yield document.having(replace(clip, names=names, text=text))


@dataclass(frozen=True, kw_only=True)
class CheckNames:
    """The text holds exactly the two names."""

    name: str = "exactly two names"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        clip: Clip = document.value
        yield why_not_two_names(clip.text, clip.names) or document


@dataclass(frozen=True, kw_only=True)
class TellDialogue:
    """The dialogue, ready to be written."""

    name: str = "told"

    def __call__(self, document: Document) -> Iterator[Document | Drop]:
        yield document.telling(dialogue_of(document, document.value))


def asked(document: Document, sense: object, ask: Callable[[], T], reason: str) -> T:
    """Call a captioner or writer and count its tokens. A failing server ends the run; a refused picture or
    text drops the document.
    """
    before = _spent(sense)
    try:
        return ask()
    except EndpointError as error:
        told = excuse(error)
        if told is None:
            raise StopError(str(error)) from error
        raise DropError(reason, told) from error
    except ValueError as error:
        raise DropError(reason, str(error)) from error
    finally:
        for what, num in _spent(sense).items():
            document.counts[what] += num - before.get(what, 0)


def _spent(sense: Any) -> Mapping[str, Any]:
    endpoint = getattr(sense, "endpoint", None)
    spent = getattr(endpoint, "spent", None)
    if endpoint is None or spent is None:
        return {}
    return {
        "answers": spent.answers,
        "input tokens": spent.input_tokens,
        "output tokens": spent.output_tokens,
        "microdollars": round(endpoint.dollars * 1e6),
    }
