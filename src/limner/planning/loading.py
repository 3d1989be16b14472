"""Any painter by its name: a model with a memory, or one without behind the planner that `--with` describes.

Knows names. Loads nothing before they are known to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import limner
from limner.inference.model_folder import EMBEDDED, checkpoint_folder
from limner.planning.names import is_planned

PLANNED_ONLY: Final = "--with is for painters without memory: --model endpoint:URL or diffusers:FOLDER."


def known_model(model: str) -> str:
    """The name of a model as any process may use it, whatever folder it works in. ValueError where there is
    no such model.
    """
    if is_planned(model):
        return model
    folder = checkpoint_folder(model)
    return model if model == EMBEDDED else str(folder.resolve())


def load(model: str, *, words: Sequence[str] = (), **options: Any) -> limner.Painter:
    """`limner.load`, with the words of `--with` for painters that have no memory. ValueError where they are
    given for one that has.
    """
    from limner.planning.opening import Planning

    if words and not is_planned(model):
        raise ValueError(PLANNED_ONLY)
    planning = Planning.from_words(words) if is_planned(model) else None
    return limner.load(model, planning=planning, **options)
