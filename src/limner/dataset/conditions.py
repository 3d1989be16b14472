"""Conditions on the truths of a data set, as they are written on a command line: `scores.margin>=0.3`.

Knows text and numbers, and loads nothing, so that a wrong one is told at once. `filter.py` applies them.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION: Final = re.compile(r"\s*([\w.-]+)\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A comparison with a value of the truth: `scores.margin >= 0.3`."""

    name: str
    sign: str
    value: float | str

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value
        return f"{self.name}{self.sign}{value}"

    def holds(self, truth: Mapping[str, Any]) -> bool | None:
        """None where the truth has no such value."""
        found = _found(truth, self.name)
        if isinstance(self.value, float):
            is_number = isinstance(found, int | float) and not isinstance(found, bool)
            return bool(_COMPARE[self.sign](found, self.value)) if is_number else None
        if not isinstance(found, str):
            return None
        return bool(_COMPARE[self.sign](found, self.value))


@dataclass(frozen=True, kw_only=True)
class Cap:
    """Dialogues for which `condition` holds are at most this share of what is kept."""

    condition: Condition
    share: float


def condition_of(text: str) -> Condition:
    """NAME>=VALUE and the like; ValueError for another shape."""
    matched = _CONDITION.fullmatch(text)
    if matched is None:
        raise ValueError(
            f'"{text}" is no condition; write one like scores.margin>=0.3 (>=, <=, >, <, =, !=).'
        )
    name, sign, value = matched.groups()
    try:
        number: float | str = float(value)
    except ValueError:
        number = value
    return Condition(name=name, sign=sign, value=number)


def cap_of(text: str) -> Cap:
    """CONDITION=SHARE, such as scores.alike>0.9=0.2; ValueError for another shape or no share of 0 to 1."""
    condition, _, share = text.rpartition("=")
    try:
        cap = Cap(condition=condition_of(condition), share=float(share))
    except ValueError as error:
        raise ValueError(f'"{text}" is no cap; write one like scores.alike>0.9=0.2.') from error
    if not 0 <= cap.share < 1:
        raise ValueError(f"The share in {text} is {share}; give one from 0 to below 1.")
    return cap


def _found(truth: Mapping[str, Any], name: str) -> Any:
    value: Any = truth
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
