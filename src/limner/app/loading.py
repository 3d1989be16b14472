"""How a model is loaded, as options that commands share. Knows words of the command line only."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


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
