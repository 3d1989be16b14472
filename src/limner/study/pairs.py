"""A study as values and files: pairs of whole conversations, and the key that tells which side is whose.

`study.json` and `pictures/` hold what raters may see. `key.json` holds what they may not: which run painted
which side, which pairs are checks and which are repeats; the server never opens it. Knows nothing about how
pairs are drawn (`draw.py`) nor about votes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from limner.study.questions import Question, chosen_questions

VERSION: Final = 1
STUDY_FILE: Final = "study.json"
KEY_FILE: Final = "key.json"
VOTES_FILE: Final = "votes.jsonl"
PICTURES: Final = "pictures"

Kind = Literal["pair", "repeat", "same", "broken"]
Side = Literal["left", "right"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One side's answer in one round: words, and the file name of a picture or None."""

    text: str
    picture: str | None


@dataclass(frozen=True, kw_only=True)
class PairRound:
    """One round of a pair: the instruction, the pictures given, and both sides' answers."""

    said: str
    given: tuple[str, ...]
    left: Answer
    right: Answer


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two whole conversations about the same task, side by side. `part` (0, 1 or 2) is the third of the study
    in which it is shown: what is repeated comes in the first, its repeat in the last.
    """

    id: str
    part: int
    rounds: tuple[PairRound, ...]

    @property
    def pictures(self) -> tuple[str, ...]:
        """The file names of all its pictures, in the order in which a rater meets them."""
        names: list[str] = []
        for round_ in self.rounds:
            names += round_.given
            names += [side.picture for side in (round_.left, round_.right) if side.picture is not None]
        return tuple(names)


@dataclass(frozen=True, kw_only=True)
class Study:
    """What raters see. `id` tells studies apart and reveals nothing about the runs."""

    id: str
    questions: tuple[Question, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """The truth about one pair.

    Args:
        kind: "pair" counts; "repeat" shows an earlier pair with its sides swapped; "same" shows one
            conversation twice (a tie is expected); "broken" has one side with ruined pictures.
        conversation: the task's name in both runs.
        left: which run is on the left, "a" or "b"; for checks, the run that was used.
        repeats: for a repeat, the id of the pair shown before.
        intact: for a broken pair, the side that was left whole.
    """

    kind: Kind
    conversation: str
    left: str
    repeats: str | None = None
    intact: Side | None = None


@dataclass(frozen=True, kw_only=True)
class Key:
    """What unblinds a study: the runs by "a" and "b", the seed, and a row for each pair by its id."""

    study: str
    seed: int
    runs: Mapping[str, str]
    rows: Mapping[str, KeyRow]


def study_to_json(study: Study) -> dict[str, Any]:
    """The content of `study.json`."""
    return {
        "format": "limner-study",
        "version": VERSION,
        "id": study.id,
        "questions": [question.name for question in study.questions],
        "pairs": [asdict(pair) for pair in study.pairs],
    }


def key_to_json(key: Key) -> dict[str, Any]:
    """The content of `key.json`."""
    return {"format": "limner-study-key", "version": VERSION, **asdict(key)}


def read_study(folder: Path) -> Study:
    """The study in `folder`. ValueError when there is none or it cannot be read."""
    data = _read(folder / STUDY_FILE, "limner-study")
    try:
        return Study(
            id=data["id"],
            questions=chosen_questions(data["questions"]),
            pairs=tuple(_pair(pair) for pair in data["pairs"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder / STUDY_FILE} is damaged ({error}); make the study anew.") from error


def read_key(folder: Path) -> Key:
    """The key of the study in `folder`. ValueError when there is none or it is another study's."""
    data = _read(folder / KEY_FILE, "limner-study-key")
    try:
        rows = {pair: KeyRow(**row) for pair, row in data["rows"].items()}
        return Key(study=data["study"], seed=data["seed"], runs=data["runs"], rows=rows)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder / KEY_FILE} is damaged ({error}); restore it.") from error


def _pair(data: Mapping[str, Any]) -> Pair:
    rounds = tuple(
        PairRound(
            said=round_["said"],
            given=tuple(round_["given"]),
            left=Answer(**round_["left"]),
            right=Answer(**round_["right"]),
        )
        for round_ in data["rounds"]
    )
    return Pair(id=data["id"], part=int(data["part"]), rounds=rounds)


def _read(path: Path, form: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(
            f"There is no {path.name} in {path.parent}; `limner study make` writes a study."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no JSON ({error}); restore it or make the study anew.") from error
    if not isinstance(data, dict) or data.get("format") != form:
        raise ValueError(f"{path} is not a {form} file; give the folder that `limner study make` wrote.")
    if data.get("version") != VERSION:
        raise ValueError(
            f"{path} has version {data.get('version')}, this limner reads {VERSION}; "
            "use the limner that made the study."
        )
    return data
