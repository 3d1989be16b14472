"""The beginning of a stage in a run's folder, taken back when nothing came of it. Knows folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from limner.training.components import start_from
from limner.training.finished import stages_folder
from limner.training.state import existing_state


@contextmanager
def begun(out: Path, name: str, base: Path | None) -> Iterator[None]:
    """Inside, the stage `name` runs in `out`, whose model starts from the checkpoint `base` where it has no
    components of its own. Whatever ends it before its first state is saved, takes both back.
    """
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
