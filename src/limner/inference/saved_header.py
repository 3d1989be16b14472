"""What a saved conversation says of itself, read before anything heavy is loaded. Knows its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from limner.inference.sealed import header_of, metadata_of

FORMAT: Final = "limner-conversation"
FORMAT_VERSION: Final = 2
UNSEALED_VERSION: Final = 1  # had no digest, and is read all the same


class RefusedError(ValueError):
    """A whole sentence of its own, rather than a reason why a file is damaged."""


def conversation_metadata(outer: Mapping[str, str], where: str) -> dict[str, Any]:
    """The conversation's own metadata; RefusedError when there is none, or of another version."""
    try:
        metadata = json.loads(outer.get("limner", "null"))
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise RefusedError(f"{where} is not a conversation of limner.")
    if metadata.get("version") not in (FORMAT_VERSION, UNSEALED_VERSION):
        raise RefusedError(
            f"{where} has format version {metadata.get('version')}, this limner reads {FORMAT_VERSION}; "
            "open it with the limner that wrote it."
        )
    return metadata


def check_weights(metadata: Mapping[str, Any], where: str, fingerprint: str) -> None:
    """RefusedError when the conversation was held by a painter of other weights."""
    if metadata.get("painter") != fingerprint:
        raise RefusedError(
            f"{where} was held by a painter of other weights; load the checkpoint it was made with, "
            "or begin anew."
        )


def check_saved(path: Path, fingerprint: str, fork: str | None = None) -> None:
    """ValueError when what lies at `path` cannot be a conversation of these weights, or when none or several
    of its rounds have an id that begins with `fork`. Whether it is whole, opening it tells.
    """
    try:
        outer = metadata_of(header_of(path))
    except ValueError as error:
        raise ValueError(f"{path} is not a readable conversation file ({error}).") from None
    metadata = conversation_metadata(outer, str(path))
    check_weights(metadata, str(path), fingerprint)
    rounds = metadata.get("rounds")
    if fork is not None and isinstance(rounds, dict):
        check_round(fork, [id for id in map(str, rounds) if fork and id.startswith(fork)])


def check_round(id: str, found: list[str]) -> str:
    """The one of `found`, the ids that begin with `id`; ValueError when it is none or several."""
    if len(found) != 1:
        what = "No round" if not found else f"More than one round ({len(found)})"
        raise ValueError(
            f"{what} of this conversation has an id that begins with {id!r}; use a reply's whole id."
        )
    return found[0]
