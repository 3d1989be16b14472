"""LLaMA's tokenizer with SEED-X's added tokens, as limner's own.

Knows the SentencePiece model file (a protocol buffer, of which three fields are read), `tokenizer.json` and
`added_tokens.json`. Knows nothing about templates.

limner puts one space before every text itself (`tokenizer.py`), where SentencePiece and its translations
would add one inside; so here that step is left out and the ids are the same. Merges that would spell a
special token out of plain text are left out too: what a user writes never becomes one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

from limner.models.shards import read_json
from limner.models.tokenizer import END, START, UNKNOWN, TextTokenizer

SPACE: Final = "▁"
NORMAL, USER_DEFINED = 1, 4  # kinds of pieces that text may yield
FIRST_SLOT: Final = "<img_00000>"

Merge = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Pieces by id, merges in order, and the tokens added to them."""

    pieces: dict[str, int]
    merges: list[Merge]
    added: dict[str, int]


def convert_tokenizer(folder: Path) -> TextTokenizer:
    """The tokenizer of a folder with `tokenizer.model` (or `tokenizer.json`) and its added tokens.

    Raises:
        ValueError: a file is missing or unreadable, ids are not consecutive, or a special token is missing.
    """
    vocabulary = _read(folder)
    special = {START, END, UNKNOWN, *vocabulary.added}
    backend = Tokenizer(
        models.BPE(
            vocab=vocabulary.pieces,
            merges=[merge for merge in vocabulary.merges if "".join(merge) not in special],
            unk_token=UNKNOWN,
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    backend.normalizer = normalizers.Replace(" ", SPACE)
    backend.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    in_order = sorted(vocabulary.added.items(), key=lambda item: item[1])
    backend.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in (UNKNOWN, START, END)]
        + [AddedToken(token, special=True, normalized=False) for token, _ in in_order]
    )
    moved = {token: index for token, index in vocabulary.added.items() if backend.token_to_id(token) != index}
    if moved:
        token, index = next(iter(moved.items()))
        raise ValueError(
            f"The added tokens in {folder} are not numbered one after the other behind the "
            f"{len(vocabulary.pieces)} pieces: {token} should be {index}."
        )
    return TextTokenizer.of_backend(backend)


def slot_rows(tokenizer: TextTokenizer, num_slots: int) -> int:
    """The row of the embedding table where the slots of a picture begin.

    Raises:
        ValueError: the vocabulary has not so many tokens <img_00000>, <img_00001>, ... in a row.
    """
    ids = [tokenizer.backend.token_to_id(f"<img_{index:05d}>") for index in range(num_slots)]
    if ids[0] is None or ids != list(range(ids[0], ids[0] + num_slots)):
        raise ValueError(f"The tokenizer lacks {num_slots} tokens {FIRST_SLOT}, <img_00001>, ... in a row.")
    return ids[0]


def _read(folder: Path) -> Vocabulary:
    added = _added_tokens(folder)
    if (folder / "tokenizer.model").is_file():
        pieces = list(_pieces((folder / "tokenizer.model").read_bytes(), folder))
        return Vocabulary(
            pieces={piece: index for index, (piece, _, _) in enumerate(pieces)},
            merges=_merges(pieces),
            added=added,
        )
    if not (folder / "tokenizer.json").is_file():
        raise ValueError(f"There is neither tokenizer.model nor tokenizer.json in {folder}.")
    content = read_json(folder / "tokenizer.json")
    model = content.get("model", {})
    if model.get("type") != "BPE":
        raise ValueError(f"{folder / 'tokenizer.json'} is of type {model.get('type')!r}; LLaMA's is BPE.")
    merges = [_merge(entry) for entry in model["merges"]]
    own = {entry["content"]: int(entry["id"]) for entry in content.get("added_tokens", [])}
    kept = {token: index for token, index in {**own, **added}.items() if token not in model["vocab"]}
    return Vocabulary(pieces=dict(model["vocab"]), merges=merges, added=kept)


def _merge(entry: str | Sequence[str]) -> Merge:
    left, right = entry.split(" ", 1) if isinstance(entry, str) else entry
    return left, right


def _added_tokens(folder: Path) -> dict[str, int]:
    if (folder / "added_tokens.json").is_file():
        return {token: int(index) for token, index in read_json(folder / "added_tokens.json").items()}
    if (folder / "tokenizer_config.json").is_file():
        listed: Mapping[str, Any] = read_json(folder / "tokenizer_config.json").get(
            "added_tokens_decoder", {}
        )
        return {
            entry["content"]: int(index)
            for index, entry in listed.items()
            if entry["content"] not in (START, END, UNKNOWN)
        }
    return {}


def _merges(pieces: Sequence[tuple[str, float, int]]) -> list[Merge]:
    """Every way to join two pieces to a third, best score first, as SentencePiece's BPE joins them."""
    ranked = {piece: index for index, (piece, _, kind) in enumerate(pieces) if kind in (NORMAL, USER_DEFINED)}
    found: list[tuple[float, int, int, Merge]] = []
    for piece, score, kind in pieces:
        if kind not in (NORMAL, USER_DEFINED):
            continue
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in ranked and right in ranked:
                found.append((-score, ranked[left], ranked[right], (left, right)))
    return [merge for *_, merge in sorted(found)]


def _pieces(content: bytes, folder: Path) -> Iterator[tuple[str, float, int]]:
    """(piece, score, kind) of a SentencePiece model: field 1 of the file, within it fields 1, 2 and 3."""
    try:
        for number, value in _fields(content):
            if number != 1 or not isinstance(value, bytes):
                continue
            fields = dict(_fields(value))
            (score,) = struct.unpack("<f", fields.get(2, b"\0\0\0\0"))
            yield fields[1].decode("utf-8"), score, fields.get(3, NORMAL)
    except (IndexError, KeyError, struct.error, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(f"{folder / 'tokenizer.model'} is no SentencePiece model.") from error


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Field number and value of a protocol buffer's message; submessages and strings are bytes."""
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(content, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(content, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise IndexError(f"wire type {wire}")
        if at + length > len(content):
            raise IndexError("cut short")
        yield number, content[at : at + length]
        at += length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
