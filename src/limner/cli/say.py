"""`limner say`: one round of a conversation kept in a file. Knows files and what is printed.

The answer is computed first; then the picture and the conversation are written, each whole. Who says
something in the same file meanwhile waits, and goes on from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

import limner
from limner.cli.files import file_to_write
from limner.cli.given import conversation_given, model_given, pictures_given
from limner.cli.loading import Model, Offload, Quantize, Sign, With
from limner.cli.options import from_fields
from limner.cli.terminal import err, out, plain
from limner.cli.told_picture import write_reply
from limner.planning.loading import load
from limner.whole_file import alone_with

if TYPE_CHECKING:
    from limner.inference.painter import Painter


@dataclass(frozen=True, kw_only=True)
class Said:
    """The words, where they are said, and how they are answered."""

    text: Annotated[str, Argument(help="What you say.", show_default=False)]
    conversation: Annotated[
        Path, Option("--conversation", help="The conversation's file; made when it does not exist.")
    ]
    image: Annotated[
        list[Path] | None, Option("--image", help="A picture to give with it; up to four times.")
    ] = None
    file: Annotated[
        Path | None,
        Option("--out", help="PNG file for the answer's picture (default: beside the conversation)."),
    ] = None
    picture: Annotated[
        bool | None,
        Option("--picture/--no-picture", help="Insist on a picture, or forbid one.", show_default=False),
    ] = None
    model: Model = "miniature"
    seed: Annotated[
        int | None,
        Option(
            "--seed", min=0, max=2**31 - 1, help="Draws this round differently (default: from the history)."
        ),
    ] = None
    fork: Annotated[
        str | None, Option("--fork", help="Continue from this round's id instead of the last one.")
    ] = None
    reply_to: Annotated[
        int | None, Option("--reply-to", min=1, help="The number of the picture that is meant, from 1.")
    ] = None
    sign: Sign = False
    steps: Annotated[
        int | None, Option("--steps", min=1, max=1000, help="Drawing steps (default: the checkpoint's own).")
    ] = None
    quantize: Quantize = None
    offload: Offload = False
    words: With = None


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(from_fields(say))


def say(said: Said) -> None:
    """Say one thing in a conversation kept in a file, and print the answer.

    For example: limner say "A close-up of Mia." --conversation mia.limner
    """
    file, words = said.conversation, said.words or []
    _check(said)
    err.print(plain(f'Loading "{said.model}" ...'))
    painter = load(said.model, words=words, quantize=said.quantize, offload=said.offload)
    with alone_with(file, tell=lambda: err.print(plain(f"{file} is being talked to; waiting ..."))):
        _say(said, painter)
    if painter.spending is not None:
        err.print(plain(f"spent: {painter.spending}"))


def _check(said: Said) -> None:
    """What is mistyped is told before anything heavy is imported."""
    file = file_to_write(said.conversation)
    if said.file is not None:
        file_to_write(said.file, ".png")
    if said.fork is not None and not file.exists():
        raise ValueError(
            f"There is no conversation at {file}, so there is nothing to fork; leave --fork out."
        )
    pictures_given(said.image or [])
    conversation_given(file, model_given(said.model, said.words or []), said.fork)


def _say(said: Said, painter: Painter) -> None:
    file = said.conversation
    talk = limner.open_conversation(file, painter) if file.exists() else painter.conversation()
    if said.fork is not None:
        talk = talk.fork(said.fork)
    reply = talk.say(
        said.text,
        images=said.image or [],
        seed=said.seed,
        picture=said.picture,
        target=said.reply_to,
        steps=said.steps,
    )
    where = ""
    if reply.image is not None:
        # A fork's round 2 must not replace the trunk's: the id keeps them apart.
        default = file.with_name(f"{file.stem}-{len(talk.replies)}-{reply.id[:8]}.png")
        where = f" -> {write_reply(talk, reply, said.file or default, sign=said.sign)}"
    talk.save(file)
    out.print(plain(f"{reply.text}{where}"))
    err.print(plain(f"round {len(talk.replies)}, id {reply.id[:12]}, {reply.seconds:.2f} s"))
