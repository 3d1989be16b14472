"""`limner train`: runs a recipe and prints its last held-out numbers. Does not know how training works."""

from __future__ import annotations

import sys

from limner.cli.files import folder_to_write
from limner.cli.given import device_given
from limner.cli.terminal import STOPPED, err, out, plain
from limner.training.run_options import RunOptions


def run_training(recipe: str, options: RunOptions) -> None:
    """Train in the options' folder; after Ctrl-C the state is saved and the exit code is 130."""
    from limner.inference.model_folder import checkpoint_folder
    from limner.training.data_words import read_assignments
    from limner.training.mix import read_mix
    from limner.training.run import check_kinds, check_recipe, run_recipe
    from limner.training.stopped import Stopped

    folder_to_write(options.out)
    device_given(options.device)
    check_recipe(recipe, options)
    shares = {} if options.mix is None else read_mix(options.mix)
    check_kinds(recipe, read_assignments(options.data), shares)
    if options.base is not None:
        checkpoint_folder(options.base)
    try:
        numbers = run_recipe(recipe, options)
    except Stopped as stopped:
        err.print(plain(f"{stopped}; run the same command to go on"))
        sys.exit(STOPPED)
    for name, number in numbers.items():
        out.print(plain(f"{name:32s} {number:.4g}"))
