"""`limner build ...`: raw material becomes dialogues. Thin: recipes lie in `builders/`, the terminal is
`run_build.py`'s business.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from limner.app.terminal import err, out, plain

app = typer.Typer(
    no_args_is_help=True,
    help="Build dialogues from raw material. Ended at any moment, the same command goes on.",
)


class Split(StrEnum):
    """Whose names."""

    train = "train"
    test = "test"


Out = Annotated[Path, typer.Option("--out", help="Folder of the data set; a build begun there goes on.")]
Workers = Annotated[int, typer.Option("--workers", min=1, max=1024, help="Processes side by side.")]
Engine = Annotated[str, typer.Option("--engine", help="What runs the steps.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Same seed, same names and words.")]
Page = Annotated[
    Path | None, typer.Option("--page", help="HTML page of the run (default: OUT.html).", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the funnel as JSON.")]


@app.command()
def video(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SRC...", help="Films, or folders of films.", show_default=False)
    ],
    folder: Out,
    faces: Annotated[
        str, typer.Option("--faces", help="world, dlib, yunet-auraface, insightface, or module:Class.")
    ] = "world",
    captioner: Annotated[str, typer.Option("--captioner", help="world, openai, or module:Class.")] = "world",
    writer: Annotated[str, typer.Option("--writer", help="world, openai, or module:Class.")] = "world",
    segmenter: Annotated[
        str, typer.Option("--segmenter", help="world, grabcut, sam2, or module:Class.")
    ] = "world",
    engine: Engine = "local",
    workers: Workers = 1,
    shots: Annotated[bool, typer.Option("--shots", help="Split films into shots first.")] = False,
    size_px: Annotated[int, typer.Option("--size", min=32, max=2048, help="Pixels along a side.")] = 512,
    smallest_face_px: Annotated[
        int, typer.Option("--smallest-face", min=1, help="Pixels of the smallest face that is used.")
    ] = 24,
    floor: Annotated[
        float | None,
        typer.Option("--floor", help="Least similarity of a person's two faces (default: the reader's own)."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", help="How clear it must be who is who (default: the reader's own)."),
    ] = None,
    split: Annotated[Split, typer.Option("--split", help="Whose names.")] = Split.train,
    seed: Seed = 0,
    url: Annotated[
        str, typer.Option("--endpoint", help="Where an OpenAI-compatible API begins.")
    ] = "https://api.openai.com/v1",
    model: Annotated[str, typer.Option("--endpoint-model", help="The model's name there.")] = "",
    key_variable: Annotated[
        str, typer.Option("--endpoint-key", help="Environment variable that holds the key.")
    ] = "OPENAI_API_KEY",
    per_minute: Annotated[
        float | None, typer.Option("--per-minute", min=0.01, help="Most requests a minute, all workers.")
    ] = None,
    price_in: Annotated[
        float, typer.Option("--price-in", min=0, help="Dollars per million tokens sent, to count.")
    ] = 0.0,
    price_out: Annotated[
        float, typer.Option("--price-out", min=0, help="Dollars per million tokens received.")
    ] = 0.0,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Films of two persons become dialogues that know them by name.

    First and last frame, exactly two faces in both, persons matched by embedding, a square that holds both,
    caption, names, heads on white, three rounds. Every drop is recorded with its reason.

    Offline: limner world film --num 20 --out films; limner build video films --out set
    """
    from limner.app.run_build import run_build
    from limner.builders.adapters import Endpoint
    from limner.builders.video.recipe import VideoJob

    endpoint = Endpoint(
        url=url,
        model=model,
        key_variable=key_variable,
        per_minute=None if per_minute is None else per_minute / workers,
        price=(price_in, price_out),
    )
    job = VideoJob(
        sources_given=tuple(sources),
        faces=faces,
        captioner=captioner,
        writer=writer,
        segmenter=segmenter,
        endpoint=endpoint,
        size_px=size_px,
        smallest_face_px=smallest_face_px,
        floor=floor,
        margin=margin,
        shots=shots,
        split=split.value,
        seed=seed,
    )
    run_build(job, folder, engine=engine, workers=workers, page=page, as_json=as_json)


@app.command()
def check(
    dataset: Annotated[Path, typer.Argument(help="A set built from the world's films.", show_default=False)],
    films: Annotated[Path, typer.Argument(help="Those films, with their truth.", show_default=False)],
) -> None:
    """Compare a set built from the world's films with their truth; exit code 1 when it is not good enough."""
    from limner.builders.video.check_films import WANTED, check_films

    found = check_films(dataset, films)
    out.print(plain(f"{found.num_kept} dialogues of {found.num_films} films"))
    for name, least in WANTED.items():
        out.print(plain(f"{name}: {getattr(found, name):.4f} (wanted: {least:g})"))
    if found.failed:
        err.print(plain(f"not good enough: {', '.join(found.failed)}"))
        raise typer.Exit(1)
