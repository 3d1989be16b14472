"""How far raters agree: Krippendorff's alpha for named values.

Knows values by unit. Knows nothing about studies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence


def nominal_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha for nominal data, any number of raters, values missing or not.

    alpha = 1 - observed / expected disagreement, both from the coincidence matrix, in which each unit enters
    with its pairs of values over (values - 1), and units with one value drop out (Krippendorff 2011,
    "Computing Krippendorff's Alpha-Reliability", section D). 1 is full agreement, 0 is chance.

    Args:
        units: the values that one unit (here: a pair of conversations) received, one for each rater.

    Returns:
        None when it is not defined: no unit has two values, or all values are alike.
    """
    totals = Counter[Hashable]()
    disagreed = 0.0
    for values in units:
        if len(values) < 2:
            continue
        counts = Counter(values)
        totals.update(counts)
        unlike = len(values) ** 2 - sum(count**2 for count in counts.values())
        disagreed += unlike / (len(values) - 1)
    num = sum(totals.values())
    expected = num**2 - sum(count**2 for count in totals.values())
    if expected == 0:
        return None
    return 1.0 - (num - 1) * disagreed / expected
