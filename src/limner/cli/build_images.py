"""`limner build edits`, `faces`, `full-body` and `questions`: dialogues from folders of pictures. Thin."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer import Argument, Option

from limner.cli import build_options as o
from limner.cli.given import file_given, folder_given
from limner.cli.options import from_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from limner.builders.adapters import Endpoint
    from limner.perception.painters import PictureEditor


EditFolder = Annotated[Path, Argument(help="The data set's folder, unpacked.", show_default=False)]
From = Annotated[Literal["seed-edit", "magicbrush", "seed-x"], Option("--from", help="Whose format it is.")]
Rollbacks = Annotated[
    int, Option("--rollbacks", min=0, help="Dialogues that reach back, at most, of one session.")
]
Markov = Annotated[bool, Option("--markov/--no-markov", help="Also the chains as they are.")]
PlainShare = Annotated[
    float, Option("--plain-share", min=0, max=1, help="Ways back that ask for nothing new, of all.")
]
Portraits = Annotated[
    Path, Argument(metavar="SRC", help="Portraits, one folder a person.", show_default=False)
]
Parts = Annotated[
    str,
    Option(
        "--parts",
        help="stage1 (copy), stage2 (face to picture), stage3 (face to another picture), augment1 (text "
        "to picture), augment2 (picture to face); separated by commas.",
    ),
]
ToldApart = Annotated[
    Literal["folder", "cluster"],
    Option("--identity", help="Persons by their folders, or by how alike faces are."),
]
FaceCaptioner = Annotated[
    str,
    Option(
        "--captioner",
        help="files (NAME.txt beside the portrait, or captions.jsonl), openai, or module:Class.",
    ),
]
PerPerson = Annotated[int, Option("--per-person", min=1, help="Portraits of one person at most.")]
NamedSet = Annotated[Path, Argument(metavar="SET", help="A set of `limner build video`.", show_default=False)]
Prompts = Annotated[Path | None, Option("--prompts", help="Your own prompts, one a line, each with {name}.")]
Tries = Annotated[int, Option("--tries", min=1, help="Pictures painted of a person at most.")]
Kind = Annotated[str, Option("--kind", help="Which dialogues of the set.")]
QuestionFile = Annotated[
    Path, Argument(help="LLaVA's or SEED-X's JSON, or JSON lines.", show_default=False, exists=True)
]
Rounds = Annotated[int, Option("--rounds", min=1, help="Questions of one record at most.")]


def edits(
    *,
    source: EditFolder,
    folder: o.Out,
    format_: From = "seed-edit",
    images: o.Images = None,
    rollbacks: Rollbacks = 3,
    markov: Markov = True,
    plain_share: PlainShare = 0.25,
    editor: o.Editor = "none",
    size_px: o.SizePx = 512,
    seed: o.Seed = 0,
    server: o.Server,
    price: o.PricePicture = 0.0,
    fields: o.Field = None,
    work: o.Work,
    report: o.Report,
) -> None:
    """Chains of edits become dialogues that roll back, step back, backtrack, recall, or start from scratch.

    Reads SEED-Data-Edit (part 3), MagicBrush, and SEED-X's edit format. What is missing or corrupt is
    recorded with its reason.
    """
    o.check(folder, report, (source, *(images or ())), [(editor, "--editor", "none", "limner")])
    by_name = o.fields_by_name(fields)
    from limner.builders.edits.job import EditsJob
    from limner.cli.run_build import run_build

    endpoint = server.endpoint(work.workers)
    job = EditsJob(
        source=format_,
        folder=source,
        images=tuple(images or ()),
        seed=seed,
        rollbacks=rollbacks,
        markov=markov,
        plain_share=plain_share,
        size_px=size_px,
        editor_name="" if editor == "none" else _recorded(editor, server.model),
        make_editor=_editor(editor, endpoint, price, by_name),
    )
    run_build(job, folder, work, report)


def faces(
    *,
    portraits: Portraits,
    folder: o.Out,
    parts: Parts = "stage2,stage3",
    identity: ToldApart = "folder",
    reader: o.Faces = "world",
    segmenter: o.Segmenter = "auto",
    captioner: FaceCaptioner = "files",
    floor: o.Floor = None,
    smallest_face_px: o.SmallestFacePx = 32,
    per_person: PerPerson = 64,
    size_px: o.SquarePx = 512,
    face_px: o.FacePx = 256,
    seed: o.Seed = 0,
    server: o.Server,
    work: o.Work,
    report: o.Report,
) -> None:
    """Portraits become the three stages of personalization, and augmentations 1 and 2."""
    named = ((reader, "--faces"), (segmenter, "--segmenter", "auto"), (captioner, "--captioner", "files"))
    o.check(folder, report, [portraits], named)
    from limner.builders.faces.parts import check_parts

    chosen = tuple(part.strip() for part in parts.split(",") if part.strip())
    check_parts(chosen)
    from limner.builders.adapters import captioner_by_name, faces_by_name, segmenter_by_name, segmenter_for
    from limner.builders.faces.job import FacesJob
    from limner.builders.runner.build import ledger_path
    from limner.cli.run_build import run_build

    endpoint = server.endpoint(work.workers)
    told = captioner if captioner == "files" else _recorded(captioner, server.model)
    segmenter = segmenter_for(segmenter, reader)
    cache = ledger_path(folder).with_name("faces.npz")
    job = FacesJob(
        folder=portraits,
        parts=chosen,
        seed=seed,
        size_px=size_px,
        face_px=face_px,
        smallest_px=smallest_face_px,
        per_person=per_person,
        cluster=cache if identity == "cluster" else None,
        floor=floor,
        names={**_reader(reader), "segmenter": segmenter, "captioner": told},
        make_faces=partial(faces_by_name, reader),
        make_segmenter=partial(segmenter_by_name, segmenter),
        make_captioner=None if captioner == "files" else partial(captioner_by_name, captioner, endpoint),
    )
    run_build(job, folder, work, report)


def full_body(
    *,
    named: NamedSet,
    folder: o.Out,
    personalizer: o.Personalizer,
    reader: o.Faces = "world",
    floor: o.Floor = None,
    prompts: Prompts = None,
    tries: Tries = 2,
    kind: Kind = "named",
    size_px: o.SizePx = 512,
    seed: o.Seed = 0,
    server: o.Server,
    price: o.PricePicture = 0.0,
    fields: o.Field = None,
    work: o.Work,
    report: o.Report,
) -> None:
    """Named dialogues get full-body pictures for close-ups, kept where the face is like enough."""
    o.check(folder, report, [], [(reader, "--faces"), (personalizer, "--personalizer")])
    by_name = o.fields_by_name(fields)
    folder_given(named, "data set", "`limner build video` makes one")
    if prompts is not None:
        file_given(prompts, "file of prompts")
    from limner.builders.adapters import faces_by_name
    from limner.builders.full_body.job import FullBodyJob
    from limner.builders.painting import personalizer_by_name
    from limner.cli.run_build import run_build

    endpoint = server.endpoint(work.workers)
    painter = partial(personalizer_by_name, personalizer, endpoint, price, by_name)
    job = FullBodyJob(
        folder=named,
        kind=kind,
        prompts=prompts,
        floor=floor,
        tries=tries,
        size_px=size_px,
        seed=seed,
        names={**_reader(reader), "personalizer": _recorded(personalizer, server.model)},
        make_faces=partial(faces_by_name, reader),
        make_personalizer=painter,
    )
    run_build(job, folder, work, report)


def questions(
    *,
    file: QuestionFile,
    folder: o.Out,
    images: o.Images = None,
    rounds: Rounds = 6,
    size_px: o.SizePx = 512,
    seed: o.Seed = 0,
    work: o.Work,
    report: o.Report,
) -> None:
    """Question answering becomes dialogues: the last part of the 6 : 2 : 3 : 1 mix."""
    o.check(folder, report, images or ())
    from limner.builders.questions import QuestionsJob
    from limner.cli.run_build import run_build

    job = QuestionsJob(file=file, images=tuple(images or ()), seed=seed, size_px=size_px, rounds=rounds)
    run_build(job, folder, work, report)


def add_to(app: typer.Typer) -> None:
    """Make these commands of `limner build`."""
    for name, command in (
        ("edits", edits),
        ("faces", faces),
        ("full-body", full_body),
        ("questions", questions),
    ):
        app.command(name)(from_fields(command))


def _editor(
    name: str, endpoint: Endpoint, price: float, fields: dict[str, str]
) -> Callable[[], PictureEditor] | None:
    from limner.builders.painting import editor_by_name

    kind, _, argument = name.partition("=")
    if kind == "none":
        return None
    if kind == "limner":
        from limner.cli.limner_editor import LimnerEditor

        return partial(LimnerEditor, argument or "miniature")
    return partial(editor_by_name, name, endpoint, price, fields)


def _reader(name: str) -> dict[str, str]:
    """What is recorded of a face reader."""
    from limner.builders.adapters import weights_of

    return {"faces": name, "faces_weights": weights_of(name)}


def _recorded(name: str, model: str) -> str:
    return f"{name} {model}".strip()
