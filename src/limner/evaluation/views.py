"""The readings of one rate, and how results name them.

A rate is measured on what the painter drew. Beside it may stand, under the same name with a word before it:

    twin.RATE      the same image tokens drawn by the symbolic twin, a ruler that reads the world's truth off
                   them (`models/symbolic_twin.py`); what is lost from here to RATE, the detokenizer lost
    tokens.RATE    read off the tokens themselves, by no judge; what is missing here, the language model
                   missed
    ceiling.RATE   the true pictures in the painted ones' place: what the judge itself misses
    chance.RATE    what blind guessing gets

Knows names only.
"""

from __future__ import annotations

from typing import Final

TWIN: Final = "twin."
TOKENS: Final = "tokens."
CEILING: Final = "ceiling."
CHANCE: Final = "chance."
VIEWS: Final = (TWIN, TOKENS, CEILING, CHANCE)
TITLES: Final = {
    TOKENS: "in the tokens",
    TWIN: "twin (ruler)",
    CEILING: "true pictures",
    CHANCE: "chance",
}


def rate_of(metric: str) -> tuple[str, str]:
    """(view, rate) of a metric's name; the view is "" for what the painter drew."""
    view = next((name for name in VIEWS if metric.startswith(name)), "")
    return view, metric.removeprefix(view)
