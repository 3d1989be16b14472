"""The words by which a recipe is told its data sets. Knows folders of dialogues; loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def read_assignments(words: Sequence[str]) -> dict[str, Path | None]:
    """`NAME=FOLDER` (or `NAME=world`) words -> by name; None stands for the world's own pictures.

    Raises:
        ValueError: a word of another shape, a name given twice, or a folder without a data set.
    """
    found: dict[str, Path | None] = {}
    for word in words:
        name, equals, folder = word.partition("=")
        if not (name and equals and folder):
            raise ValueError(f"--data takes NAME=FOLDER, not {word!r}.")
        if name in found:
            raise ValueError(f"--data names {name} twice; join the two data sets into one folder.")
        found[name] = None if folder == "world" else Path(folder)
        if found[name] is not None:
            from limner.dataset.reader import DatasetReader  # which costs more than all else here

            DatasetReader(Path(folder))  # says what is wrong with it
    return found
