"""API keys, default-deny: who gets in, and as whom.

Knows keys only as hashes and which paths need none. An owner is derived from a key and cannot be turned back
into it. Without keys everybody is the one owner LOCAL, which the settings allow on a loopback address only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from limner.server.errors import ApiError, error_response

LOCAL: Final = "local"
MIN_KEY_CHARACTERS: Final = 16
PUBLIC_PATHS: Final = frozenset({"/health/live", "/health/ready", "/openapi.json"})


class ApiKeys:
    """The keys that open the server, kept as hashes."""

    def __init__(self, keys: Iterable[tuple[str, str | None]]) -> None:
        """`keys` are (key, name); with a name the owner stays the same when the key is changed."""
        owners: dict[str, str] = {}
        for key, name in keys:
            if len(key) < MIN_KEY_CHARACTERS or not key.isascii() or not key.isprintable() or " " in key:
                raise ValueError(
                    f"An API key must be at least {MIN_KEY_CHARACTERS} printable characters without spaces; "
                    "`openssl rand -hex 24` makes a good one."
                )
            digest = _digest(key)
            if digest in owners:
                raise ValueError("The same API key is given twice; give everybody a key of their own.")
            owners[digest] = f"name_{_digest(name)[:32]}" if name else f"key_{_digest('owner ' + key)[:32]}"
        if not owners:
            raise ValueError("There is no API key in what was given; write one per line.")
        self._owners: Mapping[str, str] = owners

    def __len__(self) -> int:
        return len(self._owners)

    def shares_with(self, other: ApiKeys) -> bool:
        """Whether a key is among both."""
        return not self._owners.keys().isdisjoint(other._owners)

    def owner_of(self, key: str) -> str | None:
        """The owner that this key stands for, None when it opens nothing. Hashes are compared, not keys."""
        return self._owners.get(_digest(key))

    @classmethod
    def from_file(cls, path: Path) -> ApiKeys:
        """One key a line, or `NAME KEY`; empty lines and lines that begin with # are passed over."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not a text file; write one API key per line.") from error
        rows = [line.split() for line in lines if line.strip() and not line.strip().startswith("#")]
        if any(len(row) > 2 for row in rows):
            raise ValueError(f"A line of {path} has more than two words; write `KEY` or `NAME KEY`.")
        try:
            return cls((row[-1], row[0] if len(row) == 2 else None) for row in rows)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def from_text(cls, text: str) -> ApiKeys:
        """Keys with commas between them, as in LIMNER_API_KEYS."""
        return cls((key.strip(), None) for key in text.split(",") if key.strip())


class Doorkeeper:
    """Lets a request in when its path is public or its key is known, and notes in its state who the owner is
    and whether that is the operator. Where there are no keys, everybody is one owner, and the operator.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: ApiKeys | None,
        operator_keys: ApiKeys | None = None,
        public: frozenset[str] = PUBLIC_PATHS,
    ) -> None:
        self.app = app
        self.keys = keys
        self.operator_keys = operator_keys
        self.public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        if self.keys is None:
            state |= {"owner": LOCAL, "is_operator": True}
        else:
            key = _bearer(scope)
            owner = self.keys.owner_of(key)
            operator = None if self.operator_keys is None else self.operator_keys.owner_of(key)
            if owner is not None or operator is not None:
                state |= {"owner": operator or owner, "is_operator": operator is not None}
            elif not (scope["method"] in ("GET", "HEAD") and scope["path"] in self.public):
                await error_response(denied())(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _bearer(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1:
        return ""
    kind, _, key = found[0].decode("latin-1").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def denied() -> ApiError:
    """401."""
    return ApiError(
        401,
        "This server needs an API key: send Authorization: Bearer YOUR_KEY.",
        code="invalid_api_key",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
