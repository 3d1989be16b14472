"""From names on the command line to a system, a scorer and a set, with the options that identify each.

Knows which name means what. Knows nothing about typer, and loads nothing before it is known to exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import torch

from limner.chat.model_folder import EMBEDDED
from limner.evaluation.benchmark.conversation import BenchConversation
from limner.evaluation.benchmark.looking import Looker
from limner.evaluation.benchmark.names import MARKOV, ORACLE
from limner.evaluation.benchmark.scoring import Scorer
from limner.evaluation.benchmark.scripts import VERSION, content_hash, conversations
from limner.evaluation.benchmark.stored_set import StoredSet
from limner.evaluation.benchmark.systems.markov import MarkovSystem
from limner.evaluation.benchmark.systems.oracle import OracleSystem
from limner.evaluation.benchmark.systems.painter_system import PainterSystem
from limner.evaluation.benchmark.systems.protocol import System
from limner.evaluation.benchmark.systems.replay import replay_system
from limner.evaluation.setup import prepare
from limner.perception.senses import load_senses

WORLD_SET: Final = "limner-bench"


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """Something ready to use, and what identifies it among the options of a run."""

    system: System
    scorer: Scorer
    options: dict[str, Any]
    facts: dict[str, Any]


def open_model(model: str, *, judge: str | None, looker: Looker | None = None) -> Opened:
    """A system by name: "oracle", "markov", "miniature", a checkpoint's folder or one of recorded answers."""
    if model in (ORACLE, MARKOV):
        return open_system(OracleSystem() if model == ORACLE else MarkovSystem(), judge=judge, looker=looker)
    folder = Path(model)
    if model != EMBEDDED and folder.is_dir() and not (folder / "limner.json").is_file():
        return open_system(replay_system(folder), judge=judge, looker=looker)
    setup, identity = prepare(model, others={}, judge=judge, seed=0)
    bench, facts = setup.open()
    identity = {name: value for name, value in identity.items() if name != "others"}
    system = PainterSystem(painter=bench.painter, name=folder.name)
    return Opened(
        system=system,
        scorer=Scorer(judge=bench.judge, looker=looker),
        options={"system": system.name, **identity, **_looker_option(looker)},
        facts=facts,
    )


def open_system(system: System, *, judge: str | None, looker: Looker | None = None) -> Opened:
    """Any other system, with the judge from `judge` (a folder of senses; None: the embedded model's)."""
    setup, _ = prepare(EMBEDDED, others={}, judge=judge, seed=0)
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
    folder: Path | None, *, num: int | None, seed: int, size_px: int
) -> tuple[Sequence[BenchConversation], dict[str, Any]]:
    """The world's set, or a stored one of real pictures (its first `num`); and what identifies it."""
    if folder is None:
        made = list(conversations(num or 0, seed=seed, size_px=size_px))
        identity = {"name": WORLD_SET, "version": VERSION, "hash": content_hash(made)}
        return made, {"set": identity, "num": len(made), "seed": seed, "size_px": size_px}
    found = StoredSet.open(folder).first(num)
    identity = {"name": str(found.facts.get("source", folder.name)), "hash": found.content_hash}
    return found, {"set": identity, "num": len(found)}


def _looker_option(looker: Looker | None) -> dict[str, str]:
    return {} if looker is None else {"looker": looker.model}
