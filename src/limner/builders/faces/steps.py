"""The steps from a person's portraits to dialogues: read, told apart, captioned, paired, told.

Which parts there are, and which of them need a caption, is known here. What is said is `phrases.py`'s
business, where persons come from `job.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from limner.builders.faces import phrases
from limner.builders.faces.framing import largest_square
from limner.builders.faces.identity import READ_PX, only_face, pairs
from limner.builders.faces.parts import PARTS
from limner.builders.files import printable
from limner.builders.heads import HeadScores, cut_out_head, resized
from limner.builders.likeness import alike, sharpness
from limner.builders.photos import read_photo
from limner.builders.runner.document import Document, Drop, DropError
from limner.builders.video.steps import asked
from limner.dialogue.parts import Dialogue, Instruction, Picture, Response, Round
from limner.perception.face_passes import embedded
from limner.perception.protocols import Box, Captioner, FaceReader, Segmenter, View

NEEDS_CAPTION: Final = ("stage2", "stage3", "augment1")


@dataclass(frozen=True, kw_only=True, eq=False)
class Portrait:
    """A picture with exactly one face: the square that is shown, and the whole photo, each with its box."""

    path: str
    pixels: np.ndarray
    box: Box
    whole: np.ndarray
    whole_box: Box
    caption: str = ""
    similarity: float | None = None  # to the portrait that stands for the person


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sample to be built: `target` is the picture described, `given` brings the face (the same picture
    except in stage 3).
    """

    part: str
    given: Portrait
    target: Portrait


@dataclass(frozen=True, kw_only=True)
class ReadPortraits:
    """A person's files -> portraits that can be read and hold exactly one face."""

    folder: Path
    reader: FaceReader
    per_person: int
    smallest_px: int
    name: str = "portraits with exactly one face"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        listed = list(document.value["portraits"])
        if len(listed) > self.per_person:
            chosen = document.chance("portraits").permutation(len(listed))[: self.per_person]
            listed = [listed[place] for place in sorted(chosen.tolist())]
        portraits: list[Portrait] = []
        for path in listed:
            try:
                pixels = read_photo(self.folder / path, READ_PX)
            except (ValueError, OSError) as error:
                yield Drop(reason="portrait that cannot be read", detail=" ".join(str(error).split()))
                continue
            try:
                whole_box = only_face(self.reader, pixels)
                square, box = largest_square(pixels, whole_box)
            except ValueError as error:
                reason = (
                    str(error) if str(error) in ("no face", "several faces") else "face that fits no square"
                )
                yield Drop(reason=reason, detail=f"{path}: {error}")
                continue
            side_px = max(box[2] - box[0], box[3] - box[1]) * square.shape[0]
            if side_px < self.smallest_px:
                yield Drop(reason="small face", detail=f"{path}: {side_px:.0f} px")
                continue
            caption = document.value["captions"].get(path, "")
            portraits.append(
                Portrait(
                    path=path, pixels=square, box=box, whole=pixels, whole_box=whole_box, caption=caption
                )
            )
        if portraits:
            yield document.having(portraits, *(portrait.pixels for portrait in portraits[:4]))


@dataclass(frozen=True, kw_only=True)
class SamePerson:
    """Drops portraits whose face differs from the rest of that identity's, or cannot be read; only where a
    similarity floor is known.
    """

    reader: FaceReader
    floor: float | None
    name: str = "one person's"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        portraits: list[Portrait] = document.value
        floor = self.floor if self.floor is not None else getattr(self.reader, "match_floor", None)
        if floor is None or len(portraits) < 2:
            yield document
            return
        portraits, told, unread = self._read(portraits)
        yield from unread
        if not portraits:
            return
        vectors = np.stack(told)
        cosines = vectors @ vectors.T
        # The portrait that most others agree with stands for the person, so that one stray cannot.
        middle = int(np.median(cosines, axis=1).argmax())
        kept = []
        for index, portrait in enumerate(portraits):
            if cosines[middle, index] >= floor:
                kept.append(replace(portrait, similarity=float(cosines[middle, index])))
            else:
                why = f"{portrait.path}: similarity {cosines[middle, index]:.3f} to {portraits[middle].path}"
                yield Drop(reason="another face than the folder's", detail=why)
        yield document.having(kept)

    def _read(self, portraits: list[Portrait]) -> tuple[list[Portrait], list[np.ndarray], list[Drop]]:
        """The portraits whose faces can be read, their vectors, and why others cannot."""
        try:
            return portraits, embedded(self.reader, [(one.pixels, one.box) for one in portraits]), []
        except ValueError:  # of one of them; each alone tells whose
            pass
        kept, vectors, drops = [], [], []
        for portrait in portraits:
            try:
                vectors += embedded(self.reader, [(portrait.pixels, portrait.box)])
                kept.append(portrait)
            except ValueError as error:
                drops.append(Drop(reason="face cannot be read", detail=f"{portrait.path}: {error}"))
        return kept, vectors, drops


