"""Rounds in progress: admitted within limits, followed, cancelled, and remembered by id while they last.

They are begun in `round_start.py`. Knows the service's events; knows nothing about the shapes of any API.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request

from limner.dialogue.boxes import Box
from limner.inference.events import Begun, Cancelled, Failed, Preview
from limner.perception.endpoint.structured import MalformedError
from limner.perception.endpoint.troubles import EndpointError
from limner.server.errors import ApiError, not_found, wrong
from limner.server.replicas.elsewhere import Elsewhere
from limner.server.rounds.metrics import Metrics
from limner.server.rounds.store_errors import answer_of, log_store_failed, store_failed
from limner.server.rounds.streaming import wait_until_left
from limner.server.schemas.answers import BegunResponse
from limner.server.security.decoding import DecoderBusy
from limner.server.security.limits import (
    Limits,
    conversation_locked,
    draining,
    queue_full,
    too_many_pictures,
    too_many_rounds,
)
from limner.service.conversation_service import Busy
from limner.service.service_round import ENDS, Answered, ServiceEvent, ServiceRound
from limner.store.records import Damaged, NotThere, StoreFailed

log = logging.getLogger("limner.server")

DAMAGED: Final = "store_damaged"
NUM_REMEMBERED: Final = 256  # rounds that ended without an answer, still told about when asked for


# What the service may raise at any time; the app answers them wherever they are met.
EXPECTED: Final = (NotThere, Busy, DecoderBusy, StoreFailed, Damaged)


@contextlib.contextmanager
def told(param: str | None = None) -> Iterator[None]:
    """The service's expected errors as answers; `param` is the field that a ValueError is about."""
    try:
        yield
    except EXPECTED as error:
        raise answer_to(error, param) from None
    except ValueError as error:  # one sentence of ours, raised before any model work
        raise wrong(str(error), param=param) from None


def answer_to(error: Exception, param: str | None = None) -> ApiError:
    """One of the `EXPECTED` as an answer."""
    match error:
        case NotThere():
            return not_found(f"{error.what} {error.id[:60]!r}", param=param)
        case Busy():
            return queue_full(error.retry_after_s)
        case DecoderBusy():
            return too_many_pictures(error.retry_after_s)
        case StoreFailed():
            return store_failed(error)
        case Damaged():
            return damaged(error)
    raise error


def damaged(error: Damaged) -> ApiError:
    """500: stored data is not what was written, which is no fault of the client. Details go to the log."""
    log.error("the store is damaged: %s", error)
    return ApiError(
        500,
        "Something that this request needs is damaged in the server's store; tell the server's operator the "
        "request id.",
        code=DAMAGED,
        should_retry=False,
    )


@dataclass(frozen=True, kw_only=True)
class AskedRound:
    """What a client asked, as lists of rounds in progress tell it; `parent` is the round before it."""

    parent: str | None = None
    text_in: str = ""
    seed: int | None = None
    region: Box | None = None


