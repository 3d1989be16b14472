"""A conversation kept in a file of its own: saved, merged with what others saved there meanwhile, read again.

Knows files, trees and what is kept of rounds; what a file holds is `saved_conversation.py`'s business.
Reading executes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.dialogue.history import HistoryTree
from limner.dialogue.parts import Picture
from limner.inference.backend import Backend
from limner.inference.conversation_state import RoundState, check_settings
from limner.inference.saved_conversation import (
    SavedConversation,
    conversation_bytes,
    read_saved,
    state_of_row,
)
from limner.whole_file import alone_with, write_whole


def save_conversation(
    path: Path,
    painter: Backend,
    tree: HistoryTree,
    states: dict[str, RoundState],
    *,
    seed: int,
    head: str | None,
    history: str,
    kept_as: dict[Path, str],
) -> Path:
    """Write every branch of the conversation; an existing file is replaced only once the new one is whole.

    Rounds that the file holds and this conversation does not (another process saved there meanwhile) are kept
    as further branches, in the file and in `tree` and `states`. `kept_as` is told what was written.
    ValueError when what is there is no conversation of these weights.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder; a conversation is kept in a file.")
    with alone_with(path):
        _take_in(path, painter, tree, states, kept_as)
        data = conversation_bytes(
            tree, states, fingerprint=painter.fingerprint, seed=seed, head=head, history=history
        )
        write_whole(data, path)
        kept_as[path.resolve()] = _digest(data)
    return path


def read_conversation(
    path: Path, painter: Backend
) -> tuple[SavedConversation, HistoryTree, dict[str, RoundState], dict[Path, str]]:
    """What the file holds, its tree, what is kept of each round, and the file with its bytes' digest."""
    if not path.is_file():
        raise ValueError(f"There is no conversation at {path}; give the file that it was saved to.")
    data = _read(path)
    saved = read_saved(data, str(path), painter)
    tree, states = _rounds_of(saved, str(path), painter)
    return saved, tree, states, {path.resolve(): _digest(data)}


@contextmanager
def as_damaged(where: str) -> Iterator[None]:
    """What cannot be so in a file that was written whole is one sentence."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise ValueError(f"{where} is damaged: {reason}.") from error


def _rounds_of(
    saved: SavedConversation, where: str, painter: Backend
) -> tuple[HistoryTree, dict[str, RoundState]]:
    """The tree that a file holds; ValueError when a picture or a round is not what its id says."""
    with as_damaged(where):
        pictures = {digest: Picture.from_png(png) for digest, png in saved.pngs.items()}
        tree = HistoryTree.from_json(saved.tree, pictures)
        states = {
            node.id: state_of_row(saved.rounds[node.id], saved.tokens.get(node.id), painter) for node in tree
        }
        if saved.head is not None:
            tree.node(saved.head)
        check_settings(saved.seed, saved.history)
        return tree, states


def _take_in(
    path: Path,
    painter: Backend,
    tree: HistoryTree,
    states: dict[str, RoundState],
    kept_as: dict[Path, str],
) -> None:
    """Let the conversation have the rounds of the file that it lacks."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    data = _read(path)
    if kept_as.get(path.resolve()) == _digest(data):
        return  # as it was left
    try:
        saved = read_saved(data, str(path), painter)
        other, other_states = _rounds_of(saved, str(path), painter)
    except ValueError as error:
        raise ValueError(f"{str(error).rstrip('.')}. It is not replaced; save under another name.") from error
    for node in other:
        id = tree.append(node.parent_id, node.round)
        states.setdefault(id, other_states[id])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}.") from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
