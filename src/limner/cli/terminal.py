"""The terminal's two streams: answers on stdout, everything else on stderr, and a sentence for an error.

Knows text only; pictures are `terminal_picture.py`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, NoReturn

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from limner.evaluation.run_folder import Progress

STOPPED: Final = 130  # the exit code after Ctrl-C
_LOG_EVERY_S: Final = 20

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160), *range(0xD800, 0xE000)), "�")


def plain(text: str) -> Text:
    """Text as it stands, without markup; control characters, which could steer a terminal, and bytes of
    names that are no UTF-8 are replaced.
    """
    return Text(text.translate(_CONTROLS))


def fail(error: object) -> NoReturn:
    """Print one clear sentence on stderr, below the keys of weights that do not fit, and leave with exit
    code 2.
    """
    for line in getattr(error, "lines", ()):  # of a `MisfitError`, which is not loaded for it
        err.print(plain(line))
    err.print(plain(f"limner: {sentence(error)}"))
    raise SystemExit(2)


def sentence(error: object) -> str:
    """What went wrong, on one line and without error numbers."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"{place}{error.strerror}."
    return " ".join(str(error).split())


@contextmanager
def resumable(what: str) -> Iterator[Callable[[Progress], None]]:
    """Shows how far a run of tasks is, which are called `what`: a bar on a terminal, a line now and then in a
    log. After Ctrl-C a line that says how to go on, and exit code 130.
    """
    last: list[Progress] = []
    with _bar(what) if err.is_terminal else nullcontext(_lines(what)) as show:

        def tell(progress: Progress) -> None:
            last[:] = [progress]
            show(progress)

        try:
            yield tell
        except KeyboardInterrupt:
            done = f" after {last[0].done} of {last[0].total} {what}" if last else ""
            err.print(plain(f"stopped{done}; run the same command to go on"))
            raise typer.Exit(STOPPED) from None


@contextmanager
def _bar(what: str) -> Iterator[Callable[[Progress], None]]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    description = TextColumn("{task.description}")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
    with Bar(description, *columns, console=err, transient=True) as bar:
        shown = bar.add_task("loading", total=None)

        def show(progress: Progress) -> None:
            about = progress.suite or what
            bar.update(shown, total=progress.total, completed=progress.done, description=about)

        yield show


def _lines(what: str) -> Callable[[Progress], None]:
    start = last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        computed = progress.done - progress.resumed
        if computed and (now - last >= _LOG_EVERY_S or progress.done == progress.total):
            last = now
            left_s = (now - start) / computed * (progress.total - progress.done)
            err.print(plain(f"{progress.done} of {progress.total} {what}, about {left_s / 60:.0f} min left"))

    return show
