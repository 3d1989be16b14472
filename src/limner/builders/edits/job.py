"""`limner build edits`: sessions of a public data set -> Markov chains and dialogues that reach back.

Knows the order of the steps. What a session is, is `sessions.py`'s business, what is said `phrases.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from limner.builders.edits.reading import EditSource, from_json, source_named, to_json
from limner.builders.edits.rollback import WayBack, drawn, edit_dialogue, rollback_dialogue, ways_back
from limner.builders.edits.roots import ImageRoots
from limner.builders.edits.sessions import Chain, Dropped, chain_of
from limner.builders.painting import painted
from limner.builders.runner.document import Document, Drop, Source, Stage, Step
from limner.dialogue.parts import Picture
from limner.perception.painters import PictureEditor


@dataclass(frozen=True, kw_only=True)
class EditsJob:
    """Builds edit dialogues.

    Args:
        source: "seed-edit", "magicbrush" or "seed-x".
        folder: the data set's folder.
        images: further roots to look for pictures in, before `folder`.
        seed: draws phrases, families and depths.
        rollbacks: dialogues that reach back, at most, of one session.
        markov: whether the chain itself is a dialogue too.
        plain_share: how many of those that reach back ask for nothing new (rate), where there is a choice.
        size_px: the longer side of pictures at most.
        editor_name: how the editor is called in the set's records; "" without one.
        make_editor: makes the editor in each worker; must be picklable. None: only pictures of the data.
    """

    source: str
    folder: Path
    images: tuple[Path, ...] = ()
    seed: int = 0
    rollbacks: int = 3
    markov: bool = True
    plain_share: float = 0.25
    size_px: int = 512
    editor_name: str = ""
    make_editor: Callable[[], PictureEditor] | None = None

    def settings(self) -> Mapping[str, Any]:
        return {
            "build": "edits",
            "source": self.source,
            "folder": str(self.folder),
            "images": [str(root) for root in self.images],
            "rollbacks": self.rollbacks,
            "markov": self.markov,
            "plain_share": self.plain_share,
            "size_px": self.size_px,
            "editor": self.editor_name,
        }

    def sources(self) -> Iterator[Source]:
        """One for each session, or line that is none.

        ValueError when `folder` is no such data set, or a root of pictures is missing.
        """
        ImageRoots.of(self.images)  # told before the first session is read
        seen: dict[str, int] = {}
        for session in source_named(self.source).list_sessions(self.folder):
            seen[session.name] = number = seen.get(session.name, 0) + 1
            told = to_json(session)
            if isinstance(session, Dropped):
                yield Source(id=f"{session.name}/{session.part}/{number}", value=told)
            else:
                yield Source(id=session.name if number == 1 else f"{session.name}/{number}", value=told)

    def stages(self) -> Sequence[Stage]:
        return (Stage(open=self._open),)

    def _open(self) -> Sequence[Step]:
        editor = None if self.make_editor is None else self.make_editor()
        return (
            ReadSession(
                source=source_named(self.source),
                folder=self.folder,
                images=self.images,
                size_px=self.size_px,
            ),
            PlanDialogues(
                rollbacks=self.rollbacks,
                markov=self.markov,
                plain_share=self.plain_share,
                has_editor=editor is not None,
            ),
            MakeTargets(editor=editor),
            Tell(source=self.source, licence=source_named(self.source).licence, editor=self.editor_name),
        )


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A dialogue to be: a chain, and the way back from it (None: the chain alone) with its target."""

    chain: Chain
    way: WayBack | None
    target: Picture | None = None


@dataclass(frozen=True, kw_only=True)
class ReadSession:
    """A listed session -> the longest chain of its edits that can be read; what is broken is recorded with
    its reason.
    """

    source: EditSource
    folder: Path
    images: tuple[Path, ...]
    size_px: int
    name: str = "pictures that can be read"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        session = from_json(document.value)
        if isinstance(session, Dropped):
            yield Drop(reason="not a record of the data set", detail=f"{session.part}: {session.reason}")
            return
        chain, dropped = chain_of(self.source.locate(session, self.folder, self.images), self.size_px)
        for one in dropped:
            whole = "session" if one.part == "session" else "edit"
            yield Drop(reason=f"{whole} that cannot be used", detail=f"{one.part}: {one.reason}")
        if chain is not None:
            yield document.having(chain, *(state.pixels for state in chain.states))


@dataclass(frozen=True, kw_only=True)
class PlanDialogues:
    """A chain -> the dialogues to make of it."""

    rollbacks: int
    markov: bool
    plain_share: float
    has_editor: bool
    name: str = "ways back"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        chain: Chain = document.value
        if self.markov:
            yield document.part("edit", Planned(chain=chain, way=None))
        found = ways_back(chain, has_editor=self.has_editor)
        chosen = drawn(found, self.rollbacks, self.plain_share, document.chance("ways back"))
        for number, way in enumerate(chosen):
            yield document.part(f"rollback-{number}", Planned(chain=chain, way=way, target=way.target))


@dataclass(frozen=True, kw_only=True)
class MakeTargets:
    """Asks the editor for the single-turn edits that the data lacks (the slides' step 1)."""

    editor: PictureEditor | None
    name: str = "edits made where the data has none"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        planned: Planned = document.value
        if planned.way is None or planned.target is not None:
            yield document
            return
        assert self.editor is not None, "only an editor's edits are planned without a target"
        base = planned.chain.states[planned.way.base]
        seed = int(document.chance("editor").integers(2**31))
        editor, words = self.editor, planned.way.new
        pixels = painted(
            document,
            editor,
            lambda: editor.edit(base.pixels, words, seed=seed),
            "the editor made no picture",
        )
        target = Picture(_fitted(pixels, base.width_px, base.height_px))
        if np.array_equal(target.pixels, base.pixels):
            yield Drop(reason="the editor changed nothing", detail=planned.way.new[:200])
            return
        way = Planned(chain=planned.chain, way=planned.way, target=target)
        yield document.having(way, base.pixels, target.pixels)


@dataclass(frozen=True, kw_only=True)
class Tell:
    """Puts a planned dialogue into words."""

    source: str
    licence: str
    editor: str
    name: str = "told"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        planned: Planned = document.value
        facts = {"source": self.source, "licence": self.licence, "session": document.id}
        rng = document.chance("words")
        if planned.way is None:
            yield document.telling(edit_dialogue(planned.chain, rng, facts))
            return
        assert planned.target is not None
        if planned.way.made_by == "editor":
            facts["editor"] = self.editor
        yield document.telling(rollback_dialogue(planned.chain, planned.way, planned.target, rng, facts))


def _fitted(pixels: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """The editor's picture at its base's size, so that all pictures of a dialogue fit one another."""
    if pixels.shape[:2] == (height_px, width_px):
        return pixels
    shrinks = pixels.shape[0] > height_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(pixels, (width_px, height_px), interpolation=method)
