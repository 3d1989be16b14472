"""Rounds between the store and the model: as rows and blobs, and as what a conversation is made of.

Knows both shapes and remembers those read lately, within a budget. Knows nothing about who asks for what.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from limner.dialogue.history import HistoryTree
from limner.dialogue.packed_picture import PackedPicture, packed
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.inference.conversation import Conversation
from limner.inference.conversation_state import RoundState
from limner.inference.painter import Painter
from limner.inference.sampling import Sampling
from limner.store.blobs import digest_of
from limner.store.records import Damaged, KeptState, StoredConversation, StoredRound
from limner.store.store import Store

REMEMBERED_BYTES = 32 * 2**20  # some 400 painted rounds, their pictures packed


class RoundCache:
    """Reads rounds of a store for one painter and holds those read lately. Safe for several threads."""

    def __init__(self, painter: Painter, store: Store) -> None:
        self._painter = painter
        self._store = store
        self._held: OrderedDict[str, tuple[Round, RoundState]] = OrderedDict()
        self._num_bytes = 0
        self._lock = threading.Lock()

    def conversation(
        self, of: StoredConversation, path: Sequence[StoredRound], *, salt: str = ""
    ) -> Conversation:
        """The conversation that ends with the last round of `path`; ValueError under other weights."""
        tree = HistoryTree()
        states: dict[str, RoundState] = {}
        head: str | None = None
        for stored in path:
            round_, state = self.read(stored)
            head = tree.append(head, round_)
            states[head] = state
        return Conversation(self._painter, seed=of.seed, tree=tree, states=states, head=head, salt=salt)

    def read(self, stored: StoredRound) -> tuple[Round, RoundState]:
        """A round's content and state."""
        if stored.state.painter != self._painter.fingerprint:
            raise ValueError(
                f"The round {stored.id} was painted with other weights; serve those, or begin a new "
                "conversation."
            )
        with self._lock:
            held = self._held.get(stored.id)
            if held is not None:
                self._held.move_to_end(stored.id)
                return held
        round_ = content_of(self._store, stored)
        state = state_of(self._store, stored)
        if state.image_tokens_KD is not None:
            state = replace(state, image_tokens_KD=self._painter.as_computed(state.image_tokens_KD))
        self._hold(stored, round_, state)
        return round_, state

    def remember(
        self, stored: StoredRound, round_: Round, state: RoundState, blobs: Mapping[str, bytes]
    ) -> None:
        """Hold a round, `blobs` being what it needs; the least used leave when there are too many."""
        digests = (*stored.pictures_in, *filter(None, [stored.picture]))
        self._hold(stored, packed(round_, [blobs[digest] for digest in digests]), state)

    def _hold(self, stored: StoredRound, round_: Round, state: RoundState) -> None:
        with self._lock:
            if stored.id in self._held:
                return
            self._held[stored.id] = (round_, state)
            self._num_bytes += _num_bytes(round_, state)
            while self._num_bytes > REMEMBERED_BYTES:
                _, held = self._held.popitem(last=False)
                self._num_bytes -= _num_bytes(*held)

    def forget(self, ids: Iterable[str]) -> None:
        """Hold these rounds no longer."""
        with self._lock:
            for id in ids:
                held = self._held.pop(id, None)
                if held is not None:
                    self._num_bytes -= _num_bytes(*held)


def content_of(store: Store, stored: StoredRound) -> Round:
    """A round's words and pictures, which are checked and then held packed."""

    def picture(digest: str) -> Picture:
        png = store.blob(stored.owner, digest)
        return PackedPicture(Picture.from_png(png), png)

    return Round(
        instruction=Instruction(
            text=stored.text_in, pictures=tuple(map(picture, stored.pictures_in)), region=stored.region
        ),
        response=Response(
            text=stored.text_out, picture=None if stored.picture is None else picture(stored.picture)
        ),
    )


def state_of(store: Store, stored: StoredRound) -> RoundState:
    """What later rounds read of a round, its tokens as they were kept."""
    kept, tokens_KD = stored.state, None
    if kept.tokens is not None:
        tokens_KD = tokens_from(store.blob(stored.owner, kept.tokens))
    return RoundState(
        response_ids=kept.response_ids,
        image_tokens_KD=tokens_KD,
        num_tokens=kept.num_tokens,
        seed=stored.seed,
        seconds=stored.seconds,
        encoded=kept.encoded,
    )


def as_stored(
    conversation: Conversation,
    node_id: str,
    *,
    id: str,
    owner: str,
    of: str | None,
    parent: str | None,
    created: float,
    sampling: Sampling | None = None,
    metadata: Mapping[str, str] | None = None,
    asked_with: Mapping[str, Any] | None = None,
    piece_lengths: tuple[int, ...] = (),
    num_previews: int = 0,
) -> tuple[StoredRound, dict[str, bytes]]:
    """A round of a conversation as a row, and the blobs that the row needs, by digest."""
    node, state = conversation.tree.node(node_id), conversation.states[node_id]
    given = [picture.to_png() for picture in node.round.instruction.pictures]
    painted = None if node.round.response.picture is None else node.round.response.picture.to_png()
    tokens = None if state.image_tokens_KD is None else tokens_bytes(state.image_tokens_KD)
    stored = StoredRound(
        id=id,
        owner=owner,
        conversation=of,
        parent=parent,
        node_id=node_id,
        text_in=node.round.instruction.text,
        pictures_in=tuple(digest_of(png) for png in given),
        text_out=node.round.response.text,
        picture=None if painted is None else digest_of(painted),
        seed=state.seed,
        seconds=state.seconds,
        created=created,
        state=KeptState(
            parent_node=node.parent_id,
            response_ids=state.response_ids,
            num_tokens=state.num_tokens,
            tokens=None if tokens is None else digest_of(tokens),
            encoded=state.encoded,
            painter=conversation.painter.fingerprint,
        ),
        sampling={} if sampling is None else asdict(sampling),
        metadata=dict(metadata or {}),
        asked_with=dict(asked_with or {}),
        piece_lengths=piece_lengths,
        num_previews=num_previews,
        region=node.round.instruction.region,
    )
    return stored, {digest_of(blob): blob for blob in (*given, painted, tokens) if blob is not None}


def tokens_bytes(tokens_KD: Tensor) -> bytes:
    """Image tokens as safetensors bytes."""
    return save({"tokens": tokens_KD.contiguous().cpu()})


def tokens_from(data: bytes) -> Tensor:
    """The inverse of `tokens_bytes`; `Damaged` for anything else."""
    try:
        tokens_KD = load(data)["tokens"]
    except (SafetensorError, KeyError) as error:
        raise Damaged("The store's image tokens are damaged; restore the store from a backup.") from error
    if not torch.isfinite(tokens_KD.float()).all():
        raise Damaged("The store's image tokens hold numbers that are not finite.")
    return tokens_KD


def _num_bytes(round_: Round, state: RoundState) -> int:
    tokens_KD = state.image_tokens_KD
    num_bytes = 0 if tokens_KD is None else tokens_KD.numel() * tokens_KD.element_size()
    pictures = (picture for picture in round_.pictures if isinstance(picture, PackedPicture))
    return 4096 + num_bytes + sum(picture.num_bytes for picture in pictures)
