"""Was the edit made, and only the edit? Painted pictures against the true pictures before and after.

Knows three pictures of one size and the scenes behind them. Knows nothing about conversations.
"""

from __future__ import annotations

from dataclasses import fields, replace

import cv2
import numpy as np

from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import psnr_db
from limner_world.person import Traits
from limner_world.scene import Figure, Scene

VISIBLE = 16  # the least difference of a channel that counts as a change
MARGIN_PX = 5  # around a change: where blurred painters mix both sides
LEAST_KEPT = 0.05  # of the picture; what a new style leaves alone says nothing


def changed_region(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Where two true pictures (H, W, 3) uint8 differ visibly: (H, W) bool."""
    return np.asarray(cv2.absdiff(source, target).max(axis=2) >= VISIBLE)


def change_made(picture: np.ndarray, source: np.ndarray, target: np.ndarray) -> float:
    """1 when `picture` is nearer to `target` than to `source` where these differ, 0 when not, 0.5 on a tie.

    Pictures are (H, W, 3) uint8; `picture` is resampled to the others' size.
    """
    picture, region = fit_to(picture, target), changed_region(source, target)
    if not region.any():
        region = np.ones_like(region)
    to_source, to_target = (
        float(np.square(picture[region].astype(np.float64) - true[region]).mean())
        for true in (source, target)
    )
    return 0.5 if to_source == to_target else float(to_target < to_source)


def kept_psnr_db(picture: np.ndarray, source: np.ndarray, target: np.ndarray) -> float | None:
    """PSNR in dB to the target where the edit changes nothing; None when next to nothing is left alone."""
    picture = fit_to(picture, target)
    margin = np.ones((2 * MARGIN_PX + 1, 2 * MARGIN_PX + 1), np.uint8)
    kept = cv2.dilate(changed_region(source, target).astype(np.uint8), margin) == 0
    if kept.mean() < LEAST_KEPT:
        return None
    return psnr_db(picture[kept][:, None], target[kept][:, None])


def carry_over(before: Scene, after: Scene, onto: Scene) -> Scene:
    """`onto` with the change from `before` to `after`: every field that differs takes its new value.

    All three show the same people in the same places.
    """
    changed = {
        f.name: getattr(after, f.name)
        for f in fields(Scene)
        if f.name != "figures" and getattr(before, f.name) != getattr(after, f.name)
    }
    figures = tuple(
        _carry_figure(*three) for three in zip(before.figures, after.figures, onto.figures, strict=True)
    )
    return replace(onto, figures=figures, **changed)


def _carry_figure(before: Figure, after: Figure, onto: Figure) -> Figure:
    own = {
        f.name: getattr(after, f.name)
        for f in fields(Figure)
        if f.name != "person" and getattr(before, f.name) != getattr(after, f.name)
    }
    worn = {
        f.name: getattr(after.person.traits, f.name)
        for f in fields(Traits)
        if getattr(before.person.traits, f.name) != getattr(after.person.traits, f.name)
    }
    return replace(onto, person=replace(onto.person, traits=replace(onto.person.traits, **worn)), **own)
