"""Rounds in progress: admitted within limits, followed, cancelled, and remembered by id while they last.

Every endpoint that asks for a round does it through `start_round`, so that limits, draining, metrics and
cancellation hold for all of them. Knows the studio's events; knows nothing about the shapes of any API.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from limner.app.server.errors import ApiError, not_found, wrong
from limner.app.server.limits import Limits, draining, queue_full, too_many_rounds
from limner.app.server.metrics import Metrics
from limner.app.server.store_errors import store_failed
from limner.app.server.streaming import wait_until_left
from limner.chat.engine import Busy
from limner.chat.events import Cancelled, Failed, Preview
from limner.chat.generation import Sampling
from limner.chat.records import NotThere, StoredRound, StoreFailed
from limner.chat.studio import Studio
from limner.chat.studio_round import ENDS, Answered, StudioEvent, StudioRound
from limner.dialogue.parts import Picture, Round

if TYPE_CHECKING:
    from limner.app.server.elsewhere import Elsewhere

NUM_REMEMBERED: Final = 256  # rounds that ended without an answer, still told about when asked for


@contextlib.contextmanager
def told(param: str | None = None) -> Iterator[None]:
    """The chat room's expected errors as answers; `param` is the field that a ValueError is about."""
    try:
        yield
    except NotThere as error:
        raise not_found(f"{error.what} {error.id[:60]!r}", param=param) from None
    except Busy as error:
        raise queue_full(error.retry_after_s) from None
    except StoreFailed as error:
        raise store_failed(error) from None
    except ValueError as error:  # one sentence of ours, raised before any model work
        raise wrong(str(error), param=param) from None


@dataclass(eq=False, kw_only=True)
class RunningRound:
    """A round that was asked for. It goes on until it ends or `cancel` is called, whoever watches."""

    id: str
    owner: str
    conversation: str | None
    round: StudioRound
    created: float = field(default_factory=time.time)
    last: Any = None  # the event that ended it
    # What an API wants to keep with it, such as the answer that it was begun with.
    notes: dict[str, Any] = field(default_factory=dict)

    def cancel(self) -> None:
        """Stop it within one denoising step; nothing of it is kept. No effect when it has ended."""
        self.round.cancel()

    async def events(self) -> AsyncIterator[StudioEvent]:
        """Every event from the beginning, as it happens; the last is Answered, Cancelled or Failed."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[StudioEvent] = asyncio.Queue()

        def put(event: StudioEvent) -> None:  # in the engine's thread
            with contextlib.suppress(RuntimeError):  # the loop may be closed
                loop.call_soon_threadsafe(queue.put_nowait, event)

        self.round.subscribe(put)
        while True:
            event = await queue.get()
            yield event
            if isinstance(event, ENDS):
                return

    async def answered(self, request: Request | None = None) -> Answered:
        """The end of a round that went well: `.round` and `.picture`, the latter also of one not kept.

        Cancels it when the client of `request` leaves. ApiError when no answer came of it.
        """
        watching = None if request is None else asyncio.create_task(self._cancel_when_left(request))
        try:
            async for event in self.events():
                last = event
        except asyncio.CancelledError:
            self.cancel()
            raise
        finally:
            if watching is not None:
                watching.cancel()
        if isinstance(last, Answered):
            return last
        raise ended_without_answer(last)

    async def _cancel_when_left(self, request: Request) -> None:
        await wait_until_left(request)
        self.cancel()


def ended_without_answer(event: object) -> ApiError:
    """What to say when a round was cancelled or failed; the exception's text stays here."""
    if isinstance(event, Cancelled):
        return ApiError(409, "The round was cancelled.", code="cancelled")
    if isinstance(event, Failed) and isinstance(event.error, ApiError):  # a safety hook's
        return event.error
    if isinstance(event, Failed) and isinstance(event.error, StoreFailed):
        return store_failed(event.error)
    return ApiError(500, "The round failed in the server; try again.", code="server_error")


