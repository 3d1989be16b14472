"""The rows of one task in the making: values, and rates beside what chance alone would give.

Knows metric names and numbers. Knows nothing about what they measure.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from limner.evaluation.score import Row
from limner.evaluation.views import CHANCE


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Rows of one task; `dialogue` is the task's name, `view` stands before every metric (`views.py`)."""

    dialogue: str
    rows: list[Row] = field(default_factory=list)
    view: str = ""

    def add(self, metric: str, value: float) -> None:
        """One measured value."""
        self.rows.append(Row(dialogue=self.dialogue, metric=f"{self.view}{metric}", value=float(value)))

    def rate(self, metric: str, hit: float, chance: float) -> None:
        """Record a trial that succeeds by chance with probability `chance`, as `metric` and
        "chance.<metric>". The chance is the same in every view and recorded once.
        """
        self.add(metric, hit)
        if not self.view:
            self.add(f"{CHANCE}{metric}", chance)

    def seen_as(self, view: str) -> Tally:
        """The same rows in the making, as another view of the same rates."""
        return replace(self, view=view)
