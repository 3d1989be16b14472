"""Folders as the public data sets of edits have them, with made-up photographs."""

import json

import cv2
import numpy as np

from limner.benchmark.importers.importing import import_set
from limner.dialogue.parts import Picture

THINGS = ("a hat", "a dog", "a balloon", "a tree", "a kite")


def photo(scene, num_edits, *, extra=False, width_px=80, height_px=64):
    """A made-up photograph after so many edits: each edit is a bar at its own place; `extra` is another."""
    rng = np.random.default_rng(scene)
    ground = cv2.resize(rng.integers(60, 120, (5, 5, 3), dtype=np.uint8), (80, 64))
    for edit in range(num_edits):
        ground[10:30, 4 + 12 * edit : 14 + 12 * edit] = 250
    if extra:
        ground[45:60, 5:30] = 0
    return Picture(cv2.resize(ground, (width_px, height_px)))


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.to_png())


def magicbrush(folder, *, num=3, edits=3, branch=False):
    """The layout of its dev archive."""
    sessions = {}
    for scene in range(num):
        name = str(4000 + scene)
        files = [f"{name}-input.png", *(f"{name}-output{k}.png" for k in range(1, edits + 1))]
        for k, file in enumerate(files):
            write(folder / "images" / name / file, photo(scene, k))
        turns = [
            {"input": files[k], "mask": "m.png", "output": files[k + 1], "instruction": f"add {THINGS[k]}"}
            for k in range(edits)
        ]
        if branch:
            write(folder / "images" / name / f"{name}-other.png", photo(scene, 1, extra=True))
            turns.append(
                {"input": files[1], "output": f"{name}-other.png", "instruction": "Paint the floor black"}
            )
        sessions[name] = turns
    (folder / "edit_sessions.json").write_text(json.dumps(sessions))
    return folder


def seed_edit(folder, *, num=3, edits=4, root="multi_turn_editing/images"):
    """The layout of its part 3, with the pictures' root as in one of its copies."""
    lines = []
    for scene in range(num):
        record = {"source_image": f"data/{scene}/0.png"}
        write(folder / root / str(scene) / "0.png", photo(scene, 0))
        for k in range(1, edits + 1):
            record |= {
                f"instruction_{k}": f"Add {THINGS[k - 1]}.",
                f"inverse_instruction_{k}": f"Remove {THINGS[k - 1]}.",
                f"edit_image_{k}": f"data/{scene}/{k}.png",
            }
            write(folder / root / str(scene) / f"{k}.png", photo(scene, k))
        lines.append(json.dumps(record))
    annotations = folder / "multi_turn_editing" / "annotations"
    annotations.mkdir(parents=True, exist_ok=True)
    (annotations / "split_0001.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def imported(source, folder, out, **options):
    given = {"num": 100, "per_session": 20, "seed": 0, "max_side_px": 512, "judged": False, **options}
    return import_set(source, folder, out, **given)
