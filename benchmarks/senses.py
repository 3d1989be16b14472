"""How well the senses see: every rate on people, hair and garments that training never saw.

    python benchmarks/senses.py --model src/limner/miniature [--num 512] [--persons 250] [--out runs/check]

The first table has a column for each picture size, as drawn and softened (a Gaussian blur of 1 % of the
side); what each rate counts is told by `limner.training.stages.senses_metrics.measure_senses`. The second
tells described traits by field and by framing, both sizes together, and without the styles that have no
colour. The means over both sizes, as drawn, are what `senses.json` stores as "measured".
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch

from limner.models.presets import PRESETS
from limner.models.tokenizer import TextTokenizer
from limner.perception.senses import WorldSenses, load_senses
from limner.training.picture_kinds import VIEWS
from limner.training.run_context import RunContext
from limner.training.stages.senses_metrics import HeldOut, ReadFace, measure_senses, read_faces

SIZES_PX = (128, 256)
COLOURLESS = ("pencil sketch",)


def softened(pixels: np.ndarray) -> np.ndarray:
    """Blurred by 1 % of the side."""
    return cv2.GaussianBlur(pixels, (0, 0), 0.01 * pixels.shape[0])


def held_out(context: RunContext, model: Path, num: int, persons: int) -> HeldOut:
    """The sample caches that the recipe measures by, one for each size."""
    sample_caches = {
        kind: [
            context.pictures(kind, count, split="test", size_px=size_px, skip=place * count)
            for place, size_px in enumerate(SIZES_PX)
        ]
        for kind, count in (("people", num), ("identities", persons * VIEWS))
    }
    return HeldOut(
        people=sample_caches["people"],
        identities=sample_caches["identities"],
        tokenizer=TextTokenizer.load(model / "tokenizer"),
    )


def columns(senses: WorldSenses, pictures: HeldOut) -> dict[str, dict[str, float]]:
    """Rates by column name."""
    made = {}
    for place, size_px in enumerate(SIZES_PX):
        one = HeldOut(
            people=pictures.people[place : place + 1],
            identities=pictures.identities[place : place + 1],
            tokenizer=pictures.tokenizer,
        )
        made[f"{size_px} px"] = measure_senses(senses, one)
        made[f"{size_px} px soft"] = measure_senses(senses, one, softened)
    return made


def described_rates(faces: list[ReadFace]) -> dict[str, tuple[float, int]]:
    """Described traits read right and their number, by field, by framing, and with colour."""
    right: dict[str, list[bool]] = defaultdict(list)
    for face in faces:
        for name in face.described:
            hit = face.right[name]
            framing = "cut-out" if face.scene.setting == "white" else face.scene.framing
            right[f"field {name}"].append(hit)
            right[f"framing {framing}"].append(hit)
            if face.scene.style not in COLOURLESS:
                right["styles with colour"].append(hit)
    return {name: (float(np.mean(hits)), len(hits)) for name, hits in sorted(right.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, default=Path("src/limner/miniature"))
    parser.add_argument("--num", type=int, default=512, help="scenes of people, each size")
    parser.add_argument("--persons", type=int, default=250, help="persons to be told apart, each size")
    parser.add_argument("--out", type=Path, default=Path("runs/check"), help="keeps the pictures")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    senses = load_senses(options.model / "senses")
    context = RunContext(
        out=options.out, preset=PRESETS["sketch"], device=torch.device("cpu"), workers=options.workers
    )
    pictures = held_out(context, options.model, options.num, options.persons)
    table = columns(senses, pictures)
    print(f"{'':24}" + "".join(f"{name:>14}" for name in table))
    for row in next(iter(table.values())):
        print(f"{row:24}" + "".join(f"{values[row]:14.3f}" for values in table.values()))
    faces = [face for sample_cache in pictures.people for face in read_faces(senses, sample_cache)[0]]
    described = described_rates(faces)
    for name, (rate, count) in described.items():
        print(f"{name:24}{rate:14.3f}  of {count}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "senses.json").write_text(json.dumps({"table": table, "described": described}, indent=1))


if __name__ == "__main__":
    main()
