"""How a round is begun: every endpoint that asks for one does it through `start_round`, so that limits,
draining, metrics and cancellation hold for all of them.

Knows the desk and the service; knows nothing about the shapes of any API.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from limner.dialogue.boxes import Box, checked_region
from limner.dialogue.parts import Round
from limner.server.errors import ApiError, wrong
from limner.server.rounds.rounds import AskedRound, Desk, RunningRound, desk_of, told
from limner.server.schemas.answers import BegunResponse
from limner.server.schemas.shapes import LimnerOptions
from limner.server.security.limits import Limits, already_continued
from limner.service.conversation_service import ConversationService, Wish
from limner.service.service_round import ENDS, ServiceEvent, ServiceRound
from limner.store.records import NotThere, StoredRound


async def start_round(
    request: Request,
    service: ConversationService,
    wish: Wish,
    *,
    before: Sequence[Round] = (),
    continues: bool = False,
    respond: Callable[[RunningRound], BegunResponse] | None = None,
    is_admitted: bool = False,
) -> RunningRound:
    """Start the round of a wish. Whatever can be refused is refused here, before any model work.

    `before` are rounds of the client's own transcript that the store does not have: they are remembered
    first, after the wish's `previous`; of a wish that is not to be kept they are deleted when the round ends.
    `continues` refuses to go on from a `previous` that has, or is about to have, a round after it. `respond`
    makes the response that the round is found with. `is_admitted`: the desk has counted it already; it is
    released here when it cannot be begun. Raises ApiError: 400, 404, 409 (`conversation` alone is named, and
    another round of it is in progress; or `continues`), 429, or 503 with Retry-After.
    """
    desk, owner = desk_of(request), wish.owner
    with contextlib.ExitStack() as undo:
        if is_admitted:
            undo.callback(desk.release, owner)
        wish = replace(wish, text=desk.limits.check_text(wish.text, param="input"))
        desk.limits.check_images(wish.images, param="input")
        locks = await _lock(desk, service, wish, continues=continues)
        if locks is not None:
            undo.callback(desk.unlock, owner, locks)
        if not is_admitted:
            await desk.admit(owner)
            undo.callback(desk.release, owner)
        with _refusals_counted(desk, owner), told():
            round_, parent = await run_in_threadpool(_ask, service, desk.limits, before, wish)
        undo.pop_all()
    running = RunningRound(
        id=round_.id,
        owner=owner,
        conversation=round_.conversation,
        round=round_,
        keep=wish.keep,
        locks=locks,
        asked=AskedRound(parent=parent, text_in=wish.text, seed=wish.seed, region=wish.region),
    )
    if respond is not None:
        running.response = respond(running)
    desk.follow(running)
    if desk.others is not None:
        await desk.others.begun(running)
    return running


def region_asked(limner: LimnerOptions) -> Box | None:
    """The part of a picture that a request points at by its sides; ApiError 400."""
    if limner.region is None:
        return None
    with told("limner.region"):
        return checked_region(limner.region)


async def _lock(desk: Desk, service: ConversationService, wish: Wish, *, continues: bool) -> str | None:
    """Let nobody else add where the round goes; what to unlock. What says itself where it goes on needs no
    lock (unless it `continues`), nor what is not kept.
    """
    if wish.previous is not None:
        return await _lock_end(desk, service, wish.owner, wish.previous) if continues else None
    if wish.conversation is None or not wish.keep or wish.from_start:
        return None
    await desk.lock(wish.owner, wish.conversation)
    return wish.conversation


async def _lock_end(desk: Desk, service: ConversationService, owner: str, previous: str) -> str:
    """Let nobody else continue from the end of a branch; what to unlock. 409 when it is no end any more."""
    try:
        await desk.lock(owner, previous)
    except ApiError:
        raise already_continued() from None
    try:
        with told("previous_response_id"):
            is_end = await run_in_threadpool(service.is_end, owner, previous)
        if not is_end:
            raise already_continued()
    except BaseException:
        desk.unlock(owner, previous)
        raise
    return previous


@contextlib.contextmanager
def _refusals_counted(desk: Desk, owner: str) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        desk.metrics.refused(error.code or "refused", owner)
        raise


def _ask(
    service: ConversationService, limits: Limits, before: Sequence[Round], wish: Wish
) -> tuple[ServiceRound, str | None]:
    """The round, and the round that it goes on from."""
    owner, newest = wish.owner, wish.previous
    if newest is None and wish.conversation is not None and not wish.from_start:
        newest = service.conversation(owner, wish.conversation).head
    depth = 0 if newest is None else service.get(owner, newest).depth + 1
    if depth + len(before) >= limits.max_rounds:
        raise wrong(
            f"This conversation has {limits.max_rounds} rounds, as many as this server allows; begin anew.",
            code="conversation_too_long",
        )
    told: list[StoredRound] = []
    try:
        for round_ in before:
            told.append(
                service.remember(owner, round_=round_, previous=wish.previous, conversation=wish.conversation)
            )
            wish = replace(wish, previous=told[-1].id, conversation=None, from_start=False)
        running = service.ask(wish)
    except BaseException:
        _forget(service, told)
        raise
    if told and not wish.keep:
        running.subscribe(lambda event: _forget_at_end(service, told, event))
    return running, told[-1].id if told else newest


def _forget_at_end(
    service: ConversationService, told_rounds: Sequence[StoredRound], event: ServiceEvent
) -> None:
    if isinstance(event, ENDS):  # in the engine's thread, which has no time for a disk
        threading.Thread(target=_forget, args=(service, told_rounds), name="limner-forget").start()


def _forget(service: ConversationService, told_rounds: Sequence[StoredRound]) -> None:
    """What a transcript told, gone again; with the conversation that was made for it."""
    for round_ in reversed(told_rounds):
        with contextlib.suppress(NotThere):
            service.delete(round_.owner, round_.id)
    if told_rounds and told_rounds[0].parent is None and told_rounds[0].conversation is not None:
        owner, conversation = told_rounds[0].owner, told_rounds[0].conversation
        with contextlib.suppress(NotThere):
            if service.conversation(owner, conversation).num_rounds == 0:
                service.delete_conversation(owner, conversation)
