"""A replica's line to the switchboard: what it tells the others, and what it asks of them.

Knows this replica's desk and the messages. How they travel is the caller's business: `call` takes a method's
name of `Switchboard` and its arguments, and is awaited.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from limner.server.replicas.switchboard import IN_PROGRESS, Listed, Orders
from limner.server.schemas.answers import BegunResponse

log = logging.getLogger("limner.server")

BEAT_S: Final = 0.25  # within this time and a denoising step, a round is stopped from afar
BEATS_A_NUMBER: Final = 8  # so often metrics travel

Call = Callable[..., Awaitable[Any]]


class Running(Protocol):
    """A round in progress, as the other replicas are told of it."""

    id: str
    owner: str
    response: BegunResponse | None

    def cancel(self) -> None: ...


class Numbers(Protocol):
    """The metrics of one replica."""

    def texts(self) -> dict[str | None, bytes]: ...


class ReplicasDesk(Protocol):
    """The rounds in progress of one replica."""

    is_draining: bool

    @property
    def metrics(self) -> Numbers: ...

    @property
    def running(self) -> Mapping[str, Running]: ...

    def drain(self) -> None: ...


class Elsewhere:
    """What one replica's desk knows about rounds of the others. Lives on the event loop's thread."""

    def __init__(self, replica: str, call: Call) -> None:
        self.replica = replica
        self.call = call
        self._tasks: set[asyncio.Task[None]] = set()

    async def num_running(self, owner: str) -> int:
        """The owner's rounds on other replicas."""
        return int(await self.call("num_running", owner, but=self.replica))

    async def lock(self, owner: str, conversation: str) -> bool:
        """Take the conversation's lock for this replica; False when another replica holds it."""
        return bool(await self.call("lock", owner, conversation, self.replica))

    def unlock(self, owner: str, conversation: str) -> None:
        """Others may add to it, too. Does not wait for the answer."""
        self._later(self.call("unlock", owner, conversation, self.replica))

    async def begun(self, running: Running) -> None:
        """Report a round that starts on this replica."""
        begun = running.response
        response = None if begun is None else begun.template.model_dump(mode="json")
        await self.call(
            "begin", Listed(id=running.id, owner=running.owner, replica=self.replica, response=response)
        )

    def ended(self, running: Running, *how: Any) -> None:
        """Report that a round ended, without waiting for the reply: `how` is nothing when it was answered,
        "cancelled", or "failed" with its code and message.
        """
        self._later(self.call("end", running.id, *how))

    async def find(self, owner: str, id: str) -> Listed | None:
        """A round that another replica computes, or that ended anywhere without an answer."""
        found: Listed | None = await self.call("find", owner, id)
        return found

    async def stopped(self, listed: Listed) -> Listed | None:
        """Have it stopped; how it ended, None when it was answered after all."""
        await self.call("stop", listed.owner, listed.id)
        return await self.over(listed)

    async def over(self, listed: Listed) -> Listed | None:
        """Wait for its end; None when it was answered."""
        found: Listed | None = listed
        while found is not None and found.status == IN_PROGRESS:
            await asyncio.sleep(BEAT_S)
            found = await self.find(listed.owner, listed.id)
        return found

    async def forget(self, owner: str, id: str) -> None:
        """Stop listing a round that ended without an answer."""
        await self.call("forget", owner, id)

    async def numbers(self, own: bytes, owner: str | None = None) -> dict[str, bytes]:
        """Every replica's metrics, this one's as they are now: all of them, or what an owner may know."""
        return {**await self.call("numbers", owner), self.replica: own}

    async def keep_in_touch(self, desk: ReplicasDesk) -> None:
        """Send heartbeats and carry out the orders that come back; runs until it is cancelled."""
        async for number in _beats():
            try:
                is_due = number % BEATS_A_NUMBER == 0
                texts = await asyncio.to_thread(desk.metrics.texts) if is_due else None
                orders: Orders = await self.call("beat", self.replica, tuple(desk.running), texts)
                for id in orders.stop:
                    if id in desk.running:
                        desk.running[id].cancel()
                for id in orders.unknown:
                    if id in desk.running:
                        await self.begun(desk.running[id])
            except Exception as error:  # the switchboard is being started again
                log.warning("The other replicas cannot be reached (%s).", type(error).__name__)
                continue
            if orders.is_draining and not desk.is_draining:
                desk.drain()

    def _later(self, message: Awaitable[Any]) -> None:
        async def sent() -> None:
            try:
                await message
            except Exception as error:
                log.warning("The other replicas cannot be reached (%s).", type(error).__name__)

        task = asyncio.ensure_future(sent())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _beats() -> AsyncIterator[int]:
    number = 0
    while True:
        yield number
        number += 1
        await asyncio.sleep(BEAT_S)
