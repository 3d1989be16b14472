"""How an answer is drawn, as values. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How an answer is drawn. The defaults are the ones the embedded model was measured with.

    `token_head` is "flow", "regression" or None for the checkpoint's default; `token_temperature` and
    `pixel_temperature` scale the starting noise of the flow head and of the detokenizer (0 draws the typical
    picture), `text_temperature` 0 takes the likeliest word; None is what suits the checkpoint.
    """

    token_head: str | None = None
    token_steps: int = 12
    token_temperature: float | None = None
    pixel_steps: int | None = None
    pixel_temperature: float | None = None
    text_temperature: float = 0.0
    max_text_tokens: int = 128
