"""`limner build faces`: folders of portraits -> personalization in three stages, and augmentations 1 and 2.

Knows where persons and captions come from, and the order of the steps (Sections 3.2 and 4.1, supplement 9).
What a step does is `steps.py`'s business, who is who `identity.py`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from limner.builders.faces.identity import by_folder, clustered
from limner.builders.faces.parts import check_parts
from limner.builders.faces.steps import (
    NEEDS_CAPTION,
    Caption,
    Plan,
    ReadPortraits,
    SamePerson,
    TellPart,
)
from limner.builders.files import are_whole, printable
from limner.builders.runner.document import Source, Stage, Step
from limner.perception.protocols import Captioner, FaceReader, Segmenter

CAPTIONS_FILE: Final = "captions.jsonl"


@dataclass(frozen=True, kw_only=True)
class FacesJob:
    """Builds single-picture dialogues.

    Args:
        folder: portraits in one folder a person (`cluster` None), or in any order.
        parts: of `parts.PARTS`, in their order.
        seed: draws pairs and phrases.
        size_px: pictures are squares of this side; no larger than what the portrait has.
        face_px: the cut-out face's side.
        smallest_px: longer side of the smallest face that is used.
        per_person: portraits of one person at most, drawn at random.
        cluster: where embeddings are kept, to tell persons apart by them; None: by folder.
        floor: cosine from which two portraits are of one person; None takes the reader's own.
        names: what is recorded of the adapters, by role.
        make_faces: makes the face reader in each worker; picklable, as are the others.
        make_segmenter: makes the segmenter.
        make_captioner: None when captions lie beside the portraits (`NAME.txt`, or `captions.jsonl` with
            {"image", "caption"} a line).
    """

    folder: Path
    parts: tuple[str, ...]
    seed: int = 0
    size_px: int = 512
    face_px: int = 256
    smallest_px: int = 32
    per_person: int = 64
    cluster: Path | None = None
    floor: float | None = None
    names: Mapping[str, str]
    make_faces: Callable[[], FaceReader]
    make_segmenter: Callable[[], Segmenter]
    make_captioner: Callable[[], Captioner] | None = None

    def __post_init__(self) -> None:
        check_parts(self.parts)

    def settings(self) -> Mapping[str, Any]:
        return {
            "build": "faces",
            "folder": str(self.folder),
            "parts": list(self.parts),
            "size_px": self.size_px,
            "face_px": self.face_px,
            "smallest_px": self.smallest_px,
            "per_person": self.per_person,
            "identity": "folder" if self.cluster is None else "cluster",
            "floor": self.floor,
            **self.names,
        }

    def sources(self) -> Iterator[Source]:
        """One for each person. ValueError when there are no portraits."""
        if self.cluster is None:
            persons = by_folder(self.folder)
        else:
            reader = self.make_faces()
            floor = self.floor if self.floor is not None else getattr(reader, "match_floor", 0.5)
            name = f"{self.names.get('faces', '')} {self.names.get('faces_weights', '')}"
            persons = clustered(self.folder, reader, self.cluster, floor=floor, reader_name=name)
        captions = _listed_captions(self.folder)
        names: set[str] = set()
        for person, paths in persons.items():
            name = printable(person)
            while name in names:
                name += "~"
            names.add(name)
            inside = [str(path.relative_to(self.folder)) for path in paths]
            told = {path: captions[path] for path in inside if path in captions}
            yield Source(id=name, value={"portraits": inside, "captions": told})

    def stages(self) -> Sequence[Stage]:
        return (Stage(open=self._open),)

    def _open(self) -> Sequence[Step]:
        reader = self.make_faces()
        return (
            ReadPortraits(
                folder=self.folder,
                reader=reader,
                per_person=self.per_person,
                smallest_px=self.smallest_px,
            ),
            SamePerson(reader=reader, floor=self.floor),
            Caption(
                folder=self.folder,
                captioner=None if self.make_captioner is None else self.make_captioner(),
                is_needed=any(part in NEEDS_CAPTION for part in self.parts),
            ),
            Plan(parts=self.parts),
            TellPart(segmenter=self.make_segmenter(), size_px=self.size_px, face_px=self.face_px),
        )


def _listed_captions(folder: Path) -> dict[str, str]:
    """`captions.jsonl`: path in the folder -> caption. Lines that are none are passed over."""
    listed: dict[str, str] = {}
    file = folder / CAPTIONS_FILE
    if file.is_file():
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            for line in lines:
                try:
                    record = json.loads(line)
                    if are_whole(str(record["caption"])):
                        listed[str(record["image"])] = str(record["caption"])
                except (ValueError, KeyError, TypeError, RecursionError):
                    continue
    return listed
