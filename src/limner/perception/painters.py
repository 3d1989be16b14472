"""Who makes the pictures that raw material lacks: editors of a picture, and painters of a person whom a face
shows.

Knows the questions only, and how a class of the user's own is plugged in. Pixels are (H, W, 3) uint8 RGB.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, runtime_checkable

import numpy as np


class PaintError(Exception):
    """This one picture could not be made (refused, unreadable); others may be. The message says why."""


@runtime_checkable
class PictureEditor(Protocol):
    """Does to a picture what an instruction says."""

    def edit(self, pixels: np.ndarray, instruction: str, *, seed: int) -> np.ndarray:
        """The edited picture, of any size. PaintError when this one cannot be made; ValueError or OSError
        when none can.
        """


@runtime_checkable
class Personalizer(Protocol):
    """Paints the person whom a face shows, as a text says."""

    def personalize(self, face: np.ndarray, prompt: str, *, size_px: int, seed: int) -> np.ndarray:
        """A picture of that person, about `size_px` x `size_px`. Errors as of `PictureEditor.edit`."""


def plugged(place: str, protocol: type, **options: Any) -> Any:
    """An object of the user's class at "module:Class", made with `options`.

    ValueError says what is missing: the module, the class, or a method that `protocol` asks for.
    """
    module_name, _, class_name = place.partition(":")
    if not module_name or not class_name:
        raise ValueError(f"{place!r} names no class; write it as module:Class.")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise ValueError(
            f"The module {module_name!r} cannot be imported ({error}); install it, or set PYTHONPATH."
        ) from error
    made_by = getattr(module, class_name, None)
    if not callable(made_by):
        raise ValueError(f"{module_name} has no class {class_name!r}.")
    try:
        made = made_by(**options)
    except TypeError as error:
        raise ValueError(
            f"{place} cannot be made ({error}); it is called with {options or 'nothing'}."
        ) from error
    if not isinstance(made, protocol):
        asked = sorted(name for name in vars(protocol) if not name.startswith("_"))
        raise ValueError(f"{place} lacks what a {protocol.__name__} needs: {', '.join(asked)}.")
    return made
