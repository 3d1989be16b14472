"""Full scale measured with random weights at true shapes: seconds a round, tokens a second, MFU. One command.

    python benchmarks/full_scale.py --out full_scale.json            SEED-X's sizes, on a GPU of 141 GB
    python benchmarks/full_scale.py --scale tiny --rounds 2          tries the script on a CPU, in a minute

Chat: rounds of a conversation with pictures at 512 and 1024 px, split by part, beside a twin that works as
the public SEED-X does (`full_scale_chat.py`). Training: adapters of rank 64 and 1280, and the detokenizer
(`full_scale_training.py`). Random weights take as long as trained ones.

Each part is a process of its own with a limit of time, so that none can spoil the next (at the tiny scale,
where starting takes longer than measuring, all are in one); what it found is written to --out at once. A run
that --minutes ended goes on with the parts that are left when the same command is given again; a part that
failed is tried again. The verdict on the targets is printed at the end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from full_scale_chat import measure_chat
from full_scale_training import measure_detokenizer, measure_language
from full_scale_verdict import verdict
from limner.models.precision import best_device, compute_dtype
from limner.models.presets import PRESETS, Preset
from limner.models.sizes import DetokenizerSizes

SIZES_PX = {"seed-x": (512, 1024)}
RANKS = {"seed-x": (64, 1280), "tiny": (8,)}
PART_MINUTES = 6.0  # far more than a part should take; weights are drawn on the GPU in seconds
FAILED_LINES = 8


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


def parts(
    scale: str, *, rounds: int, steps: int, batch: int | None
) -> dict[str, Callable[[], dict[str, Any]]]:
    """Everything that is measured, by name; the most telling first."""
    preset, device = PRESETS[scale], best_device()
    chats: dict[str, Callable[[], dict[str, Any]]] = {}
    drawn: dict[str, Callable[[], dict[str, Any]]] = {}
    for picture_px in reversed(SIZES_PX.get(scale, (preset.image_size_px,))):
        sized = at_size(preset, picture_px) if scale in SIZES_PX else preset
        chats[f"chat_{picture_px}_px"] = partial(measure_chat, sized, device, rounds=rounds)
        drawn[f"detokenizer_{picture_px}_px"] = partial(
            measure_detokenizer, sized, device, steps=steps, batch=batch
        )
    taught: dict[str, Callable[[], dict[str, Any]]] = {
        f"lora_{rank}": partial(measure_language, preset, device, rank=rank, steps=steps, batch=batch)
        for rank in RANKS.get(scale, (64,))
    }
    smallest = RANKS.get(scale, (64,))[0]
    taught[f"lora_{smallest}_kept"] = lambda: measure_language(
        preset, device, rank=smallest, steps=steps, batch=batch, recompute=False
    )
    return {**chats, **taught, **drawn}


def machine(scale: str) -> dict[str, Any]:
    """What it was measured on."""
    device = best_device()
    on_gpu = device.type == "cuda"
    return {
        "scale": scale,
        "device": torch.cuda.get_device_name(device) if on_gpu else "cpu",
        "memory_gb": torch.cuda.get_device_properties(device).total_memory / 1e9 if on_gpu else None,
        "dtype": str(compute_dtype(device)).removeprefix("torch."),
        "torch": torch.__version__,
    }


def measure(names: list[str], told: dict[str, Any], given: argparse.Namespace) -> bool:
    """Measure the parts that `told` lacks, each in its own process, into `told` and --out.

    Returns whether all are there; False when the time was up before.
    """
    ends_s = time.monotonic() + 60 * given.minutes
    slowest_s = 60.0
    for name in names:
        if "error" not in told.get(name, {"error": ""}):
            continue
        left_s = ends_s - time.monotonic()
        if left_s < 1.2 * slowest_s:
            print(f"{left_s:.0f} s are left, too few for {name}; the same command goes on.", flush=True)
            return False
        began_s = time.monotonic()
        told[name] = one_process(name, given, min(60 * PART_MINUTES, left_s))
        took_s = time.monotonic() - began_s
        slowest_s = max(slowest_s, took_s)
        told[name]["wall_s"] = took_s
        print(f"{name}: {told[name].get('error', 'done')} in {took_s:.0f} s", flush=True)
        if given.out:
            fresh = given.out.with_name(f".{given.out.name}.new")
            fresh.write_text(json.dumps(told, indent=1) + "\n")
            fresh.replace(given.out)
    return True


def one_process(name: str, given: argparse.Namespace, limit_s: float) -> dict[str, Any]:
    """One part's numbers, or {"error": why there are none}."""
    if given.scale == "tiny":
        named = parts(given.scale, rounds=given.rounds, steps=given.steps, batch=given.batch)
        return named[name]()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "part.json"
        command = [sys.executable, __file__, "--part", name, "--out", str(target), "--scale", given.scale]
        command += ["--rounds", str(given.rounds), "--steps", str(given.steps)]
        command += [] if given.batch is None else ["--batch", str(given.batch)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
        except subprocess.TimeoutExpired:
            return {"error": f"stopped after {limit_s:.0f} s"}
        if done.returncode or not target.is_file():
            return {"error": "\n".join(done.stderr.strip().splitlines()[-FAILED_LINES:]) or "no result"}
        found: dict[str, Any] = json.loads(target.read_text())
        return found


def begun(path: Path | None, here: Mapping[str, Any]) -> dict[str, Any]:
    """What an earlier call found on the same machine at the same scale; else a new report."""
    if path is None or not path.is_file():
        return dict(here)
    told: dict[str, Any] = json.loads(path.read_text())
    if any(told.get(name) != value for name, value in here.items()):
        raise SystemExit(f"{path} was measured elsewhere or at another scale; give another --out.")
    return told


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", choices=("tiny", "seed-x"), default="seed-x")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--steps", type=int, default=8, help="optimizer steps of each training run")
    parser.add_argument("--batch", type=int, help="samples at once in training")
    parser.add_argument("--only", default="", help="parts whose names begin so: chat, lora, detokenizer")
    parser.add_argument("--minutes", type=float, default=9.0, help="of this call; the next one goes on")
    parser.add_argument("--out", type=Path, help="JSON; holds what earlier calls found")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    given = parser.parse_args()
    named = parts(given.scale, rounds=given.rounds, steps=given.steps, batch=given.batch)
    if given.part:
        given.out.write_text(json.dumps(named[given.part]()))
        return
    told = begun(given.out, machine(given.scale))
    complete = measure([name for name in named if name.startswith(given.only)], told, given)
    if given.out is None:
        print(json.dumps(told, indent=1))
    print("\n".join(verdict(told)))
    sys.exit(0 if complete else 3)


if __name__ == "__main__":
    main()
