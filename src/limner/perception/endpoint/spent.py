"""What talking to a server has cost so far, and what was wrong with its answers. Threads may share it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from limner.perception.endpoint.answers import Found
from limner.perception.endpoint.troubles import EndpointError, excuse


class Spent:
    """Counts answers, pictures, tokens, and complaints by their text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.answers = 0
        self.pictures = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.complaints: Counter[str] = Counter()

    def add(self, found: Found) -> None:
        """Count one answer."""
        with self._lock:
            self.answers += 1
            self.pictures += found.picture is not None
            self.input_tokens += found.input_tokens
            self.output_tokens += found.output_tokens
            if found.complaint:
                self.complaints[found.complaint] += 1

    def complain(self, sentence: str) -> None:
        """Count an answer that could not be used."""
        with self._lock:
            self.answers += 1
            self.complaints[sentence] += 1

    def refused(self, error: EndpointError, told: str = "{}") -> str:
        """Why this one request has no answer, counted as `told`; an error that ends the run is raised."""
        why = excuse(error)
        if why is None:
            raise error
        self.complain(told.format(why))
        return why

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the record of a run."""
        with self._lock:
            return {
                "answers": self.answers,
                "pictures": self.pictures,
                "input_tokens": self.input_tokens,
                "output_tokens": self.output_tokens,
                "complaints": dict(self.complaints.most_common(20)),
            }


def with_extra(body: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """The request with a user's own fields; a None takes a field away."""
    return {name: value for name, value in {**body, **(extra or {})}.items() if value is not None}
