"""`limner bench import ...`: benchmark conversations on the real pictures of public data sets. Thin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from typer import Argument, Option

from limner.cli.files import folder_to_write
from limner.cli.given import folder_given
from limner.cli.terminal import err, out, plain

app = typer.Typer(
    no_args_is_help=True,
    help="Make a set of conversations from a public data set of edits; run it with `limner bench --set`.",
)

Source = Annotated[Path, Argument(help="The data set's folder, unpacked.", show_default=False)]
Out = Annotated[Path, Option("--out", help="A new folder for the set.")]
Num = Annotated[int, Option("--num", min=1, help="Conversations at most.")]
PerSession = Annotated[
    int, Option("--per-session", min=1, help="Conversations at most of one editing session.")
]
Seed = Annotated[int, Option("--seed", min=0, max=2**31 - 1, help="Same seed, same conversations.")]
SizePx = Annotated[int, Option("--size", min=64, max=2048, help="Pixels along the longer side, at most.")]
Judged = Annotated[
    bool,
    Option("--judged", help="Also what only a vision-language judge can score (`limner bench --judge-url`)."),
]


_SETS: Final = {
    "magicbrush": "MagicBrush: the unpacked dev or test archive, or the Parquet files of its hub page.",
    "seed-edit": "SEED-Data-Edit, part 3: annotations/*.jsonl and the unpacked pictures.",
}


def _command_for(name: str) -> Callable[..., None]:
    """The command that imports one data set; all have the same options."""

    def command(
        source: Source,
        folder: Out,
        num: Num = 200,
        per_session: PerSession = 2,
        seed: Seed = 0,
        size_px: SizePx = 512,
        judged: Judged = False,
    ) -> None:
        folder_given(source, "folder", "give the folder that the data set was unpacked into")
        folder_to_write(folder)
        from limner.benchmark.importers.importing import import_set

        with err.status(f"Reading {source} ..."):
            made = import_set(
                name,
                source,
                folder,
                num=num,
                per_session=per_session,
                seed=seed,
                max_side_px=size_px,
                judged=judged,
            )
        dropped = made.facts["dropped"]
        out.print(plain(f"{folder}: {len(made)} conversations"))
        if dropped:
            err.print(plain(f"{dropped} things were not used; the reasons are in {folder / 'dropped.jsonl'}"))

    return command


for _name, _about in _SETS.items():
    app.command(_name, help=_about)(_command_for(_name))
