"""The names that a benchmark's system may have on the command line. Knows words; loads nothing."""

from __future__ import annotations

from typing import Final, Literal

ORACLE: Final = "oracle"
MARKOV: Final = "markov"
PERFECT: Final = "perfect"
Api = Literal["auto", "responses", "chat"]
APIS: Final[tuple[Api, ...]] = ("auto", "responses", "chat")
