"""Which invisible watermark survives what, on pictures of ours; how fast, and how often it cries wolf.

    pip install invisible-watermark blind-watermark onnxruntime     # what is compared; each may be missing
    python benchmarks/watermarks.py [--num 200] [--candidates limner,rivaGan,...] [--world] [--keep FOLDER]

Half of the marked pictures are drawn by the world's painter, half by the embedded model (with `--world` all
by the world's); as many others, unmarked, tell the false positives, under one attack each in turn. Attacks:
none; JPEG at quality 75; half the width and height; 10 % of the width and height cut off at a random place;
all three; a screenshot (the picture at 1.5 times its size on a page, as JPEG 90, cut loosely). PSNR is of the
marked picture to the plain one, times are CPU time of one core; to look through an unmarked picture takes
longest.

With `--keep` the pictures stay in that folder, and so does what was measured, a line a picture: the same
command goes on where it was stopped. Libraries that load weights from somewhere at their first use are rows
that say so: nothing is fetched here.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from watermark_candidates import CANDIDATES, FETCHED, Candidate

Attack = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    """Through JPEG and back."""
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1])


def half(pixels: np.ndarray) -> np.ndarray:
    """Half the width and height."""
    height, width = pixels.shape[:2]
    return cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def cropped(pixels: np.ndarray, rng: np.random.Generator, share: float = 0.1) -> np.ndarray:
    """A share of width and height cut off, more or less of it at either edge."""
    height, width = (round(side * (1 - share)) for side in pixels.shape[:2])
    ends = (pixels.shape[0] - height, pixels.shape[1] - width)
    top, left = (int(rng.integers(0, end + 1)) for end in ends)
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def screenshot(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At 1.5 times its size on a light page, cut loosely, as JPEG 90."""
    shown = cv2.resize(pixels, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_LINEAR)
    top, left, bottom, right = (int(rng.integers(4, 40)) for _ in range(4))
    page = cv2.copyMakeBorder(shown, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(244, 242, 238))
    return jpeg(page, 90)


ATTACKS: dict[str, Attack] = {
    "none": lambda pixels, rng: pixels,
    "JPEG 75": lambda pixels, rng: jpeg(pixels, 75),
    "half size": lambda pixels, rng: half(pixels),
    "crop 10 %": lambda pixels, rng: cropped(pixels, rng),
    "all three": lambda pixels, rng: jpeg(half(cropped(pixels, rng)), 75),
    "screenshot": screenshot,
}


def pictures(num: int, folder: Path | None, *, world_alone: bool) -> np.ndarray:
    """(2 num, 256, 256, 3): the world's and the model's in turn, or the world's alone. Kept in `folder`,
    where there is one.
    """
    name = f"watermark-pictures-{num}{'-world' if world_alone else ''}.npy"
    kept = None if folder is None else folder / name
    if kept is not None and kept.is_file():
        return np.asarray(np.load(kept))
    import limner
    from limner.dialogue.parts import Picture
    from limner_world.render import render
    from limner_world.staging import random_scene

    rng = np.random.default_rng(17)
    world = [render(scene, 256) for scene in [random_scene(rng) for _ in range(2 * num)]]
    if world_alone:
        made = np.stack(world)
    else:
        painter, drawn = limner.load(), []
        for index in range(num):
            tokens = painter.encode(Picture(world[index]))
            drawn += [world[num + index], painter.paint(tokens, seed=index).pixels]
        made = np.stack(drawn)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, made)
    return made


def psnr_db(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal to noise ratio."""
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-12)))


def measured(candidate: Candidate, marked: np.ndarray, plain: np.ndarray, index: int) -> dict[str, float]:
    """What one marked and one unmarked picture tell: found or not by attack, PSNR, and CPU milliseconds."""
    told: dict[str, float] = {}
    start = time.process_time()
    made = candidate.embed(marked)
    told["embed ms"] = 1000 * (time.process_time() - start)
    told["PSNR"] = psnr_db(made, marked)
    for name, attack in ATTACKS.items():
        told[name] = float(candidate.is_there(attack(made, np.random.default_rng([1, index]))))
    attacks = list(ATTACKS.values())
    attacked = attacks[index % len(attacks)](plain, np.random.default_rng([2, index]))
    start = time.process_time()
    told["false"] = float(candidate.is_there(attacked))
    told["look ms"] = 1000 * (time.process_time() - start)
    return told


def measure(
    candidate: Candidate, marked: np.ndarray, plain: np.ndarray, kept: Path | None
) -> dict[str, float]:
    """Means over the pictures (a sum of the false positives). Goes on behind the lines of `kept`."""
    lines = [] if kept is None or not kept.is_file() else kept.read_text().splitlines()
    rows = [json.loads(line) for line in lines[: len(marked)]]
    for index in range(len(rows), len(marked)):
        rows.append(measured(candidate, marked[index], plain[index], index))
        if kept is not None:
            with kept.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return {**means, "false": sum(row["false"] for row in rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--num", type=int, default=200, help="marked pictures, and as many unmarked ones")
    parser.add_argument("--candidates", default=",".join([*CANDIDATES, *FETCHED]))
    parser.add_argument("--keep", type=Path, default=None, help="folder for pictures and what was measured")
    parser.add_argument(
        "--world", action="store_true", help="the world's pictures alone, without the model's"
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    every = pictures(options.num, options.keep, world_alone=options.world)
    marked, plain = every[: options.num], every[options.num :]
    names = list(ATTACKS)
    print(
        "| watermark | licence | weights | bits | " + " | ".join(names) + " | false | PSNR | embed | look |"
    )
    print("|---" * (len(names) + 8) + "|")
    for name in options.candidates.split(","):
        if name in FETCHED:
            print(f"| {FETCHED[name]} | not measured: loads its weights at first use |", flush=True)
            continue
        try:
            candidate = CANDIDATES[name]()
        except ImportError as error:
            print(f"| {name} | not installed: {error.name} |", flush=True)
            continue
        kept = None
        if options.keep is not None:
            kept = options.keep / f"{name}-{options.num}{'-world' if options.world else ''}.jsonl"
        told = measure(candidate, marked, plain, kept)
        shares = " | ".join(f"{100 * told[attack]:.1f} %" for attack in names)
        print(
            f"| {candidate.name} | {candidate.license} | {candidate.needs} | {candidate.num_bits} | {shares} "
            f"| {told['false']:.0f} of {len(plain)} | {told['PSNR']:.1f} dB | "
            f"{told['embed ms']:.0f} ms | {told['look ms']:.0f} ms |",
            flush=True,
        )


if __name__ == "__main__":
    main()
