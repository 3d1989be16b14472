"""From names on the command line to a system, a scorer and a set, with the options that identify each.

Knows which name means what. Knows nothing about typer, and loads nothing before it is known to exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import torch

from limner.benchmark.conversation import BenchConversation
from limner.benchmark.looking import Looker
from limner.benchmark.names import MARKOV, ORACLE, PERFECT
from limner.benchmark.scoring import Scorer
from limner.benchmark.scripts import (
    LONG_VERSION,
    VERSION,
    content_hash,
    conversations,
    long_conversation,
)
from limner.benchmark.stored_set import StoredSet
from limner.benchmark.systems.markov import MarkovSystem
from limner.benchmark.systems.oracle import OracleSystem
from limner.benchmark.systems.painter_system import PainterSystem
from limner.benchmark.systems.perfect import PerfectSystem
from limner.benchmark.systems.planned import PlannedSystem
from limner.benchmark.systems.protocol import System
from limner.benchmark.systems.replay import replay_system
from limner.evaluation.given import Measured
from limner.evaluation.setup import prepare
from limner.inference.model_folder import EMBEDDED
from limner.perception.senses import load_senses
from limner.planning.carrying_out import Hands
from limner.planning.names import is_planned
from limner.planning.opening import Planning, open_faces, open_painter, open_planner

WORLD_SET: Final = "limner-bench"
LONG_SET: Final = "limner-bench-long"


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """Something ready to use, and what identifies it among the options of a run."""

    system: System
    scorer: Scorer
    options: dict[str, Any]
    facts: dict[str, Any]


def open_model(
    model: str, *, judge: str | None, looker: Looker | None = None, words: Sequence[str] = ()
) -> Opened:
    """A system by name: "oracle", "markov", "miniature", a checkpoint's folder or one of recorded answers;
    "perfect", "endpoint:URL" and "diffusers:FOLDER" with a planner that `words` choose (`Planning`).
    """
    if model == PERFECT or is_planned(model):
        return _open_planned(model, words, judge=judge, looker=looker)
    if words:
        raise ValueError("--with is for painters without memory: perfect, endpoint:URL or diffusers:FOLDER.")
    if model in (ORACLE, MARKOV):
        return open_system(OracleSystem() if model == ORACLE else MarkovSystem(), judge=judge, looker=looker)
    folder = Path(model)
    if model != EMBEDDED and folder.is_dir() and not (folder / "limner.json").is_file():
        return open_system(replay_system(folder), judge=judge, looker=looker)
    setup, identity = prepare(Measured(model=model, judge=judge), seed=0)
    bench, facts = setup.open()
    identity = {name: value for name, value in identity.items() if name != "others"}
    system = PainterSystem(painter=bench.painter, name=folder.name)
    return Opened(
        system=system,
        scorer=Scorer(judge=bench.judge, looker=looker),
        options={"system": system.name, **identity, **_looker_option(looker)},
        facts=facts,
    )


def _open_planned(model: str, words: Sequence[str], *, judge: str | None, looker: Looker | None) -> Opened:
    """A planner in front of the perfect painter or of a real one; faces are found by the world's models
    unless the words say otherwise.
    """
    if not any(word.startswith("faces=") for word in words):
        words = [*words, "faces=none" if model == PERFECT else "faces=world"]
    planning = Planning.from_words(words)
    faces = open_faces(planning.faces)
    planner = open_planner(planning, faces)
    system: System
    if model == PERFECT:
        system = PerfectSystem(planner=planner)
    else:
        painter = open_painter(model, planning)
        system = PlannedSystem(
            planner=planner, hands=Hands(painter=painter, faces=faces, size_px=planning.size_px)
        )
    opened = open_system(system, judge=judge, looker=looker)
    return replace(opened, options={**opened.options, "planning": sorted(words)})


def open_system(system: System, *, judge: str | None, looker: Looker | None = None) -> Opened:
    """Any other system, with the judge from `judge`: a folder of perceptual models, None for the embedded."""
    setup, _ = prepare(Measured(judge=judge), seed=0)
    torch.set_num_threads(1)  # the judge is small, and equal everywhere with one thread
    cv2.setNumThreads(1)
    senses = load_senses(setup.judge)
    return Opened(
        system=system,
        scorer=Scorer(judge=senses, looker=looker),
        options={"system": system.name, "judge": setup.judge_hash, **_looker_option(looker)},
        facts={"judge_measured": senses.measured},
    )


def open_set(
    folder: Path | None, *, num: int | None, seed: int, size_px: int, long: bool = False
) -> tuple[Sequence[BenchConversation], dict[str, Any]]:
    """The world's set, or its long one, or a stored one of real pictures (its first `num`); and what
    identifies it.
    """
    if long and folder is not None:
        raise ValueError("The long set is the world's; give --long or --set, not both.")
    if long:
        made = [long_conversation(index, seed=seed, size_px=size_px) for index in range(num or 0)]
        identity = {"name": LONG_SET, "version": LONG_VERSION, "hash": content_hash(made)}
        return made, {"set": identity, "num": len(made), "seed": seed, "size_px": size_px}
    if folder is None:
        made = list(conversations(num or 0, seed=seed, size_px=size_px))
        identity = {"name": WORLD_SET, "version": VERSION, "hash": content_hash(made)}
        return made, {"set": identity, "num": len(made), "seed": seed, "size_px": size_px}
    found = StoredSet.open(folder).first(num)
    identity = {"name": str(found.facts.get("source", folder.name)), "hash": found.content_hash}
    return found, {"set": identity, "num": len(found)}


def _looker_option(looker: Looker | None) -> dict[str, str]:
    return {} if looker is None else {"looker": looker.model}
