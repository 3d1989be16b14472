"""Run the benchmark: which conversations are left, who holds them, and what all of them amount to.

Knows the order of things. A run lies on disk like an evaluation (`evaluation/run_folder.py`): one line per
finished conversation, gone on with after any interruption. Knows nothing about systems and scores.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Final

import limner
from limner.benchmark.conversation import BenchConversation, as_picture
from limner.benchmark.curve_plots import curves_svg
from limner.benchmark.curves import curves_of
from limner.benchmark.holding import hold
from limner.benchmark.scoring import Scorer
from limner.benchmark.summing import by_family, suites
from limner.benchmark.systems.protocol import System, SystemAnswer
from limner.dialogue.parts import Instruction, Response, Round
from limner.evaluation.run_folder import Progress, RunFolder, open_run, write_json, write_rows
from limner.evaluation.suite import Outcome
from limner.whole_file import write_whole

TASKS: Final = "conversations"
Held = tuple[int, BenchConversation, tuple[SystemAnswer, ...]]


def run_bench(
    system: System,
    scorer: Scorer,
    conversations: Sequence[BenchConversation],
    *,
    out: Path,
    options: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
    concurrency: int = 1,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, Any]:
    """Hold and score all conversations; write rows and results into `out`; the results.

    Args:
        system: under test. With `concurrency` above 1 its sessions are used from several threads.
        scorer: the same for every system.
        conversations: the set, in order.
        out: the run's folder; one that holds a part of the same run is gone on with, and gives the same
            results as a run never interrupted.
        options: what results depend on: system, set, hash, judge; a folder of other options is an error.
        facts: what else is worth telling.
        concurrency: conversations held at a time.
        tell: called at the beginning and after every conversation.

    Raises:
        ValueError: nothing to run, a folder of other options, or a system that cannot be asked.
    """
    if not conversations:
        raise ValueError("A benchmark needs at least one conversation; give --num 1 or more.")
    with open_run(out, options) as folder:
        if facts is not None and folder.facts != dict(facts):
            folder.write_facts(facts)
        missing = [index for index in range(len(conversations)) if (TASKS, index) not in folder.tasks]
        done = resumed = len(conversations) - len(missing)
        tell(Progress(done=done, total=len(conversations), resumed=resumed))
        with closing(_held(system, conversations, missing, concurrency)) as held:
            for index, conversation, answers in held:
                outcome = Outcome(
                    rows=scorer.rows(conversation, answers),
                    conversation=_rounds(conversation, answers),
                    round_seconds=tuple(answer.seconds for answer in answers),
                )
                folder.add(TASKS, index, outcome, sum(outcome.round_seconds))
                done += 1
                tell(Progress(done=done, total=len(conversations), resumed=resumed))
        return _conclude(folder)


def _held(
    system: System, conversations: Sequence[BenchConversation], missing: Sequence[int], concurrency: int
) -> Generator[Held, None, None]:
    if concurrency <= 1:
        for index in missing:
            yield index, conversations[index], hold(system, conversations[index])
        return
    with _pool(concurrency) as (pool, stopped):
        waiting = list(missing)
        running: dict[Future[tuple[SystemAnswer, ...]], int] = {}
        while waiting or running:
            while waiting and len(running) < concurrency:
                index = waiting.pop(0)
                running[pool.submit(hold, system, conversations[index], stopped)] = index
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                index = running.pop(future)
                yield index, conversations[index], future.result()


@contextmanager
def _pool(size: int) -> Iterator[tuple[ThreadPoolExecutor, Callable[[], bool]]]:
    """Threads that stop after the round at hand when something goes wrong; whether they should."""
    pool, stop = ThreadPoolExecutor(size, thread_name_prefix="conversation"), Event()
    try:
        yield pool, stop.is_set
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _rounds(conversation: BenchConversation, answers: Sequence[SystemAnswer]) -> tuple[Round, ...]:
    """What was said and answered, in the script's order, for people to look at."""
    return tuple(
        Round(
            instruction=Instruction(
                text=round_.say,
                pictures=tuple(as_picture(shot, conversation.size_px) for shot in round_.pictures),
            ),
            response=Response(text=answer.text, picture=answer.picture),
            depends_on=(round_.after,) if round_.after >= 0 else (),
        )
        for round_, answer in zip(conversation.rounds, answers, strict=True)
    )


def _conclude(folder: RunFolder) -> dict[str, Any]:
    """Estimates from what lies on disk, so that resumed and uninterrupted runs take the same way."""
    tasks = folder.of_suite(TASKS)
    rows = [row for task in tasks for row in task.rows]
    if not rows:
        raise ValueError("Nothing in this set can be scored; sets of real pictures may need --judge-url.")
    results = {
        "format": 1,
        "limner": limner.__version__,
        **folder.options,
        **folder.facts,
        "suites": suites(rows),
        **({"curves": curves} if (curves := curves_of(rows)) else {}),
    }
    if "curves" in results:
        drawn = curves_svg(results["curves"], title=str(folder.options.get("system", "")))
        write_whole(drawn.encode(), folder.path / "curves.svg")
    seconds = [value for task in tasks for value in task.round_seconds]
    write_rows(folder.path, by_family(rows))
    write_json(
        folder.path / "timing.json",
        {"rounds": len(seconds), "seconds": sum(seconds), "mean": sum(seconds) / len(seconds)},
    )
    write_json(folder.path / "results.json", results)
    return results
