"""What `limner bench` does: opens system, set and judge, shows progress, prints the results."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.cli.bench import DEFAULT_NUM
from limner.cli.terminal import err, out, plain, resumable

if TYPE_CHECKING:
    from limner.benchmark.opening import Opened
    from limner.cli.bench import BenchOptions


def run(options: BenchOptions) -> None:
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