@dataclass(frozen=True, kw_only=True)
class Caption:
    """Captions from files beside the portraits, else from the captioner. A portrait without one can still be
    copied.
    """

    folder: Path
    captioner: Captioner | None
    is_needed: bool
    name: str = "captions"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        captioned: list[Portrait] = []
        for portrait in document.value:
            caption = portrait.caption or _caption_beside(self.folder / portrait.path)
            if not caption and self.is_needed:
                if self.captioner is None:
                    yield Drop(reason="no caption beside the portrait", detail=portrait.path)
                else:
                    view = View(
                        pixels=portrait.pixels, faces=(portrait.box,), origin=self.folder / portrait.path
                    )
                    try:
                        caption = self._told(document, self.captioner, view)
                    except DropError as error:
                        yield error.drop
            captioned.append(replace(portrait, caption=" ".join(caption.split())))
        yield document.having(captioned)

    def _told(self, document: Document, captioner: Captioner, view: View) -> str:
        return asked(document, captioner, lambda: captioner.caption(view), "portrait not captioned").caption


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A person's portraits -> the samples to make of them."""

    parts: tuple[str, ...]
    name: str = "samples"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        portraits: list[Portrait] = document.value
        planned = False
        for part in self.parts:
            for number, (given, target) in enumerate(_shown(part, portraits, document)):
                if part not in NEEDS_CAPTION or target.caption:
                    planned = True
                    value = Part(part=part, given=given, target=target)
                    yield document.part(f"{part}-{number}", value).having(value, given.pixels, target.pixels)
        if not planned:
            reason = "only one portrait of this person" if len(portraits) == 1 else "nothing to make"
            yield Drop(reason=reason)


def _shown(
    part: str, portraits: Sequence[Portrait], document: Document
) -> Iterator[tuple[Portrait, Portrait]]:
    if part != "stage3":
        yield from ((portrait, portrait) for portrait in portraits)
        return
    for given, target in pairs(len(portraits), document.chance("pairs")):
        yield portraits[given], portraits[target]


@dataclass(frozen=True, kw_only=True)
class TellPart:
    """One sample as a dialogue of one round."""

    segmenter: Segmenter
    size_px: int
    face_px: int
    name: str = "told"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        value: Part = document.value
        rng = document.chance("words")
        whole = self._whole(value.target)
        given: tuple[Picture, ...] = ()
        answer = whole
        scores: HeadScores | None = None
        if value.part == "stage1":
            given, (ask, say) = (whole,), phrases.copy(rng)
        elif value.part == "augment1":
            ask, say = phrases.text_to_image(rng, value.target.caption)
        elif value.part == "augment2":
            (answer, scores), given, (ask, say) = self._face(value.target), (whole,), phrases.crop(rng)
        else:
            face, scores = self._face(value.given)
            given, (ask, say) = (face,), phrases.face_to_image(rng, value.target.caption)
        truth = {
            "person": document.id.rsplit("#", 1)[0],
            "portrait": printable(value.target.path),
            "face_from": printable(value.given.path),
            "box": list(value.target.box),
            "caption": value.target.caption,
            "part": value.part,
            "scores": self._scores(value, scores),
        }
        round_ = Round(
            instruction=Instruction(text=ask, pictures=given), response=Response(text=say, picture=answer)
        )
        yield document.telling(Dialogue(kind=PARTS[value.part], rounds=(round_,), truth=truth))

    def _scores(self, value: Part, head: HeadScores | None) -> dict[str, Any]:
        given, target = value.given, value.target
        height, width = given.whole.shape[:2]
        x0, y0, x1, y1 = given.whole_box
        told: dict[str, Any] = {
            "sharpness": round(sharpness(given.whole, given.whole_box), 2),
            "face_px": round(max((x1 - x0) * width, (y1 - y0) * height), 1),
        }
        if given.path != target.path:
            told["alike"] = round(alike(given.pixels, given.box, target.pixels, target.box), 4)
        if given.similarity is not None and target.similarity is not None:
            told["similarity"] = round(min(given.similarity, target.similarity), 4)
        return told | ({} if head is None else {"head": head.to_json()})

    def _whole(self, portrait: Portrait) -> Picture:
        return Picture(resized(portrait.pixels, min(self.size_px, portrait.pixels.shape[0])))

    def _face(self, portrait: Portrait) -> tuple[Picture, HeadScores]:
        head, scores = cut_out_head(self.segmenter, portrait.whole, portrait.whole_box, self.face_px)
        return Picture(head), scores


def _caption_beside(path: Path) -> str:
    try:
        return path.with_suffix(".txt").read_text(encoding="utf-8-sig", errors="replace")[:4000].strip()
    except OSError:
        return ""
