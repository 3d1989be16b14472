"""The video recipe: which steps, with which perceptual models, over which files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limner.builders.adapters import (
    FACES_ON_GPU,
    SEGMENTERS_ON_GPU,
    Endpoint,
    captioner_by_name,
    faces_by_name,
    on_gpu,
    segmenter_by_name,
    weights_of,
    writer_by_name,
)
from limner.builders.files import files_below, printable
from limner.builders.runner.document import Source, Stage, Step
from limner.builders.video.frames import SUFFIXES, require_av
from limner.builders.video.matching import limits_of
from limner.builders.video.steps import (
    CheckNames,
    CutOutHeads,
    FindFaces,
    FrameBoth,
    MatchPersons,
    NamePersons,
    ReadFilm,
    TellCaption,
    TellDialogue,
)


@dataclass(frozen=True, kw_only=True)
class VideoJob:
    """Films to dialogues. A `Job` of the runner.

    Args:
        sources_given: files, or folders searched through, for films (`frames.SUFFIXES`).
        faces, captioner, writer, segmenter: adapters by name, see `adapters.py`.
        endpoint: the server of adapters that speak to one.
        size_px: side of every picture written; the paper's 512.
        smallest_face_px: longer side of the smallest face that is used, in the frame at up to 1280 px.
        floor, margin: see `matching.Limits`; None takes the reader's own.
        shots: whether films are split into shots first.
        split: whose names, "train" or "test".
    """

    sources_given: tuple[Path, ...]
    faces: str
    captioner: str
    writer: str
    segmenter: str
    endpoint: Endpoint = field(default_factory=Endpoint)
    size_px: int = 512
    smallest_face_px: int = 24
    floor: float | None = None
    margin: float | None = None
    shots: bool = False
    split: str = "train"
    seed: int = 0

    def settings(self) -> Mapping[str, Any]:
        return {
            "kind": "video",
            "faces": self.faces,
            "faces_weights": weights_of(self.faces),
            "captioner": self.captioner,
            "writer": self.writer,
            "segmenter": self.segmenter,
            "model": self.endpoint.model,
            "size_px": self.size_px,
            "smallest_face_px": self.smallest_face_px,
            "floor": self.floor,
            "margin": self.margin,
            "shots": self.shots,
            "split": self.split,
        }

    def sources(self) -> Iterable[Source]:
        """Every film once, by name; ValueError when a place does not exist or there is none at all."""
        taken: dict[str, Path] = {}
        known: set[Path] = set()
        for given in self.sources_given:
            for path in films_at(given):
                real = path.resolve()
                if real in known:
                    continue
                known.add(real)
                inside = path.relative_to(given).as_posix()
                id = printable(path.name if path == given else f"{given.resolve().name}/{inside}")
                while id in taken:
                    id += "~"
                taken[id] = real
        if not taken:
            raise ValueError(
                f"There is no film in {', '.join(map(str, self.sources_given))}; films end in "
                f"{', '.join(SUFFIXES)}."
            )
        return [Source(id=id, value={"path": str(path)}) for id, path in taken.items()]

    def stages(self) -> Sequence[Stage]:
        """Films, then faces, heads and words; networks where a GPU helps stand apart from the rest."""
        heads_on_gpu = on_gpu(self.segmenter, SEGMENTERS_ON_GPU)
        return (
            Stage(open=self._films),
            Stage(open=self._faces, on_gpu=on_gpu(self.faces, FACES_ON_GPU)),
            Stage(open=self._heads, on_gpu=heads_on_gpu),
            Stage(open=self._words),
        )

    def _films(self) -> Sequence[Step]:
        require_av()
        return (ReadFilm(shots=self.shots),)

    def _faces(self) -> Sequence[Step]:
        faces = faces_by_name(self.faces)
        return (
            FindFaces(reader=faces, smallest_px=self.smallest_face_px),
            FrameBoth(size_px=self.size_px),
            MatchPersons(reader=faces, limits=limits_of(faces, self.floor, self.margin)),
        )

    def _heads(self) -> Sequence[Step]:
        return (CutOutHeads(segmenter=segmenter_by_name(self.segmenter), size_px=self.size_px),)

    def _words(self) -> Sequence[Step]:
        return (
            TellCaption(captioner=captioner_by_name(self.captioner, self.endpoint)),
            NamePersons(writer=writer_by_name(self.writer, self.endpoint), split=self.split),
            CheckNames(),
            TellDialogue(),
        )


def films_at(given: Path) -> Iterator[Path]:
    """The films at a place and in the folders linked there, in order; hidden files are left out. A named
    file is taken as it is, and so is a link that leads nowhere: it gets its reason.
    """
    if given.is_file():
        yield given
    elif given.is_dir():
        yield from files_below(given, SUFFIXES)
    else:
        raise ValueError(f"There is no file or folder {given}; name films or folders of films.")
