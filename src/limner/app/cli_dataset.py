"""`limner dataset ...`: make, check and show dialogues on disk. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.app.terminal import err, out

app = typer.Typer(
    no_args_is_help=True, help="Dialogues with pictures on disk: Parquet shards, one format for every stage."
)
Folder = Annotated[Path, typer.Argument(help="The data set's folder.", show_default=False)]


@app.command()
def check(folder: Folder) -> None:
    """Read everything and report what is wrong; exit code 1 when anything is."""
    from limner.dataset.check import check_dataset

    findings = list(check_dataset(folder))
    for finding in findings:
        out.print(str(finding), markup=False)
    if findings:
        err.print(f"{len(findings)} findings in {folder}", markup=False)
        raise typer.Exit(1)
    out.print(f"{folder}: no findings", markup=False)


@app.command()
def show(
    folder: Folder,
    file: Annotated[Path, typer.Option("--out", help="The HTML page to write.")] = Path("dataset.html"),
    num: Annotated[int, typer.Option("--num", min=1, help="How many dialogues.")] = 24,
) -> None:
    """Write one HTML page with the first dialogues, their pictures and what each round depends on."""
    from limner.dataset.show import write_page

    out.print(str(write_page(folder, file, num=num)), markup=False)


@app.command()
def make(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write; an existing set is appended to.")],
    kind: Annotated[
        str, typer.Option("--kind", help="What kind of dialogue (see --help of the docs).")
    ] = "named",
    num: Annotated[int, typer.Option("--num", min=1, help="How many dialogues.")] = 16,
    seed: Annotated[int, typer.Option("--seed", min=0, help="First seed.")] = 0,
    split: Annotated[str, typer.Option("--split", help="train or test.")] = "train",
    size_px: Annotated[int, typer.Option("--size", min=32, max=1024, help="Pixels along a side.")] = 256,
) -> None:
    """Write dialogues of the synthetic world."""
    from rich.progress import track

    from limner.dataset.writer import DatasetWriter
    from limner.world.dialogues import KINDS

    if kind not in KINDS:
        raise ValueError(f"There is no kind of dialogue {kind!r}; choose one of {', '.join(KINDS)}.")
    with DatasetWriter(folder) as writer:
        for index in track(range(num), console=err, transient=True):
            writer.write(KINDS[kind](seed + index, split, size_px))
    out.print(f"{folder}: {num} dialogues", markup=False)
