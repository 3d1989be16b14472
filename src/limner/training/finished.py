"""Which stages of a run have ended. Knows a run's folders; loads nothing.

OUT/model/                  a checkpoint, to which each stage adds its components when it ends
OUT/stages/NAME/            made when the stage begins; finished.json is written when it has ended
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def begun(out: Path, name: str, base: Path | None) -> Iterator[None]:
    """Inside, the stage `name` runs in `out`, whose model starts from the checkpoint `base` where it has no
    components of its own. Whatever ends it before its first state is saved, takes both back.
    """
    from limner.training.components import start_from
    from limner.training.state import existing_state

    stage, model = stages_folder(out) / name, out / "model"
    new = [path for path in (stage, stage.parent, model) if not path.exists()]
    kept = {path.name for path in model.iterdir()} if model.is_dir() else set()
    try:
        if base is not None:
            start_from(base, model)
        stage.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        if existing_state(stage / "state") is None:
            if stage in new:
                shutil.rmtree(stage, ignore_errors=True)
            # Without a base what is new here is of a stage beside this one, which may have ended meanwhile.
            taken = model.iterdir() if base is not None and model.is_dir() else ()
            for part in [path for path in taken if path.name not in kept]:
                shutil.rmtree(part) if part.is_dir() else part.unlink()
            for path in (path for path in new if path != stage):
                with suppress(OSError):  # rendered samples, say, stay
                    path.rmdir()
        raise


def unfinished_sentence(model_folder: Path | str) -> str | None:
    """A warning for whoever evaluates an unfinished model; None for a finished one."""
    names = unfinished_stages(model_folder)
    if not names:
        return None
    return (
        f"{model_folder} is of a training that has not finished ({', '.join(names)}): these components are "
        "absent or of before. Run the same `limner train` command to go on."
    )
