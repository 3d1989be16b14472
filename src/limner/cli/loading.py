"""Options that commands share: which model and how it is loaded, seed, signature. Knows words alone."""

from __future__ import annotations

from typing import Annotated, Literal

from typer import Option

Quantize = Annotated[
    Literal["int8", "4bit"] | None,  # the formats of `limner.models.quantised`
    Option(
        "--quantize", help="Squeeze the language model into less memory as it is loaded.", show_default=False
    ),
]
Offload = Annotated[
    bool, Option("--offload", help="Encoder and detokenizer are in memory only while they work.")
]
With = Annotated[
    list[str] | None,
    Option(
        "--with",
        metavar="NAME=VALUE",
        help="How a painter without memory is used: planner=rules, model=NAME, faces=dlib, ... Repeatable.",
    ),
]
MODEL_HELP = '"miniature" (embedded), a checkpoint folder, endpoint:URL or diffusers:FOLDER.'
Model = Annotated[str, Option("--model", help=MODEL_HELP)]
Sign = Annotated[bool, Option("--sign", help="Sign pictures (C2PA) by a local, untrusted certificate.")]
Seed = Annotated[int, Option("--seed", min=0, max=2**31 - 1, help="Same seed, same words, same pictures.")]
