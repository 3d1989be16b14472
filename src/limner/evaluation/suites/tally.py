"""The rows of one task in the making: values, and rates beside what chance alone would give.

Knows metric names and numbers. Knows nothing about what they measure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from limner.evaluation.score import Row


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Rows of one task; `dialogue` is the task's name."""

    dialogue: str
    rows: list[Row] = field(default_factory=list)

    def add(self, metric: str, value: float) -> None:
        """One measured value."""
        self.rows.append(Row(dialogue=self.dialogue, metric=metric, value=float(value)))

    def rate(self, metric: str, hit: float, chance: float) -> None:
        """One trial that chance alone wins with probability `chance`: `metric` and "chance.<metric>"."""
        self.add(metric, hit)
        self.add(f"chance.{metric}", chance)
