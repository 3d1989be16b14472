"""Conversations of the store as files, out of it and into it: the very file that `Conversation.save` writes.

So `limner say --conversation FILE` and `limner.open_conversation` go on with an exported one. A file comes
into the store whole or not at all, and its bytes need not be trusted: the tree is read first, and what nobody
needs or nobody can have said is refused before a picture is decoded. Pictures are then decoded one by one,
and their pixels are held one at a time. Knows rows and blobs on one side, the file's content and a history
tree on the other; how untrusted bytes become pixels safely is its caller's choice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from limner.dialogue.boxes import Box, checked_region
from limner.dialogue.history import HistoryTree, node_id_of_json
from limner.dialogue.parts import MAX_PIXELS, MIN_SIDE_PX, Instruction, Picture
from limner.inference.conversation_state import RoundState
from limner.inference.painter import Painter
from limner.inference.saved_conversation import (
    SavedConversation,
    conversation_bytes,
    read_saved,
    state_of_row,
)
from limner.inference.saying import MAX_IMAGES, MAX_TEXT_CHARACTERS
from limner.service.round_cache import content_of, state_of, tokens_bytes
from limner.store.blobs import digest_of
from limner.store.queries import MAX_TITLE_CHARACTERS
from limner.store.records import KeptState, NotThere, StoredConversation, StoredRound, new_id
from limner.store.store import Store

MAX_IMPORTED_ROUNDS: Final = 2000
# Of all pictures together: 1,500 painted ones of 256 px a side, or 8 photos of 12 megapixels.
MAX_IMPORTED_PIXELS: Final = 100_000_000
_HEAD: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BLANK: Final = Picture(np.zeros((MIN_SIDE_PX, MIN_SIDE_PX, 3), np.uint8))

Decode = Callable[[bytes], Picture]


def export_conversation(store: Store, owner: str, id: str) -> bytes:
    """A conversation's file: every branch with pictures and image tokens. NotThere where there is no such
    conversation, ValueError when it has no rounds yet.

    Rounds that are equal in all they show and come after the same one become one.
    """
    conversation, stored = store.conversation(owner, id), store.tree(owner, id)
    painters = {round_.state.painter for round_ in stored}
    if len(painters) != 1:
        what = "no rounds yet" if not stored else "rounds of several models"
        raise ValueError(f"The conversation {id} has {what}; such a one cannot be exported.")
    tree = HistoryTree()
    states: dict[str, RoundState] = {}
    nodes: dict[str | None, str | None] = {None: None}
    for round_ in stored:
        try:
            content, state = content_of(store, round_), state_of(store, round_)
        except NotThere:
            raise NotThere("round", round_.id) from None  # deleted meanwhile
        # After a deletion a round follows an earlier one, and is another node than it was.
        node_id = tree.append(nodes[round_.parent], content)
        states.setdefault(node_id, state)
        nodes[round_.id] = node_id
    return conversation_bytes(
        tree,
        states,
        fingerprint=painters.pop(),
        seed=conversation.seed,
        head=nodes[conversation.head],
        title=conversation.title,
    )


def import_conversation(
    store: Store, owner: str, data: bytes, painter: Painter, *, decode: Decode = Picture.from_png
) -> StoredConversation:
    """Store an exported conversation under new ids; ValueError says what is wrong with the file.

    `decode` makes a picture of PNG bytes, such as in a process with bounds of its own; ValueError when it
    cannot.
    """
    saved = read_saved(data, "The file", painter)
    if not 0 < len(saved.nodes) <= MAX_IMPORTED_ROUNDS:
        raise ValueError(
            f"The file holds {len(saved.nodes)} rounds; 1 to {MAX_IMPORTED_ROUNDS} can be imported."
        )
    try:
        nodes = _checked_nodes(saved)
        states = {id: _state(saved, node, painter) for id, node in nodes.items()}
    except (KeyError, TypeError, AttributeError, OverflowError):
        raise ValueError("The file is damaged: a round of it is malformed.") from None
    except ValueError as error:
        raise ValueError(f"The file is damaged: {str(error).rstrip('.')}.") from None
    _check_sizes(saved.pngs)
    pngs = {digest: _decoded(digest, png, decode) for digest, png in saved.pngs.items()}
    made = StoredConversation(
        id=new_id("conv"),
        owner=owner,
        title=" ".join(saved.title.split())[:MAX_TITLE_CHARACTERS],
        seed=saved.seed,
        created=time.time(),
    )
    blobs = {digest_of(png): png for png in pngs.values()}
    ids = {id: new_id("resp") for id in nodes}
    rounds = []
    for id, node in nodes.items():
        tokens_KD = states[id].image_tokens_KD
        tokens = None if tokens_KD is None else tokens_bytes(tokens_KD)
        if tokens is not None:
            blobs[digest_of(tokens)] = tokens
        row = _row(node, states[id], pngs, painter, tokens)
        rounds.append(
            replace(row, id=ids[id], owner=owner, conversation=made.id, parent=ids.get(node["parent_id"]))
        )
    store.add_rounds(rounds, blobs.values(), new_conversation=made)
    return store.conversation(owner, made.id)


def _checked_nodes(saved: SavedConversation) -> dict[str, Mapping[str, Any]]:
    """The nodes by id, parents first, and last the one where the conversation stands, for a stored one stands
    at its newest round. ValueError, KeyError or TypeError where one is not what its id says.
    """
    nodes: dict[str, Mapping[str, Any]] = {}
    for node in saved.nodes:
        words = (node["instruction"]["text"], node["response"]["text"])
        for text in words:
            text.encode()
        given = node["instruction"]["pictures"]
        if len(words[0]) > MAX_TEXT_CHARACTERS or len(given) > MAX_IMAGES:
            raise ValueError(
                f"it holds a round of more than {MAX_TEXT_CHARACTERS} characters or {MAX_IMAGES} pictures"
            )
        parent, id = node["parent_id"], node["id"]
        if parent is not None and parent not in nodes:
            raise ValueError("it holds a round that follows none of its rounds")
        if id in nodes or node["depends_on"] != [] or node_id_of_json(parent, node) != id:
            raise ValueError(f"node {str(id)[:12]} is not what its id says; the history was altered")
        nodes[id] = node
    if saved.head is not None and saved.head not in nodes:
        raise ValueError("it stands at a round that is none of its rounds")
    if saved.head is not None and all(node["parent_id"] != saved.head for node in nodes.values()):
        nodes[saved.head] = nodes.pop(saved.head)
    return nodes


def _state(saved: SavedConversation, node: Mapping[str, Any], painter: Painter) -> RoundState:
    if (node["response"]["picture"] is None) != (node["id"] not in saved.tokens):
        raise ValueError("it holds a round with a picture but no image tokens, or the reverse")
    return state_of_row(saved.rounds[node["id"]], saved.tokens.get(node["id"]), painter)


def _check_sizes(pngs: Mapping[str, bytes]) -> None:
    """By what their headers say, which no decoder exceeds."""
    num_pixels = 0
    for digest, png in pngs.items():
        if not png.startswith(_HEAD) or len(png) < 24 or not _DIGEST.fullmatch(digest):
            raise ValueError("The file is damaged: it holds a picture that is no PNG.")
        size = int.from_bytes(png[16:20], "big") * int.from_bytes(png[20:24], "big")
        if size > MAX_PIXELS:
            raise ValueError(
                f"The file holds a picture of {size / 1e6:.0f} megapixels, more than the "
                f"{MAX_PIXELS // 1_000_000} allowed."
            )
        num_pixels += size
    if num_pixels > MAX_IMPORTED_PIXELS:
        raise ValueError(
            f"The file's pictures have {num_pixels / 1e6:.0f} megapixels in all, more than the "
            f"{MAX_IMPORTED_PIXELS // 1_000_000} that can be imported."
        )


def _decoded(digest: str, png: bytes, decode: Decode) -> bytes:
    """A picture's PNG bytes as we write them."""
    try:
        picture = decode(png)
    except ValueError:
        raise ValueError(f"The file is damaged: its picture {digest[:12]} cannot be read.") from None
    if picture.digest != digest:
        raise ValueError(f"The file is damaged: its picture {digest[:12]} is not what its digest says.")
    return picture.to_png()


