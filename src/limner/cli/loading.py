"""How a model is loaded, as options that commands share. Knows words of the command line only."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from limner.inference.painter import Painter


class Squeezed(StrEnum):
    """The formats of `limner.models.quantised`."""

    int8 = "int8"
    four_bit = "4bit"


Quantize = Annotated[
    Squeezed | None,
    typer.Option(
        "--quantize", help="Squeeze the language model into less memory as it is loaded.", show_default=False
    ),
]
Offload = Annotated[
    bool,
    typer.Option("--offload", help="Encoder and detokenizer are in memory only while they work."),
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="NAME=VALUE",
        help="How a painter without memory is used: planner=rules, model=NAME, faces=dlib, ... Repeatable.",
    ),
]
MODEL_HELP = '"miniature" (embedded), a checkpoint folder, endpoint:URL or diffusers:FOLDER.'
Model = Annotated[str, typer.Option("--model", help=MODEL_HELP)]
Sign = Annotated[
    bool,
    typer.Option("--sign", help="Sign pictures (C2PA) by a local, untrusted certificate."),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**31 - 1, help="Same seed, same words, same pictures.")
]


def load(model: str, *, words: Sequence[str], **options: Any) -> Painter:
    """`limner.load`, with the words of `--with` for painters that have no memory. ValueError where they are
    given for one that has.
    """
    import limner
    from limner.cli.given import PLANNED_ONLY
    from limner.planning.names import is_planned
    from limner.planning.opening import Planning

    if words and not is_planned(model):
        raise ValueError(PLANNED_ONLY)
    planning = Planning.from_words(words) if is_planned(model) else None
    return limner.load(model, planning=planning, **options)
