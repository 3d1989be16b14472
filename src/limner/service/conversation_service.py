"""What a server talks to: asks the painter for rounds and keeps them in the store.

Knows owners, ids, the order "compute, make durable, then tell", and how deletion reaches memory. Knows
nothing about HTTP. How a round is computed is the engine's business, what is on disk the store's.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from limner.dialogue.parts import Round
from limner.inference.conversation import Conversation
from limner.inference.engine import Busy, Engine, EngineStats
from limner.inference.events import Cancelled, Event, Failed, Finished
from limner.inference.painter import Painter
from limner.inference.round_handle import CancelledRound
from limner.inference.saying import checked_text
from limner.service.library import Library, PersonSeen, begun_conversation
from limner.service.pending_rounds import PendingRound, Place, Unwritten, Wish, picture_number
from limner.service.round_cache import as_stored
from limner.service.service_round import Answered, ServiceEvent, ServiceRound
from limner.store.errors import full
from limner.store.records import (
    NotThere,
    StoredRound,
    StoreFailed,
    new_id,
)
from limner.store.store import Store

__all__ = [
    "Answered",
    "Busy",
    "CancelledRound",
    "ConversationService",
    "EngineStats",
    "NotThere",
    "Painter",
    "PersonSeen",
    "ServiceEvent",
    "ServiceRound",
    "Wish",
]


CLOSING_RETRY_S = 5.0  # another process is started within about that time


class ConversationService(Library):
    """Conversations of many owners with one painter. Safe for several threads.

    Args:
        painter: who answers.
        store: where answers are kept. Several services, in several processes, may share it.
        engine: computes the rounds; made and started when it is not given, closed with the service.

    Expected errors: `NotThere` (unknown, foreign or deleted), `Busy` (ask again later) and ValueError (one
    sentence on what is wrong), and `StoreFull`, all raised before any model work.

    A round that is answered but cannot be written fails with `StoreFailed`; its answer is held for a while,
    and whoever asks for the same again gets it once it can be written, under the same id.
    """

    def __init__(self, painter: Painter, store: Store, *, engine: Engine | None = None) -> None:
        super().__init__(painter, store)
        self.engine = engine if engine is not None else Engine(painter)
        self.engine.start()
        self._running: dict[str, ServiceRound] = {}
        self._lock = threading.Lock()
        self._is_closing = False
        # Writing to disk must not hold up the engine's thread.
        self._keeper = ThreadPoolExecutor(1, "limner-keeper")
        self._unwritten = Unwritten()

    # Rounds

    def ask(self, wish: Wish) -> ServiceRound:
        """Begin the round of a wish."""
        if self._is_closing:
            raise Busy(CLOSING_RETRY_S, "The service is closing")
        self._follow_deletions()
        wish = replace(wish, text=checked_text(wish.text))
        if wish.keep and self.store.is_full:
            raise full(self.store.folder)
        held = self._unwritten.take(wish) if wish.keep else None
        if held is not None:
            return self._write_again(replace(held, wish=replace(held.wish, asked_with=wish.asked_with)))
        place = self._place(wish)
        path = self.store.path(wish.owner, place.previous)
        talk = self._talk(place.conversation, path)
        request = talk.prepare(
            wish.text,
            wish.images,
            target=picture_number(path, wish.reply_to),
            seed=self._fresh_seed(talk, place, wish) if wish.seed is None else wish.seed,
            picture=wish.picture,
            sampling=wish.sampling,
            region=wish.region,
            num_previews=wish.num_previews,
        )
        is_kept = wish.keep or not place.is_new
        handle = _new_handle(wish.owner, place.conversation.id if is_kept else None)
        return self._begin(PendingRound(handle=handle, talk=talk, request=request, place=place, wish=wish))

    def running(self, owner: str, id: str) -> ServiceRound:
        """A round that is not answered yet."""
        with self._lock:
            found = self._running.get(id)
        if found is None or found.owner != owner:
            raise NotThere("round in progress", id)
        return found

    def get(self, owner: str, id: str) -> StoredRound:
        """An answered round."""
        return self.store.round(owner, id)

    def delete(self, owner: str, id: str) -> None:
        """Forget a round: its words, pictures, tokens, and whatever memory holds of them. A round in progress
        is cancelled. Rounds after it stay, and go on after the one before it.
        """
        with self._lock:
            found = self._running.get(id)
        if found is not None and found.owner != owner:
            found = None
        if found is not None:
            _stop([found])
        try:
            self.store.delete_round(owner, id)
        except NotThere:
            if found is None:
                raise
        self._follow_deletions()

    def remember(
        self,
        owner: str,
        *,
        round_: Round,
        previous: str | None = None,
        conversation: str | None = None,
        metadata: Mapping[str, str] | None = None,
        from_start: bool = False,
        asked_with: Mapping[str, Any] | None = None,
    ) -> StoredRound:
        """Keep a round whose answer is known, such as one of a client's own transcript; where as in `ask`."""
        self._follow_deletions()
        said = round_.instruction
        wish = Wish(
            owner=owner,
            text=said.text,
            previous=previous,
            conversation=conversation,
            metadata=metadata or {},
            from_start=from_start,
            asked_with=asked_with or {},
        )
        place = self._place(wish)
        talk = self._talk(place.conversation, self.store.path(owner, place.previous))
        request = talk.prepare(said.text, said.pictures)
        talk.remember(round_)
        handle = _new_handle(owner, place.conversation.id)
        self._traces.note(place.conversation.id, request)
        pending = PendingRound(handle=handle, talk=talk, request=request, place=place, wish=wish)
        return self._keep(pending).round

    # Conversations

    def delete_conversation(self, owner: str, id: str) -> None:
        """Forget a conversation with all its rounds; those in progress are cancelled."""
        with self._lock:
            running = [one for one in self._running.values() if one.owner == owner and one.conversation == id]
        _stop(running)
        try:
            self.store.delete_conversation(owner, id)
        except NotThere:
            if not running:
                raise
        self._follow_deletions()

    def close(self, drain_s: float = 30.0) -> None:
        """Take nothing more (`Busy`), let rounds in progress end within `drain_s` and cancel the others; then
        close engine and store.
        """
        self._is_closing = True
        self.engine.close(drain_s)
        self._keeper.shutdown(wait=True)
        self.store.close()

    # What stands behind

    def _place(self, wish: Wish) -> Place:
        """Where a round goes. ValueError when the round before it is in another conversation."""
        owner, previous, conversation = wish.owner, wish.previous, wish.conversation
        if previous is not None:
            before = self.store.round(owner, previous)
            if conversation is not None and before.conversation != conversation:
                raise ValueError(f"The round {previous} is not in the conversation {conversation}.")
            of, is_new = self.store.conversation(owner, before.conversation or ""), False
        elif conversation is not None:
            of, is_new = self.store.conversation(owner, conversation), False
            previous = of.head
        else:
            of, is_new = begun_conversation(owner), True
        return Place(conversation=of, is_new=is_new, previous=None if wish.from_start else previous)

    def _fresh_seed(self, talk: Conversation, place: Place, wish: Wish) -> int:
        """What follows from the conversation's seed; asked the same again, something else each time."""
        siblings = self.store.children(wish.owner, place.conversation.id, place.previous)
        same = [sibling.seed for sibling in siblings if sibling.text_in == wish.text]
        seed = talk.next_seed(None)
        while seed in same:
            seed = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big") >> 1
        return seed

    def _begin(self, pending: PendingRound) -> ServiceRound:
        """Hand a round to the engine and follow it; `Busy` when too many wait."""
        handle = pending.handle
        computed = self.engine.submit(pending.request)
        self._traces.note(pending.place.conversation.id, pending.request)
        with self._lock:
            self._running[handle.id] = handle
        handle.stop_with(computed.cancel)
        computed.subscribe(lambda event: self._see(pending, event))
        return handle

    def _see(self, pending: PendingRound, event: Event) -> None:
        """What the engine tells, in its thread."""
        if isinstance(event, Finished):
            self._keeper.submit(self._finish, pending, event)
            return
        if isinstance(event, Cancelled | Failed):
            self._leave_no_trace(pending)
            self._end(pending)
        pending.handle.emit(event)

    def _finish(self, pending: PendingRound, finished: Finished) -> None:
        try:
            if pending.handle.is_cancelled:
                answered: ServiceEvent = Cancelled()
            else:
                pending.talk.commit(finished)
                root = pending.talk.past()[0].key
                self._traces.note(pending.place.conversation.id, finished.request, root)
                answered = self._written(pending)
        except Exception as error:
            answered = Failed(error=error)
        self._tell_end(pending, answered)

    def _write_again(self, pending: PendingRound) -> ServiceRound:
        """A round that was answered before and could not be written then; as `ask`."""
        before = pending.handle
        handle = ServiceRound(id=before.id, owner=before.owner, conversation=before.conversation)
        pending = replace(pending, handle=handle)
        with self._lock:
            self._running[handle.id] = handle
        self._keeper.submit(lambda: self._tell_end(pending, self._written(pending)))
        return handle

    def _written(self, pending: PendingRound) -> ServiceEvent:
        """How a round ends whose answer is in its conversation; held when the store cannot take it."""
        try:
            return self._keep(pending)
        except NotThere:  # its conversation was deleted meanwhile
            return Cancelled()
        except StoreFailed as error:
            for given_up in self._unwritten.hold(pending):
                self._leave_no_trace(given_up)
            return Failed(error=error)
        except Exception as error:
            return Failed(error=error)

    def _tell_end(self, pending: PendingRound, answered: ServiceEvent) -> None:
        is_held = isinstance(answered, Failed) and isinstance(answered.error, StoreFailed)
        if not (isinstance(answered, Answered) and pending.wish.keep) and not is_held:
            self._leave_no_trace(pending)
        self._end(pending)
        pending.handle.emit(answered)

    def _keep(self, pending: PendingRound) -> Answered:
        """Make the round at the conversation's head durable."""
        talk, handle, wish = pending.talk, pending.handle, pending.wish
        node_id = talk.head
        assert node_id is not None
        round_ = talk.tree.node(node_id).round
        stored, blobs = as_stored(
            talk,
            node_id,
            id=handle.id,
            owner=handle.owner,
            of=handle.conversation,
            parent=pending.place.previous,
            created=time.time(),
            sampling=wish.sampling,
            metadata=wish.metadata,
            asked_with=wish.asked_with,
            piece_lengths=handle.piece_lengths,
            num_previews=handle.num_previews,
        )
        if not wish.keep:
            stored = replace(stored, kept=False, depth=talk.tree.depth(node_id) - 1)
            return Answered(stored, round_.response.picture)
        new = pending.place.conversation if pending.place.is_new else None
        stored = self.store.add_rounds([stored], blobs.values(), new_conversation=new)[0]
        self._round_cache.remember(stored, round_, talk.states[node_id], blobs)
        return Answered(stored, round_.response.picture)

    def _leave_no_trace(self, pending: PendingRound) -> None:
        """Nothing of a round that is not kept stays in memory."""
        talk, request = pending.talk, pending.request
        keys = [talk.past()[-1].key] if talk.head != request.parent_id else []
        self.painter.forget(request.salt, [p.digest for p in request.instruction.pictures], keys)
        if pending.place.is_new:
            self._traces.forget(pending.place.conversation.id)

    def _end(self, pending: PendingRound) -> None:
        with self._lock:
            self._running.pop(pending.handle.id, None)


def _new_handle(owner: str, conversation: str | None) -> ServiceRound:
    return ServiceRound(id=new_id("resp"), owner=owner, conversation=conversation)


def _stop(rounds: Sequence[ServiceRound]) -> None:
    """Cancel and wait until all are over: what was answered by then can be deleted, and nothing follows."""
    for running in rounds:
        running.cancel()
    for running in rounds:
        running.wait()
