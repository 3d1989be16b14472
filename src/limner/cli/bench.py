"""`limner bench ...`: conversations that need more than the last round, for any system. Thin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from limner.cli import bench_import, bench_more
from limner.cli.files import folder_to_write
from limner.cli.loading import With
from limner.cli.options import from_fields
from limner.cli.terminal import out, plain

DEFAULT_NUM = 180
app = typer.Typer(
    invoke_without_command=True,
    help="Measure any system on conversations whose answers lie further back than the last round.",
)
app.add_typer(bench_import.app, name="import")
bench_more.add_to(app)

Num = Annotated[
    int | None,
    Option("--num", min=1, max=100_000, help=f"Conversations (default: {DEFAULT_NUM}).", show_default=False),
]
Long = Annotated[bool, Option("--long", help="The set of twenty edits in a row, with curves by turn.")]
Seed = Annotated[int, Option("--seed", min=0, max=2**31 - 1, help="Which set: other seeds, others.")]
SizePx = Annotated[int, Option("--size", min=64, max=1024, help="Pixels along a side of given pictures.")]


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """Which system, on which conversations, and who judges."""

    model: Annotated[
        str | None,
        Option(
            "--model",
            help="oracle, markov, miniature, a checkpoint's folder, a folder of recorded answers; or "
            "perfect, endpoint:URL, diffusers:FOLDER behind a planner.",
            show_default=False,
        ),
    ] = None
    endpoint: Annotated[
        str | None,
        Option("--endpoint", metavar="URL", help="An OpenAI-compatible server instead of a model."),
    ] = None
    api: Annotated[str, Option("--api", help="The endpoint's interface: auto, responses or chat.")] = "auto"
    endpoint_model: Annotated[
        str, Option("--endpoint-model", metavar="NAME", help="The model's name at the endpoint.")
    ] = ""
    key_variable: Annotated[
        str, Option("--key-env", metavar="VAR", help="Environment variable that holds the key.")
    ] = "OPENAI_API_KEY"
    extra: Annotated[
        str,
        Option(
            "--extra",
            metavar="JSON",
            help="Further fields of each request to the endpoint; null removes one.",
        ),
    ] = ""
    timeout_s: Annotated[
        float, Option("--timeout", min=1, help="Seconds until an answer counts as lost.")
    ] = 300.0
    concurrency: Annotated[
        int, Option("--concurrency", min=1, max=64, help="Conversations held at a time.")
    ] = 1
    words: With = None
    long: Long = False
    num: Num = None
    seed: Seed = 0
    size_px: SizePx = 256
    folder: Annotated[
        Path, Option("--out", help="The run's folder; a run that was interrupted there is gone on with.")
    ] = Path("bench")
    stored: Annotated[
        Path | None,
        Option("--set", help="A set of real pictures from `limner bench import` instead of the world's."),
    ] = None
    judge: Annotated[
        str | None,
        Option(
            "--judge",
            help="Folder of the perceptual models that measure, or a checkpoint with some "
            "(default: the embedded).",
            show_default=False,
        ),
    ] = None
    judge_url: Annotated[
        str | None, Option("--judge-url", metavar="URL", help="A vision-language judge for real pictures.")
    ] = None
    judge_model: Annotated[
        str, Option("--judge-model", metavar="NAME", help="That judge's name at its server.")
    ] = ""
    judge_key: Annotated[
        str, Option("--judge-key-env", metavar="VAR", help="Environment variable of its key.")
    ] = "OPENAI_API_KEY"
    as_json: Annotated[bool, Option("--json", help="Results as JSON, alone on stdout.")] = False


@app.callback()
@from_fields
def bench(context: typer.Context, options: BenchOptions) -> None:
    """Hold a set of conversations with a system and score them. Ctrl-C keeps what is done.

    The same command goes on with an interrupted run. OUT holds results.json, rows.jsonl, timing.json and all
    answers. docs/benchmark.md tells what is asked and how it is scored.
    """
    if context.invoked_subcommand is not None:
        return
    if (options.model is None) == (options.endpoint is None):
        raise ValueError("Give either --model or --endpoint: which system is to be measured?")
    folder_to_write(options.folder)
    from limner.cli.run_bench import run

    run(options)


@app.command("script")
def script_command(
    folder: Annotated[Path, Option("--out", help="Folder for the scripts and given pictures.")],
    num: Num = None,
    seed: Seed = 0,
    size_px: SizePx = 256,
) -> None:
    """Write what is said and shown, for a system that is asked elsewhere.

    Put its answers beside each script (docs/benchmark.md) and score them with `limner bench --model FOLDER`.
    """
    folder_to_write(folder)
    from limner.benchmark.opening import open_set
    from limner.benchmark.publishing import write_scripts

    found, identity = open_set(None, num=num or DEFAULT_NUM, seed=seed, size_px=size_px)
    write_scripts(folder, found, identity)
    out.print(plain(f"{folder}: {len(found)} conversations, version {identity['set']['version']}"))
    out.print(plain(f"hash {identity['set']['hash']}"))
