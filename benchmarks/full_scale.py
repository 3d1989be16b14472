"""Full scale measured with random weights at true shapes: seconds a round, tokens a second, MFU. One command.

    python benchmarks/full_scale.py --out full_scale.json            SEED-X's sizes, on a GPU of 80 GB or more
    python benchmarks/full_scale.py --scale tiny --rounds 2          tries the script on a CPU, in half a
    minute

Chat: rounds of a conversation with pictures at 512 and 1024 px, split by part, beside a twin that works as
the public SEED-X does (`full_scale_chat.py`). Training: adapters of rank 64 and 1280, and the detokenizer
(`full_scale_training.py`). Random weights take as long as trained ones. Prints JSON; parts: --only.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from full_scale_chat import measure_chat
from full_scale_training import measure_detokenizer, measure_language
from limner.models.precision import best_device, compute_dtype
from limner.models.presets import PRESETS, Preset
from limner.models.sizes import DetokenizerSizes

SIZES_PX = {"seed-x": (512, 1024)}
RANKS = {"seed-x": (64, 1280), "tiny": (8,)}
# Issue-level targets; the report says by how much each is met.
TARGETS = {"round_8_over_2": 1.1, "image_tokens_faster": 20.0, "round_faster": 5.0, "lora_mfu": 0.4}


def at_size(preset: Preset, picture_px: int) -> Preset:
    """`preset` with a detokenizer and autoencoder for pictures of another size; PixArt's positions
    stretch.
    """
    sizes = preset.detokenizer
    assert isinstance(sizes, DetokenizerSizes)
    latent_size = picture_px // preset.autoencoder.downsampling
    detokenizer = replace(sizes, latent_size=latent_size, interpolation_scale=max(1.0, picture_px / 512))
    return replace(
        preset, detokenizer=detokenizer, autoencoder=replace(preset.autoencoder, image_size_px=picture_px)
    )


def measure(scale: str, *, rounds: int, only: str | None, steps: int, batch: int | None) -> dict[str, Any]:
    """Everything, as one dictionary."""
    preset, device = PRESETS[scale], best_device()
    parts: dict[str, Callable[[], dict[str, Any]]] = {}
    for picture_px in SIZES_PX.get(scale, (preset.image_size_px,)):
        sized = at_size(preset, picture_px) if scale in SIZES_PX else preset
        parts[f"chat_{picture_px}_px"] = lambda sized=sized: measure_chat(sized, device, rounds=rounds)
        parts[f"detokenizer_{picture_px}_px"] = lambda sized=sized: measure_detokenizer(
            sized, device, steps=steps, batch=batch
        )
    for rank in RANKS.get(scale, (64,)):
        parts[f"lora_{rank}"] = lambda rank=rank: measure_language(
            preset, device, rank=rank, steps=steps, batch=batch
        )
    told: dict[str, Any] = {
        "scale": scale,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "dtype": str(compute_dtype(device)).removeprefix("torch."),
        "torch": torch.__version__,
        "targets": TARGETS,
    }
    for name, part in parts.items():
        if only is None or name.startswith(only):
            told[name] = part()
            _forget(device)
    return told


def _forget(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", choices=("tiny", "seed-x"), default="seed-x")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--steps", type=int, default=6, help="optimizer steps of each training run")
    parser.add_argument("--batch", type=int, help="samples at once in training")
    parser.add_argument("--only", help="parts whose names begin so: chat, lora, detokenizer")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    told = measure(given.scale, rounds=given.rounds, only=given.only, steps=given.steps, batch=given.batch)
    text = json.dumps(told, indent=1)
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
