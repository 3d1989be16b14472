"""What the store keeps, as plain values: conversations, rounds, files, enrolled people.

Knows fields, ids and their JSON. Knows nothing about SQL, disks, painters or how a round is computed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, TypeVar

from limner.dialogue.boxes import Box

# Who owns what is made without API keys: one person's own server, and the command line.
LOCAL_OWNER: Final = "local"
KINDS: Final = ("conv", "resp", "file", "person")
MAX_NAME_CHARACTERS: Final = 200

_ID: Final = re.compile(r"(conv|resp|file|person)_[0-9a-f]{32}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class NotThere(LookupError):  # noqa: N818  (said of what is not there)
    """The owner has no such thing: never made, another owner's, or deleted. The message is safe to show."""

    def __init__(self, what: str, id: object) -> None:
        super().__init__(f"There is no {what} {str(id)[:60]!r}; it was never made, or it was deleted.")
        self.what = what
        self.id = str(id)


@dataclass(frozen=True, kw_only=True)
class KeptState:
    """What later rounds need of a round besides its words and pictures; `tokens` is a blob's digest.

    `painter` is the fingerprint of the weights that the ids and tokens mean something to; `parent_node` is
    the history node that this round's own node id was hashed with.
    """

    parent_node: str | None
    response_ids: tuple[int, ...]
    num_tokens: int
    tokens: str | None
    encoded: bool
    painter: str


@dataclass(frozen=True, kw_only=True)
class StoredRound:
    """One round of an owner's conversation. Pictures are digests: SHA-256 of their PNG bytes.

    `parent` is the nearest earlier round that still exists, None for a first round. `depth` counts the rounds
    before it, `siblings` are all rounds with its parent (itself among them), oldest first, `number` orders an
    owner's rounds as they were kept; all are filled when it is read. `created` is what a clock said, and
    orders nothing. A round that was not kept has `kept` False and cannot be read again.

    `asked_with` is what whoever asked wants kept with the round, as JSON: how the answer is to be handed out.
    `piece_lengths` (of the answer's words, in characters, as they were written) and `num_previews` tell how
    it was told while it was computed. `region` is the part of the picture that the words point at.
    """

    id: str
    owner: str
    conversation: str | None
    parent: str | None
    node_id: str
    text_in: str
    pictures_in: tuple[str, ...]
    text_out: str
    picture: str | None
    seed: int
    seconds: float
    created: float
    state: KeptState
    sampling: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    status: str = "completed"
    asked_with: Mapping[str, Any] = field(default_factory=dict)
    piece_lengths: tuple[int, ...] = ()
    num_previews: int = 0
    region: Box | None = None
    kept: bool = True
    depth: int = 0
    siblings: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)

    @property
    def digests(self) -> tuple[str, ...]:
        """Every blob it needs: pictures given, picture painted, image tokens."""
        return tuple(
            dict.fromkeys(d for d in (*self.pictures_in, self.picture, self.state.tokens) if d is not None)
        )


@dataclass(frozen=True, kw_only=True)
class StoredConversation:
    """A conversation of an owner. `title` is the given one, else the beginning of its oldest round's words.

    `head` is its newest round, which a request that names only the conversation goes on from. `number` orders
    an owner's conversations as they were begun, whatever the clock said. `favourites` are ids of rounds whose
    pictures somebody likes, as they were chosen; rounds that are gone may be among them.
    """

    id: str
    owner: str
    title: str
    seed: int
    created: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    favourites: tuple[str, ...] = ()
    num_rounds: int = 0
    head: str | None = None
    last_picture: str | None = None
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """An uploaded file: its bytes are the blob `digest`, exactly as they were given. From the time `expires`
    on (seconds since 1970; None: never) it is as if it had been deleted.
    """

    id: str
    owner: str
    name: str
    purpose: str
    digest: str
    num_bytes: int
    created: float
    expires: float | None = None
    number: int = field(default=0, compare=False)

    @property
    def digests(self) -> tuple[str, ...]:
        return (self.digest,)


@dataclass(frozen=True, kw_only=True)
class StoredPerson:
    """A real person's face, entered by an explicit act: `note` says who consented to what.

    `file` is the digest of the file it came from, `picture` that of its pixels as PNG, without metadata.
    """

    id: str
    owner: str
    name: str
    picture: str
    file: str
    note: str
    created: float
    number: int = field(default=0, compare=False)

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.picture, self.file)))


Stored = StoredRound | StoredConversation | StoredFile | StoredPerson
Record = TypeVar("Record", StoredRound, StoredConversation, StoredFile, StoredPerson)

# Filled by the store when it reads; never part of a row.
_DERIVED: Final = {
    StoredRound: ("kept", "depth", "siblings", "number"),
    StoredConversation: ("num_rounds", "head", "last_picture", "number"),
    StoredFile: ("number",),
    StoredPerson: ("number",),
}
# Came with later versions of the store; a row that lacks one means its default.
_LATER: Final[Mapping[type, Mapping[str, Any]]] = {
    StoredRound: {"asked_with": {}, "piece_lengths": (), "num_previews": 0, "region": None},
    StoredConversation: {"favourites": ()},
    StoredFile: {"expires": None},
}


def new_id(kind: str) -> str:
    """A fresh id that cannot be guessed: "conv_", "resp_", "file_" or "person_" and 32 hex digits."""
    assert kind in KINDS
    return f"{kind}_{secrets.token_hex(16)}"


def is_id(text: object, kind: str) -> bool:
    """Whether this can be an id of that kind; anything else must not come near a path."""
    return isinstance(text, str) and text.startswith(f"{kind}_") and _ID.fullmatch(text) is not None


def is_digest(text: object) -> bool:
    """Whether this can be a blob's digest: 64 lower-case hex digits."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def to_row(record: Stored) -> dict[str, Any]:
    """The record as JSON values, without what is derived."""
    row = asdict(record)
    for name in _DERIVED[type(record)]:
        del row[name]
    for name, default in _LATER.get(type(record), {}).items():
        if row[name] == default:
            del row[name]
    return row


def from_row(kind: type[Record], row: Mapping[str, Any]) -> Record:
    """The inverse of `to_row`; ValueError when a field is missing or unknown."""
    known = {f.name for f in fields(kind)} - set(_DERIVED[kind])
    values = {**_LATER.get(kind, {}), **row}
    if set(values) != known:
        raise ValueError(f"a row of the store has the fields {sorted(values)}, not {sorted(known)}")
    if kind is StoredRound:
        state = dict(values["state"])
        values["state"] = KeptState(**{**state, "response_ids": tuple(state["response_ids"])})
        values["pictures_in"] = tuple(values["pictures_in"])
        values["piece_lengths"] = tuple(values["piece_lengths"])
        values["region"] = None if values["region"] is None else tuple(values["region"])
    if kind is StoredConversation:
        values["favourites"] = tuple(values["favourites"])
    return kind(**values)


class Damaged(ValueError):  # noqa: N818
    """The content of a store or file does not match its digest. The message is safe to show."""


class StoreFailed(OSError):  # noqa: N818
    """The store itself failed: one sentence, nothing half-written. What failed in the system is its cause."""


class StoreFull(StoreFailed):
    """There is no room on the store's disk. Reading works, and so does deleting."""


class StoreBusy(StoreFailed):
    """Another process has held the write lock for longer than the store waits; try again."""


class StoreReadOnly(StoreFailed):
    """Nothing can be written to this store: it was opened to be read, or its disk cannot be written to."""
