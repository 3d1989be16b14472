"""The funnel of a build: how many documents came to each step, how many went on, and why the others did not.

As the paper tells its own: 170,000 clips, about 150,000 that fit a square, 92,471 with exactly two names
(Section 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from limner.builders.runner.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Line:
    """One step: how many came, how many went on, and (reason, how many) of the dropped, most first."""

    step: str
    num_in: int
    num_out: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Sources, dialogues and the steps between."""

    num_sources: int
    num_done: int
    num_kept: int
    lines: tuple[Line, ...]
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def share_kept(self) -> float:
        """Dialogues by sources; above 1 when a source gives several."""
        return self.num_kept / self.num_sources if self.num_sources else 0.0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "share_kept": self.share_kept}


def funnel_of(ledger: Ledger) -> Funnel:
    """The funnel of everything in a ledger, over all runs."""
    total, done, kept = ledger.counts()
    reasons: dict[str, list[tuple[str, int]]] = {}
    for step, reason, num in ledger.reasons():
        reasons.setdefault(step, []).append((reason, num))
    steps = ledger.passed()
    lines, coming = [], done
    for step, found in reasons.items():
        if step not in steps:  # such as sources that ended their worker
            coming -= sum(num for _, num in found)
            lines.append(_line(step, done, coming, found))
    for step, num_out in steps.items():
        lines.append(_line(step, coming, num_out, reasons.get(step, [])))
        coming = num_out
    return Funnel(num_sources=total, num_done=done, num_kept=kept, lines=tuple(lines), counts=ledger.summed())


def _line(step: str, num_in: int, num_out: int, reasons: list[tuple[str, int]]) -> Line:
    found = sorted(reasons, key=lambda pair: (-pair[1], pair[0]))
    return Line(step=step, num_in=num_in, num_out=num_out, reasons=tuple(found))
