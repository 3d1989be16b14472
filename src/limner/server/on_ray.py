"""Several replicas of the server behind one address, through Ray Serve.

Knows Ray: how replicas are started, reach each other, are told to drain, and stopped. Each is the application
of `app.py` with a painter, an engine and a `Store` of its own over the shared folder. Serve's proxy stands in
front and starts a replica again that died. Needs the extra `ray`. On a cluster (`RAY_ADDRESS`) every machine
must see model and store under the same paths; for stores on different disks see docs/serving.md.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import signal
import threading
import time
from asyncio import ensure_future
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.planning.loading import known_model
from limner.server.replicas.switchboard import Switchboard
from limner.server.run import FLUSH_S, POLL_S, Tell, listen, log_to_stderr
from limner.server.settings import ServerSettings

NAME: Final = "limner"
MAX_REQUESTS: Final = 1000  # open at once at one replica, streams among them
STOP_S: Final = 15.0  # for rounds that were told to stop
_STORE_BYTES: Final = 1 << 28  # of Ray's shared memory, for bodies and pictures on their way
_QUIET: Final = {"enable_access_log": False, "log_level": "WARNING"}  # the replicas have a log of their own
_REASON: Final = re.compile(
    r"^(?:\w+\.)*(?:ValueError|StoreFailed|\w*OSError|FileNotFoundError): (.+)$", re.M
)
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9-]{8,64}")


def serve_replicas(
    settings: ServerSettings, *, model: str, store: Path, num: int, quiet: bool, tell: Tell
) -> None:
    """Serve `model` from `num` replicas until a signal; the first drains, a second stops at once.

    ValueError when Ray is missing, the address cannot be had, or the model or the store cannot be opened.
    """
    ray, serve = _imported()
    model = known_model(model)
    with listen(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
    with _connected(ray, num), _signals() as signals:
        switchboard = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Switchboard).remote()
        serve.start(
            proxy_location="HeadOnly",
            http_options={"host": settings.host, "port": port},
            logging_config=_QUIET,
        )
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        tell(f"http://{host}:{port}/ is open; loading {model} in {num} replicas ...")
        try:
            _run(ray, serve, (settings, model, store.resolve(), quiet, switchboard), num)
            tell(f"ready: {num} replicas")
            signals.is_serving = True
            signals.stopping.wait()
            _drain(ray, switchboard, settings.drain_s, tell)
            serve.delete(NAME)
        finally:
            serve.shutdown()


def _drain(ray: Any, switchboard: Any, drain_s: float, tell: Tell) -> None:
    def running() -> int:
        return int(ray.get(switchboard.num_running.remote()))

    def waited(seconds: float) -> None:
        until = time.monotonic() + seconds
        while running() and time.monotonic() < until:
            time.sleep(POLL_S)

    ray.get(switchboard.drain.remote())
    if num := running():
        tell(f"stopping; {num} rounds in progress may take {drain_s:g} s to end")
    waited(drain_s)
    if num := running():
        tell(f"cancelling {num} rounds that did not end in time")
        ray.get(switchboard.stop_all.remote())
        waited(STOP_S)


def _run(ray: Any, serve: Any, given: tuple[Any, ...], num: int) -> None:
    gpus = float(ray.cluster_resources().get("GPU", 0))
    cpus = float(ray.cluster_resources()["CPU"])
    made = serve.deployment(serve.ingress()(Replica)).options(
        name="Replica",
        num_replicas=num,
        max_ongoing_requests=MAX_REQUESTS,
        max_constructor_retry_count=1,
        health_check_timeout_s=60,
        graceful_shutdown_wait_loop_s=0.5,
        graceful_shutdown_timeout_s=FLUSH_S,
        ray_actor_options={"num_cpus": max(1, int(cpus // num)), "num_gpus": _gpu_share(gpus, num)},
        logging_config=_QUIET,
    )
    try:
        serve.run(made.bind(*given), name=NAME, route_prefix="/")
    except RuntimeError as error:
        told = serve.status().applications[NAME]
        messages = "\n".join([told.message, *(one.message for one in told.deployments.values())])
        reasons = _REASON.findall(messages)
        raise ValueError(reasons[-1] if reasons else "The replicas could not be started.") from error


def _gpu_share(gpus: float, num: int) -> float:
    """How much of a GPU one of `num` replicas takes: all of one, or a share if there are fewer."""
    if not gpus:
        return 0.0
    return 1.0 if gpus >= num else 1.0 / -(-num // int(gpus))


class Replica:
    """One replica: the application over a service of its own. Made by Ray Serve, in a process of its own."""

    def __init__(
        self, settings: ServerSettings, model: str, store: Path, quiet: bool, switchboard: Any
    ) -> None:
        from ray import serve

        # Late: they load torch, which only replicas need.
        from limner.server.app import server_app
        from limner.server.opening import open_service
        from limner.server.replicas.elsewhere import Elsewhere

        self.logging = log_to_stderr(quiet=quiet)
        self.logging.__enter__()  # until the process ends
        self.service = open_service(model, store, settings)
        self.inner = server_app(self.service, settings)
        self.desk = self.inner.state.desk
        self.desk.others = Elsewhere(
            serve.get_replica_context().replica_id.unique_id,
            lambda name, *args, **named: getattr(switchboard, name).remote(*args, **named),
        )

    def __serve_build_asgi_app__(self) -> ASGIApp:
        self.in_touch = ensure_future(self.desk.others.keep_in_touch(self.desk))
        return BehindProxy(self.inner)

    def __del__(self) -> None:
        if hasattr(self, "in_touch"):
            self.in_touch.cancel()
            self.service.close(0.0)


class BehindProxy:
    """The application as Serve's proxy wants it: the proxy has named the request already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def unnamed(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] != b"x-request-id"]
                message = {**message, "headers": kept}
            await send(message)

        for name, value in scope.get("headers", ()):
            if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                scope.setdefault("state", {})["request_id"] = value.decode()
        await self.app(scope, receive, unnamed if scope["type"] == "http" else send)


def _imported() -> tuple[Any, Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # else whatever else runs comes first
    if not os.environ.get("RAY_ADDRESS"):  # read when Ray is imported
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
        from ray import serve
        from ray._private import ray_constants
    except ImportError as error:
        raise ValueError(
            "--replicas needs Ray Serve, which is not installed; pip install 'limner[ray]' brings it."
        ) from error
    if not os.environ.get("RAY_ADDRESS"):
        ray_constants.ENABLE_RAY_CLUSTER = False  # its ports on the loopback address
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    return ray, serve


@contextmanager
def _connected(ray: Any, num: int) -> Iterator[None]:
    """The cluster of `RAY_ADDRESS`, or processes of our own, which answer only who has their secret."""
    told: dict[str, Any] = {"logging_level": logging.ERROR}
    if not os.environ.get("RAY_ADDRESS"):
        told |= {
            "address": "local",
            "num_cpus": max(num, os.cpu_count() or 1),
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    ray.init(**told)
    try:
        yield
    finally:
        ray.shutdown()


class Signals:
    """The first SIGTERM or Ctrl-C while serving sets `stopping`; any other is a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.is_serving = False

    def __call__(self, number: int, frame: object) -> None:
        if not self.is_serving or self.stopping.is_set():
            raise KeyboardInterrupt
        self.stopping.set()


@contextmanager
def _signals() -> Iterator[Signals]:
    signals = Signals()
    # Set after Ray has started, which has a handler of its own for SIGTERM.
    before: Mapping[int, Any] = {n: signal.signal(n, signals) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