class Desk:
    """The rounds in progress of one server. Lives on the event loop's thread.

    `others` is the line to the other replicas of this server, None when it is the only one.
    """

    def __init__(self, *, limits: Limits, metrics: Metrics) -> None:
        self.limits = limits
        self.metrics = metrics
        self.is_draining = False
        self.others: Elsewhere | None = None
        self._running: dict[str, RunningRound] = {}
        self._ended: OrderedDict[str, RunningRound] = OrderedDict()
        self._per_owner: Counter[str] = Counter()

    @property
    def num_running(self) -> int:
        return len(self._running)

    @property
    def running(self) -> Mapping[str, RunningRound]:
        """The rounds in progress, by id."""
        return self._running

    def drain(self) -> None:
        """Admit nothing more; what runs goes on."""
        self.is_draining = True
        self.metrics.drained()

    def cancel_all(self) -> None:
        """Stop everything, when there is no more time to drain."""
        for running in list(self._running.values()):
            running.cancel()

    def find(self, owner: str, id: str) -> RunningRound | None:
        """The owner's round of that id when it is in progress or ended lately without an answer."""
        running = self._running.get(id) or self._ended.get(id)
        return running if running is not None and running.owner == owner else None

    def forget(self, id: str) -> None:
        """A round without an answer is no longer told about."""
        self._ended.pop(id, None)

    async def admit(self, owner: str) -> None:
        """Count one more round for the owner; 503 while draining, 429 when there are too many."""
        elsewhere = 0 if self.others is None else await self.others.num_running(owner)
        if self.is_draining:
            raise draining()
        num = self._per_owner[owner] + elsewhere
        if num >= self.limits.max_rounds_at_once:
            self.metrics.refused("too_many_rounds")
            raise too_many_rounds(num)
        self._per_owner[owner] += 1

    def release(self, owner: str) -> None:
        """One round fewer."""
        self._per_owner[owner] -= 1
        self._per_owner += Counter()  # drops zeros

    def follow(self, running: RunningRound) -> None:
        """Keep an eye on an admitted round until it ends."""
        loop = asyncio.get_running_loop()
        self._running[running.id] = running
        start = time.perf_counter()

        def see(event: StudioEvent) -> None:  # in the engine's thread
            if isinstance(event, (Preview, *ENDS)):
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._see, running, event, time.perf_counter() - start)

        running.round.subscribe(see)

    def _see(self, running: RunningRound, event: StudioEvent, seconds: float) -> None:
        if isinstance(event, Preview):
            if event.index == 0:
                self.metrics.previewed(seconds)
            return
        running.last = event
        self._running.pop(running.id, None)
        self.release(running.owner)
        self.metrics.ended(type(event).__name__.lower(), seconds)
        if self.others is not None:
            self.others.ended(running, event)
        elif not isinstance(event, Answered):
            self._ended[running.id] = running
            while len(self._ended) > NUM_REMEMBERED:
                self._ended.popitem(last=False)


def desk_of(request: Request) -> Desk:
    """The desk of the server that got the request."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


async def start_round(
    request: Request,
    studio: Studio,
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
    before: Sequence[Round] = (),
    annotate: Callable[[RunningRound], None] | None = None,
    **more: Any,
) -> RunningRound:
    """Ask the studio for a round. All that can be refused is refused here, before any model work.

    Arguments are `Studio.ask`'s. `before` are rounds of the client's own transcript that the store does not
    have: they are remembered first, after `previous`; with `keep` False they are deleted when the round ends.
    `annotate` may leave notes with the round before anybody can find it.
    Raises ApiError: 400, 404, 429, or 503 with Retry-After.
    """
    desk = desk_of(request)
    text = desk.limits.check_text(text, param="input")
    desk.limits.check_images(images, param="input")
    await desk.admit(owner)
    try:
        with told():
            round_ = await run_in_threadpool(
                _ask,
                studio,
                desk.limits,
                tuple(before),
                owner=owner,
                text=text,
                images=images,
                previous=previous,
                conversation=conversation,
                seed=seed,
                picture=picture,
                sampling=sampling,
                num_previews=num_previews,
                keep=keep,
                **more,
            )
    except BaseException as error:
        desk.release(owner)
        if isinstance(error, ApiError):
            desk.metrics.refused(error.code or "refused")
        raise
    running = RunningRound(id=round_.id, owner=owner, conversation=round_.conversation, round=round_)
    if annotate is not None:
        annotate(running)
    desk.follow(running)
    if desk.others is not None:
        await desk.others.begun(running)
    return running


def _ask(studio: Studio, limits: Limits, before: Sequence[Round], **asked: Any) -> StudioRound:
    previous, owner = asked["previous"], asked["owner"]
    newest = previous
    if newest is None and asked["conversation"] is not None and not asked.get("from_start"):
        newest = studio.conversation(owner, asked["conversation"]).head
    depth = 0 if newest is None else studio.get(owner, newest).depth + 1
    if depth + len(before) >= limits.max_rounds:
        raise wrong(
            f"This conversation has {limits.max_rounds} rounds, as many as this server allows; begin anew.",
            code="conversation_too_long",
        )
    told: list[StoredRound] = []
    try:
        for round_ in before:
            told.append(
                studio.remember(
                    owner, round_=round_, previous=asked["previous"], conversation=asked["conversation"]
                )
            )
            asked |= {"previous": told[-1].id, "conversation": None, "from_start": False}
        running = studio.ask(**asked)
    except BaseException:
        _forget(studio, told)
        raise
    if told and not asked["keep"]:
        running.subscribe(lambda event: _forget_at_end(studio, told, event))
    return running


def _forget_at_end(studio: Studio, told_rounds: Sequence[StoredRound], event: StudioEvent) -> None:
    if isinstance(event, ENDS):  # in the engine's thread, which has no time for a disk
        threading.Thread(target=_forget, args=(studio, told_rounds), name="limner-forget").start()


def _forget(studio: Studio, told_rounds: Sequence[StoredRound]) -> None:
    """What a transcript told, gone again; with the conversation that was made for it."""
    for round_ in reversed(told_rounds):
        with contextlib.suppress(NotThere):
            studio.delete(round_.owner, round_.id)
    if told_rounds and told_rounds[0].parent is None and told_rounds[0].conversation is not None:
        owner, conversation = told_rounds[0].owner, told_rounds[0].conversation
        with contextlib.suppress(NotThere):
            if studio.conversation(owner, conversation).num_rounds == 0:
                studio.delete_conversation(owner, conversation)
