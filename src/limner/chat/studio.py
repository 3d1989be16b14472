"""The studio: what a server talks to. It asks the painter for rounds and keeps them in the vault.

Knows owners, ids, the order "compute, make durable, then tell", and how deletion reaches memory. Knows
nothing about HTTP. How a round is computed is the engine's business, what is on disk the vault's.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image

from limner.chat.conversation import Conversation, as_pictures, checked_text
from limner.chat.events import Begun, Cancelled, Failed, Wrote
from limner.chat.generation import Sampling
from limner.chat.painter import Painter
from limner.chat.records import (
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
from limner.chat.shelf import Shelf, as_stored
from limner.chat.studio_round import Answered, CancelledRound, StudioEvent, StudioRound
from limner.chat.vault import Vault
from limner.chat.vault_rows import MAX_TITLE_CHARACTERS
from limner.dialogue.parts import Box, Picture, Round

__all__ = ["Answered", "CancelledRound", "PersonSeen", "Studio", "StudioEvent", "StudioRound"]

MAX_PREVIEWS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class PersonSeen:
    """Somebody named in a conversation. `source` is "painted", "enrolled", or "named" while there is no face.

    `round` is where the name first came up, `box` (x0, y0, x1, y1) in [0, 1] the face in its picture.
    """

    name: str
    said: str
    round: str
    box: Box | None
    face: Image.Image | None
    source: str


class Studio:
    """Conversations of many owners with one painter. Safe for several threads.

    Expected errors: `NotThere` (unknown, foreign or deleted), `Busy` (ask again later) and ValueError (one
    sentence on what is wrong), all raised before any model work.
    """

    def __init__(self, painter: Painter, vault: Vault) -> None:
        self.painter = painter
        self.vault = vault
        self._shelf = Shelf(painter, vault)
        self._running: dict[str, StudioRound] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "limner-round")

    # Rounds

    def ask(
        self,
        *,
        owner: str,
        text: str,
        images: Sequence[Picture] = (),
        previous: str | None = None,
        conversation: str | None = None,
        seed: int | None = None,
        picture: bool | None = None,
        sampling: Sampling | None = None,
        num_previews: int = 0,
        keep: bool = True,
        metadata: Mapping[str, str] | None = None,
    ) -> StudioRound:
        """Begin a round; it goes on after the round `previous`, else after the newest of `conversation`, else
        it begins a new conversation.

        Args:
            seed: draws this round; by default it follows from the conversation's and differs from siblings'.
            picture: True insists on a picture, False forbids one, None leaves it to the model.
            num_previews: how many unfinished pictures to show, 0 to 3.
            keep: False keeps nothing of the round on disk.
            metadata: kept with the round, as it is.
        """
        if not 0 <= num_previews <= MAX_PREVIEWS:
            raise ValueError(f"num_previews is a number from 0 to {MAX_PREVIEWS}, not {num_previews!r}.")
        text, pictures = checked_text(text), as_pictures(images)
        of, is_new, previous = self._place(owner, previous, conversation)
        talk = self._shelf.conversation(of, self.vault.path(owner, previous))
        if seed is None:
            seed = self._fresh_seed(talk, owner, of, previous, text)
        talk.next_seed(seed)
        asked = StudioRound(
            id=new_id("resp"), owner=owner, conversation=of.id if keep or not is_new else None
        )
        with self._lock:
            self._running[asked.id] = asked

        def answer() -> None:
            try:
                if asked.is_cancelled:
                    asked.emit(Cancelled())
                    return
                asked.emit(Begun())
                reply = talk.say(text, pictures, seed=seed, picture=picture, sampling=sampling)
                asked.emit(Wrote(text=reply.text))
                if asked.is_cancelled:
                    asked.emit(Cancelled())
                    return
                asked.emit(self._kept(asked, talk, reply.id, of, is_new, previous, sampling, keep, metadata))
            except Exception as error:
                asked.emit(Failed(error=error))
            finally:
                with self._lock:
                    self._running.pop(asked.id, None)

        self._worker.submit(answer)
        return asked

    def running(self, owner: str, id: str) -> StudioRound:
        """A round that is not answered yet."""
        with self._lock:
            found = self._running.get(id)
        if found is None or found.owner != owner:
            raise NotThere("round in progress", id)
        return found

    def get(self, owner: str, id: str) -> StoredRound:
        """An answered round."""
        return self.vault.round(owner, id)

    def delete(self, owner: str, id: str) -> None:
        """Forget a round: its words, pictures, tokens, and whatever memory holds of them. A round in progress
        is cancelled. Rounds after it stay, and go on after the one before it.
        """
        with self._lock:
            found = self._running.get(id)
        if found is not None and found.owner == owner:
            found.cancel()
            return
        self.vault.delete_round(owner, id)
        self._forget()

    def remember(
        self,
        owner: str,
        *,
        round_: Round,
        previous: str | None = None,
        conversation: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredRound:
        """Keep a round whose answer is known, such as one of a client's own transcript; where as in `ask`."""
        checked_text(round_.instruction.text)
        of, is_new, previous = self._place(owner, previous, conversation)
        talk = self._shelf.conversation(of, self.vault.path(owner, previous))
        reply = talk.remember(round_)
        asked = StudioRound(id=new_id("resp"), owner=owner, conversation=of.id)
        return self._kept(asked, talk, reply.id, of, is_new, previous, None, True, metadata).round

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
        made = _conversation(owner, title=_title(title), seed=seed, metadata=metadata)
        return self.vault.add_conversation(made)

    def conversation(self, owner: str, id: str) -> StoredConversation:
        """One conversation."""
        return self.vault.conversation(owner, id)

    def conversations(
        self, owner: str, *, limit: int = 20, after: str | None = None
    ) -> list[StoredConversation]:
        """At most `limit` conversations, newest first, from the one after `after` on."""
        return self.vault.conversations(owner, limit=limit, after=after)

    def rename(
        self, owner: str, id: str, title: str | None = None, *, metadata: Mapping[str, str] | None = None
    ) -> StoredConversation:
        """Another title, or other metadata; what is None stays, and "" lets the first words be the title."""
        given = None if title is None else _title(title)
        return self.vault.change_conversation(owner, id, title=given, metadata=metadata)

    def delete_conversation(self, owner: str, id: str) -> None:
        """Forget a conversation with all its rounds; those in progress are cancelled."""
        with self._lock:
            running = [
                asked for asked in self._running.values() if asked.owner == owner and asked.conversation == id
            ]
        self.vault.delete_conversation(owner, id)
        for asked in running:
            asked.cancel()
        self._forget()

    def tree(self, owner: str, conversation: str) -> list[StoredRound]:
        """Every round of every branch, parents before children, oldest first."""
        return self.vault.tree(owner, conversation)

    def people(self, owner: str, id: str) -> list[PersonSeen]:
        """Everybody named up to the round `id`, or the newest round of a conversation, in order of naming."""
        if is_id(id, "conv"):
            of = self.vault.conversation(owner, id)
            path = self.vault.path(owner, of.head)
        else:
            path = self.vault.path(owner, id)
            of = self.vault.conversation(owner, path[-1].conversation or "")
        talk = self._shelf.conversation(of, path)
        enrolled = {person.name.casefold(): person for person in self.people_enrolled(owner)}
        found = []
        for sighting in talk.people.values():
            known = enrolled.get(sighting.name.casefold())
            face = sighting.face
            if face is None and known is not None:
                face = self._shelf.picture(owner, known.picture).to_pil()
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
        if is_digest(id):
            return self._shelf.picture(owner, id)
        digest = self.vault.round(owner, id).picture
        if digest is None:
            raise NotThere("picture of the round", id)
        return self._shelf.picture(owner, digest)

    def png(self, owner: str, digest: str) -> bytes:
        """A picture's PNG bytes as they were kept."""
        return self.vault.blob(owner, digest)

    # Files and enrolled people

    def add_file(self, owner: str, *, name: str, data: bytes, purpose: str = "vision") -> StoredFile:
        """Keep an uploaded file, byte for byte."""
        from limner.chat.blobs import digest_of

        made = StoredFile(
            id=new_id("file"),
            owner=owner,
            name=name[:MAX_NAME_CHARACTERS],
            purpose=purpose[:MAX_NAME_CHARACTERS],
            digest=digest_of(data),
            num_bytes=len(data),
            created=time.time(),
        )
        return self.vault.add_own(made, [data])

    def get_file(self, owner: str, id: str) -> StoredFile:
        """What is known of a file."""
        return self.vault.own(StoredFile, owner, id)

    def file_bytes(self, owner: str, id: str) -> bytes:
        """A file's bytes."""
        return self.vault.blob(owner, self.get_file(owner, id).digest)

    def list_files(self, owner: str) -> list[StoredFile]:
        """Every file, oldest first."""
        return self.vault.all_own(StoredFile, owner)

    def delete_file(self, owner: str, id: str) -> None:
        """Forget a file."""
        self.vault.delete_own(StoredFile, owner, id)
        self._forget()

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
        data = self.vault.blob(owner, file.digest)
        png = Picture.from_bytes(data).to_png()
        from limner.chat.blobs import digest_of

        made = StoredPerson(
            id=new_id("person"),
            owner=owner,
            name=name,
            picture=digest_of(png),
            file=file.digest,
            note=note,
            created=time.time(),
        )
        return self.vault.add_own(made, [png, data])

    def people_enrolled(self, owner: str) -> list[StoredPerson]:
        """Every enrolled person, oldest first."""
        return self.vault.all_own(StoredPerson, owner)

    def person(self, owner: str, id: str) -> StoredPerson:
        """One enrolled person."""
        return self.vault.own(StoredPerson, owner, id)

    def unenroll(self, owner: str, id: str) -> list[str]:
        """Forget a person: the face, the file it came from, and every round that was given this picture, with
        all rounds after it, since they were painted from it. The ids of those rounds.
        """
        person = self.person(owner, id)
        rounds: set[str] = set()
        for digest in person.digests:
            for holder in self.vault.holders(owner, digest):
                if is_id(holder, "resp"):
                    rounds |= self._subtree(owner, holder)
                elif is_id(holder, "file"):
                    self.vault.delete_own(StoredFile, owner, holder)
        for round_id in rounds:
            self.vault.delete_round(owner, round_id)
        self.vault.delete_own(StoredPerson, owner, id)
        self._forget()
        return sorted(rounds)

    # Exchange

    def export(self, owner: str, conversation: str) -> bytes:
        """A conversation with all branches as one file, which `limner.open_conversation` opens too."""
        from limner.chat.exchange import export_conversation

        return export_conversation(self.vault, owner, conversation)

    def import_(self, owner: str, data: bytes) -> StoredConversation:
        """A conversation from the bytes of such a file, under new ids; all of it or nothing."""
        from limner.chat.exchange import import_conversation

        return import_conversation(self.vault, owner, data, self.painter)

    def close(self, drain_s: float = 30.0) -> None:
        """Let rounds in progress end within `drain_s`, cancel the others, then close the store."""
        until = time.monotonic() + drain_s
        with self._lock:
            running = list(self._running.values())
        for asked in running:
            try:
                asked.result(max(0.0, until - time.monotonic()))
            except TimeoutError:
                asked.cancel()
            except Exception:
                continue
        self._worker.shutdown(wait=True)
        self.vault.close()

    # What stands behind

    def _place(
        self, owner: str, previous: str | None, conversation: str | None
    ) -> tuple[StoredConversation, bool, str | None]:
        """Where a round goes: its conversation, whether that is new, and the round before it."""
        if previous is not None:
            before = self.vault.round(owner, previous)
            if conversation is not None and before.conversation != conversation:
                raise ValueError(f"The round {previous} is not in the conversation {conversation}.")
            return self.vault.conversation(owner, before.conversation or ""), False, previous
        if conversation is not None:
            of = self.vault.conversation(owner, conversation)
            return of, False, of.head
        return _conversation(owner), True, None

    def _fresh_seed(
        self, talk: Conversation, owner: str, of: StoredConversation, previous: str | None, text: str
    ) -> int:
        """What follows from the conversation's seed; asked the same again, something else each time."""
        same = [s.seed for s in self.vault.children(owner, of.id, previous) if s.text_in == text]
        seed = talk.next_seed(None)
        while seed in same:
            seed = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big") >> 1
        return seed

    def _kept(
        self,
        asked: StudioRound,
        talk: Conversation,
        node_id: str,
        of: StoredConversation,
        is_new: bool,
        previous: str | None,
        sampling: Sampling | None,
        keep: bool,
        metadata: Mapping[str, str] | None,
    ) -> Answered:
        from dataclasses import replace

        before = None if previous is None else self._created(asked.owner, previous)
        stored, blobs = as_stored(
            talk,
            node_id,
            id=asked.id,
            owner=asked.owner,
            of=asked.conversation,
            parent=previous,
            created=max(time.time(), 0.0 if before is None else before + 1e-6),
            sampling=sampling,
            metadata=metadata,
        )
        picture = talk.tree.node(node_id).round.response.picture
        if not keep:
            return Answered(replace(stored, kept=False, depth=talk.tree.depth(node_id) - 1), picture)
        stored = self.vault.add_rounds([stored], blobs, new_conversation=of if is_new else None)[0]
        self._shelf.remember(stored, talk.tree.node(node_id).round, talk.states[node_id])
        return Answered(stored, picture)

    def _created(self, owner: str, id: str) -> float:
        try:
            return self.vault.round(owner, id).created
        except NotThere:  # deleted meanwhile: the vault puts the round after an earlier one
            return 0.0

    def _subtree(self, owner: str, id: str) -> set[str]:
        rounds = self.vault.tree(owner, self.vault.round(owner, id).conversation or "")
        found = {id}
        for round_ in rounds:  # parents come first
            if round_.parent in found:
                found.add(round_.id)
        return found

    def _forget(self) -> None:
        """Let memory follow what was deleted on disk."""
        self._shelf.forget([id for id, _ in self.vault.gone_since(0)[0]])
        self.painter.prefixes.evict(0)


def _conversation(
    owner: str, *, title: str = "", seed: int | None = None, metadata: Mapping[str, str] | None = None
) -> StoredConversation:
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
