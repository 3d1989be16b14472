"""Under which names a server answers, and which pages may send to it.

A page of another site can point a name of its own at this machine, or send a form; it cannot forge the Host
and Origin headers of a browser. Knows those two headers only.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from limner.server.errors import ApiError, error_response
from limner.server.security.cross_origin import foreign_origin

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?")
_READS: Final = ("GET", "HEAD", "OPTIONS")


class HostAndOrigin:
    """Refuses a malformed Host header, a name that is not in `names` (None: any), and foreign pages, but for
    those of `origins`. `answer` writes the refusal.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Collection[str] | None,
        origins: Collection[str] = (),
        answer: Callable[[ApiError], Response] = error_response,
    ) -> None:
        self.app = app
        self.names = names
        self.origins = frozenset(origins)
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = self._error(scope) if scope["type"] == "http" else None
        await (self.app if error is None else self.answer(error))(scope, receive, send)

    def _error(self, scope: Scope) -> ApiError | None:
        headers = scope["headers"]
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if match is None:
            return ApiError(400, "The Host header is not valid.", code="invalid_host")
        if self.names is not None and not is_own(match.group(1), self.names):
            return ApiError(
                403,
                "This server does not answer to the name in the Host header; its operator can allow it with "
                "--allow-host.",
                code="unknown_host",
            )
        origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
        if scope["method"] not in _READS and origins and not self._is_known(origins, hosts[0]):
            return foreign_origin()
        return None

    def _is_known(self, origins: list[str], host: str) -> bool:
        if len(origins) != 1:
            return False
        return origins[0] in self.origins or urlsplit(origins[0]).netloc.lower() == host.lower()


def own_names(host: str, allowed: Collection[str] = ()) -> frozenset[str]:
    """The host names that this server answers to: the machine's, those of the address it listens on, and the
    allowed extra ones.
    """
    machine = socket.gethostname()
    names = ("localhost", machine, f"{machine}.local", host, *allowed)
    return frozenset(name.lower().rstrip(".") for name in names)


def is_own(host: str, names: Collection[str]) -> bool:
    """Whether the host of a Host header is one of the names, or a number, which no name can pretend to be."""
    name = host.lower().rstrip(".")
    if name in names:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
