"""Which stages of a run have ended. Knows a run's folders; loads nothing.

OUT/model/                  a checkpoint, to which each stage adds its components when it ends
OUT/stages/NAME/            made when the stage begins; finished.json is written when it has ended
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FINISHED: Final = "finished.json"


def stages_folder(out: Path) -> Path:
    """Where the stages of the run in `out` leave their states and logs: `out`/stages, or `out`/rungs where a
    version before this one began it.
    """
    former = out / "rungs"
    return former if former.is_dir() else out / "stages"


def unfinished_stages(model_folder: Path | str) -> list[str]:
    """The stages of the run that `model_folder` is in (OUT/model, or OUT/model_NAME) that began and have not
    ended: their components there are absent, or of before. Empty for a folder of no run.
    """
    folder = Path(model_folder)
    if not folder.name.startswith("model"):
        return []
    begun = [path for path in sorted(stages_folder(folder.parent).glob("*")) if path.is_dir()]
    return [path.name for path in begun if not (path / FINISHED).is_file()]


def unfinished_sentence(model_folder: Path | str) -> str | None:
    """A warning for whoever evaluates an unfinished model; None for a finished one."""
    names = unfinished_stages(model_folder)
    if not names:
        return None
    return (
        f"{model_folder} is of a training that has not finished ({', '.join(names)}): these components are "
        "absent or of before. Run the same `limner train` command to go on."
    )
