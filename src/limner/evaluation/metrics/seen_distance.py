"""How different two pictures look to the judge: LPIPS through its models' own features.

Knows two pictures and where the faces in the true one are. What is measured is in
`limner.perception.seen_distance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from limner.evaluation.metrics.metric import Metric, check_pair
from limner.perception.crops import to_tensor
from limner.perception.seen_distance import seen_distance

if TYPE_CHECKING:
    from limner.perception.protocols import Box
    from limner.perception.senses import WorldSenses

METRIC = Metric(
    name="seen_distance",
    source="LPIPS (Zhang et al. 2018, eq. 1) through the judge's features, of faces, persons and the picture",
    range=(0.0, 4.0),
    better="lower",
)


def distance_seen(
    judge: WorldSenses, picture: np.ndarray, truth: np.ndarray, boxes: Sequence[Box] = ()
) -> float:
    """Distance of two square pictures (S, S, 3) uint8 of one size; 0 for equal ones.

    Args:
        judge: who looks.
        picture: what was painted.
        truth: what it should look like.
        boxes: the faces of `truth`, in the unit square.
    """
    check_pair(picture, truth)
    with torch.inference_mode():
        drawn, true = (to_tensor([pixels], judge.device) for pixels in (picture, truth))
        return float(seen_distance(judge, drawn, true, [boxes]))
