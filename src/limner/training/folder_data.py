"""Data sets in limner's format (docs/dataset.md) as training data: dialogues for the language model, pictures
for the detokenizer. What the builders write, or anybody else's folder, trains with no step between.

Knows the reader, and how pictures of any size become the networks' squares. The same few dialogues are always
held
out: those whose content hashes lowest. Knows nothing about losses.

Legend: N pictures, B batch, S picture side in pixels, K image tokens of a picture, D token width.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from limner.dataset.reader import DatasetReader
from limner.dialogue.parts import Dialogue, Picture
from limner.models.pad_to_square import pad_to_square
from limner.models.precision import autocast
from limner.models.vision import ImageTokenizer
from limner.training.processes import Processes
from limner.training.token_cache import TokenCache, weights_digest

ENCODE_AT_ONCE = 32
MOST_HELD_OUT = 0.1  # of a data set
CHARACTERS_A_PICTURE = 260  # about as long in the context as so much text
NEIGHBOURS = 8  # pictures drawn from one place of a data set, whose rows are read in groups


@dataclass(frozen=True, kw_only=True)
class FolderDialogues:
    """One split of a data set, all of one `kind` of the mix, whatever its own rows call themselves."""

    kind: str
    reader: DatasetReader
    rows: tuple[int, ...]
    lengths: list[int]
    digests: tuple[tuple[str, ...], ...]  # of each dialogue's pictures
    edits: tuple[tuple[tuple[str, str], ...], ...] = ()  # (picture before, painted picture) of each dialogue

    def __len__(self) -> int:
        return len(self.rows)

    def dialogue(self, index: int) -> Dialogue:
        """Dialogue `index` of this split, pictures included."""
        return self.reader[self.rows[index]]


def folder_dialogues(kind: str, folder: Path, split: str, held_out: int) -> FolderDialogues:
    """The dialogues of `folder` to train on ("train") or to measure with ("test": `held_out` of them, at most
    a tenth).

    Raises:
        ValueError: no data set there, or too few dialogues to hold any out.
    """
    reader = DatasetReader(folder)
    ids: list[str] = []
    lengths: list[int] = []
    digests: list[tuple[str, ...]] = []
    edits: list[tuple[tuple[str, str], ...]] = []
    for path in reader.paths:
        table = pq.read_table(path, columns=["id", "rounds", "picture_digests"], partitioning=None)
        ids += table["id"].to_pylist()
        here, talked = table["picture_digests"].to_pylist(), table["rounds"].to_pylist()
        digests += [tuple(row) for row in here]
        lengths += [_length(rounds) for rounds in talked]
        edits += [_edits(rounds, row) for rounds, row in zip(talked, here, strict=True)]
    if len(ids) < 2:
        raise ValueError(f"{folder} has {len(ids)} dialogues; training needs two at least.")
    kept = _split(ids, split, held_out)
    return FolderDialogues(
        kind=kind,
        reader=reader,
        rows=tuple(kept),
        lengths=[lengths[row] for row in kept],
        digests=tuple(digests[row] for row in kept),
        edits=tuple(edits[row] for row in kept),
    )


def _length(rounds: Sequence[Mapping[str, Any]]) -> int:
    words = sum(len(row["instruction"]) + len(row["response"]) for row in rounds)
    shown = sum(len(row["instruction_pictures"] or ()) for row in rounds)
    painted = sum(row["response_picture"] is not None for row in rounds)
    return words + CHARACTERS_A_PICTURE * (shown + 2 * painted)


def _edits(rounds: Sequence[Mapping[str, Any]], digests: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each painted picture with the one before it: the last that was given with it, else the last painted."""
    pairs: list[tuple[str, str]] = []
    before: int | None = None
    for row in rounds:
        shown, painted = list(row["instruction_pictures"] or []), row["response_picture"]
        before = shown[-1] if shown else before
        if painted is not None:
            if before is not None:
                pairs.append((digests[before], digests[painted]))
            before = painted
    return tuple(pairs)


def _split(ids: Sequence[str], split: str, held_out: int) -> list[int]:
    count = max(1, min(held_out, int(MOST_HELD_OUT * len(ids))))
    aside = set(sorted(range(len(ids)), key=lambda row: ids[row])[:count])
    return [row for row in range(len(ids)) if (row in aside) == (split == "test")]


