"""What a painter's memory holds of each conversation, so that deletion reaches it: prefixes and uploads.

Knows keys and digests, and forgets by them. Knows nothing about the store.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from limner.inference.painter import Painter
from limner.inference.request import RoundRequest

MAX_CONVERSATIONS = 4096


@dataclass(frozen=True)
class _Trace:
    salt: str
    roots: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)


class Traces:
    """Safe for several threads. Conversations beyond the limit leave the painter's memory too."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, conversation: str, request: RoundRequest, root: str | None = None) -> None:
        """This request's prefixes and pictures come, or have come, into memory; `root` begins its own."""
        pictures = [*request.instruction.pictures, *(p for r in request.past for p in r.instruction.pictures)]
        with self._lock:
            trace = self._traces.setdefault(conversation, _Trace(request.salt))
            self._traces.move_to_end(conversation)
            trace.roots.update(key for key in (root, *(r.key for r in request.past[:1])) if key)
            trace.uploads.update(picture.digest for picture in pictures)
            oldest = next(iter(self._traces)) if len(self._traces) > MAX_CONVERSATIONS else None
        if oldest is not None:
            self.forget(oldest)

    def forget(self, conversation: str) -> None:
        """Let the painter hold nothing of a conversation; what is needed again is computed again."""
        with self._lock:
            trace = self._traces.pop(conversation, None)
        if trace is not None:
            self._painter.forget(trace.salt, trace.uploads, trace.roots)
