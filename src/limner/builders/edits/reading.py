"""The public data sets of edits by name: how sessions are listed, and how a session's pictures are found.

Listing reads words only, so that a long set is listed in seconds and its pictures are read where the work is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from limner.builders.edits import magicbrush, seed_edit, seed_x
from limner.builders.edits.sessions import Dropped, Session, Step


@dataclass(frozen=True, kw_only=True)
class EditSource:
    """A data set's reader.

    Args:
        list_sessions: folder -> sessions without pictures, or what cannot be used and why.
        locate: (session, folder, further image roots) -> the session with its pictures.
        licence: of the pictures.
    """

    list_sessions: Callable[[Path], Iterator[Session | Dropped]]
    locate: Callable[[Session, Path, Sequence[Path]], Session]
    licence: str

    def read(self, folder: Path, images: Sequence[Path] = ()) -> Iterator[Session | Dropped]:
        """All sessions with their pictures, one at a time."""
        for session in self.list_sessions(folder):
            yield session if isinstance(session, Dropped) else self.locate(session, folder, images)


SOURCES: Final[Mapping[str, EditSource]] = {
    "seed-edit": EditSource(
        list_sessions=seed_edit.list_seed_edit,
        locate=seed_edit.locate_seed_edit,
        licence=seed_edit.LICENCE,
    ),
    "magicbrush": EditSource(
        list_sessions=magicbrush.list_magicbrush,
        locate=magicbrush.locate_magicbrush,
        licence=magicbrush.LICENCE,
    ),
    "seed-x": EditSource(
        list_sessions=seed_x.list_seed_x, locate=seed_x.locate_seed_x, licence=seed_x.LICENCE
    ),
}


def source_named(name: str) -> EditSource:
    """ValueError lists the names there are."""
    if name not in SOURCES:
        raise ValueError(f"There is no importer {name!r}; choose one of {', '.join(SOURCES)}.")
    return SOURCES[name]


def to_json(session: Session | Dropped) -> dict[str, Any]:
    """A listed session (without pictures) as plain values."""
    if isinstance(session, Dropped):
        return {"name": session.name, "part": session.part, "reason": session.reason}
    assert not session.pictures
    return {
        "name": session.name,
        "place": session.place,
        "steps": [asdict(step) for step in session.steps],
        "returns": [asdict(step) for step in session.returns],
    }


def from_json(told: Mapping[str, Any]) -> Session | Dropped:
    """The inverse of `to_json`."""
    if "reason" in told:
        return Dropped(**told)
    return Session(
        name=told["name"],
        place=told["place"],
        steps=tuple(Step(**step) for step in told["steps"]),
        returns=tuple(Step(**step) for step in told["returns"]),
    )