def folder_tokens(
    data: FolderDialogues, encoder: ImageTokenizer, size_px: int, cache: Path, team: Processes
) -> TokenCache:
    """The image tokens of all pictures of `data`, encoded once (each process takes its part) and kept in
    `cache`.

    A picture takes K x D x 2 bytes there: 0.5 MB at full scale.
    """
    digests = list(dict.fromkeys(digest for row in data.digests for digest in row))
    name = hashlib.sha256("".join(digests).encode()).hexdigest()[:12]
    place = cache / f"{data.kind}-folder-{name}-{weights_digest(encoder)}.npy"
    if digests and not place.is_file():
        fresh = place.with_name(f"{place.stem}.fresh.npy")
        shape = (len(digests), encoder.num_tokens, encoder.vision.sizes.output_dim)
        if team.is_first:
            cache.mkdir(parents=True, exist_ok=True)
            _check_room(2 * int(np.prod(shape)), cache)
            np.lib.format.open_memmap(fresh, "w+", np.float16, shape).flush()
        team.wait()
        _encode(data, digests, encoder, size_px, np.load(fresh, mmap_mode="r+"), team)
        team.wait()
        if team.is_first:
            os.replace(fresh, place)
        team.wait()
    return TokenCache(digests, np.load(place, mmap_mode="r") if digests else np.zeros((0, 1, 1), np.float16))


@torch.no_grad()
def _encode(
    data: FolderDialogues,
    digests: Sequence[str],
    encoder: ImageTokenizer,
    size_px: int,
    made_NKD: np.ndarray,
    team: Processes,
) -> None:
    rows = {digest: row for row, digest in enumerate(digests)}
    first_shown = {digest: index for index, row in reversed(list(enumerate(data.digests))) for digest in row}
    start, stop = (len(data) * part // team.size for part in (team.rank, team.rank + 1))
    waiting: dict[int, np.ndarray] = {}

    def encode() -> None:
        pixels = _tensor(np.stack(list(waiting.values())), team.device)
        with autocast(team.device):
            made_NKD[list(waiting)] = encoder.encode(pixels).float().cpu().numpy()
        waiting.clear()

    for index in range(start, stop):
        pictures = {p.digest: p for round_ in data.dialogue(index).rounds for p in round_.pictures}
        for digest, picture in pictures.items():
            if first_shown[digest] == index:
                waiting[rows[digest]] = pad_to_square(picture, size_px)
            if len(waiting) == ENCODE_AT_ONCE:
                encode()
    if waiting:
        encode()
    if isinstance(made_NKD, np.memmap):
        made_NKD.flush()


@dataclass(kw_only=True)
class FolderPictures:
    """All pictures of a split of a data set, each once, read when they are drawn.

    With `edits`, pairs in their place: rows 0 and 1 are a picture before and after an edit, and so on.
    """

    data: FolderDialogues
    edits: bool = False
    places: list[tuple[int, str]] = field(default_factory=list)  # (dialogue, digest)

    def __post_init__(self) -> None:
        seen: set[str] = set()
        if self.edits:
            self.places = [
                (index, digest)
                for index, pairs in enumerate(self.data.edits)
                for pair in pairs
                for digest in pair
            ]
            if not self.places:
                raise ValueError(
                    f"The {self.data.kind!r} data holds no edits: no painted picture has one before it."
                )
            return
        for index, row in enumerate(self.data.digests):
            self.places += [(index, digest) for digest in row if digest not in seen]
            seen.update(row)

    def __len__(self) -> int:
        return len(self.places)

    def draw(self, rng: np.random.Generator, batch: int) -> np.ndarray:
        """`batch` rows: a few places of the data set and their neighbours, for a place is read in one go."""
        runs = -(-batch // NEIGHBOURS)
        starts = rng.integers(len(self), size=runs)
        rows = (starts[:, None] + np.arange(-(-batch // runs))) % len(self)
        return rows.reshape(-1)[:batch]

    def pixels(self, rows: np.ndarray, size_px: int, device: torch.device) -> torch.Tensor:
        """(B, 3, S, S) in [-1, 1] on the device."""
        return _tensor(np.stack([pad_to_square(self._picture(int(row)), size_px) for row in rows]), device)

    def _picture(self, row: int) -> Picture:
        index, digest = self.places[row]
        record = self.data.reader.record(self.data.rows[index])
        return Picture.from_png(record.pngs[list(record.row["picture_digests"]).index(digest)])


def _check_room(num_bytes: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < num_bytes:
        raise ValueError(f"{folder} has {free / 1e9:.1f} GB free, {num_bytes / 1e9:.1f} GB are needed.")


def _tensor(pixels_BSS3: np.ndarray, device: torch.device) -> torch.Tensor:
    rows = torch.from_numpy(pixels_BSS3).to(device)
    return rows.permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1.0)
