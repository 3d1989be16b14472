"""The document of all numbers: what is asked of the model, the paper's tables and figures, the command for
each, and what it gave here.

Knows the bars (`bars.py`) and the claims (`paper.py`) and reads result files. Types no number by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from limner.evaluation.bar_readings import HEADINGS, cells, readings
from limner.evaluation.bars import BARS
from limner.evaluation.given import results_file
from limner.evaluation.paper import CLAIMS, NOTHING_TO_MEASURE, Claim, Number
from limner.evaluation.table import lines_of, number
from limner.evaluation.views import TITLES, VIEWS

STUDY = "study"
NOTHING = ("",) * (len(TITLES) + 3)  # in the columns behind "ours"
STUDY_COMMAND = (
    "limner study make RUN_A RUN_B --out STUDY; limner study serve STUDY; limner study analyse STUDY --json"
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """Results of one file: suites -> metrics, or a human study's questions."""

    file: str
    told: Mapping[str, Any]

    @property
    def is_study(self) -> bool:
        """Whether people have judged."""
        return "questions" in self.told

    @property
    def model(self) -> str:
        """The last part of the model's folder: "miniature", "stage3", ..."""
        return PurePath(self.told.get("model_name", "")).name


def document_of(files: Sequence[Path]) -> str:
    """The document as Markdown text. Where two files measure the same, the later one counts.

    Args:
        files: results.json of `limner evaluate` or their folders, and what `limner study analyse --json`
            printed. Claims that no file answers say so.

    Raises:
        ValueError: a file that is missing or holds no results.
    """
    found = [_read(Path(file)) for file in files]
    lines = [*_head(found), *_bars(found)]
    for claim in CLAIMS:
        lines += _section(claim, found)
    lines += ["## Nothing to measure", "", NOTHING_TO_MEASURE, ""]
    return "\n".join(lines)


def _read(path: Path) -> Found:
    file = results_file(path)
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is no JSON file of results: {error}.") from error
    if not isinstance(told, dict) or not ({"suites", "questions"} & set(told)):
        raise ValueError(f"{file} holds no results: it has neither suites nor questions.")
    return Found(file=str(file), told=told)


def _head(found: Sequence[Found]) -> Iterator[str]:
    yield from (
        "# Every number of the paper, and ours beside it",
        "",
        "Written by `limner evaluate document`; edit nothing here, measure again.",
        "",
        "The paper's model has an LLM of 13 billion parameters and paints photographs. Where the scale below",
        "is not seed-x, ours is small, paints the illustrated world and is measured by the small judge named",
        "here: directions can be compared then, values cannot. Intervals are 95%, by a bootstrap over tasks",
        "(one without width says that all tasks were alike; of N such, 3/N may still be otherwise).",
        "",
        "A rate is read up to four times, of the same predicted image tokens:",
        "",
        "- **as drawn**: by the judge, from the model's own pictures;",
        "- **twin (ruler)**: by the judge, from what the symbolic twin draws. The twin reads the world's",
        "  truth off the tokens and paints with the world's own painter: no part of the model, and never its",
        "  detokenizer. What is lost from here to *as drawn*, the detokenizer lost;",
        "- **in the tokens**: off the tokens, by no judge. What is missing here, the language model missed;",
        "- **true pictures**: by the judge, from what should have been painted: the ceiling.",
        "",
        "Chance is what blind guessing gets.",
        "",
    )
    runs = [one for one in found if not one.is_study]
    if not runs:
        return
    yield "| model | weights | scale | tasks | seed | judge | suites |"
    yield "|---|---|---|---|---|---|---|"
    for run in runs:
        told = run.told
        cells = (
            told["model_name"] + (" (given pictures as true tokens)" if told.get("true_tokens") else ""),
            f"`{told['model'][:12]}`",
            f"{told['preset']}, {told['image_size_px']} px",
            told["num"],
            told["seed"],
            f"`{told['judge'][:12]}`",
            ", ".join(told["suites"]),
        )
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""
    for judge, measured in {run.told["judge"]: run.told.get("judge_measured", {}) for run in runs}.items():
        accuracy = ", ".join(f"{name} {number(value)}" for name, value in measured.items())
        yield f"The judge `{judge[:12]}`, on held-out truth: {accuracy}."
        yield ""


