"""Hold one conversation with a system: every round in the script's order, forking where it forks.

Knows the protocol. Knows nothing about what is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from limner.benchmark.conversation import BenchConversation, as_picture
from limner.benchmark.systems.protocol import Session, System, SystemAnswer


@dataclass
class _Line:
    """A session and the last round that was said to it."""

    session: Session
    last: int


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """A conversation was left between two rounds, because it is no longer wanted."""


def hold(
    system: System, conversation: BenchConversation, stopped: Callable[[], bool] = lambda: False
) -> tuple[SystemAnswer, ...]:
    """Run the conversation with a system; one answer per round. Times that a system does not report are
    measured here.

    Stopped when `stopped()` holds before a round.
    """
    answers: list[SystemAnswer] = []
    lines: list[_Line] = []  # by round: on which line it was said
    for index, round_ in enumerate(conversation.rounds):
        if stopped():
            raise Stopped(conversation.name)
        if round_.after < 0:
            line = _Line(system.begin(conversation), index)
        else:
            line = lines[round_.after]
            if line.last != round_.after:
                line = _Line(line.session.fork(answers[round_.after].id), index)
        line.last = index
        lines.append(line)
        pictures = [as_picture(shot, conversation.size_px) for shot in round_.pictures]
        start = time.perf_counter()
        answer = line.session.say(round_.say, pictures)
        answers.append(replace(answer, seconds=answer.seconds or time.perf_counter() - start))
    return tuple(answers)
