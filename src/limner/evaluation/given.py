"""What a measurement is asked for, looked at before anything heavy is imported: suites, models, a judge.

Knows names and folders; loads nothing, torch included.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from limner.inference.model_folder import EMBEDDED, checkpoint_folder
from limner.perception.senses_files import WEIGHTS_FILE

# In the paper's order; `suites` has what they do.
SUITE_NAMES: Final = (
    "reconstruct",
    "personalize",
    "named",
    "full-body",
    "editing",
    "rollback",
    "chat",
    "drift",
    "twice",
    "comprehend",
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Which weights are measured, and how.

    Args:
        model: "miniature" or a checkpoint folder.
        others: further checkpoints by name, for suites that compare stages.
        judge: a folder of perceptual models, or a checkpoint that has some (default: the embedded model's).
        quantize: as in `limner.load`, of the model and the others.
        offload: as in `limner.load`.
        true_tokens: given pictures enter as what they truly show, not by the encoder.
    """

    model: str = EMBEDDED
    others: Mapping[str, str] = field(default_factory=dict)
    judge: str | Path | None = None
    quantize: str | None = None
    offload: bool = False
    true_tokens: bool = False

    def check(self) -> None:
        """ValueError unless all models and the judge exist."""
        for folder in (self.model, *self.others.values()):
            checkpoint_folder(folder)
        judge_folder(self.judge)


def check_suites(names: Sequence[str], suites: Collection[str] = SUITE_NAMES) -> None:
    """ValueError for a name that is neither a suite's nor "all"; it lists them."""
    unknown = [name for name in names if name not in suites and name != "all"]
    if unknown:
        raise ValueError(
            f"There is no suite {unknown[0]!r}; choose from {', '.join(suites)}, or all of them with all."
        )


def judge_folder(judge: str | Path | None) -> Path:
    """Where the perceptual models that measure lie: the embedded, a folder's own, or those of a checkpoint.

    Raises:
        ValueError: there are none.
    """
    is_embedded = judge is None or str(judge) == EMBEDDED
    folder = checkpoint_folder(EMBEDDED) if is_embedded else Path(str(judge))
    folder = folder / "senses" if (folder / "senses").is_dir() else folder
    if not (folder / WEIGHTS_FILE).is_file():
        raise ValueError(
            f"There is no judge at {folder}: it holds no {WEIGHTS_FILE}. Give a folder of senses or a "
            "checkpoint that has some."
        )
    return folder


def check_run(path: Path) -> None:
    """ValueError unless a run lies at `path` (a folder, or its results.json)."""
    path = path.parent if path.name == "results.json" else path
    if not (path / "run.json").is_file():
        raise ValueError(f"There is no evaluation at {path}; `limner evaluate --out {path}` makes one.")


def results_file(path: Path) -> Path:
    """The results.json at `path`, a folder or the file. ValueError when there is none."""
    file = path / "results.json" if path.is_dir() else path
    if not file.is_file():
        raise ValueError(f"There are no results at {file}; `limner evaluate` writes some.")
    return file
