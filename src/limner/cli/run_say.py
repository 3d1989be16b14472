"""`limner say`: one round of a conversation kept in a file. Knows files and what is printed.

The answer is computed first; then the picture and the conversation are written, each whole. Who says
something in the same file meanwhile waits, and goes on from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import limner
from limner.cli.files import file_to_write
from limner.cli.given import conversation_given, model_given, pictures_given
from limner.cli.terminal import err, out, plain
from limner.cli.told_picture import write_reply
from limner.planning.loading import load
from limner.whole_file import alone_with

if TYPE_CHECKING:
    from limner.inference.painter import Painter


def say_once(
    text: str,
    file: Path,
    *,
    images: Sequence[Path],
    picture: Path | None,
    wants_picture: bool | None,
    model: str,
    seed: int | None,
    fork: str | None,
    target: int | None = None,
    sign: bool = False,
    steps: int | None = None,
    quantize: str | None = None,
    offload: bool = False,
    words: Sequence[str] = (),
) -> None:
    """Say `text` in the conversation kept in `file` (made when it does not exist) and print the answer."""
    file_to_write(file)
    if picture is not None:
        file_to_write(picture, ".png")
    if fork is not None and not file.exists():
        raise ValueError(
            f"There is no conversation at {file}, so there is nothing to fork; leave --fork out."
        )
    pictures_given(images)
    conversation_given(file, model_given(model, words), fork)
    err.print(plain(f'Loading "{model}" ...'))
    painter = load(model, words=words, quantize=quantize, offload=offload)
    with alone_with(file, tell=lambda: err.print(plain(f"{file} is being talked to; waiting ..."))):
        _say(text, file, painter, images, picture, wants_picture, seed, fork, target, steps, sign)
    if painter.spending is not None:
        err.print(plain(f"spent: {painter.spending}"))


def _say(
    text: str,
    file: Path,
    painter: Painter,
    images: Sequence[Path],
    picture: Path | None,
    wants_picture: bool | None,
    seed: int | None,
    fork: str | None,
    target: int | None,
    steps: int | None,
    sign: bool,
) -> None:
    talk = limner.open_conversation(file, painter) if file.exists() else painter.conversation()
    if fork is not None:
        talk = talk.fork(fork)
    reply = talk.say(text, images=images, seed=seed, picture=wants_picture, target=target, steps=steps)
    where = ""
    if reply.image is not None:
        # A fork's round 2 must not replace the trunk's: the id keeps them apart.
        default = file.with_name(f"{file.stem}-{len(talk.replies)}-{reply.id[:8]}.png")
        where = f" -> {write_reply(talk, reply, picture or default, sign=sign)}"
    talk.save(file)
    out.print(plain(f"{reply.text}{where}"))
    err.print(plain(f"round {len(talk.replies)}, id {reply.id[:12]}, {reply.seconds:.2f} s"))
