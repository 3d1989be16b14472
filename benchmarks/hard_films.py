"""Hard films of two persons out of portraits, and what a build made of them by difficulty.

    python benchmarks/hard_films.py write PORTRAITS FILMS [--each 8] [--seed 0] [--faces light=FOLDER]
    limner build video FILMS --out SET --faces light=FOLDER --captioner builders:PlainWords \
        --writer builders:PlainWords                        # in benchmarks/, where the module `builders` lies
    python benchmarks/hard_films.py report SET FILMS

PORTRAITS is a folder with one picture a person. Every film has 36 frames of 720 px in which both persons
move; in `change` they change places, in `turn` a face turns by up to 45 degrees (its picture is bent round a
cylinder) and tilts, in `cover` a sleeve hides a part of a face at the end, in `front` one head does, in
`alike` the two are those of all that the reader tells apart worst, in `all` all of it. The truth beside each
film has the face boxes of its first and last frame, in the order of the first: `limner build check` reads it.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from limner.builders.adapters import faces_by_name
from limner.builders.faces.identity import only_face, portraits_of
from limner.builders.photos import read_photo
from limner.builders.video.check_films import check_films
from limner.dataset.reader import DatasetReader
from limner.dialogue.boxes import iou
from limner.perception.face_passes import embedded
from limner.perception.protocols import Box, FaceReader
from limner.perception.selfie import loaded
from limner_world.video import write_film

SIDE_PX, FRAMES, FPS, FACE_PX = 720, 18, 6, 150
KINDS: Final = ("move", "change", "turn", "cover", "front", "alike", "all")
_AROUND: Final = (1.1, 1.3, 1.4)  # in faces: beside, above and below the middle of a face
_MOST_TURN: Final = math.radians(45)
_SAME: Final = 0.955  # a cosine from which two portraits are taken for one person's, and one is left out
_MOST_ABOVE: Final = 0.3  # of the bust's upper edge: who fills more of it is not told from the ground


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """A bust (H, W, 3), how much of each pixel is seen (H, W), the face's box in pixels, and its vector."""

    name: str
    pixels: np.ndarray
    seen: np.ndarray
    face: tuple[float, float, float, float]
    vector: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where the middle of a face is (in pixels), its size, turn and tilt (radians), and how bright it is."""

    x: float
    y: float
    size: float = 1.0
    turn: float = 0.0
    tilt: float = 0.0
    light: float = 1.0

    def towards(self, other: Pose, share: float) -> Pose:
        mixed = {
            name: (1 - share) * value + share * getattr(other, name) for name, value in vars(self).items()
        }
        return Pose(**mixed)


def persons_of(folder: Path, reader: FaceReader) -> list[Person]:
    """Whoever has exactly one face that the reader can read; faces are brought to `FACE_PX`."""
    found: list[Person] = []
    for path in portraits_of(folder):
        try:
            pixels = read_photo(path)
            box = only_face(reader, pixels)
            (vector,) = embedded(reader, [(pixels, box)])
        except ValueError:
            continue
        person = _person(path.stem, pixels, box, vector)
        is_apart = float(person.seen[: FACE_PX // 8].mean()) < _MOST_ABOVE
        if is_apart and all(reader.similarity(vector, other.vector) < _SAME for other in found):
            found.append(person)
    return found


def _person(name: str, pixels: np.ndarray, box: Box, vector: np.ndarray) -> Person:
    height, width = pixels.shape[:2]
    scale = FACE_PX / ((box[3] - box[1]) * height)
    pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    beside, above, below = (round(each * FACE_PX) for each in _AROUND)
    left, top = max(0, round(x) - beside), max(0, round(y) - above)
    bust = pixels[top : round(y) + below, left : round(x) + beside]
    fading = np.clip((bust.shape[0] - np.arange(bust.shape[0])) / (0.2 * FACE_PX), 0, 1)[:, None]
    seen = (_who(bust) * fading).astype(np.float32)
    return Person(
        name=name, pixels=bust, seen=seen, face=(x0 - left, y0 - top, x1 - left, y1 - top), vector=vector
    )


def _who(bust: np.ndarray) -> np.ndarray:
    """How much of each pixel is person, by the network of `--segmenter selfie`: without a ground of its own
    the bust stands before the film's.
    """
    network = loaded()
    small = cv2.resize(bust, (256, 256), interpolation=cv2.INTER_AREA)
    network.setInput(small.astype(np.float32).transpose(2, 0, 1)[None] / 255)
    mask = cv2.resize(network.forward()[0, 0], bust.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    seen: np.ndarray = np.clip((mask - 0.4) / 0.4, 0, 1)
    return seen


def _turned(person: Person, turn: float) -> np.ndarray:
    """The bust with its face bent round a turned cylinder: a profile, as far as one picture tells it."""
    x0, y0, x1, y1 = person.face
    middle, radius = (x0 + x1) / 2, 0.62 * (x1 - x0)
    rows, columns = np.mgrid[: person.pixels.shape[0], : person.pixels.shape[1]].astype(np.float32)
    u = np.clip((columns - middle) / radius, -1, 1)
    turned = np.sin(np.clip(np.arcsin(u) + turn, -math.pi / 2, math.pi / 2))
    down = np.clip(1 - np.abs(rows - (y0 + y1) / 2) / (1.2 * (y1 - y0)), 0, 1) ** 0.5
    moved = u + (turned - u) * (1 - u**2) ** 0.25 * down
    at = np.where(np.abs(columns - middle) < radius, middle + moved * radius, columns).astype(np.float32)
    bent: np.ndarray = cv2.remap(person.pixels, at, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return bent


def _put(canvas: np.ndarray, person: Person, pose: Pose) -> Box:
    """Paints a person; the box of the face in the unit square."""
    x0, y0, x1, y1 = person.face
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    to: np.ndarray = cv2.getRotationMatrix2D(middle, math.degrees(pose.tilt), pose.size)
    to[:, 2] += np.array([pose.x, pose.y]) - middle
    side = 2 * math.ceil(pose.size * math.hypot(*person.seen.shape) / 2)
    left, top = round(pose.x - side / 2), round(pose.y - side / 2)
    here = to - np.array([[0, 0, left], [0, 0, top]])
    bust = cv2.warpAffine(_turned(person, pose.turn), here, (side, side), borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpAffine(person.seen, here, (side, side))[..., None]
    inside = slice(max(0, top), top + side), slice(max(0, left), left + side)
    part = canvas[inside]
    cut = slice(inside[0].start - top, None), slice(inside[1].start - left, None)
    share = seen[cut][: part.shape[0], : part.shape[1]]
    seen_here = np.clip(bust[cut][: part.shape[0], : part.shape[1]] * pose.light, 0, 255)
    canvas[inside] = part + (seen_here - part) * share
    corners = np.array([[x, y, 1] for x in (x0, x1) for y in (y0, y1)]) @ to.T / canvas.shape[0]
    low, high = corners.min(0), corners.max(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def film(
    kind: str, two: Sequence[Person], rng: np.random.Generator
) -> tuple[list[np.ndarray], list[list[Box]]]:
    """The frames of a film of two persons, and both face boxes in its first and last frame."""
    is_hard = kind == "all"
    low = np.linspace(rng.uniform(60, 140), rng.uniform(150, 220), SIDE_PX)[:, None, None]
    ground = np.broadcast_to(low * rng.uniform(0.7, 1, 3), (SIDE_PX, SIDE_PX, 3)) + rng.normal(
        0, 4, (SIDE_PX, SIDE_PX, 1)
    )
    places = [(200 + rng.uniform(-20, 20), 520 + rng.uniform(-20, 20)) for _ in range(2)]
    begin = [
        Pose(x=places[0][side], y=300 + rng.uniform(-40, 40), size=rng.uniform(0.85, 1.15)) for side in (0, 1)
    ]
    ends = (1, 0) if kind == "change" or (is_hard and rng.random() < 0.5) else (0, 1)
    end = [
        Pose(
            x=places[1][ends[side]],
            y=300 + rng.uniform(-60, 60),
            size=rng.uniform(0.85, 1.15),
            turn=rng.choice([-1, 1]) * rng.uniform(0.4, 1) * _MOST_TURN if is_hard or kind == "turn" else 0.0,
            tilt=rng.uniform(-0.3, 0.3) if is_hard or kind == "turn" else rng.uniform(-0.05, 0.05),
            light=rng.uniform(0.7, 1.2),
        )
        for side in (0, 1)
    ]
    if kind == "front" or (
        is_hard and rng.random() < 0.5
    ):  # the second one's head comes before the first one's
        behind, before = end
        beside = FACE_PX * rng.uniform(0.75, 1.0) * (1 if before.x > behind.x else -1)
        end[0] = Pose(**{**vars(behind), "x": before.x - beside})
    cover = rng.uniform(0.15, 0.4) if kind == "cover" or is_hard else 0.0
    covered = int(rng.integers(2))
    grain = rng.normal(0, 2, (3, SIDE_PX, SIDE_PX, 3)).astype(np.float32)
    frames: list[np.ndarray] = []
    boxes: list[list[Box]] = []
    for number in range(FRAMES):
        share = (1 - math.cos(math.pi * number / (FRAMES - 1))) / 2
        canvas = np.clip(ground, 0, 255).astype(np.float32)
        told = [
            _put(canvas, person, one.towards(other, share))
            for person, one, other in zip(two, begin, end, strict=True)
        ]
        if cover:
            _sleeve(canvas, told[covered], cover * share)
        frames.append(np.clip(canvas + grain[number % len(grain)], 0, 255).astype(np.uint8))
        boxes.append(told)
    return frames, [boxes[0], boxes[-1]]


def _sleeve(canvas: np.ndarray, box: Box, share: float) -> None:
    """Hides this share of a face from below."""
    x0, y0, x1, y1 = (round(side * SIDE_PX) for side in box)
    top = round(y1 - share * (y1 - y0))
    wide = x1 - x0
    cv2.line(canvas, (x0 - wide, y1 + wide // 2), (x1, top + wide // 4), (60, 50, 90), wide // 2)


def write(options: argparse.Namespace) -> None:
    """Writes `--each` films of each kind with their truth."""
    persons = persons_of(options.portraits, faces_by_name(options.faces))
    if len(persons) < 2:
        raise SystemExit(f"{options.portraits} has {len(persons)} portraits with one face; two are needed.")
    print(f"{len(persons)} persons")
    cosines = np.stack([one.vector for one in persons]) @ np.stack([one.vector for one in persons]).T
    worst = sorted(((i, j) for i in range(len(persons)) for j in range(i)), key=lambda pair: -cosines[pair])[
        : max(8, options.each)
    ]
    for kind in KINDS:
        for number in range(options.each):
            rng = np.random.default_rng([options.seed, KINDS.index(kind), number])
            pair = (
                rng.permutation(len(persons))[:2]
                if kind not in ("alike", "all")
                else rng.permutation(worst[number % len(worst)])
            )
            two = [persons[index] for index in pair]
            frames, (first, last) = film(kind, two, rng)
            path = write_film(frames, options.films / f"{kind}-{number:03d}.mp4", FPS)
            truth = {"persons": [one.name for one in two], "cosine": round(float(cosines[tuple(pair)]), 4)}
            truth |= {"first": {"face_boxes": first}, "last": {"face_boxes": last}}
            path.with_suffix(".json").write_text(json.dumps(truth, indent=1), encoding="utf-8")


def report(options: argparse.Namespace) -> None:
    """Yield and wrong names by difficulty, and over all."""
    films = Counter(path.stem.split("-")[0] for path in options.films.glob("*.mp4"))
    kept: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for record in DatasetReader(options.set).records():
        stem = Path(record.truth["source"]).stem
        truth = json.loads((options.films / f"{stem}.json").read_text(encoding="utf-8"))
        kind = stem.split("-")[0]
        kept[kind] += 1
        for found in record.truth["faces"].values():
            who = [
                max((0, 1), key=lambda i: iou(found[at], truth[at]["face_boxes"][i]))
                for at in ("first", "last")
            ]
            wrong[kind] += who[0] != who[1]
    print("| | films | kept | wrong names |\n|---|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {films[kind]} | {kept[kind]} | {wrong[kind]} of {2 * kept[kind]} |")
    print(check_films(options.set, options.films))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    writing = commands.add_parser("write")
    writing.add_argument("portraits", type=Path)
    writing.add_argument("films", type=Path)
    writing.add_argument("--each", type=int, default=8, help="films of each kind")
    writing.add_argument("--seed", type=int, default=0)
    writing.add_argument("--faces", default="light", help="whoever finds the faces and says who look alike")
    writing.set_defaults(run=write)
    reporting = commands.add_parser("report")
    reporting.add_argument("set", type=Path)
    reporting.add_argument("films", type=Path)
    reporting.set_defaults(run=report)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
