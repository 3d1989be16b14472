"""`limner world ...`: look at the synthetic world, and write its films. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Option

from limner.cli.files import file_to_write, folder_to_write, write_png
from limner.cli.terminal import err, out, plain

app = typer.Typer(
    no_args_is_help=True,
    help="The synthetic world of illustrated people: sheets to look at, films to build from.",
)


Seed = Annotated[int, Option("--seed", min=0, max=2**31 - 1, help="Same seed, same pixels.")]


@app.command("sheet")
def sheet_command(
    file: Annotated[Path, Option("--out", help="The PNG to write.")],
    what: Annotated[
        Literal["people", "scenes", "films", "edits", "styles"], Option("--what", help="What to show.")
    ] = "people",
    seed: Seed = 0,
) -> None:
    """Paint one contact sheet of the world."""
    file_to_write(file, ".png")
    from PIL import Image

    from limner_world.sheet import sheet

    out.print(plain(str(write_png(Image.fromarray(sheet(what, seed)), file))))


@app.command("film")
def film_command(
    folder: Annotated[Path, Option("--out", help="Folder for the clips and their truth.")],
    num: Annotated[int, Option("--num", min=1, max=1_000_000, help="How many clips.")] = 4,
    seed: Seed = 0,
    size_px: Annotated[
        int, Option("--size", min=32, max=1024, help="Pixels along a side, an even number.")
    ] = 256,
) -> None:
    """Write mp4 clips of two persons, each with its truth as JSON beside it."""
    folder_to_write(folder)
    if size_px % 2:
        raise ValueError(
            f"--size is {size_px}, but a film needs an even number of pixels; use {size_px + 1}."
        )
    from rich.progress import track

    from limner_world.video import write_films

    films = write_films(folder, num=num, seed=seed, size_px=size_px)
    try:
        for path in track(films, total=num, console=err, transient=True):
            out.print(plain(str(path)))
    except ImportError as error:  # the extra "video" is not installed
        raise ValueError(str(error)) from error
