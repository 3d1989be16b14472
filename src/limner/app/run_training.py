"""`limner train`: runs a recipe and prints its last held-out numbers. Does not know how training works."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from limner.app.files import folder_to_write
from limner.app.given import device_given
from limner.app.terminal import err, out, plain

STOPPED = 130


def run_training(
    recipe: str,
    *,
    scale: str,
    steps: int | None,
    minutes: float | None,
    folder: Path,
    device: str | None,
    jobs: int,
    threads: int | None,
    data: Sequence[str] = (),
    variant: str | None = None,
    base: Path | None = None,
    micro_batch: int | None = None,
    mix: str | None = None,
) -> None:
    """Train in `folder`; after Ctrl-C the state is saved and the exit code is 130."""
    from limner.chat.model_folder import checkpoint_folder
    from limner.training.data_words import read_assignments
    from limner.training.mix import read_mix
    from limner.training.run import check_kinds, check_recipe, run_recipe
    from limner.training.stopped import Stopped

    folder_to_write(folder)
    device_given(device)
    if steps is not None and minutes is not None:
        raise ValueError("Give either --steps or --minutes, not both.")
    one = bool(data) or any(given is not None for given in (micro_batch, base, mix))
    check_recipe(recipe, scale, variant, one=one)
    check_kinds(recipe, read_assignments(data), {} if mix is None else read_mix(mix))
    if base is not None:
        checkpoint_folder(base)
    try:
        numbers = run_recipe(
            recipe,
            scale=scale,
            steps=steps,
            minutes=minutes,
            out=folder,
            device=device,
            jobs=jobs,
            threads=threads,
            data=data,
            variant=variant,
            base=base,
            micro_batch=micro_batch,
            mix=mix,
        )
    except Stopped as stopped:
        err.print(plain(f"{stopped}; run the same command to go on"))
        sys.exit(STOPPED)
    for name, number in numbers.items():
        out.print(plain(f"{name:32s} {number:.4g}"))
