"""From a public data set's folder to a stored set of benchmark conversations, the same for equal seeds.

Knows the order of work and what is counted. Each data set's files are its own module's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from limner.benchmark.conversation import BenchConversation
from limner.benchmark.importers.rollbacks import conversations_of
from limner.benchmark.stored_set import StoredSet, write_set
from limner.builders.edits.reading import source_named
from limner.builders.edits.sessions import Dropped, Session, chain_of

# SEED-X's own format holds single edits: nothing to reach back to.
SOURCES: Final = ("magicbrush", "seed-edit")


def import_set(
    source: str,
    folder: Path,
    out: Path,
    *,
    num: int,
    per_session: int,
    seed: int,
    max_side_px: int,
    judged: bool,
) -> StoredSet:
    """Write up to `num` conversations of the data set in `folder` to `out`, `per_session` of each session.

    `judged` adds rounds that only a vision-language judge can score. A session's conversations follow from
    `seed` and its name, so that other sessions that come or go change the choice of families alone.
    ValueError when `folder` is no such data set, or makes no conversation.
    """
    if source not in SOURCES:
        raise ValueError(f"There is no importer {source!r}; choose one of {', '.join(SOURCES)}.")
    data_set = source_named(source)
    sessions = data_set.read(folder)
    first = next(sessions, None)  # a folder that is no such data set is told before anything is written
    found = _conversations(_again(first, sessions), num, per_session, seed, max_side_px, judged)
    facts = {
        "source": source,
        "licence": data_set.licence,
        "seed": seed,
        "per_session": per_session,
        "max_side_px": max_side_px,
        "judged": judged,
    }
    return write_set(out, found, facts)


def _again(first: Session | Dropped | None, rest: Iterator[Session | Dropped]) -> Iterator[Session | Dropped]:
    if first is not None:
        yield first
    yield from rest


def _conversations(
    sessions: Iterator[Session | Dropped],
    num: int,
    per_session: int,
    seed: int,
    max_side_px: int,
    judged: bool,
) -> Iterator[BenchConversation | Dropped]:
    used: dict[str, int] = {}
    made = 0
    for session in sessions:
        if isinstance(session, Dropped):
            yield session
            continue
        chain, dropped = chain_of(session, max_side_px)
        yield from dropped
        if chain is None:
            continue
        rng = np.random.default_rng(_seed_of(seed, session.name))
        try:
            conversations = conversations_of(
                chain, rng, num=min(per_session, num - made), used=used, judged=judged
            )
        except ValueError as error:
            yield Dropped(name=session.name, part="session", reason=str(error))
            continue
        yield from conversations
        made += len(conversations)
        if made >= num:
            return


def _seed_of(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8], "big")
