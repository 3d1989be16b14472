"""How many scenes a second one core paints.

    python benchmarks/render.py [--scenes 120] [--repeats 3]

Prints images a second at 256 and at 128 px over random scenes of the training split; the best of the repeats
counts, so that other work on the machine disturbs the number least.
"""

from __future__ import annotations

import argparse
import time

import cv2
import numpy as np

from limner.world.render import render
from limner.world.staging import random_scene


def images_per_s(num_scenes: int, repeats: int, size_px: int) -> float:
    """The best rate over `repeats` rounds of the same random scenes."""
    rng = np.random.default_rng(0)
    scenes = [random_scene(rng) for _ in range(num_scenes)]
    render(scenes[0], size_px)
    best_s = float("inf")
    for _ in range(repeats):
        start_s = time.perf_counter()
        for scene in scenes:
            render(scene, size_px)
        best_s = min(best_s, time.perf_counter() - start_s)
    return num_scenes / best_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scenes", type=int, default=120, help="how many random scenes")
    parser.add_argument("--repeats", type=int, default=3, help="how many rounds; the best counts")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for size_px in (256, 128):
        print(
            f"{size_px} px: {images_per_s(options.scenes, options.repeats, size_px):.0f} images/s on one core"
        )


if __name__ == "__main__":
    main()
