"""Names of painters without memory: what they begin with. Imports next to nothing, so any is told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ENDPOINT: Final = "endpoint:"
DIFFUSERS: Final = "diffusers:"


def is_planned(name: str | Path) -> bool:
    """Whether a model's name means a painter behind a planner."""
    return str(name).startswith((ENDPOINT, DIFFUSERS))
