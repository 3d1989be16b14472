"""The card of copy-paste: was the person painted, or the face that was given copied?

A high face similarity alone may be copying: real pairs of photographs of one person score about .46
(WithAnyone), so both numbers belong side by side. The suites that are given a face measure it.
"""

from __future__ import annotations

from limner.evaluation.metrics.metric import Metric

METRIC = Metric(
    name="copy_paste",
    source="face similarity to the reference picture minus that to a different picture (after WithAnyone)",
    range=(-2.0, 2.0),
    better="lower",
)
