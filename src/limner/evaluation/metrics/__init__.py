"""What is measured, a file each: every metric with its source, its range and its better end.

Knows pictures, vectors, strings and boxes. Knows nothing about suites, models under evaluation or files.
"""

from limner.evaluation.metrics import (
    binding,
    clip_score,
    copy_paste,
    drift,
    face_similarity,
    grounding,
    psnr,
    question,
    rollback,
    scene_reading,
    seen_distance,
    ssim,
    traits,
)
from limner.evaluation.metrics.metric import Metric

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        face_similarity.METRIC,
        copy_paste.METRIC,
        clip_score.METRIC,
        psnr.METRIC,
        ssim.METRIC,
        seen_distance.METRIC,
        traits.METRIC,
        binding.METRIC,
        binding.RANK_METRIC,
        binding.LOST_METRIC,
        rollback.METRIC,
        scene_reading.METRIC,
        scene_reading.DISTANCE_METRIC,
        question.METRIC,
        grounding.METRIC,
        drift.METRIC,
    )
}
