"""A page of many runs side by side, made from their `results.json` and nothing else.

Runs of one set and one judge stand in one table, best first; others are not compared. Knows results.
Whoever has measured a system elsewhere sends such a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from limner.benchmark.conversation import NON_MARKOV_FAMILIES
from limner.benchmark.summing import DEPTH, EXPOSURE, OVERALL, SCORE, has_interval
from limner.benchmark.tasks.long_chain import BACK

_SHORT: Final = 12
_TURNS: Final = ("1", "5", "10", "15", "20")
_CURVES: Final = {"success": 2, "held": 2, "collapsed": 2, "kept_db": 1, "exposure": 2}  # and their digits
_HEAD: Final = """# Leaderboard

Made by `limner bench leaderboard docs/results/*.json --out docs/leaderboard.md` from results of runs; nothing
here is written by hand. What is measured, and how a system is added: [benchmark.md](benchmark.md). To add a
row, send the `results.json` of a run of one of these sets; whoever has answers and no weights here sends
the folder of recorded answers.

Only rows of one table may be compared: they answered the same questions and had the same judge. The score
is 0 for a system that is blind to the history and 1 for a perfect one, with its 95 % interval; then the
scores by family.
"""
_ABBREVIATED: Final = {
    "person_by_name": "person",
    "answer_by_name": "answer",
    "step_back": "step back",
    "before_or_after": "before, after",
    "instead_of": "instead of",
    "from_scratch": "from scratch",
    "picture_by_name": "picture",
    "fork_person": "fork: person",
    "fork_picture": "fork: picture",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One run: the file it comes from and what it says."""

    file: Path
    told: Mapping[str, Any]

    @property
    def group(self) -> tuple[str, str, int]:
        """Runs of one group may be compared: the set's hash, the judge's, and how many conversations."""
        return str(self.told["set"]["hash"]), str(self.told.get("judge", "")), int(self.told["num"])

    @property
    def score(self) -> float:
        """By which rows are ordered."""
        found = self.told["suites"].get(OVERALL, {}).get(SCORE)
        return float(found["value"]) if found is not None else _success(self.told)


def read_entry(path: Path) -> Entry:
    """The results in a run's folder or a file. ValueError when they are no benchmark's."""
    file = path / "results.json" if path.is_dir() else path
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        entry = Entry(file=file, told=told)
        str(told["system"]), entry.group, entry.score  # what the page needs
    except OSError as error:
        raise ValueError(
            f"{file} cannot be read ({error.strerror or error}); give a run's folder."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} holds no results of `limner bench` (it lacks {error}).") from error
    return entry


def page_of(entries: Sequence[Entry]) -> str:
    """The page in Markdown. ValueError without entries, or when one run is given twice."""
    if not entries:
        raise ValueError("A leaderboard needs at least one run; give folders or results.json files.")
    groups: dict[tuple[str, str, int], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    parts = [_HEAD]
    for of in sorted(groups.values(), key=lambda of: (str(of[0].told["set"]["name"]), -of[0].group[2])):
        names = [str(entry.told["system"]) for entry in of]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is given twice for one set; leave one of the runs out.")
        parts.append(_table(sorted(of, key=lambda entry: -entry.score)))
    return "\n".join(parts)


def _table(entries: Sequence[Entry]) -> str:
    told = entries[0].told
    hash_, judge, num = entries[0].group
    version = f" {told['set']['version']}" if "version" in told["set"] else ""
    where = f", seed {told['seed']}, {told['size_px']} px" if "seed" in told else ""
    title = f"## {told['set']['name']}{version}: {num} conversations{where}"
    lines = [title, "", f"Set `{hash_[:_SHORT]}`, judge `{judge[:_SHORT]}`.", ""]
    lines += _long_rows(entries) if "curves" in told else _rows(entries)
    return "\n".join([*lines, ""])


def _rows(entries: Sequence[Entry]) -> list[str]:
    families = [name for name in NON_MARKOV_FAMILIES if any(name in one.told["suites"] for one in entries)]
    heads = [
        "system",
        "score",
        "95% interval",
        *(_ABBREVIATED[name] for name in families),
        "painted - uploaded",
    ]
    lines = [_line(heads), _line(["---", *["---:"] * (len(heads) - 1)])]
    for entry in entries:
        suites = entry.told["suites"]
        overall = suites.get(OVERALL, {})
        num_families = sum(name in suites for name in NON_MARKOV_FAMILIES)
        lines.append(
            _line(
                [
                    _words(entry.told["system"]),
                    *_with_interval(overall.get(SCORE), num_families),
                    *(_value(suites.get(name, {}).get("score")) for name in families),
                    _value(overall.get(EXPOSURE)),
                ]
            )
        )
    return lines


def _long_rows(entries: Sequence[Entry]) -> list[str]:
    """A line for each curve of each system, and one for the ways back by how many turns they go."""
    heads = ["system", "by turn", *_TURNS]
    lines = [_line(heads), _line(["---", "---", *["---:"] * len(_TURNS)])]
    for entry in entries:
        name, back = _words(entry.told["system"]), entry.told["suites"].get(BACK, {})
        for curve, digits in _CURVES.items():
            of = entry.told["curves"].get(curve, {})
            lines.append(_line([name, curve, *(_value(of.get(turn), digits) for turn in _TURNS)]))
        found = (back.get(f"{DEPTH}{turn}.accuracy") for turn in _TURNS)
        lines.append(_line([name, "so many turns back", *(_value(one, 2) for one in found)]))
    return lines


def _success(told: Mapping[str, Any]) -> float:
    values = [float(one["value"]) for one in told["curves"]["success"].values()]
    return sum(values) / len(values)


def _with_interval(found: Mapping[str, float] | None, num_families: int) -> tuple[str, str]:
    if found is None:
        return "-", "-"
    value, low, high = (round(found[name], 3) + 0.0 for name in ("value", "low", "high"))  # no "-0.000"
    return f"{value:.3f}", f"{low:.3f} to {high:.3f}" if has_interval(found, num_families) else "-"


def _value(found: Mapping[str, float] | None, digits: int = 3) -> str:
    return "-" if found is None else f"{round(found['value'], digits) + 0.0:.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(text: object) -> str:
    """A name as a cell holds it: what others send must not make markup."""
    return " ".join(str(text).split())[:80].replace("|", "/").replace("<", "(").replace("`", "'")
