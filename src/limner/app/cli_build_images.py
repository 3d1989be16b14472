"""`limner build edits`, `faces`, `full-body` and `questions`: dialogues from folders of pictures. Thin."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limner.app.cli_build import AsJson, Engine, Out, Page, Seed, Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from limner.builders.adapters import Endpoint
    from limner.perception.painters import PictureEditor


class EditSet(StrEnum):
    """The formats that are read."""

    seed_edit = "seed-edit"
    magicbrush = "magicbrush"
    seed_x = "seed-x"


class Identity(StrEnum):
    """How persons are told apart."""

    folder = "folder"
    cluster = "cluster"


Images = Annotated[
    list[Path] | None, typer.Option("--images", help="A root of the pictures; may be given several times.")
]
SizePx = Annotated[
    int, typer.Option("--size", min=32, max=2048, help="Pixels along the longer side, at most.")
]
Url = Annotated[str, typer.Option("--endpoint", help="Where an OpenAI-compatible API begins.")]
Model = Annotated[str, typer.Option("--endpoint-model", help="The model's name there.")]
KeyVariable = Annotated[str, typer.Option("--endpoint-key", help="Environment variable that holds the key.")]
PerMinute = Annotated[
    float | None, typer.Option("--per-minute", min=0.01, help="Most requests a minute, all workers.")
]
Price = Annotated[float, typer.Option("--price-picture", min=0, help="Dollars a picture, to count.")]
Field = Annotated[
    list[str] | None,
    typer.Option("--field", help="NAME=VALUE: a further field of each request; {seed} becomes the seed."),
]
Faces = Annotated[
    str, typer.Option("--faces", help="world, dlib, yunet-auraface, insightface, or module:Class.")
]
Floor = Annotated[
    float | None,
    typer.Option("--floor", help="Least similarity of two faces of one person (default: the reader's own)."),
]
_OPENAI = "https://api.openai.com/v1"
_KEY = "OPENAI_API_KEY"


def edits(
    source: Annotated[Path, typer.Argument(help="The data set's folder, unpacked.", show_default=False)],
    folder: Out,
    format_: Annotated[EditSet, typer.Option("--from", help="Whose format it is.")] = EditSet.seed_edit,
    images: Images = None,
    rollbacks: Annotated[
        int, typer.Option("--rollbacks", min=0, help="Dialogues that reach back, at most, of one session.")
    ] = 3,
    markov: Annotated[bool, typer.Option("--markov/--no-markov", help="Also the chains as they are.")] = True,
    plain_share: Annotated[
        float, typer.Option("--plain-share", min=0, max=1, help="Ways back that ask for nothing new, of all.")
    ] = 0.25,
    editor: Annotated[
        str,
        typer.Option(
            "--editor",
            help="Who makes edits that the data lacks: none, openai, limner, limner=FOLDER, module:Class.",
        ),
    ] = "none",
    size_px: SizePx = 512,
    seed: Seed = 0,
    url: Url = _OPENAI,
    model: Model = "",
    key_variable: KeyVariable = _KEY,
    per_minute: PerMinute = None,
    price: Price = 0.0,
    fields: Field = None,
    engine: Engine = "local",
    workers: Workers = 1,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Chains of edits become dialogues that roll back, step back, backtrack, recall, or start from scratch.

    Reads SEED-Data-Edit (part 3), MagicBrush, and SEED-X's edit format. What is missing or corrupt is
    recorded with its reason.
    """
    from limner.app.run_build import run_build
    from limner.builders.edits.job import EditsJob

    endpoint = _endpoint(url, model, key_variable, per_minute, workers)
    job = EditsJob(
        source=format_.value,
        folder=source,
        images=tuple(images or ()),
        seed=seed,
        rollbacks=rollbacks,
        markov=markov,
        plain_share=plain_share,
        size_px=size_px,
        editor_name="" if editor == "none" else _recorded(editor, model),
        make_editor=_editor(editor, endpoint, price, _pairs(fields)),
    )
    run_build(job, folder, engine=engine, workers=workers, page=page, as_json=as_json)


