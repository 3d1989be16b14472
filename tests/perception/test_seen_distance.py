"""The distance that senses see: zero for equal pictures, greater for worse ones, and to be learned from."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
import torch
from tiny_bench import judge

from limner.perception.crops import body_window, cut, face_window, to_tensor
from limner.perception.seen_distance import seen_distance, windows_of
from limner_world.chance import seeded
from limner_world.render import render
from limner_world.staging import random_scene
from limner_world.truth import scene_truth

SCENE = random_scene(seeded("seen distance", 1), num_figures=2, framing="bust")
BOXES = [tuple(scene_truth(SCENE).face_boxes)]


@cache
def truth() -> np.ndarray:
    return render(SCENE, 128)


def told(pixels: np.ndarray) -> float:
    with torch.no_grad():
        return float(seen_distance(judge(), to_tensor([pixels]), to_tensor([truth()]), BOXES))


def test_equal_pictures_are_at_no_distance_and_worse_ones_further_away() -> None:
    blurred = [cv2.GaussianBlur(truth(), (0, 0), sigma) for sigma in (1.0, 3.0)]
    other = render(random_scene(seeded("seen distance", 2), num_figures=2, framing="bust"), 128)
    assert told(truth()) == 0
    found = [told(pixels) for pixels in (*blurred, other)]
    assert found == sorted(found)
    assert found[0] > 0.01


def test_windows_are_those_that_the_senses_were_trained_on() -> None:
    for box in BOXES[0]:
        for window, size_px in ((face_window(box), 64), (body_window(box), 80)):
            own = windows_of(to_tensor([truth()]), [(0, window)], size_px)
            assert float((own - to_tensor([cut(truth(), window, size_px)])).abs().mean()) < 0.03


def test_gradients_reach_the_pixels_and_bring_them_nearer() -> None:
    drawn = to_tensor([cv2.GaussianBlur(truth(), (0, 0), 2.0)]).requires_grad_()
    before = seen_distance(judge(), drawn, to_tensor([truth()]), BOXES)
    before.backward()
    assert drawn.grad is not None
    step = 0.5 / float(drawn.grad.abs().max())
    with torch.no_grad():
        after = seen_distance(judge(), drawn - 0.02 * step * drawn.grad, to_tensor([truth()]), BOXES)
    assert float(after) < float(before.detach())
    assert all(
        weight.grad is None for network in judge().networks.values() for weight in network.parameters()
    )


def test_every_picture_needs_its_faces() -> None:
    with pytest.raises(ValueError, match="do not go together"):
        seen_distance(judge(), to_tensor([truth()]), to_tensor([truth()]), [])
