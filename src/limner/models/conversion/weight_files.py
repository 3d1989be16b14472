"""Which files of a folder hold its weights, by the names that they are published under.

    model | diffusion_pytorch_model | pytorch_model                 transformers', diffusers', both's older
    ....safetensors | ....bin | .fp16.safetensors | .fp16.bin       one file, whole or in a number format
    ....safetensors.index.json | ....safetensors.index.fp16.json    shards, which the index names

Knows names alone, so that it can choose among files that are still on a hub.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

STEMS: Final = ("model", "diffusion_pytorch_model", "pytorch_model")
FORMATS: Final = ("safetensors", "bin")
USUAL: Final = (
    "model.safetensors, diffusion_pytorch_model.safetensors or pytorch_model.bin, one of these with a number "
    "format (model.fp16.safetensors), or shards and their index"
)
_WHOLE: Final = re.compile(
    rf"(?P<stem>{'|'.join(STEMS)})(?:\.(?P<before>\w+))?\.(?P<format>{'|'.join(FORMATS)})"
    r"(?P<index>\.index(?:\.(?P<after>\w+))?\.json)?"
)
_SHARD: Final = re.compile(
    rf"(?P<stem>{'|'.join(STEMS)})(?:\.(?P<before>\w+))?-\d+-of-\d+(?:\.(?P<after>\w+))?"
    rf"\.(?P<format>{'|'.join(FORMATS)})"
)
WORD_FORMATS: Final = (
    "",
    "fp32",
    "bf16",
    "fp16",
)  # the first that is there; others, such as non_ema, come last


@dataclass(frozen=True, kw_only=True, order=True)
class WeightFile:
    """A file of weights, or the index of several; the smallest is the one to take."""

    variant_rank: int
    format_rank: int
    index_rank: int
    stem_rank: int
    name: str
    variant: str

    @property
    def is_index(self) -> bool:
        return self.index_rank == 0


def weight_file(name: str) -> WeightFile | None:
    """What the file `name` (without folders) is; None when it is no weights."""
    found = _WHOLE.fullmatch(name)
    if found is None:
        return None
    variant = found["before"] or found["after"] or ""
    return WeightFile(
        variant_rank=WORD_FORMATS.index(variant) if variant in WORD_FORMATS else len(WORD_FORMATS),
        format_rank=FORMATS.index(found["format"]),
        index_rank=0 if found["index"] else 1,
        stem_rank=STEMS.index(found["stem"]),
        name=name,
        variant=variant,
    )


def chosen(names: Iterable[str]) -> WeightFile | None:
    """Of the files of one folder the one to read: whole precision before half, safetensors before torch's."""
    return min((file for name in names if (file := weight_file(name)) is not None), default=None)


def needed(names: Iterable[str]) -> list[str]:
    """Of the files of one folder those that hold the weights: one, or an index and its shards."""
    names = list(names)
    best = chosen(names)
    if best is None:
        return []
    if not best.is_index:
        return [best.name]
    shards = []
    for name in names:
        found = _SHARD.fullmatch(name)
        if found is not None and FORMATS.index(found["format"]) == best.format_rank:
            same = STEMS.index(found["stem"]) == best.stem_rank
            if same and (found["before"] or found["after"] or "") == best.variant:
                shards.append(name)
    return [best.name, *sorted(shards)]
