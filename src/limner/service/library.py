"""The library: what an owner has kept, to be looked at, renamed, exchanged and forgotten.

Knows conversations, files and enrolled people, and how deletion reaches memory. Asks no painter for anything
new: that is the service's business.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from limner.dialogue.boxes import Box
from limner.dialogue.known_names import name_key
from limner.dialogue.parts import Picture
from limner.inference.conversation import Conversation
from limner.inference.painter import Painter
from limner.service.import_export import export_conversation, import_conversation
from limner.service.round_cache import RoundCache
from limner.service.traces import Traces
from limner.store.blobs import digest_of
from limner.store.queries import MAX_TITLE_CHARACTERS
from limner.store.records import (
    MAX_NAME_CHARACTERS,
    NotThere,
    StoredConversation,
    StoredFile,
    StoredPerson,
    StoredRound,
    is_digest,
    is_id,
    new_id,
)
from limner.store.store import Store


@dataclass(frozen=True, kw_only=True, eq=False)
class PersonSeen:
    """A person named in a conversation. `source` is "painted", "enrolled", or "named" while there is no face.

    `round` is where the name first came up, `box` (x0, y0, x1, y1) in [0, 1] the face in its picture.
    """

    name: str
    said: str
    round: str
    box: Box | None
    face: Image.Image | None
    source: str


class Library:
    """Everything of many owners that a store keeps. Safe for several threads. Errors as the store's."""

    def __init__(self, painter: Painter, store: Store) -> None:
        self.painter = painter
        self.store = store
        self._round_cache = RoundCache(painter, store)
        self._traces = Traces(painter)
        self._secret = secrets.token_bytes(32)
        self._newest_grave = store.gone_since(0)[1]

    # Conversations

    def new_conversation(
        self,
        owner: str,
        *,
        title: str = "",
        seed: int | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredConversation:
        """A conversation without rounds; by default its seed is drawn by chance."""
        made = begun_conversation(owner, title=_title(title), seed=seed, metadata=metadata)
        return self.store.add_conversation(made)

    def conversation(self, owner: str, id: str) -> StoredConversation:
        """One conversation."""
        return self.store.conversation(owner, id)

    def conversations(
        self, owner: str, *, limit: int = 20, after: str | None = None
    ) -> list[StoredConversation]:
        """At most `limit` conversations, newest first, from the one after `after` on."""
        return self.store.conversations(owner, limit=limit, after=after)

    def find(self, owner: str, query: str, limit: int = 50) -> list[StoredConversation]:
        """Conversations in whose title or rounds every word of `query` stands, newest first."""
        return self.store.finder.conversations(owner, query, limit)

    def pictures(
        self, owner: str, *, limit: int = 50, after: str | None = None, favourites: bool = False
    ) -> list[StoredRound]:
        """Rounds of all conversations that painted something, newest first, from the one after `after` on."""
        return self.store.finder.pictures(owner, limit=limit, after=after, favourites=favourites)

    def favour(self, owner: str, id: str, *, liked: bool) -> StoredConversation:
        """Count the picture of the round `id` among the favourites, or no longer; its conversation.
        ValueError for a round without a picture.
        """
        round_ = self.store.round(owner, id)
        if round_.picture is None:
            raise ValueError("This round painted no picture that could be a favourite.")

        def changed(before: tuple[str, ...]) -> tuple[str, ...]:
            return (*(one for one in before if one != id), *((id,) if liked else ()))

        return self.store.change_conversation(owner, round_.conversation or "", favourites=changed)

    def round_of_node(self, owner: str, node_id: str) -> StoredRound | None:
        """The newest round that is a history node, as a picture's file names it; None when there is none."""
        return self.store.finder.node(owner, node_id)

    def rename(
        self, owner: str, id: str, title: str | None = None, *, metadata: Mapping[str, str] | None = None
    ) -> StoredConversation:
        """Another title, or other metadata; what is None stays, and "" lets the first words be the title."""
        given = None if title is None else _title(title)
        return self.store.change_conversation(owner, id, title=given, metadata=metadata)

    def tree(self, owner: str, conversation: str) -> list[StoredRound]:
        """Every round of every branch, parents before children, oldest first."""
        return self.store.tree(owner, conversation)

    def is_end(self, owner: str, id: str) -> bool:
        """Whether no other round follows this one."""
        round_ = self.store.round(owner, id)
        return not self.store.children(owner, round_.conversation or "", id)

    def read_at(self, owner: str, id: str, text: str = "") -> list[StoredRound]:
        """The rounds that the model would read if `text` were said after the round `id`, in order: all,
        unless they no longer fit its context (`context_selection.py`). `text` may point at rounds that would
        else be left out.
        """
        path = self.store.path(owner, id)
        talk = self._talk(self.store.conversation(owner, path[-1].conversation or ""), path)
        return [path[index] for index in talk.still_read(text)]

    def people(self, owner: str, id: str) -> list[PersonSeen]:
        """Everybody named up to the round `id`, or the newest round of a conversation, in order of naming."""
        if is_id(id, "conv"):
            of = self.store.conversation(owner, id)
            path = self.store.path(owner, of.head)
        else:
            path = self.store.path(owner, id)
            of = self.store.conversation(owner, path[-1].conversation or "")
        talk = self._talk(of, path)
        enrolled = {name_key(person.name): person for person in self.people_enrolled(owner)}
        found = []
        for sighting in talk.people.values():
            known = enrolled.get(name_key(sighting.name))
            face = sighting.face
            if face is None and known is not None:
                face = self.picture(owner, known.picture).to_pil()
            source = "painted" if sighting.face is not None else "enrolled" if known is not None else "named"
            found.append(
                PersonSeen(
                    name=sighting.name,
                    said=sighting.said,
                    round=path[sighting.round_index].id,
                    box=sighting.box,
                    face=face,
                    source=source,
                )
            )
        return found

    def picture(self, owner: str, id: str) -> Picture:
        """A picture by its digest, or the painted one of a round."""
        digest = id if is_digest(id) else self.store.round(owner, id).picture
        if digest is None:
            raise NotThere("picture of the round", id)
        return Picture.from_png(self.png(owner, digest))

    def png(self, owner: str, digest: str) -> bytes:
        """A picture's PNG bytes as they were kept."""
        return self.store.blob(owner, digest)

    # Files and enrolled people

    def add_file(
        self,
        owner: str,
        *,
        name: str,
        data: bytes,
        purpose: str = "vision",
        expires_after_s: float | None = None,
    ) -> StoredFile:
        """Keep an uploaded file, byte for byte; not for longer than `expires_after_s`."""
        created = time.time()
        made = StoredFile(
            id=new_id("file"),
            owner=owner,
            name=name[:MAX_NAME_CHARACTERS],
            purpose=purpose[:MAX_NAME_CHARACTERS],
            digest=digest_of(data),
            num_bytes=len(data),
            created=created,
            expires=None if expires_after_s is None else created + expires_after_s,
        )
        return self.store.add_own(made, [data])

    def get_file(self, owner: str, id: str) -> StoredFile:
        """What is known of a file; one that has expired is deleted now, and `NotThere`."""
        found = self.store.own(StoredFile, owner, id)
        if found.expires is not None and found.expires <= time.time():
            self.delete_file(owner, id)
            raise NotThere("file", id)
        return found

    def file_bytes(self, owner: str, id: str) -> bytes:
        """A file's bytes."""
        return self.store.blob(owner, self.get_file(owner, id).digest)

    def list_files(self, owner: str) -> list[StoredFile]:
        """Every file, oldest first; those that have expired are deleted now."""
        now, kept = time.time(), []
        for file in self.store.all_own(StoredFile, owner):
            if file.expires is None or file.expires > now:
                kept.append(file)
                continue
            with contextlib.suppress(NotThere):  # another process was faster
                self.delete_file(owner, file.id)
        return kept

    def delete_file(self, owner: str, id: str) -> None:
        """Forget a file."""
        self.store.delete_own(StoredFile, owner, id)
        self._follow_deletions()

    def enroll(
        self, owner: str, *, name: str, file_id: str, consent: bool = False, note: str = ""
    ) -> StoredPerson:
        """Enter a real person's face from an uploaded file, as an explicit act: `consent` must be True, and
        `note` says who agreed to what.
        """
        if consent is not True:
            raise ValueError("A real face enters only with consent=True: ask the person first.")
        name, note = " ".join(name.split()), note.strip()
        if not 0 < len(name) <= MAX_NAME_CHARACTERS:
            raise ValueError(f"A person's name has 1 to {MAX_NAME_CHARACTERS} characters, not {len(name)}.")
        if not 0 < len(note) <= 2000:
            raise ValueError("Say in note, in 1 to 2,000 characters, who agreed to what.")
        file = self.get_file(owner, file_id)
        data = self.store.blob(owner, file.digest)
        png = Picture.from_bytes(data).to_png()
        made = StoredPerson(
            id=new_id("person"),
            owner=owner,
            name=name,
            picture=digest_of(png),
            file=file.digest,
            note=note,
            created=time.time(),
        )
        return self.store.add_own(made, [png, data])

    def people_enrolled(self, owner: str) -> list[StoredPerson]:
        """Every enrolled person, oldest first."""
        return self.store.all_own(StoredPerson, owner)

    def person(self, owner: str, id: str) -> StoredPerson:
        """One enrolled person; `picture(owner, person.picture)` is the face."""
        return self.store.own(StoredPerson, owner, id)

    def unenroll(self, owner: str, id: str) -> list[str]:
        """Forget a person: the face, the file it came from, and every round that was given this picture, with
        all rounds after it, since they were painted from it. The ids of those rounds.
        """
        rounds = self.store.delete_person(owner, id)
        self._follow_deletions()
        return rounds

    # Import and export

    def export(self, owner: str, conversation: str) -> bytes:
        """A conversation with all branches as one file, which `limner.open_conversation` opens too."""
        return export_conversation(self.store, owner, conversation)

    def import_(
        self, owner: str, data: bytes, *, decode: Callable[[bytes], Picture] = Picture.from_png
    ) -> StoredConversation:
        """A conversation from the bytes of such a file, under new ids; all of it or nothing. `decode` makes
        pictures of untrusted bytes.
        """
        return import_conversation(self.store, owner, data, self.painter, decode=decode)

    # What stands behind

    def _talk(self, of: StoredConversation, path: Sequence[StoredRound]) -> Conversation:
        # Nobody can guess it, so nobody can find out what somebody else's prefixes hold.
        salt = hmac.new(self._secret, of.owner.encode(), hashlib.sha256).hexdigest()
        return self._round_cache.conversation(of, path, salt=salt)

    def _follow_deletions(self) -> None:
        """Let memory follow what any process has deleted from this store."""
        gone, self._newest_grave = self.store.gone_since(self._newest_grave)
        self._round_cache.forget([id for id, _ in gone])
        for conversation in {conversation for _, conversation in gone if conversation is not None}:
            self._traces.forget(conversation)


def begun_conversation(
    owner: str, *, title: str = "", seed: int | None = None, metadata: Mapping[str, str] | None = None
) -> StoredConversation:
    """A new conversation, not kept yet; by default its seed is drawn by chance."""
    if seed is not None and not 0 <= seed < 2**63:
        raise ValueError(f"A conversation's seed is a whole number from 0 to 2**63 - 1, not {seed}.")
    return StoredConversation(
        id=new_id("conv"),
        owner=owner,
        title=title,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        created=time.time(),
        metadata=dict(metadata or {}),
    )


def _title(title: str) -> str:
    title = " ".join(title.split())
    if len(title) > MAX_TITLE_CHARACTERS:
        raise ValueError(f"A title has at most {MAX_TITLE_CHARACTERS} characters, not {len(title)}.")
    return title