def _bars(found: Sequence[Found]) -> Iterator[str]:
    """What is asked of the model and what was measured, of the suites that were."""
    suites = {
        bar.suite: _source(Claim(place="", shows="", suite=bar.suite, numbers=()), found) for bar in BARS
    }
    told = readings({name: run.told["suites"][name] for name, run in suites.items() if run is not None})
    if not told:
        return
    yield from ("## What is asked of the model", "")
    yield f"| {' | '.join(('', *HEADINGS[1:]))} |"
    yield "|---" * len(HEADINGS) + "|"
    for reading in told:
        yield f"| {' | '.join(cells(reading))} |"
    yield ""


def _section(claim: Claim, found: Sequence[Found]) -> Iterator[str]:
    run = _source(claim, found)
    yield from (
        f"## {claim.place}: {claim.suite}",
        "",
        claim.shows,
        "",
        "```bash",
        _command(claim, run),
        "```",
        "",
    )
    if run is None:
        yield from ("Not measured yet.", "")
    titles = ("", "paper", "ours", "95% interval", *TITLES.values(), "n", "tasks")
    yield f"| {' | '.join(titles)} |"
    yield "|---" * len(titles) + "|"
    for line in claim.numbers:
        cells = _study_cells(line, run) if claim.suite == STUDY else _cells(line, claim.suite, run)
        yield f"| {line.label} | {line.paper or '-'} | {' | '.join(cells)} |"
    yield ""


def _source(claim: Claim, found: Sequence[Found]) -> Found | None:
    """The last file that answers a claim: of its suite, and of its model."""
    special = {other.model for other in CLAIMS if other.model}
    for one in reversed(found):
        if claim.suite == STUDY or one.is_study:
            answers = claim.suite == STUDY and one.is_study
        else:
            wanted = one.model == claim.model if claim.model else one.model not in special
            answers = wanted and claim.suite in one.told["suites"]
        if answers:
            return one
    return None


def _command(claim: Claim, run: Found | None) -> str:
    """The command that gave `run`, or the one that would."""
    if claim.suite == STUDY:
        return STUDY_COMMAND
    told = run.told if run else {}
    model = told.get("model_name", f"runs/{claim.model}" if claim.model else "miniature")
    words = [f"limner evaluate {claim.suite} --model {model}"]
    words.append(
        f"--num {told.get('num', 40)} --seed {told.get('seed', 0)} --out runs/evaluation-{claim.suite}"
    )
    words += ["--true-tokens"] if told.get("true_tokens") else []
    others = told.get("other_folders", {})
    words += [f"--also {name}={folder}" for name, folder in others.items()] or [claim.options]
    return " ".join(word for word in words if word)


def _cells(line: Number, suite: str, run: Found | None) -> tuple[str, ...]:
    metrics = run.told["suites"][suite] if run else {}
    if line.metric not in metrics:
        return (line.note or "not measured yet", *NOTHING)
    views = (line.metric, *(view + line.metric for view in VIEWS))
    (found,) = lines_of({name: metrics[name] for name in views if name in metrics})
    beside = (found.view(view) for view in TITLES)
    return (found.value, found.interval, *beside, str(found.n), str(found.tasks or ""))


def _study_cells(line: Number, run: Found | None) -> tuple[str, ...]:
    question, _, outcome = line.metric.partition(".")
    told = run.told["questions"].get(question) if run else None
    votes = told["win"] + told["lose"] + told["tie"] if told else 0
    if told is None or not votes:
        return ("not measured yet", *NOTHING)
    return (f"{told[outcome] / votes:.2%}", *NOTHING[:-2], str(votes), "")
