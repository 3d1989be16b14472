"""The nearest state of rendered chains of edits: truth, damaged truth, wrong states, other pictures."""

import cv2
import numpy as np
import pytest

from limner.builders.world import DRAFTS
from limner.evaluation.metrics.rollback import (
    chance_of_state,
    nearest_state,
    right_state,
    state_distances,
)
from limner_world.render import render

NUM_CHAINS = 24


@pytest.fixture(scope="module")
def chains():
    """Different pictures of each chain, the uploaded one included."""
    drafts = [DRAFTS["rollback"](31_000_000 + seed, "test") for seed in range(NUM_CHAINS)]
    # A hat that was taken off leaves its colour behind: two scenes that look the same are one picture.
    drawn = [{render(scene, 96).tobytes(): scene for scene in draft.scenes} for draft in drafts]
    return [[render(scene, 96) for scene in different.values()] for different in drawn]


def blurred(picture, rng):
    return cv2.GaussianBlur(picture, (0, 0), 2.5)


def compressed(picture, rng):
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)


def noisy(picture, rng):
    return np.clip(picture + rng.normal(0, 30, picture.shape), 0, 255).astype(np.uint8)


def moved(picture, rng):
    step = np.array([[1, 0, rng.choice([-2, 2])], [0, 1, rng.choice([-2, 2])]], np.float32)
    return cv2.warpAffine(picture, step, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def all_at_once(picture, rng):
    dimmed = np.clip(0.9 * blurred(moved(picture, rng), rng) + 10, 0, 255).astype(np.uint8)
    return noisy(dimmed, rng) // 2 + dimmed // 2


def test_truth_picks_truth(chains):
    for states in chains:
        for place, state in enumerate(states):
            distances = state_distances(state, states)
            assert distances.argmin() == place
            assert distances[place] == 0 < np.delete(distances, place).min()


@pytest.mark.parametrize(
    ("damage", "least"),
    [(blurred, 0.97), (compressed, 0.97), (noisy, 0.97), (moved, 0.97), (all_at_once, 0.9)],
)
def test_damaged_truth_still_picks_truth_and_no_other(chains, damage, least):
    rng = np.random.default_rng(0)
    right, wrong = [], []
    for states in chains:
        for shown in range(0, len(states), 2):
            seen = damage(states[shown], rng)
            right.append(right_state(seen, states, shown))
            wrong.append(right_state(seen, states, (shown + 1) % len(states)))
    assert len(right) >= 30
    assert np.mean(right) >= least
    assert np.mean(wrong) <= 1 - least


def test_a_small_place_decides_under_blur():
    rng = np.random.default_rng(3)
    ground = cv2.resize(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8), (128, 128))
    glasses = ground.copy()
    for x in (52, 68):
        cv2.circle(glasses, (x, 50), 6, (10, 10, 10), 1)
    badly = cv2.rectangle(glasses.copy(), (0, 90), (127, 127), (255, 0, 255), -1)  # far from what differs
    assert nearest_state(blurred(glasses, rng), [ground, glasses]) == 1
    assert nearest_state(blurred(ground, rng), [ground, glasses]) == 0
    assert nearest_state(blurred(badly, rng), [ground, glasses]) == 1


def test_a_blurred_picture_is_not_taken_for_the_smoother_state():
    rng = np.random.default_rng(4)
    fine = cv2.resize(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8), (128, 128))
    smooth = cv2.GaussianBlur(fine, (0, 0), 6)
    recoloured = cv2.rectangle(fine.copy(), (40, 40), (90, 90), (200, 30, 30), -1)
    seen = cv2.GaussianBlur(recoloured, (0, 0), 3)
    assert nearest_state(seen, [smooth, fine, recoloured]) == 2


def test_states_that_look_the_same_count_as_one(chains):
    first, second, *_ = chains[0]
    assert right_state(second, [first, second, second], 2) == 1.0
    assert chance_of_state([first, second, second], 2) == pytest.approx(2 / 3)
    assert chance_of_state([first, second], 0) == 0.5


def test_other_sizes_are_brought_to_the_states(chains):
    states = chains[1]
    large = cv2.resize(states[1], (256, 256), interpolation=cv2.INTER_CUBIC)
    assert nearest_state(large, states) == 1


def test_no_states_are_refused():
    picture = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match="no state"):
        nearest_state(picture, [])