def faces(
    portraits: Annotated[
        Path, typer.Argument(metavar="SRC", help="Portraits, one folder a person.", show_default=False)
    ],
    folder: Out,
    parts: Annotated[
        str,
        typer.Option(
            "--parts",
            help="stage1 (copy), stage2 (face to picture), stage3 (face to another picture), augment1 (text "
            "to picture), augment2 (picture to face); separated by commas.",
        ),
    ] = "stage2,stage3",
    identity: Annotated[
        Identity, typer.Option("--identity", help="Persons by their folders, or by how alike faces are.")
    ] = Identity.folder,
    reader: Faces = "world",
    segmenter: Annotated[
        str, typer.Option("--segmenter", help="grabcut, sam2, or module:Class.")
    ] = "grabcut",
    captioner: Annotated[
        str,
        typer.Option(
            "--captioner",
            help="files (NAME.txt beside the portrait, or captions.jsonl), openai, or module:Class.",
        ),
    ] = "files",
    floor: Floor = None,
    smallest_face_px: Annotated[
        int, typer.Option("--smallest-face", min=1, help="Pixels of the smallest face that is used.")
    ] = 32,
    per_person: Annotated[
        int, typer.Option("--per-person", min=1, help="Portraits of one person at most.")
    ] = 64,
    size_px: SizePx = 512,
    face_px: Annotated[
        int, typer.Option("--face-size", min=16, max=1024, help="The cut-out face's side.")
    ] = 256,
    seed: Seed = 0,
    url: Url = _OPENAI,
    model: Model = "",
    key_variable: KeyVariable = _KEY,
    per_minute: PerMinute = None,
    engine: Engine = "local",
    workers: Workers = 1,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Portraits become the three stages of personalization, and augmentations 1 and 2."""
    from limner.app.run_build import run_build
    from limner.builders.adapters import captioner_by_name, faces_by_name, segmenter_by_name, weights_of
    from limner.builders.faces.job import FacesJob
    from limner.builders.runner.build import ledger_path

    endpoint = _endpoint(url, model, key_variable, per_minute, workers)
    cache = ledger_path(folder).with_name("faces.npz")
    job = FacesJob(
        folder=portraits,
        parts=tuple(part.strip() for part in parts.split(",") if part.strip()),
        seed=seed,
        size_px=size_px,
        face_px=face_px,
        smallest_px=smallest_face_px,
        per_person=per_person,
        cluster=cache if identity == Identity.cluster else None,
        floor=floor,
        names={
            "faces": reader,
            "faces_weights": weights_of(reader),
            "segmenter": segmenter,
            "captioner": captioner if captioner == "files" else _recorded(captioner, model),
        },
        make_faces=partial(faces_by_name, reader),
        make_segmenter=partial(segmenter_by_name, segmenter),
        make_captioner=None if captioner == "files" else partial(captioner_by_name, captioner, endpoint),
    )
    run_build(job, folder, engine=engine, workers=workers, page=page, as_json=as_json)


def full_body(
    named: Annotated[
        Path, typer.Argument(metavar="SET", help="A set of `limner build video`.", show_default=False)
    ],
    folder: Out,
    personalizer: Annotated[
        str,
        typer.Option("--personalizer", help="openai, pipeline=FOLDER, or module:Class.", show_default=False),
    ],
    reader: Faces = "world",
    floor: Floor = None,
    prompts: Annotated[
        Path | None, typer.Option("--prompts", help="Your own prompts, one a line, each with {name}.")
    ] = None,
    tries: Annotated[int, typer.Option("--tries", min=1, help="Pictures painted of a person at most.")] = 2,
    kind: Annotated[str, typer.Option("--kind", help="Which dialogues of the set.")] = "named",
    size_px: SizePx = 512,
    seed: Seed = 0,
    url: Url = _OPENAI,
    model: Model = "",
    key_variable: KeyVariable = _KEY,
    per_minute: PerMinute = None,
    price: Price = 0.0,
    fields: Field = None,
    engine: Engine = "local",
    workers: Workers = 1,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Named dialogues get full-body pictures for close-ups, kept where the face is like enough."""
    from limner.app.run_build import run_build
    from limner.builders.adapters import faces_by_name, weights_of
    from limner.builders.full_body.job import FullBodyJob
    from limner.builders.painting import personalizer_by_name

    endpoint = _endpoint(url, model, key_variable, per_minute, workers)
    job = FullBodyJob(
        folder=named,
        kind=kind,
        prompts=prompts,
        floor=floor,
        tries=tries,
        size_px=size_px,
        seed=seed,
        names={
            "faces": reader,
            "faces_weights": weights_of(reader),
            "personalizer": _recorded(personalizer, model),
        },
        make_faces=partial(faces_by_name, reader),
        make_personalizer=partial(personalizer_by_name, personalizer, endpoint, price, _pairs(fields)),
    )
    run_build(job, folder, engine=engine, workers=workers, page=page, as_json=as_json)


def questions(
    file: Annotated[
        Path, typer.Argument(help="LLaVA's or SEED-X's JSON, or JSON lines.", show_default=False, exists=True)
    ],
    folder: Out,
    images: Images = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Questions of one record at most.")] = 6,
    size_px: SizePx = 512,
    seed: Seed = 0,
    engine: Engine = "local",
    workers: Workers = 1,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Question answering becomes dialogues: the last part of the 6 : 2 : 3 : 1 mix."""
    from limner.app.run_build import run_build
    from limner.builders.questions import QuestionsJob

    job = QuestionsJob(file=file, images=tuple(images or ()), seed=seed, size_px=size_px, rounds=rounds)
    run_build(job, folder, engine=engine, workers=workers, page=page, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Make these commands of `limner build`."""
    for name, command in (
        ("edits", edits),
        ("faces", faces),
        ("full-body", full_body),
        ("questions", questions),
    ):
        app.command(name)(command)


def _editor(
    name: str, endpoint: Endpoint, price: float, fields: dict[str, str]
) -> Callable[[], PictureEditor] | None:
    from limner.builders.painting import editor_by_name

    kind, _, argument = name.partition("=")
    if kind == "none":
        return None
    if kind == "limner":
        from limner.app.limner_editor import LimnerEditor

        return partial(LimnerEditor, argument or "miniature")
    return partial(editor_by_name, name, endpoint, price, fields)


def _endpoint(url: str, model: str, key: str, per_minute: float | None, workers: int) -> Endpoint:
    from limner.builders.adapters import Endpoint

    each = None if per_minute is None else per_minute / workers
    return Endpoint(url=url, model=model, key_variable=key, per_minute=each)


def _recorded(name: str, model: str) -> str:
    return f"{name} {model}".strip()


def _pairs(fields: list[str] | None) -> dict[str, Any]:
    pairs = {}
    for field in fields or ():
        name, equals, value = field.partition("=")
        if not name or not equals:
            raise ValueError(f"--field {field} is no NAME=VALUE.")
        pairs[name] = value
    return pairs
