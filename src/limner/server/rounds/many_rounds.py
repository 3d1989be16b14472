"""Several rounds that one request asks for: begun together, followed together, stopped together.

Knows rounds in progress (`rounds.py`); knows nothing about the shapes of any API.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from starlette.requests import Request

from limner.dialogue.parts import Round
from limner.server.rounds.round_start import start_round
from limner.server.rounds.rounds import RunningRound, desk_of
from limner.server.rounds.streaming import wait_until_left
from limner.service.conversation_service import ConversationService, ServiceEvent, Wish
from limner.service.service_round import Answered


async def start_rounds(
    request: Request, service: ConversationService, wish: Wish, *, n: int, before: Sequence[Round] = ()
) -> list[RunningRound]:
    """`n` rounds of one wish with seeds of their own: its seed, that + 1, ... or drawn by chance.

    ApiError when one of them cannot be begun; none goes on then.
    """
    running: list[RunningRound] = []
    desk, owner, seed = desk_of(request), wish.owner, wish.seed
    await desk.admit(owner, n)
    left = n
    try:
        for index in range(n):
            chosen = None if seed is None else (seed + index) % 2**63
            if seed is None and index > 0:
                chosen = secrets.randbelow(2**31)
            left -= 1
            one = replace(wish, seed=chosen)
            running.append(await start_round(request, service, one, before=before, is_admitted=True))
    except BaseException:
        desk.release(owner, left)
        cancel_all(running)
        raise
    return running


def cancel_all(running: Sequence[RunningRound]) -> None:
    """Stop them, each within one denoising step."""
    for one in running:
        one.cancel()


async def all_answered(request: Request, running: Sequence[RunningRound]) -> list[Answered]:
    """Every answer, in order. All are stopped when the client leaves or one of them fails (ApiError)."""

    async def stop_when_left() -> None:
        await wait_until_left(request)
        cancel_all(running)

    watching = asyncio.create_task(stop_when_left())
    answering = [asyncio.create_task(one.answered()) for one in running]
    try:
        return list(await asyncio.gather(*answering))
    except BaseException:
        cancel_all(running)
        raise
    finally:
        watching.cancel()
        for task in answering:
            task.cancel()
        await asyncio.gather(watching, *answering, return_exceptions=True)


async def all_events(running: Sequence[RunningRound]) -> AsyncIterator[tuple[int, ServiceEvent]]:
    """Every event of every round as it comes, with the round's index. Ends when all have ended."""
    queue: asyncio.Queue[tuple[int, ServiceEvent | None]] = asyncio.Queue()

    async def follow(index: int, one: RunningRound) -> None:
        async for event in one.events():
            queue.put_nowait((index, event))
        queue.put_nowait((index, None))

    following = [asyncio.create_task(follow(index, one)) for index, one in enumerate(running)]
    left = len(following)
    try:
        while left:
            index, event = await queue.get()
            if event is None:
                left -= 1
            else:
                yield index, event
    finally:
        for task in following:
            task.cancel()