def _row(
    node: Mapping[str, Any],
    state: RoundState,
    pngs: Mapping[str, bytes],
    painter: Painter,
    tokens: bytes | None,
) -> StoredRound:
    """A round's row, its ids yet to be filled in."""
    painted = node["response"]["picture"]
    return StoredRound(
        id="",
        owner="",
        conversation=None,
        parent=None,
        node_id=node["id"],
        text_in=node["instruction"]["text"],
        pictures_in=tuple(digest_of(pngs[digest]) for digest in node["instruction"]["pictures"]),
        region=_region(node),
        text_out=node["response"]["text"],
        picture=None if painted is None else digest_of(pngs[painted]),
        seed=state.seed,
        seconds=state.seconds,
        created=time.time(),
        state=KeptState(
            parent_node=node["parent_id"],
            response_ids=state.response_ids,
            num_tokens=_num_tokens(node, state, pngs, painter),
            tokens=None if tokens is None else digest_of(tokens),
            encoded=state.encoded,
            painter=painter.fingerprint,
        ),
    )


def _region(node: Mapping[str, Any]) -> Box | None:
    region = node["instruction"].get("region")
    return None if region is None else checked_region(region)


def _num_tokens(
    node: Mapping[str, Any], state: RoundState, pngs: Mapping[str, bytes], painter: Painter
) -> int:
    """How long a round is gets counted anew, not believed; ValueError when the model cannot read it."""
    # Only where pictures enter as crops does their size matter.
    pictures = [
        Picture.from_png(pngs[digest]) if painter.reads_crops else _BLANK
        for digest in node["instruction"]["pictures"]
    ]
    instruction = Instruction(
        text=node["instruction"]["text"], pictures=tuple(pictures), region=_region(node)
    )
    num = painter.count(instruction) + len(state.response_ids) + 1
    if node["response"]["picture"] is not None:
        num += painter.tokens_per_picture + painter.closing_tokens
    if num > painter.context_tokens:
        raise ValueError(f"The file holds a round of {num} tokens, more than the model reads.")
    return num
