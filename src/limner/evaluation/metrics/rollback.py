"""Which state of a chain of edits is this picture?

Knows a picture and the true pictures of all states. Knows nothing about the instructions between them.

A painted picture is never a state pixel for pixel: it is blurred, a little brighter or darker, a few pixels
off. Plain squared error then favours whichever state has the least contrast. So every state is first made as
blurred and as bright as the picture, the same freedom for each, and every place may move a little:

- both are seen at 64 x 64;
- a state is tried at four blurs, and each time fitted to the picture by one gain and one offset for all
  channels, by least squares that hold half back (ridge), lest "night" be had by turning "day" down;
- squared error is averaged over windows of 9 places, and each window takes its best shift of up to 2;
- the distance is the mean over all windows, for the best blur.

Where two states agree, their errors are nearly equal too, so only where they differ decides which is nearer,
however small that place is and however badly the rest is painted.
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
SIDE = 64
BLURS = (0.0, 1.0, 2.0, 3.5)
MOST_SHIFT = 2
WINDOW = 9
HELD_BACK = 1.0  # ridge of gain and offset, in units of the state's own variance
COARSE_SIDE = 8
SUM = np.ones((1, 3), np.float32)


def nearest_state(picture: np.ndarray, states: Sequence[np.ndarray]) -> int:
    """The index of the state nearest to `picture`, all (H, W, 3) uint8; the lowest among equals."""
    return int(np.argmin(state_distances(picture, states)))


def state_distances(picture: np.ndarray, states: Sequence[np.ndarray]) -> np.ndarray:
    """The distance of `picture` to every state (number of states,), float64, as the module says; 0 is equal.

    Pictures of another size are resampled to the first state's. ValueError when there is no state.
    """
    if not states:
        raise ValueError("There is no state to compare with; pass the pictures of the chain.")
    seen = _seen(fit_to(picture, states[0]))
    edge = (MOST_SHIFT,) * 4
    shifted = _shifts(cv2.copyMakeBorder(seen, *edge, cv2.BORDER_REPLICATE))
    return np.array([_distance(seen, shifted, _seen(fit_to(state, states[0]))) for state in states])


def right_state(picture: np.ndarray, states: Sequence[np.ndarray], target: int) -> float:
    """1 when `picture` is nearest to `states[target]` or to a state that looks exactly the same, else 0."""
    return float(np.array_equal(states[nearest_state(picture, states)], states[target]))


def chance_of_state(states: Sequence[np.ndarray], target: int) -> float:
    """The chance of a blind guess to name a state that looks like `states[target]`."""
    return sum(np.array_equal(state, states[target]) for state in states) / len(states)


def _distance(seen: np.ndarray, shifted: Sequence[np.ndarray], state: np.ndarray) -> float:
    tried = (cv2.GaussianBlur(state, (0, 0), sigma) if sigma else state for sigma in BLURS)
    return min(_window_error(shifted, _fitted(blurred, seen)) for blurred in tried)


def _fitted(state: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """`state` with the gain and offset that bring it nearest to `seen`, held back towards none."""
    centred, missing = state - state.mean(), seen - state
    gain = float((centred * missing).mean() / (np.square(centred).mean() + 1) / (1 + HELD_BACK))
    offset = float(missing.mean() / (1 + HELD_BACK))
    return np.asarray(state + gain * centred + offset, dtype=np.float32)


def _window_error(shifted: Sequence[np.ndarray], state: np.ndarray) -> float:
    """Mean over windows of the squared error at each window's best shift."""
    best = np.full(state.shape[:2], np.inf, np.float32)
    for moved in shifted:
        apart = cv2.absdiff(moved, state)
        error = cv2.blur(cv2.transform(apart * apart, SUM), (WINDOW, WINDOW))
        np.minimum(best, error, out=best)
    return float(best.mean(dtype=np.float64))


def _shifts(padded: np.ndarray) -> list[np.ndarray]:
    span = range(2 * MOST_SHIFT + 1)
    return [padded[down : down + SIDE, across : across + SIDE] for down in span for across in span]


def _seen(pixels: np.ndarray, side: int = SIDE) -> np.ndarray:
    """The picture as it is compared: (side, side, 3) float32."""
    shrinks = side <= min(pixels.shape[:2])
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(check_pixels(pixels), (side, side), interpolation=method).astype(np.float32)
