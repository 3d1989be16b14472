"""Sample caches of training samples, rendered once from seeds and kept: pictures with their scenes, and
dialogues.

Knows the world, folders and numpy. Knows no torch: the processes that render import this module alone. A
sample cache's folder is named by its content (what was asked for, and the source of the world that draws it),
so a second run reuses it and a changed world never meets stale pixels.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

import limner.builders.world
import limner_world
from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Picture, Response, Round
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.render_pool import in_processes
from limner_world.chance import seeded
from limner_world.scene import Scene
from limner_world.serial import scene_from_json, scene_to_json

MAX_FIGURES = 2


@dataclass(frozen=True, kw_only=True)
class SampleCacheSpec:
    """What a sample cache holds: `count` samples of `kind`, drawn from the seeds `first_seed` onwards."""

    kind: str
    count: int
    size_px: int
    split: str = "train"
    first_seed: int = 0

    @property
    def seeds(self) -> range:
        return range(self.first_seed, self.first_seed + self.count)


@dataclass(frozen=True, kw_only=True)
class PictureCache:
    """Pictures of scenes. `pixels` is (N, S, S, 3) uint8, `face_boxes` (N, 2, 4) in [0, 1], zeros where no
    face is.
    """

    pixels: np.ndarray
    face_boxes: np.ndarray
    captions: tuple[str, ...]
    scene_lines: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.captions)

    def scene(self, index: int) -> Scene:
        """The scene that picture `index` shows."""
        return scene_from_json(json.loads(self.scene_lines[index]))


@dataclass(frozen=True, kw_only=True)
class DialogueCache:
    """Dialogues of one kind. `pixels` (N, S, S, 3) uint8 holds each picture once; `lines` one JSON text a
    dialogue.
    """

    kind: str
    pixels: np.ndarray
    digests: tuple[str, ...]
    lines: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def lengths(self) -> list[int]:
        """How long each dialogue is, roughly: the letters of its line."""
        return [len(line) for line in self.lines]

    def dialogue(self, index: int) -> Dialogue:
        """Dialogue `index`, pictures included."""
        return _dialogue(json.loads(self.lines[index]), lambda row: Picture(self.pixels[row]))


def picture_cache(spec: SampleCacheSpec, folder: Path, *, workers: int) -> PictureCache:
    """The sample cache of pictures at `folder` (made first if it is not there); kinds: `PICTURE_KINDS`."""
    if spec.kind not in PICTURE_KINDS:
        raise ValueError(
            f"There is no kind of picture {spec.kind!r}; choose one of {', '.join(PICTURE_KINDS)}."
        )
    with _made(folder, spec) as (place, missing):
        if missing:
            _render_pictures(spec, place, workers)
    place = cache_folder(folder, spec)
    told = [json.loads(line) for line in (place / "pictures.jsonl").read_text(encoding="utf-8").splitlines()]
    return PictureCache(
        pixels=np.load(place / "pixels.npy", mmap_mode="r"),
        face_boxes=np.load(place / "face_boxes.npy"),
        captions=tuple(line["caption"] for line in told),
        scene_lines=tuple(json.dumps(line["scene"]) for line in told),
    )


def dialogue_cache(spec: SampleCacheSpec, folder: Path, *, workers: int) -> DialogueCache:
    """The sample cache of dialogues at `folder` (made there first if it is not). Kinds are those of
    `limner.builders.world`.
    """
    from limner.builders.world import KINDS

    if spec.kind not in KINDS:
        raise ValueError(
            f"There is no kind of dialogue {spec.kind!r}; choose one of {', '.join(sorted(KINDS))}."
        )
    with _made(folder, spec) as (place, missing):
        if missing:
            _render_dialogues(spec, place, workers)
    place = cache_folder(folder, spec)
    digests = tuple(json.loads((place / "digests.json").read_text()))
    blank = np.zeros((0, spec.size_px, spec.size_px, 3), np.uint8)
    return DialogueCache(
        kind=spec.kind,
        pixels=np.load(place / "pixels.npy", mmap_mode="r") if digests else blank,
        digests=digests,
        lines=tuple((place / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()),
    )


def cache_folder(folder: Path, spec: SampleCacheSpec) -> Path:
    """Folder of the sample cache of `spec`, named by kind, split, number, and a hash of all options and of
    the world's source code.

    With LIMNER_KEEP_BANKS=1 in the environment, a sample cache that an earlier version of the world drew is
    kept.
    """
    name = f"{spec.kind}-{spec.split}-{spec.count}-"
    if os.environ.get("LIMNER_KEEP_BANKS") == "1":
        kept = sorted(found for found in folder.glob(f"{name}*") if found.is_dir() and not found.suffix)
        if kept:
            return kept[0]
    content = json.dumps([asdict(spec), world_digest()], sort_keys=True)
    return folder / f"{name}{hashlib.sha256(content.encode()).hexdigest()[:12]}"


@functools.cache
def world_digest() -> str:
    """SHA-256 over the source of the world: another drawing is another sample cache."""
    digest = hashlib.sha256()
    for package in (limner_world, limner.builders.world):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def draw_picture(
    seed: int, kind: str, split: str, size_px: int
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """(pixels, face boxes, {"caption", "scene"}) of one seed; the same everywhere."""
    from limner_world.caption import caption
    from limner_world.render import render
    from limner_world.truth import scene_truth

    scene = PICTURE_KINDS[kind](seed, split)
    boxes = np.zeros((MAX_FIGURES, 4), np.float32)
    for index, box in enumerate(scene_truth(scene).face_boxes[:MAX_FIGURES]):
        if box is not None:
            boxes[index] = np.clip(box, 0.0, 1.0)
    return (
        render(scene, size_px),
        boxes,
        {
            "caption": caption(scene, rng=seeded("bank caption", kind, split, seed)),
            "scene": scene_to_json(scene),
        },
    )


def _draw_pictures(
    seeds: Sequence[int], *, spec: SampleCacheSpec
) -> list[tuple[np.ndarray, np.ndarray, dict[str, Any]]]:
    return [draw_picture(seed, spec.kind, spec.split, spec.size_px) for seed in seeds]


def _render_pictures(spec: SampleCacheSpec, place: Path, workers: int) -> None:
    shape = (spec.count, spec.size_px, spec.size_px, 3)
    pixels = np.lib.format.open_memmap(place / "pixels.npy", "w+", np.uint8, shape)
    boxes = np.zeros((spec.count, MAX_FIGURES, 4), np.float32)
    make = functools.partial(_draw_pictures, spec=spec)
    row = 0
    with (place / "pictures.jsonl").open("w", encoding="utf-8") as lines:
        for chunk in in_processes(make, spec.seeds, workers=workers, what=f"{spec.kind} pictures"):
            for drawn, face_boxes, told in chunk:
                pixels[row], boxes[row] = drawn, face_boxes
                lines.write(json.dumps(told) + "\n")
                row += 1
    pixels.flush()
    np.save(place / "face_boxes.npy", boxes)


def _make_dialogues(
    seeds: Sequence[int], *, spec: SampleCacheSpec
) -> list[tuple[dict[str, Any], list[tuple[str, np.ndarray]]]]:
    """Each dialogue as plain values, its pictures numbered within it."""
    from limner.builders.world import KINDS

    made = []
    for seed in seeds:
        dialogue = KINDS[spec.kind](seed, spec.split, spec.size_px)
        pictures: dict[str, np.ndarray] = {}
        made.append((_plain(dialogue, pictures), list(pictures.items())))
    return made


def _render_dialogues(spec: SampleCacheSpec, place: Path, workers: int) -> None:
    rows: dict[str, int] = {}
    raw = place / "pixels.raw"
    make = functools.partial(_make_dialogues, spec=spec)
    with raw.open("wb") as pixels, (place / "dialogues.jsonl").open("w", encoding="utf-8") as lines:
        for chunk in in_processes(make, spec.seeds, workers=workers, what=f"{spec.kind} dialogues"):
            for told, pictures in chunk:
                for digest, array in pictures:
                    if digest not in rows:
                        rows[digest] = len(rows)
                        pixels.write(np.ascontiguousarray(array).tobytes())
                lines.write(json.dumps({**told, "rows": [rows[digest] for digest, _ in pictures]}) + "\n")
    shape = (len(rows), spec.size_px, spec.size_px, 3)
    if rows:  # a sample cache of text alone keeps no pixels
        stored = np.lib.format.open_memmap(place / "pixels.npy", "w+", np.uint8, shape)
        stored[:] = np.memmap(raw, np.uint8, "r", shape=shape)
        stored.flush()
    raw.unlink()
    (place / "digests.json").write_text(json.dumps(list(rows)))


def _plain(dialogue: Dialogue, pictures: dict[str, np.ndarray]) -> dict[str, Any]:
    """`dialogue` as JSON values; its pictures go into `pictures` in order of appearance and are named by
    number.
    """

    def number(picture: Picture) -> int:
        pictures.setdefault(picture.digest, picture.pixels)
        return list(pictures).index(picture.digest)

    rounds = []
    for round_ in dialogue.rounds:
        asked = [number(picture) for picture in round_.instruction.pictures]
        answer = round_.response
        rounds.append(
            {
                "instruction": round_.instruction.text,
                "pictures": asked,
                "response": answer.text,
                "picture": None if answer.picture is None else number(answer.picture),
                "depends_on": list(round_.depends_on),
            }
        )
    persons = [asdict(person) for person in dialogue.persons]
    return {"rounds": rounds, "persons": persons, "kind": dialogue.kind, "truth": dict(dialogue.truth)}


def _dialogue(told: Mapping[str, Any], picture_of_row: Callable[[int], Picture]) -> Dialogue:
    def picture(number: int) -> Picture:
        return picture_of_row(told["rows"][number])

    rounds = tuple(
        Round(
            instruction=Instruction(text=r["instruction"], pictures=tuple(picture(n) for n in r["pictures"])),
            response=Response(
                text=r["response"], picture=None if r["picture"] is None else picture(r["picture"])
            ),
            depends_on=tuple(r["depends_on"]),
        )
        for r in told["rounds"]
    )
    persons = tuple(
        NamedPerson(**{**person, "box": None if person["box"] is None else tuple(person["box"])})
        for person in told["persons"]
    )
    return Dialogue(rounds=rounds, persons=persons, kind=told["kind"], truth=told["truth"])


@contextmanager
def _made(folder: Path, spec: SampleCacheSpec) -> Iterator[tuple[Path, bool]]:
    """(fresh folder to fill, True), renamed to its place afterwards; or (finished folder, False).

    A lock makes a second process wait for the first instead of rendering the same sample cache beside it.
    """
    place = cache_folder(folder, spec)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{place.name}.lock"):
        if place.is_dir():
            yield place, False
            return
        fresh = place.with_name(place.name + ".fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        yield fresh, True
        os.rename(fresh, place)
