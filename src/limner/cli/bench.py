"""`limner bench ...`: conversations that need more than the last round, for any system. Thin."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from limner.cli import bench_import, bench_more
from limner.cli.files import folder_to_write
from limner.cli.loading import With
from limner.cli.options import from_fields
from limner.cli.terminal import err, out, plain, resumable

if TYPE_CHECKING:
    from limner.benchmark.opening import Opened

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
    _run(options)


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


def _run(options: BenchOptions) -> None:
    """Measure and print; a run that is stopped says how to go on."""
    _check(options)
    from limner.benchmark.opening import open_set
    from limner.benchmark.run import run_bench

    opened, num = _open(options), options.num
    conversations, identity = open_set(
        options.stored,
        num=num if num is not None or options.stored is not None else DEFAULT_NUM,
        seed=options.seed,
        size_px=options.size_px,
        long=options.long,
    )
    told = identity["set"]
    err.print(plain(f"{told['name']} {told.get('version', '')}: {len(conversations)} conversations"))
    err.print(plain(f"hash {told['hash']}"))
    with resumable("conversations") as tell:
        results = run_bench(
            opened.system,
            opened.scorer,
            conversations,
            out=options.folder,
            options={**opened.options, **identity},
            facts=opened.facts,
            concurrency=options.concurrency,
            tell=tell,
        )
    _complain(opened)
    if options.as_json:
        sys.stdout.write(json.dumps(results, ensure_ascii=False) + "\n")
    else:
        _print(results)


def _check(options: BenchOptions) -> None:
    """What is mistyped is told before anything heavy is imported."""
    from limner.benchmark.names import APIS, MARKOV, ORACLE, PERFECT
    from limner.cli.given import folder_given, planned_given
    from limner.evaluation.given import Measured, judge_folder
    from limner.perception.endpoint.address import api_url
    from limner.planning.loading import PLANNED_ONLY
    from limner.planning.names import is_planned

    for url in (options.endpoint, options.judge_url):
        if url is not None:
            api_url(url)
    if options.api not in APIS:
        raise ValueError(f"--api is {options.api!r}; choose one of {', '.join(APIS)}.")
    _extra(options.extra)
    model, words = options.model, options.words or ()
    if words and not (model == PERFECT or is_planned(model or "")):
        raise ValueError(PLANNED_ONLY)
    if model in (ORACLE, MARKOV, None) or Path(model).is_dir():
        judge_folder(options.judge)
    elif model == PERFECT or is_planned(model):
        planned_given(model, words)
        judge_folder(options.judge)
    else:
        Measured(model=model, judge=options.judge).check()
    if options.stored is not None:
        folder_given(options.stored, "finished set of conversations", "`limner bench import` makes one")
        from limner.benchmark.stored_set import StoredSet

        StoredSet.open(options.stored)


def _open(options: BenchOptions) -> Opened:
    from limner.benchmark.looking import looker
    from limner.benchmark.names import APIS
    from limner.benchmark.opening import open_model, open_system
    from limner.benchmark.systems.endpoint import endpoint_system
    from limner.perception.endpoint.wire import Limits

    looking, limits = None, Limits(timeout_s=options.timeout_s)
    if options.judge_url is not None:
        looking = looker(
            options.judge_url, model=options.judge_model, key_variable=options.judge_key, limits=limits
        )
    if options.endpoint is None:
        assert options.model is not None
        return open_model(options.model, judge=options.judge, looker=looking, words=options.words or ())
    assert options.api in APIS
    system = endpoint_system(
        options.endpoint,
        model=options.endpoint_model,
        api=options.api,
        key_variable=options.key_variable,
        extra=(extra := _extra(options.extra)),
        limits=limits,
    )
    opened = open_system(system, judge=options.judge, looker=looking)
    return replace(opened, options={**opened.options, **({"extra": extra} if extra else {})})


def _extra(text: str) -> dict[str, Any]:
    try:
        extra = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"--extra is no JSON ({error}).") from error
    if not isinstance(extra, dict):
        raise ValueError("--extra is no JSON object; give one such as '{\"seed\": 1}'.")
    return extra


def _complain(opened: Opened) -> None:
    """What servers counted since this start, and what was wrong with their answers, most frequent first."""
    for source in (opened.system, opened.scorer.looker):
        spent = getattr(source, "spent", None)
        if source is None or spent is None:
            continue
        counted = f"{spent.answers} answers, {spent.pictures} pictures"
        tokens = f"{spent.input_tokens} tokens in, {spent.output_tokens} out"
        err.print(plain(f"{source.name}: {counted}, {tokens}"))
        for sentence, count in spent.complaints.most_common(3):
            err.print(plain(f"{count} x {sentence}"))


def _print(results: dict[str, Any]) -> None:
    """Families, then depths; everything else is in results.json."""
    from rich.table import Table

    from limner.benchmark.summing import DEPTH, EXPOSURE, OVERALL, SCORE

    families = {name: told for name, told in results["suites"].items() if name != OVERALL}
    table = Table("family")
    for heading in ("accuracy", "95% interval", "chance", "score", "n"):
        table.add_column(heading, justify="right")
    for name, told in families.items():
        hit, chance = told["accuracy"], told["chance.accuracy"]["value"]
        cells = (_number(hit), _interval(hit), f"{chance:.3f}", _number(told["score"]), str(hit["n"]))
        table.add_row(plain(name), *cells)
    out.print(table)
    overall = results["suites"].get(OVERALL, {})
    for metric, found in overall.items():
        if metric.startswith(DEPTH):
            depth = metric.removeprefix(DEPTH).partition(".")[0]
            out.print(f"{depth} back: {_told(found, len(families))}", markup=False)
    for curve, of in results.get("curves", {}).items():
        turns = "  ".join(f"{turn}: {_number(found)}" for turn, found in of.items())
        out.print(plain(f"{curve} at turn {turns}"))
    if EXPOSURE in overall:
        out.print(f"{EXPOSURE}: {_told(overall[EXPOSURE], 2 * len(families))}", markup=False)
    if SCORE in overall:
        found = overall[SCORE]
        out.print(f"{SCORE}: {_told(found, len(families))}", markup=False)


def _told(found: dict[str, Any], num_families: int) -> str:
    from limner.benchmark.summing import has_interval

    between = _interval(found) if has_interval(found, num_families) else ""
    return f"{_number(found)}  {f'[{between}]  ' if between else ''}n {found['n']}"


def _number(found: dict[str, Any]) -> str:
    return f"{found['value']:.3f}"


def _interval(found: dict[str, Any]) -> str:
    from limner.evaluation.table import is_spread

    return f"{found['low']:.3f}, {found['high']:.3f}" if is_spread(found) else ""
