"""Serving until told to stop: listen first, load the model in the background, drain on SIGTERM.

Knows sockets, signals and the order of things. A first SIGTERM or Ctrl-C takes no new rounds and lets those
in progress end; a second one stops at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from limner.server.entrance import Entrance
from limner.server.security.connections import ConnectionLimits, served
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from limner.service.conversation_service import ConversationService

log = logging.getLogger("limner.server")
POLL_S = 0.05
JOIN_S = 0.5
FILES_BESIDE_CONNECTIONS = 160  # the model's, the store's for each thread, the picture decoders'
MIN_CONNECTIONS = 16
SWITCH_S = 0.001
FLUSH_S = 10  # for answers on their way when rounds are over

Tell = Callable[[str], None]


def serve(settings: ServerSettings, *, model: str, store: Path, tell: Tell) -> None:
    """Serve `model` with conversations kept in `store`, until a signal.

    ValueError or OSError when the address cannot be had, or the model or the store cannot be opened.
    """
    with listen(settings.host, settings.port) as listener:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        tell(f"http://{host}:{listener.getsockname()[1]}/ is open; loading {model} ...")
        connections = connection_limits(settings.limits, tell)
        settings = replace(
            settings, limits=replace(settings.limits, max_connections=connections.max_connections)
        )
        entrance = Entrance(settings)
        config = served(
            entrance,
            connections,
            log_config=None,
            timeout_graceful_shutdown=FLUSH_S,
        )
        server = DrainingServer(config, settings.drain_s, tell)
        loading = threading.Thread(
            target=_load,
            args=(settings, model, store, entrance, server, tell),
            name="limner-load",
            daemon=True,
        )
        loading.start()
        # The event loop waits for the other threads in turn, which are many when many ask.
        sys.setswitchinterval(SWITCH_S)
        try:
            server.run(sockets=[listener])
        finally:
            if server.service is not None:
                server.service.close(0.0)
            loading.join(JOIN_S)
            if loading.is_alive():  # torch, half imported, would abort an orderly exit
                logging.shutdown()
                os._exit(0)
    if server.failure is not None:
        raise server.failure


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which on a first signal waits for rounds in progress before it closes its doors."""

    def __init__(self, config: uvicorn.Config, drain_s: float, tell: Tell) -> None:
        super().__init__(config)
        self.drain_s = drain_s
        self.tell = tell
        self.app: FastAPI | None = None
        self.service: ConversationService | None = None
        self.failure: Exception | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.is_draining = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: drain. Second: stop now."""
        if self.is_draining or self.app is None or self.loop is None:
            self.should_exit = self.force_exit = True
            return
        self.is_draining = True
        self.loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._drain()))

    def give_up(self, failure: Exception) -> None:
        """Stop, because there is nothing to serve."""
        self.failure = failure
        self.should_exit = True

    async def _drain(self) -> None:
        assert self.app is not None
        desk = self.app.state.desk
        desk.drain()
        if desk.num_running:
            self.tell(f"stopping; {desk.num_running} rounds in progress may take {self.drain_s:g} s to end")
        until = asyncio.get_running_loop().time() + self.drain_s
        while desk.num_running and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(POLL_S)
        if desk.num_running:
            self.tell(f"cancelling {desk.num_running} rounds that did not end in time")
            desk.cancel_all()
        while desk.num_running:  # one denoising step at most
            await asyncio.sleep(POLL_S)
        self.should_exit = True


def connection_limits(limits: Limits, tell: Tell) -> ConnectionLimits:
    """As many connections as were asked for, or fewer where the system lets this process open fewer files."""
    num = limits.max_connections
    room = _open_files() - FILES_BESIDE_CONNECTIONS
    if room < num:
        num = min(num, max(MIN_CONNECTIONS, room))
        tell(f"at most {num} connections at once: the limit of open files is low (ulimit -n)")
    return ConnectionLimits(
        max_connections=num,
        max_header_bytes=limits.max_header_bytes,
        header_timeout_s=limits.header_timeout_s,
        idle_timeout_s=limits.idle_timeout_s,
    )


def _open_files() -> int:
    """How many files this process may open, after asking for as many as it may ask for."""
    try:
        import resource
    except ImportError:  # Windows has no such limit on sockets
        return 2**31
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return 2**31 if soft == resource.RLIM_INFINITY else soft


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; ValueError when the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise ValueError(
            f"Cannot listen at {host}, port {port} ({error.strerror or error}); "
            "give another --host or --port."
        ) from error


def _load(
    settings: ServerSettings, model: str, store: Path, entrance: Entrance, server: DrainingServer, tell: Tell
) -> None:
    try:
        # Late and in this thread: they load torch.
        from limner.server.app import server_app
        from limner.server.opening import open_service
        from limner.server.pictures.painting import signing_told
        from limner.server.safety import warnings_of

        signing = signing_told(settings)  # a wrong certificate is told of before a model is loaded
        service = open_service(model, store, settings)
        app = server_app(service, settings)
        for line in (*signing, *warnings_of(service, settings)):
            tell(line)
        server.service, server.app = service, app
        # What was loaded stays. Looking for garbage among it takes most of a second, in which nobody is
        # answered.
        gc.collect()
        gc.freeze()
        entrance.open(app)
        tell(f"ready: {service.painter.summary}")
    except Exception as error:
        if not isinstance(error, (ValueError, OSError)):
            log.exception("The model could not be loaded.")
        server.give_up(error)
    except SystemExit:
        server.give_up(ValueError("The model could not be loaded."))


@contextlib.contextmanager
def log_to_stderr(*, quiet: bool) -> Iterator[None]:
    """Inside, log one line per request to stderr (not if `quiet`), and the server's own errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    levels = {log: logging.WARNING if quiet else logging.INFO}
    levels |= {logging.getLogger(name): logging.WARNING for name in ("uvicorn.error", "limner.inference")}
    before = {logger: logger.level for logger in levels}
    for logger, level in levels.items():
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, level in before.items():
            logger.removeHandler(handler)
            logger.setLevel(level)
