"""What a trained vision encoder reads from pictures of held-out persons, and how long a picture takes.

    python benchmarks/vision.py --model runs/sketch/model [--pictures 1000]
    python benchmarks/vision.py --state runs/sketch/stages/vision/state

Prints the held-out numbers of `limner train vision`, one a line, and the CPU time of encoding one picture
with one thread. `--state` reads the averaged weights of a run that has not ended, instead of a finished
model's.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import torch
from safetensors.torch import load_file

from limner.models.presets import PRESETS
from limner.training.components import read_component
from limner.training.run_context import RunContext
from limner.training.stages.vision import Shown, VisionStage, VisionTask

SEED = 0  # of the recipe's plan: a state leaves out what is not learned, which the seed makes again


def cpu_ms_a_picture(task: VisionTask, repeats: int = 20) -> float:
    """CPU time of one picture alone through the encoder, in milliseconds, the best of `repeats`."""
    pixels_B3SS = Shown(task.held_out, torch.device("cpu"), slice(0, 1)).pixels_B3SS
    best_s = float("inf")
    for _ in range(repeats):
        start_s = time.process_time()
        task.tokenizer.encode(pixels_B3SS)
        best_s = min(best_s, time.process_time() - start_s)
    return 1000 * best_s


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, help="a finished model's folder")
    parser.add_argument("--state", type=Path, help="the state folder of a run that goes on")
    parser.add_argument("--scale", default="sketch", choices=sorted(PRESETS))
    parser.add_argument("--pictures", type=int, default=1000)
    options = parser.parse_args()
    if (options.model is None) == (options.state is None):
        parser.error("give either --model or --state")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    out = options.model.parent if options.model else options.state
    context = RunContext(out=out, preset=PRESETS[options.scale], device=torch.device("cpu"))
    torch.manual_seed(SEED)
    task = VisionStage(held_out=options.pictures)(context)
    if options.model:
        read_component(context, "vision", task.tokenizer)
    else:
        average = load_file(options.state / "average.safetensors")
        missing, unexpected = task.network.load_state_dict(average, strict=False)
        learned = {name for name, weight in task.network.named_parameters() if weight.requires_grad}
        if unexpected or learned.intersection(missing):
            parser.error(f"{options.state} is not a state of this encoder: {unexpected or missing}")
    task.network.eval()
    for name, value in task.validate().items():
        print(f"{name:28} {value:.3f}")
    print(f"{'CPU ms a picture':28} {cpu_ms_a_picture(task):.1f}")


if __name__ == "__main__":
    main()
