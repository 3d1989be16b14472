"""Is the answer right? Answers compared by what they say, not by how they are written.

Knows the words of answers. Knows nothing about pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from limner.evaluation.metrics.metric import Metric

METRIC = Metric(
    name="answers",
    source="share of questions whose answer, normalised, agrees with the true one (after Antol et al. 2015, VQA)",
    range=(0.0, 1.0),
    better="higher",
)


def answer_matches(said: str, truth: str, *, question: str = "", names: Sequence[str] = ()) -> bool:
    """Whether `said` gives the answer `truth`."""
    return said.strip(" .").lower() == truth.strip(" .").lower()