@dataclass(eq=False, kw_only=True)
class RunningRound:
    """A round in progress. It runs until it ends or `cancel` is called, whether or not a client still
    listens.
    """

    id: str
    owner: str
    conversation: str | None
    round: ServiceRound
    created: float = field(default_factory=time.time)
    last: Any = None  # the event that ended it
    keep: bool = True
    is_begun: bool = False  # it no longer waits
    locks: str | None = None  # the conversation that nobody else may add to meanwhile
    asked: AskedRound = AskedRound()
    response: BegunResponse | None = None  # of those begun by the Responses API

    def cancel(self) -> None:
        """Stop it within one denoising step; nothing of it is kept. No effect when it has ended."""
        self.round.cancel()

    async def events(self) -> AsyncIterator[ServiceEvent]:
        """Every event from the beginning, as it happens; the last is Answered, Cancelled or Failed."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[ServiceEvent] = asyncio.Queue()

        def put(event: ServiceEvent) -> None:  # in the engine's thread
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
    """The error of a cancelled or failed round; the exception's own text is not sent."""
    if isinstance(event, Cancelled):
        # Nobody wants it any more: a client that asked again by itself would have it painted anew.
        return ApiError(
            409,
            "The round was cancelled, or what it belongs to was deleted; ask again if it is still wanted.",
            code="cancelled",
            should_retry=False,
        )
    if isinstance(event, Failed) and isinstance(event.error, ApiError):  # a safety hook's
        return event.error
    # What follows is in the log already, once for each round.
    if isinstance(event, Failed) and isinstance(event.error, Damaged):
        return ApiError(
            500, "The server's store is damaged; tell its operator.", code=DAMAGED, should_retry=False
        )
    if isinstance(event, Failed) and isinstance(event.error, StoreFailed):
        return answer_of(event.error)
    if isinstance(event, Failed) and isinstance(event.error, EndpointError | MalformedError):
        # It was asked several times already; what it said is for the operator.
        return ApiError(
            502,
            "The server that paints or plans for this one cannot be worked with; its log says why.",
            code="painter_failed",
            should_retry=False,
        )
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
        self._locked: set[tuple[str, str]] = set()

    @property
    def num_running(self) -> int:
        return len(self._running)

    def queue_of(self, owner: str) -> tuple[int, int]:
        """How many of the owner's rounds are being computed here, and how many wait."""
        own = [running for running in self._running.values() if running.owner == owner]
        num_begun = sum(running.is_begun for running in own)
        return num_begun, len(own) - num_begun

    async def lock(self, owner: str, conversation: str) -> None:
        """Lock a conversation until `unlock`; 409 when another request holds the lock. A request that names
        only the conversation continues its newest round, of which there must be one.
        """
        if (owner, conversation) in self._locked:
            raise conversation_locked()
        self._locked.add((owner, conversation))
        try:
            if self.others is not None and not await self.others.lock(owner, conversation):
                raise conversation_locked()
        except BaseException:
            self._locked.discard((owner, conversation))
            raise

    def unlock(self, owner: str, conversation: str) -> None:
        """The conversation may be added to again. No effect when it was not locked."""
        if (owner, conversation) in self._locked:
            self._locked.discard((owner, conversation))
            if self.others is not None:
                self.others.unlock(owner, conversation)

    @property
    def running(self) -> Mapping[str, RunningRound]:
        """The rounds in progress, by id."""
        return self._running

    def drain(self) -> None:
        """Admit no new rounds; those in progress go on."""
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
        """Stop listing a round that ended without an answer."""
        self._ended.pop(id, None)

    async def admit(self, owner: str, num: int = 1) -> None:
        """Reserve `num` more rounds for the owner; 503 while draining, 429 when they exceed the owner's
        limit.
        """
        elsewhere = 0 if self.others is None else await self.others.num_running(owner)
        self.expect_room(owner, num, elsewhere=elsewhere)
        self._per_owner[owner] += num

    def expect_room(self, owner: str, num: int = 1, *, elsewhere: int = 0) -> None:
        """Raise what `admit` would, before anything is looked up or a picture is read for nothing."""
        if self.is_draining:
            raise draining()
        others = self._per_owner[owner] + elsewhere
        if others + num > self.limits.max_rounds_at_once:
            self.metrics.refused("too_many_rounds", owner)
            raise too_many_rounds(others, num, self.limits.max_rounds_at_once)

    def release(self, owner: str, num: int = 1) -> None:
        """So many rounds fewer."""
        self._per_owner[owner] -= num
        self._per_owner += Counter()  # drops zeros

    def follow(self, running: RunningRound) -> None:
        """Keep an eye on an admitted round until it ends."""
        loop = asyncio.get_running_loop()
        self._running[running.id] = running
        start = time.perf_counter()

        def see(event: ServiceEvent) -> None:  # in the engine's thread
            if isinstance(event, (Begun, Preview, *ENDS)):
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._see, running, event, time.perf_counter() - start)

        running.round.subscribe(see)

    def _see(self, running: RunningRound, event: ServiceEvent, seconds: float) -> None:
        if isinstance(event, Begun):
            running.is_begun = True
            return
        if isinstance(event, Preview):
            if event.index == 0:
                self.metrics.previewed(seconds, running.owner)
            return
        if isinstance(event, Failed) and not isinstance(event.error, ApiError):
            _log_failure(running, event.error)
        running.last = event
        self._running.pop(running.id, None)
        self.release(running.owner)
        if running.locks is not None:
            self.unlock(running.owner, running.locks)
        self.metrics.ended(type(event).__name__.lower(), seconds, running.owner)
        if self.others is not None:
            self.others.ended(running, *_how(event))
        elif not isinstance(event, Answered):
            self._ended[running.id] = running
            while len(self._ended) > NUM_REMEMBERED:
                self._ended.popitem(last=False)


def desk_of(request: Request) -> Desk:
    """The desk of the server that got the request."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


def _how(event: ServiceEvent) -> tuple[Any, ...]:
    """How a round ended, as the other replicas are told."""
    if isinstance(event, Cancelled):
        return ("cancelled",)
    if isinstance(event, Failed):
        error = ended_without_answer(event)
        return "failed", (error.code or "server_error", error.message)
    return ()


def _log_failure(running: RunningRound, error: BaseException) -> None:
    """The message may hold what a user wrote; the kind and the place do not."""
    if isinstance(error, Damaged):
        damaged(error)
        return
    if isinstance(error, StoreFailed):
        log_store_failed(error)
        return
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("the round %s failed: %s\n%s", running.id, type(error).__name__, frames.rstrip())
