"""A conversation kept in a file of its own: saved, merged with what others saved there meanwhile, opened.

Knows files and conversations; what a file holds is `saved_conversation.py`'s business. Opening executes
nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from limner.dialogue.history import HistoryTree
from limner.dialogue.parts import Picture
from limner.inference.conversation import Conversation
from limner.inference.painter import Painter
from limner.inference.saved_conversation import (
    SavedConversation,
    conversation_bytes,
    read_saved,
    state_of_row,
)
from limner.whole_file import alone_with, write_whole


def save_conversation(conversation: Conversation, path: str | Path) -> Path:
    """Write every branch of the conversation; an existing file is replaced only once the new one is whole.

    Rounds that the file holds and this conversation does not (another process saved there meanwhile) are kept
    as further branches, in the file and in the conversation. ValueError when what is there is no conversation
    of these weights.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; a conversation is kept in a file.")
    with alone_with(path):
        _take_in(conversation, path)
        data = conversation_bytes(
            conversation.tree,
            conversation.states,
            fingerprint=conversation.painter.fingerprint,
            seed=conversation.seed,
            head=conversation.head,
            history=conversation.history,
        )
        write_whole(data, path)
        conversation.kept_as[path.resolve()] = _digest(data)
    return path


def open_conversation(path: str | Path, painter: Painter) -> Conversation:
    """See `limner.open_conversation`."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no conversation at {path}; give the file that it was saved to.")
    data = _read(path)
    conversation = conversation_of(read_saved(data, str(path), painter), str(path), painter)
    conversation.kept_as[path.resolve()] = _digest(data)
    return conversation


def conversation_of(saved: SavedConversation, where: str, painter: Painter) -> Conversation:
    """The conversation stored in a file; ValueError when a picture or a round does not match its id."""
    try:
        pictures = {digest: Picture.from_png(png) for digest, png in saved.pngs.items()}
        tree = HistoryTree.from_json(saved.tree, pictures)
        states = {
            node.id: state_of_row(saved.rounds[node.id], saved.tokens.get(node.id), painter) for node in tree
        }
        if saved.head is not None:
            tree.node(saved.head)
        return Conversation(
            painter, seed=saved.seed, tree=tree, states=states, head=saved.head, history=saved.history
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise ValueError(f"{where} is damaged: {reason}.") from error


def _take_in(conversation: Conversation, path: Path) -> None:
    """Let the conversation have the rounds of the file that it lacks."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    data = _read(path)
    if conversation.kept_as.get(path.resolve()) == _digest(data):
        return  # as it was left
    try:
        saved = read_saved(data, str(path), conversation.painter)
        other = conversation_of(saved, str(path), conversation.painter)
    except ValueError as error:
        raise ValueError(f"{str(error).rstrip('.')}. It is not replaced; save under another name.") from error
    for node in other.tree:
        id = conversation.tree.append(node.parent_id, node.round)
        conversation.states.setdefault(id, other.states[id])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}.") from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
