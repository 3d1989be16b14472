"""One module of a large package, without all the others.

Some packages import every module they hold in their `__init__`: of diffusers' transformers, sixty models and
scipy for the one that is used. Knows Python's import; knows nothing about models.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()


@contextmanager
def without_siblings(package: str) -> Iterator[None]:
    """Inside, `package.module` is imported while the package's own `__init__` is left for who asks for the
    package later; modules are the same for both. A package that is loaded already is used as it is.
    """
    with _LOCK:
        spec = None if package in sys.modules else importlib.util.find_spec(package)
        if spec is None or spec.submodule_search_locations is None:
            yield
            return
        stand_in = importlib.util.module_from_spec(spec)  # has a path to find modules by; nothing has run
        sys.modules[package] = stand_in
        try:
            yield
        finally:
            if sys.modules.get(package) is stand_in:
                del sys.modules[package]
