"""What `limner bench` does: opens system, set and judge, shows progress, prints the results."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.cli.terminal import err, out, plain, resumable

if TYPE_CHECKING:
    from limner.benchmark.opening import Opened


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which system and which judges, as on the command line."""

    model: str | None
    endpoint: str | None
    api: str
    endpoint_model: str
    key_variable: str
    extra: str
    timeout_s: float
    judge: str | None
    judge_url: str | None
    judge_model: str
    judge_key: str
    words: tuple[str, ...] = ()


def run(
    asked: Asked,
    *,
    stored: Path | None,
    long: bool = False,
    num: int | None,
    seed: int,
    size_px: int,
    folder: Path,
    concurrency: int,
    as_json: bool,
) -> None:
    """Measure and print; a run that is stopped says how to go on."""
    _check(asked, stored)
    from limner.benchmark.opening import open_set
    from limner.benchmark.run import run_bench

    opened = _open(asked)
    conversations, identity = open_set(stored, num=num, seed=seed, size_px=size_px, long=long)
    told = identity["set"]
    err.print(plain(f"{told['name']} {told.get('version', '')}: {len(conversations)} conversations"))
    err.print(plain(f"hash {told['hash']}"))
    with resumable("conversations") as tell:
        results = run_bench(
            opened.system,
            opened.scorer,
            conversations,
            out=folder,
            options={**opened.options, **identity},
            facts=opened.facts,
            concurrency=concurrency,
            tell=tell,
        )
    _complain(opened)
    if as_json:
        sys.stdout.write(json.dumps(results, ensure_ascii=False) + "\n")
    else:
        _print(results)


def _check(asked: Asked, stored: Path | None) -> None:
    """What is mistyped is told before anything heavy is imported."""
    from limner.benchmark.names import APIS, MARKOV, ORACLE, PERFECT
    from limner.cli.given import folder_given, planned_given
    from limner.evaluation.given import Measured, judge_folder
    from limner.perception.endpoint.address import api_url
    from limner.planning.loading import PLANNED_ONLY
    from limner.planning.names import is_planned

    for url in (asked.endpoint, asked.judge_url):
        if url is not None:
            api_url(url)
    if asked.api not in APIS:
        raise ValueError(f"--api is {asked.api!r}; choose one of {', '.join(APIS)}.")
    _extra(asked.extra)
    if asked.words and not (asked.model == PERFECT or is_planned(asked.model or "")):
        raise ValueError(PLANNED_ONLY)
    if asked.model in (ORACLE, MARKOV, None) or (asked.model is not None and Path(asked.model).is_dir()):
        judge_folder(asked.judge)
    elif asked.model == PERFECT or is_planned(asked.model):
        planned_given(asked.model, asked.words)
        judge_folder(asked.judge)
    else:
        Measured(model=asked.model, judge=asked.judge).check()
    if stored is not None:
        folder_given(stored, "finished set of conversations", "`limner bench import` makes one")
        from limner.benchmark.stored_set import StoredSet

        StoredSet.open(stored)


def _open(asked: Asked) -> Opened:
    from limner.benchmark.looking import looker
    from limner.benchmark.names import APIS
    from limner.benchmark.opening import open_model, open_system
    from limner.benchmark.systems.endpoint import endpoint_system
    from limner.perception.endpoint.wire import Limits

    looking, limits = None, Limits(timeout_s=asked.timeout_s)
    if asked.judge_url is not None:
        looking = looker(
            asked.judge_url, model=asked.judge_model, key_variable=asked.judge_key, limits=limits
        )
    if asked.endpoint is None:
        assert asked.model is not None
        return open_model(asked.model, judge=asked.judge, looker=looking, words=asked.words)
    assert asked.api in APIS
    system = endpoint_system(
        asked.endpoint,
        model=asked.endpoint_model,
        api=asked.api,
        key_variable=asked.key_variable,
        extra=(extra := _extra(asked.extra)),
        limits=limits,
    )
    opened = open_system(system, judge=asked.judge, looker=looking)
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
