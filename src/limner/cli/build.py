"""`limner build ...`: raw material becomes dialogues. Thin: recipes lie in `builders/`, the terminal is
`run_build.py`'s business, the options are `build_options.py`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

from limner.cli import build_options as o
from limner.cli.options import from_fields
from limner.cli.terminal import err, out, plain

app = typer.Typer(
    no_args_is_help=True,
    help="Build dialogues from raw material. Ended at any moment, the same command goes on.",
)


Films = Annotated[
    list[Path], Argument(metavar="SRC...", help="Films, or folders of films.", show_default=False)
]


@app.command()
@from_fields
def video(
    *,
    sources: Films,
    folder: o.Out,
    faces: o.Faces = "world",
    captioner: o.Captioner = "world",
    writer: o.Writer = "world",
    segmenter: o.Segmenter = "auto",
    work: o.Work,
    shots: Annotated[bool, Option("--shots", help="Split films into shots first.")] = False,
    size_px: o.SquarePx = 512,
    smallest_face_px: o.SmallestFacePx = 24,
    floor: o.Floor = None,
    margin: o.Margin = None,
    split: Annotated[Literal["train", "test"], Option("--split", help="Whose names.")] = "train",
    seed: o.Seed = 0,
    server: o.Server,
    price_in: o.PriceIn = 0.0,
    price_out: o.PriceOut = 0.0,
    report: o.Report,
) -> None:
    """Films of two persons become dialogues that know them by name.

    First and last frame, exactly two faces in both, persons matched by embedding, a square that holds both,
    caption, names, heads on white, three rounds. Every drop is recorded with its reason.

    Offline: limner world film --num 20 --out films; limner build video films --out set
    """
    named = (
        (faces, "--faces"),
        (captioner, "--captioner"),
        (writer, "--writer"),
        (segmenter, "--segmenter", "auto"),
    )
    o.check(folder, report, sources, named)
    from limner.builders.adapters import segmenter_for
    from limner.builders.video.recipe import VideoJob
    from limner.cli.run_build import run_build

    job = VideoJob(
        sources_given=tuple(sources),
        faces=faces,
        captioner=captioner,
        writer=writer,
        segmenter=segmenter_for(segmenter, faces),
        endpoint=server.endpoint(work.workers, (price_in, price_out)),
        size_px=size_px,
        smallest_face_px=smallest_face_px,
        floor=floor,
        margin=margin,
        shots=shots,
        split=split,
        seed=seed,
    )
    run_build(job, folder, work, report)


@app.command()
def check(
    dataset: Annotated[Path, Argument(help="A set built from the world's films.", show_default=False)],
    films: Annotated[Path, Argument(help="Those films, with their truth.", show_default=False)],
) -> None:
    """Compare a set built from the world's films with their truth; exit code 1 when it is not good enough."""
    from limner.cli.given import folder_given

    folder_given(dataset, "data set", "`limner build video` makes one")
    folder_given(films, "folder of films", "`limner world film` makes one")
    from limner.builders.video.check_films import WANTED, check_films

    found = check_films(dataset, films)
    out.print(plain(f"{found.num_kept} dialogues of {found.num_films} films"))
    for name, least in WANTED.items():
        out.print(plain(f"{name}: {getattr(found, name):.4f} (wanted: {least:g})"))
    if found.failed:
        err.print(plain(f"not good enough: {', '.join(found.failed)}"))
        raise typer.Exit(1)
