"""How many scenes a second one core paints.

    python benchmarks/render.py [--scenes 120] [--repeats 3]

Prints CPU time an image and images a second of CPU time at 256 and at 128 px, over random scenes of the
training split that were never rendered before; only their backdrops are painted already, as they are in a
process that has run for a while. CPU time leaves out what other programs take of the core, and the best of
the repeats, each over scenes of its own, counts, so that a busy machine distorts the numbers least.
"""

from __future__ import annotations

import argparse
import time

import cv2
import numpy as np

from limner_world.canvas import Canvas
from limner_world.render import render
from limner_world.settings import paint_setting
from limner_world.staging import random_scene


def cpu_ms_per_image(num_scenes: int, repeats: int, size_px: int) -> float:
    """The least CPU time an image, in milliseconds, over `repeats` rounds of fresh random scenes."""
    rng = np.random.default_rng(0)
    for _ in range(num_scenes):  # paper textures and the like
        render(random_scene(rng), size_px)
    best_s = float("inf")
    for _ in range(repeats):
        scenes = [random_scene(rng) for _ in range(num_scenes)]
        for scene in scenes:
            paint_setting(
                Canvas(size_px), scene.setting, scene.variant, scene.lighting, framing=scene.framing
            )
        start_s = time.process_time()
        for scene in scenes:
            render(scene, size_px)
        best_s = min(best_s, time.process_time() - start_s)
    return 1000 * best_s / num_scenes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scenes", type=int, default=120, help="how many random scenes")
    parser.add_argument("--repeats", type=int, default=3, help="how many rounds; the best counts")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for size_px in (256, 128):
        cpu_ms = cpu_ms_per_image(options.scenes, options.repeats, size_px)
        print(f"{size_px} px: {cpu_ms:.2f} ms of CPU an image, {1000 / cpu_ms:.0f} images/s on one core")


if __name__ == "__main__":
    main()
