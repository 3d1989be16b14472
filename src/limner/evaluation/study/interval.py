"""A mean with an interval when values share conversations *and* raters.

Knows numbers and two ways in which they are grouped. The intervals of the other suites need one way only
(`score.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limner.evaluation.score import INTERVAL, Estimate

DRAWS = 2000


def two_way_estimate(
    values: Sequence[float], conversations: Sequence[str], raters: Sequence[str]
) -> Estimate:
    """The mean of `values` with a 95% percentile interval by the pigeonhole bootstrap (Owen 2007, Annals of
    Applied Statistics 1(2), 386-411).

    Conversations are drawn with replacement, and raters too, independently; a value counts as often as its
    conversation was drawn times as often as its rater was. So the interval covers other conversations and
    other raters, and is if anything too wide. With one rater it speaks of other conversations only. Draws in
    which nothing is left are passed over. The draws are seeded, and equal values in any order give equal
    intervals. ValueError when there are no values.
    """
    if not len(values):
        raise ValueError("An estimate needs at least one vote.")
    conversation_names, conversation_of = np.unique(conversations, return_inverse=True)
    rater_names, rater_of = np.unique(raters, return_inverse=True)
    shape = len(conversation_names), len(rater_names)
    sums, counts = np.zeros(shape), np.zeros(shape)
    numbers = np.asarray(values, dtype=np.float64)
    order = np.lexsort((numbers, rater_of, conversation_of))  # floating-point sums depend on order
    where = conversation_of[order], rater_of[order]
    np.add.at(sums, where, numbers[order])
    np.add.at(counts, where, 1.0)

    chance = np.random.default_rng(0)
    times_conversation = chance.multinomial(shape[0], np.full(shape[0], 1 / shape[0]), size=DRAWS)
    times_rater = chance.multinomial(shape[1], np.full(shape[1], 1 / shape[1]), size=DRAWS)
    drawn_sums = ((times_conversation @ sums) * times_rater).sum(1)
    drawn_counts = ((times_conversation @ counts) * times_rater).sum(1)
    left = drawn_counts > 0
    low, high = np.percentile(drawn_sums[left] / drawn_counts[left], INTERVAL)
    return Estimate(value=float(sums.sum() / counts.sum()), low=float(low), high=float(high), n=len(numbers))
