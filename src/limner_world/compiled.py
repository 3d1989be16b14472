"""Turn a numeric function into machine code, kept on disk for the next process.

Knows numba and where it may keep what it compiled. Knows nothing about pictures. Importing this module is
slow: import what is compiled where it is first called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """`function`, compiled at its first call for the types it is called with; other threads run meanwhile.

    No fast mathematics and no threads of its own: the same input gives the same bits on every machine. A
    division by zero gives infinity or not-a-number, as in numpy. Functions that call each other belong in one
    file, because what is kept on disk is made anew only when its own file changes.
    """
    try:
        made = njit(function, cache=True, nogil=True, error_model="numpy")
    except RuntimeError:  # no folder in which the compiled code may be kept: compile in every process
        made = njit(function, nogil=True, error_model="numpy")
    kept: _Function = made
    return kept
