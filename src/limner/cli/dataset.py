"""`limner dataset ...`: make, check and show dialogues on disk. Thin."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

from limner.cli.files import file_to_write, folder_to_write
from limner.cli.terminal import err, out, plain

app = typer.Typer(
    no_args_is_help=True, help="Dialogues with pictures on disk: Parquet shards, one format for every stage."
)
Folder = Annotated[Path, Argument(help="The data set's folder.", show_default=False)]


@app.command()
def check(folder: Folder) -> None:
    """Read everything and report what is wrong; exit code 1 when anything is."""
    _must_be_folder(folder)
    from limner.dataset.check import check_dataset

    findings = list(check_dataset(folder))
    for finding in findings:
        out.print(plain(str(finding)))
    if findings:
        err.print(plain(f"{folder}: {len(findings)} {'finding' if len(findings) == 1 else 'findings'}"))
        raise typer.Exit(1)
    out.print(plain(f"{folder}: no findings"))


@app.command()
def show(
    folder: Folder,
    file: Annotated[Path, Option("--out", help="The HTML page to write.")] = Path("dataset.html"),
    num: Annotated[int, Option("--num", min=1, help="How many dialogues, spread over the set.")] = 24,
) -> None:
    """Write one HTML page with dialogues, their pictures and what each round depends on."""
    _must_be_folder(folder)
    file_to_write(file, ".html")
    from limner.dataset.show import write_page

    out.print(plain(str(write_page(folder, file, num=num))))


@app.command("filter")
def filter_(
    folder: Folder,
    out_folder: Annotated[
        Path | None, Option("--out", help="Folder of the stricter set.", show_default=False)
    ] = None,
    where: Annotated[
        list[str] | None,
        Option("--where", help="What must hold, like scores.margin>=0.3; may be given several times."),
    ] = None,
    cap: Annotated[
        list[str] | None,
        Option("--cap", help="At most this share of such dialogues, like scores.alike>0.9=0.2."),
    ] = None,
) -> None:
    """Make a stricter set by the scores stored with its dialogues; without --out, list them."""
    _must_be_folder(folder)
    if out_folder is None:
        if where or cap:
            raise ValueError("--where and --cap write a stricter set; give its folder with --out.")
        from limner.dataset.filter import scores_of

        found = scores_of(folder)
        if not found:
            out.print(plain(f"{folder}: no scores are stored with its dialogues"))
        for name, (lowest, middle, highest) in found.items():
            out.print(plain(f"{name}: {lowest:g} to {highest:g}, half below {middle:g}"))
        return
    from limner.dataset.conditions import cap_of, condition_of

    conditions, caps = [condition_of(one) for one in where or ()], [cap_of(one) for one in cap or ()]
    folder_to_write(out_folder)
    from limner.dataset.filter import filter_dataset

    made = filter_dataset(folder, out_folder, conditions, caps)
    for why, num in made.left_out.items():
        out.print(plain(f"{why}: {num:,}"))
    out.print(plain(f"{out_folder}: {made.num_kept:,} of {made.num_in:,} dialogues"))


@app.command()
def make(
    folder: Annotated[Path, Option("--out", help="Folder to write; an existing set is appended to.")],
    kind: Annotated[
        str, Option("--kind", help="Such as named, rollback, edit or question; a wrong one lists all.")
    ] = "named",
    num: Annotated[int, Option("--num", min=1, help="How many dialogues.")] = 16,
    seed: Annotated[int, Option("--seed", min=0, max=2**31 - 1, help="First seed.")] = 0,
    split: Annotated[Literal["train", "test"], Option("--split", help="Whose people.")] = "train",
    size_px: Annotated[int, Option("--size", min=32, max=1024, help="Pixels along a side.")] = 256,
) -> None:
    """Write dialogues of the synthetic world."""
    folder_to_write(folder)
    from limner.builders.kind_names import KIND_NAMES

    if kind not in KIND_NAMES:
        raise ValueError(f"There is no kind of dialogue {kind!r}; choose one of {', '.join(KIND_NAMES)}.")
    from rich.progress import track

    from limner.builders.world import KINDS
    from limner.dataset.writer import DatasetWriter

    is_new = not folder.exists()
    try:
        with DatasetWriter(folder) as writer:
            for index in track(range(num), console=err, transient=True):
                writer.write(KINDS[kind](seed + index, split, size_px))
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):  # it holds complete shards
                folder.rmdir()
        raise
    out.print(plain(f"{folder}: {num} dialogues"))


def _must_be_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ValueError(f"There is no data set at {folder}; `limner dataset make` writes one.")
