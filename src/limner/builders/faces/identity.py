"""Who is who in a folder of portraits: by the folders they lie in, or by their embeddings.

Knows files, vectors and thresholds. Knows nothing about dialogues.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from limner.builders.files import files_below
from limner.builders.photos import SUFFIXES, UNREAD, read_photo
from limner.perception.face_passes import embedded
from limner.perception.protocols import Box, FaceReader

READ_PX: Final = 1536  # the longer side at which portraits are looked at
_SAVE_EVERY: Final = 256


def portraits_of(folder: Path) -> list[Path]:
    """All picture files below `folder` and folders linked there, sorted, hidden ones left out; includes
    formats that can only be reported, not read.

    ValueError when there is no folder or no picture in it.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    found = files_below(folder, {*SUFFIXES, *UNREAD})
    if not found:
        raise ValueError(f"{folder} holds no pictures ({', '.join(SUFFIXES)}).")
    return found


def by_folder(folder: Path) -> dict[str, list[Path]]:
    """Identity -> portraits: each folder below `folder` is a person, a picture right in it one of its own."""
    persons: dict[str, list[Path]] = {}
    for path in portraits_of(folder):
        inside = path.relative_to(folder)
        name = str(inside.parent) if len(inside.parts) > 1 else inside.name
        persons.setdefault(name, []).append(path)
    return persons


def embedding(reader: FaceReader, pixels: np.ndarray, box: Box) -> np.ndarray:
    """The unit vector of the face in `box`, cut as the reader wants it."""
    return embedded(reader, [(pixels, box)])[0]


def only_face(reader: FaceReader, pixels: np.ndarray) -> Box:
    """The box of the one face there is; ValueError when there is none or more than one."""
    faces = reader.find_faces(pixels)
    if len(faces) != 1:
        raise ValueError("no face" if not faces else "several faces")
    return faces[0].box


def clustered(
    folder: Path,
    reader: FaceReader,
    cache: Path,
    *,
    floor: float,
    reader_name: str = "",
    tell: Callable[[int, int], object] | None = None,
) -> dict[str, list[Path]]:
    """Identity -> portraits, clustered by face similarity; each person is named after the first portrait.

    A portrait joins the person whose mean is nearest, if their cosine is `floor` or more; persons whose means
    are that near are joined at the end. Portraits without exactly one face are persons of their own, so that
    their reason is told later. Embeddings are kept in `cache` by `reader_name`, so that a killed run goes on.
    """
    paths = portraits_of(folder)
    vectors = _vectors(folder, paths, reader, cache, reader_name, tell)
    sums: list[np.ndarray] = []
    members: list[list[int]] = []
    alone: list[int] = []
    for index, vector in enumerate(vectors):
        if vector is None:
            alone.append(index)
            continue
        near = _nearest(sums, vector, floor)
        if near is None:
            sums.append(vector.copy())
            members.append([index])
        else:
            sums[near] += vector
            members[near].append(index)
    _join(sums, members, floor)
    groups = sorted([*(sorted(group) for group in members), *([index] for index in alone)])
    return {str(paths[group[0]].relative_to(folder)): [paths[index] for index in group] for group in groups}


def _nearest(sums: Sequence[np.ndarray], vector: np.ndarray, floor: float) -> int | None:
    if not sums:
        return None
    means = np.stack(sums)
    cosines = means @ vector / np.linalg.norm(means, axis=1)
    best = int(cosines.argmax())
    return best if cosines[best] >= floor else None


def _join(sums: list[np.ndarray], members: list[list[int]], floor: float) -> None:
    """Join persons that were begun apart, in place."""
    place = 0
    while place < len(sums):
        others = sums[:place]
        near = _nearest(others, sums[place] / np.linalg.norm(sums[place]), floor)
        if near is None:
            place += 1
            continue
        sums[near] += sums.pop(place)
        members[near] += members.pop(place)


def _vectors(
    folder: Path,
    paths: Sequence[Path],
    reader: FaceReader,
    cache: Path,
    reader_name: str,
    tell: Callable[[int, int], object] | None,
) -> list[np.ndarray | None]:
    """The embedding of each portrait; None where there is not exactly one face or no readable picture."""
    known = _load(cache)
    found: list[np.ndarray | None] = []
    fresh = 0
    for number, path in enumerate(paths):
        key = _key(folder, path, reader_name)
        if key not in known:
            known[key] = _vector(path, reader)
            fresh += 1
            if fresh % _SAVE_EVERY == 0:
                _save(cache, known)
        vector = known[key]
        found.append(vector if vector.size else None)
        if tell is not None:
            tell(number + 1, len(paths))
    if fresh:
        _save(cache, known)
    return found


def _vector(path: Path, reader: FaceReader) -> np.ndarray:
    try:
        pixels = read_photo(path, READ_PX)
        return embedding(reader, pixels, only_face(reader, pixels))
    except (ValueError, OSError):
        return np.zeros(0, np.float32)


def _key(folder: Path, path: Path, reader_name: str) -> str:
    try:
        status = path.stat()
        told = f"{path.relative_to(folder)}\n{status.st_size}\n{status.st_mtime_ns}"
    except OSError:  # a link to nothing
        told = f"{path.relative_to(folder)}"
    return hashlib.sha256(os.fsencode(f"{reader_name}\n{told}")).hexdigest()[:32]


def _load(cache: Path) -> dict[str, np.ndarray]:
    """What is known; nothing when the file is missing or broken, for it can be made again."""
    try:
        with cache.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}


def _save(cache: Path, known: dict[str, np.ndarray]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_name(f".{cache.name}.{os.getpid()}.tmp")
    try:
        with fresh.open("wb") as file:
            np.savez(file, **known)  # type: ignore[arg-type]
        fresh.replace(cache)
    finally:
        fresh.unlink(missing_ok=True)


def pairs(num: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """(face from, picture to) over `num` portraits of one person: each is once the target of another."""
    for target in range(num):
        other = int(rng.integers(num - 1)) if num > 1 else 0
        if num > 1:
            yield (other if other < target else other + 1), target
