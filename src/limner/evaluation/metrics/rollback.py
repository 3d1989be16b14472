"""Which state of a chain of edits is this picture?

Knows a picture and the true pictures of all states. Knows nothing about the instructions between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from limner.evaluation.metrics.metric import Metric, check_pixels, fit_to

METRIC = Metric(
    name="right_state",
    source="share of rollbacks whose picture is nearest to the exact target among all states of its chain",
    range=(0.0, 1.0),
    better="higher",
)


def nearest_state(picture: np.ndarray, states: Sequence[np.ndarray]) -> int:
    """The index of the state nearest to `picture`; the lowest among equals."""
    return int(np.argmin(state_distances(picture, states)))


def state_distances(picture: np.ndarray, states: Sequence[np.ndarray]) -> np.ndarray:
    """The distance of `picture` to every state."""
    if not states:
        raise ValueError("There is no state to compare with; pass the pictures of the chain.")
    known = np.stack([fit_to(state, states[0]) for state in states]).astype(np.float32)
    mine = fit_to(picture, states[0]).astype(np.float32)
    return np.asarray(np.square(known - mine).mean((1, 2, 3)))


def right_state(picture: np.ndarray, states: Sequence[np.ndarray], target: int) -> float:
    """1 when `picture` is nearest to `states[target]` or to a state that looks exactly the same, else 0."""
    return float(np.array_equal(states[nearest_state(picture, states)], states[target]))


def chance_of_state(states: Sequence[np.ndarray], target: int) -> float:
    """The chance of a blind guess to give a state that looks like `states[target]`."""
    return sum(np.array_equal(state, states[target]) for state in states) / len(states)


def near_any_state(picture: np.ndarray, states: Sequence[np.ndarray]) -> bool:
    """Whether `picture` is near any of the states at all."""
    return likeness_to_states(picture, states) >= 0.5


def likeness_to_states(picture: np.ndarray, states: Sequence[np.ndarray]) -> float:
    """Correlation with the nearest state, coarsely seen."""
    state = states[nearest_state(picture, states)]
    mine = fit_to(check_pixels(picture), state)
    one, other = (cv2.resize(p, (16, 16), interpolation=cv2.INTER_AREA).ravel() for p in (mine, state))
    return float(np.corrcoef(one.astype(np.float64), other.astype(np.float64))[0, 1])
