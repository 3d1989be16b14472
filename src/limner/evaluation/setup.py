"""What a run is measured with: which model, which others, which judge, as names that any process can open.

Knows checkpoint folders and threads. Knows nothing about suites, tasks or results.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import torch

from limner.evaluation.given import Measured, judge_folder
from limner.evaluation.suite import Bench
from limner.inference.model_folder import checkpoint_folder, files_of, fingerprint
from limner.inference.painter import Painter, load_painter
from limner.models.precision import best_device, compute_dtype
from limner.models.quantised import check_kind
from limner.models.symbolic_twin import reads_scenes
from limner.perception.senses import WorldSenses, load_senses
from limner.perception.senses_files import WEIGHTS_FILE
from limner.training.finished import unfinished_sentence

# Below this, one thread a process is fastest and makes results independent of the number of cores.
SMALL_BYTES = 2**30


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Everything a process needs to open a `Bench`: names and folders, no weights. `judge` is the folder of
    the judge's perceptual models.
    """

    measured: Measured
    judge: str
    judge_hash: str
    seed: int
    is_small: bool
    warnings: tuple[str, ...] = ()

    def open(self) -> tuple[Bench, dict[str, Any]]:
        """Load model, others and judge; beside them what is worth telling of them in a report.

        Small models compute in one thread from here on, whatever the machine.
        """
        if self.is_small:
            torch.set_num_threads(1)
            cv2.setNumThreads(1)
        painter = self._load(self.measured.model)
        judge = load_senses(self.judge)
        others = {name: self._load(folder) for name, folder in self.measured.others.items()}
        if self.measured.true_tokens and not all(reads_scenes(p.model) for p in (painter, *others.values())):
            raise ValueError(
                "Only models whose image tokens are scene tokens can be given true ones; leave out "
                "--true-tokens."
            )
        bench = Bench(
            painter=painter,
            judge=judge,
            judge_hash=self.judge_hash,
            others=others,
            seed=self.seed,
            true_tokens=self.measured.true_tokens,
        )
        return bench, _facts(self, painter, judge)

    def _load(self, folder: str) -> Painter:
        return load_painter(folder, quantize=self.measured.quantize, offload=self.measured.offload)


def prepare(measured: Measured, *, seed: int) -> tuple[Setup, dict[str, Any]]:
    """Check that all paths exist; returns the setup, and the options that identify its weights.

    Loads nothing. ValueError when a folder holds no model or no senses.
    """
    folders = [checkpoint_folder(folder) for folder in (measured.model, *measured.others.values())]
    senses = judge_folder(measured.judge)
    setup = Setup(
        measured=measured,
        judge=str(senses),
        judge_hash=hashlib.sha256((senses / WEIGHTS_FILE).read_bytes()).hexdigest(),
        seed=seed,
        is_small=sum(_weight_bytes(folder) for folder in folders) < SMALL_BYTES,
        warnings=tuple(filter(None, map(unfinished_sentence, folders))),
    )
    check_kind(measured.quantize)
    device = best_device()
    prints = [fingerprint(folder) for folder in folders]
    identity = {
        "model": prints[0],
        "others": dict(zip(measured.others, prints[1:], strict=True)),
        "judge": setup.judge_hash,
        "computed_in": f"{compute_dtype(device)} on {device.type}".removeprefix("torch."),
        "quantize": measured.quantize,
        "true_tokens": measured.true_tokens,
    }
    return setup, identity


def alone(bench: Bench) -> Bench:
    """The same bench with empty caches, so that a task does not depend on which tasks ran before it."""
    others = {name: painter.with_sampling() for name, painter in bench.others.items()}
    return replace(bench, painter=bench.painter.with_sampling(), others=others)


def _weight_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in files_of(folder) if path.suffix == ".safetensors")


def _facts(setup: Setup, painter: Painter, judge: WorldSenses) -> dict[str, Any]:
    return {
        "model_name": setup.measured.model,
        "model_summary": painter.summary,
        "preset": painter.model.preset.name,
        "image_size_px": painter.image_size_px,
        "parameters": painter.model.num_parameters,
        "other_folders": dict(setup.measured.others),
        "warnings": list(setup.warnings),
        "judge_measured": judge.measured,
    }
