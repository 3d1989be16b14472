"""Runs command lines side by side in forks of one light process, and tells what each said, loaded and cost.

Reads a JSON list of command lines from stdin; writes a line of JSON for each into the file that it is told:
{"code", "said", "loaded", "cpu_s"}.
A module of HEAVY ends the command that imports it, so that a slow no is found out fast.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import json
import os
import resource
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from limner.cli.main import main

HEAVY = {
    *("torch", "transformers", "diffusers", "numba", "scipy"),
    *("peft", "accelerate", "datasets", "ray", "av"),
}


# What most command lines load, and what tells a mistake: loaded once, and counted with each.
LOADED_BY_MOST = (["--version"], ["demo", "--model", "no/such/place"])


class Heavy(BaseException):
    """Nobody catches it."""


class Guard(importlib.abc.MetaPathFinder):
    """Ends whoever imports one of HEAVY."""

    def find_spec(self, name, path=None, target=None):
        if name in HEAVY:
            where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_stack()]
            ours = [place for place in where if "limner" in place]
            raise Heavy(f"{name} by {ours[-1]}")
        return


def told(words: list[str]) -> dict[str, Any]:
    """One command line in a process of its own; `cpu_s` counts what this process had taken, too."""
    with tempfile.TemporaryFile("w+") as stream, tempfile.TemporaryFile("w+") as note:
        child = os.fork()
        if child == 0:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
            code = 0
            try:
                main(words)
            except SystemExit as left:
                code = int(left.code or 0)
            except Heavy as heavy:
                note.write(str(heavy))
                note.flush()
                code = 99
            except BaseException:
                traceback.print_exc()
                code = 98
            for out in (sys.stdout, sys.stderr):
                out.flush()
            os._exit(code)
        _, status, used = os.wait4(child, 0)
        stream.seek(0)
        note.seek(0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "said": stream.read(),
            "loaded": note.read(),
            "cpu_s": used.ru_utime + used.ru_stime,
        }


if __name__ == "__main__":
    lines = json.load(sys.stdin)
    sys.meta_path.insert(0, Guard())
    for words in LOADED_BY_MOST:
        with contextlib.suppress(SystemExit):
            main(words)
    own = resource.getrusage(resource.RUSAGE_SELF)
    started_s = own.ru_utime + own.ru_stime
    with Path(sys.argv[1]).open("w", buffering=1) as answers:
        for words in lines:
            answer = told(words)
            answers.write(json.dumps({**answer, "cpu_s": answer["cpu_s"] + started_s}) + "\n")
