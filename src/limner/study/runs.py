"""The conversations of an evaluation run, by task, as the study needs them.

Knows that a run is a `RunFolder`; reads pictures only of what is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from limner.dialogue.parts import Round
from limner.evaluation.run_folder import RunFolder, read_run


class RunConversations(Mapping[str, tuple[Round, ...]]):
    """Task name, as in the run's rows -> the conversation that was held.

    Args:
        folder: a run of `limner evaluate`.
        suites: which suites' tasks; empty for all that the run holds.

    Raises:
        ValueError: when there is no run, or it has no finished task of a suite.
    """

    def __init__(self, folder: Path, suites: Sequence[str] = ()) -> None:
        self._run: RunFolder = read_run(folder)
        there = dict.fromkeys(suite for suite, _ in sorted(self._run.tasks))
        for suite in suites:
            if suite not in there:
                raise ValueError(
                    f"The evaluation at {folder} has no finished task of suite {suite!r}; "
                    f"it has {', '.join(there) or 'none at all'}."
                )
        seed = self._run.options.get("seed", 0)
        self._tasks = {
            f"{suite}-{seed}-{index:05d}": task
            for (suite, index), task in sorted(self._run.tasks.items())
            if not suites or suite in suites
        }

    @property
    def run(self) -> RunFolder:
        """The run that they are of."""
        return self._run

    def __getitem__(self, task: str) -> tuple[Round, ...]:
        return self._run.conversation(self._tasks[task])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)
