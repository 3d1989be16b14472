"""`limner demo`: four scripted conversations, each round told as it happens, and a page that shows them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

import limner
from limner.cli.files import file_to_write, folder_to_write
from limner.cli.given import model_given
from limner.cli.loading import Model, Offload, Quantize, Seed
from limner.cli.terminal import out, plain
from limner.cli.terminal_picture import show


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(demo)


def demo(
    folder: Annotated[Path, Option("--out", help="Folder for the pictures and the page.")] = Path("demo"),
    seed: Seed = 0,
    model: Model = "miniature",
    quantize: Quantize = None,
    offload: Offload = False,
) -> None:
    """Hold four scripted conversations and show them side by side on one page."""
    folder_to_write(folder)
    file_to_write(folder / "index.html")
    model_given(model)
    out.print(plain(f'Loading "{model}" ...'))
    start = time.perf_counter()
    # Late, because they load torch: the first line should not wait for it.
    from limner.cli.demo_page import save_pictures, write_page
    from limner.demo import Played, PlayedScript, play

    painter = limner.load(model, quantize=quantize, offload=offload)
    out.print(plain(f"Loaded in {time.perf_counter() - start:.1f} s. {painter.summary}"))
    start = time.perf_counter()
    conversations: list[PlayedScript] = []
    files: dict[tuple[str, int, str], str] = {}

    def tell(played: Played, given: str | None, image: str | None) -> None:
        out.print(plain(f"\n  you     {played.line.text}" + (f"  [{given}]" if given else "")))
        where = f"  -> {folder / image}" if image else ""
        out.print(plain(f"  limner  {played.reply.text}{where}  ({played.reply.seconds:.2f} s)"))
        if played.reply.image is not None:
            show(played.reply.image, columns=40)

    for played in play(painter, seed):
        if not conversations or conversations[-1].script is not played.script:
            conversations.append(PlayedScript(script=played.script))
            out.print(f"\n{played.script.title}", style="bold", markup=False)
        conversations[-1].rounds.append(played)
        saved = save_pictures(played, folder)
        files.update(saved)
        name, number = played.script.name, played.number
        tell(played, saved.get((name, number, "given")), saved.get((name, number, "image")))
    seconds = time.perf_counter() - start
    page = write_page(
        folder, conversations, files, model=model, device=painter.device_name, seed=seed, seconds=seconds
    )
    rounds = sum(len(conversation.rounds) for conversation in conversations)
    out.print(plain(f"\n{rounds} rounds in {seconds:.1f} s. See them side by side: {page}"))
