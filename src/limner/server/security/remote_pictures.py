"""Pictures by address, from origins that whoever runs the server has named, and from nowhere else.

Knows the allow-list and how a request is kept from being turned elsewhere: names are resolved here, every
address is checked, the connection goes to the checked address, and no redirect is followed. Off by default.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

PORTS: Final = {"https": 443, "http": 80}
CHUNK_BYTES: Final = 65536
OFF: Final = (
    "Pictures by address are not fetched by this server; send the picture itself as a data: URL, or upload "
    "it to /v1/files and send its id."
)
REFUSED: Final = "The picture's address is not one of those that this server fetches from; send a data: URL."
FAILED: Final = "The picture's address gave no picture; send the picture itself as a data: URL."


@dataclass(frozen=True, kw_only=True)
class RemoteRules:
    """Which origins ("https://pictures.example", with the port unless it is the usual one) may be fetched
    from, and how much.

    A name must lead to public addresses only. A private address is reached when the origin itself is that
    address ("http://10.0.0.5:9000"), which nobody can point elsewhere.
    """

    origins: tuple[str, ...] = ()
    max_bytes: int = 10_000_000
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        for origin in self.origins:
            parts = _split(origin)
            if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment:
                raise ValueError(
                    f"{origin!r} is no origin to fetch pictures from; write it like https://pictures.example"
                )


def fetch(url: str, rules: RemoteRules) -> bytes:
    """Download from an allowed address; ValueError in one sentence that reveals nothing of the network.

    Whether an inner address exists, refuses or is slow cannot be told from the answer: all fail alike.
    """
    if not rules.origins:
        raise ValueError(OFF)
    parts = _split(url)
    if parts is None or _origin(parts) not in {_origin(_split(origin)) for origin in rules.origins}:
        raise ValueError(REFUSED)
    deadline = time.monotonic() + rules.timeout_s
    try:
        return _get(parts, rules, deadline)
    except (OSError, http.client.HTTPException, ValueError):
        raise ValueError(FAILED) from None


def _split(url: str) -> SplitResult | None:
    """The address in its parts; None when it is not a plain http or https one."""
    if any(ord(letter) <= 32 or ord(letter) == 127 or letter == "\\" for letter in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts


def _origin(parts: SplitResult | None) -> tuple[str, str, int]:
    assert parts is not None
    host = (parts.hostname or "").rstrip(".").lower()
    return parts.scheme, host, parts.port or PORTS[parts.scheme]


def _get(parts: SplitResult, rules: RemoteRules, deadline: float) -> bytes:
    scheme, host, port = _origin(parts)
    connection = _Connection(scheme, host, port, _address(host, port), deadline)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # Bytes that come one by one never exceed a socket's own timeout.
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), connection.cut)
    watch.start()
    try:
        connection.request("GET", target, headers={"Accept": "image/*", "User-Agent": "limner"})
        with connection.getresponse() as answer:
            if answer.status != 200:  # a redirect too: where it leads was not allowed
                raise ValueError(f"status {answer.status}")
            if not answer.headers.get_content_type().startswith("image/"):
                raise ValueError("no picture")
            data = b""
            while chunk := answer.read1(CHUNK_BYTES):
                data += chunk
                if len(data) > rules.max_bytes:
                    raise ValueError("too large")
        if time.monotonic() > deadline or answer.length:  # cut off, perhaps in the middle
            raise TimeoutError
        return data
    finally:
        watch.cancel()
        connection.close()


def _address(host: str, port: int) -> str:
    """The one address to connect to. ValueError when any address of a name is not a public one."""
    try:
        return str(ipaddress.ip_address(host))  # named as an address by whoever runs the server
    except ValueError:
        pass
    found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not found or not all(is_public(address) for address in found):
        raise ValueError("a private address")
    return min(found, key=lambda address: (":" in address, address))


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, also inside IPv6 forms that hold an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour]
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip.teredo is not None:
            inner += [*ip.teredo]
        if any(v4 is not None and not is_public(str(v4)) for v4 in inner):
            return False
    return ip.is_global and not ip.is_multicast


class _Connection(http.client.HTTPConnection):
    """To a checked address, under the name that was asked for, until a deadline."""

    def __init__(self, scheme: str, host: str, port: int, address: str, deadline: float) -> None:
        super().__init__(host, port)
        self._secure = scheme == "https"
        self._address = address
        self._deadline = deadline
        self._open: socket.socket | None = None

    def connect(self) -> None:
        left_s = max(0.001, self._deadline - time.monotonic())
        self.sock = self._open = socket.create_connection((self._address, self.port), timeout=left_s)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = self._open = context.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """Close the connection at once, from another thread; a read in progress ends or fails."""
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)
