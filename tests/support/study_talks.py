"""Small conversations as two runs might have held them: real rounds, tiny pictures."""

from __future__ import annotations

import numpy as np

from limner.dialogue.parts import Instruction, Picture, Response, Round


def picture(*parts):
    """A picture of its own for these numbers."""
    return Picture(np.random.default_rng(parts).integers(0, 255, (24, 24, 3), dtype=np.uint8))


def talk(task, run, rounds=3):
    """What a run answered to a task: the same words and given picture in every run, other pictures back."""
    return tuple(
        Round(
            instruction=Instruction(
                text=f"Round {index} of task {task}.", pictures=(picture(task, 9),) if index == 0 else ()
            ),
            response=Response(text="Here it is.", picture=picture(task, run, index)),
        )
        for index in range(rounds)
    )


def two_runs(num):
    """Task name -> conversation, of two runs."""
    return tuple({f"named-0-{task:05d}": talk(task, run) for task in range(num)} for run in (0, 1))
