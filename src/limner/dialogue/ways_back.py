"""The phrase table: how people reach back in a conversation, family by family, each wording once.

Whoever says such things (the world's dialogues, the builders' chains of edits, the benchmark's
conversations) takes them from here, and whoever reads them (`reaching.py`) knows them from here. Knows
wordings and their slots alone: {new} and {New} the change that is asked for, {old} one made earlier as a
gerund, {times}, {steps}, {edits} and {actions} an amount, {which} an ordinal, {n} a picture's name, {x} an
instruction.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

Forms = tuple[str, ...]


class Way(StrEnum):
    """Where an instruction reaches back to."""

    COUNT = "count"  # so many pictures back
    FIRST = "first"  # the first picture of all
    GIVEN = "given"  # the picture that the user brought
    NUMBERED = "numbered"  # the first, second, ... picture, or "picture 2"
    BEFORE = "before"  # as it was before something was done
    AFTER = "after"  # as it was right after something was done
    INSTEAD = "instead"  # as before something was done, and then something else
    NAMED = "named"  # the picture that was given a name
    DESCRIBED = "described"  # "the picture with the hat"


NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip

# The world's dialogues.
WORLD_COUNTS: Final[dict[int, Forms]] = {
    1: ("one time", "1 time", "1 times", "once"),
    2: ("two times", "2 times", "twice"),
    3: ("three times", "3 times"),
}
WORLD_STEPS: Final[dict[int, Forms]] = {
    1: ("one step", "1 step"),
    2: ("two steps", "2 steps"),
    3: ("three steps", "3 steps"),
}
WORLD_STEP_BACK: Final = (
    "Step back {times} and {new}.",
    "Step back {times}, {new}.",
    "Step back {times}, then {new}.",
    "Go back {steps} and {new}.",
    "Roll back {steps} and {new}.",
    "Rollback {steps} and {new}.",
    "Backtrack {times}, {new}.",
    "Backtrack {steps} and {new}.",
    "Recall {steps}, {new}.",
    "Undo the last {edits} and {new}.",
    "Undo {steps}, then {new}.",
    "Take back the last {edits} and {new}.",
)
WORLD_INSTEAD: Final = (
    "Instead of {old}, {new}.",
    "Instead of {old}, {new}.",
    "Rather than {old}, {new}.",
    "No, instead of {old}, {new}.",
    "{New} instead of {old}.",
    "Don't keep that; instead of {old}, {new}.",
)
WORLD_FIRST: Final = (
    "Recall the first picture and {new}.",
    "Go back to the first picture and {new}.",
    "Start from scratch and {new}.",
    "Start again from the beginning and {new}.",
    "Start over from the first picture and {new}.",
    "Return to the very first image, then {new}.",
    "Take the first picture and {new}.",
    "Forget all edits and {new}.",
)
WORLD_GIVEN: Final = (
    "Start from scratch and {new}.",
    "Go back to my picture and {new}.",
    "Start again with the picture I gave you and {new}.",
    "Take the original picture and {new}.",
    "Return to the original, then {new}.",
)
WORLD_UNDO: Final = (
    "Undo that.",
    "Undo that",
    "Undo the last change.",
    "Take that back.",
    "Step back.",
    "Go back one step.",
    "I don't like it, undo that.",
    "Revert the last edit.",
    "No, give me the picture before that.",
)
WORLD_BEFORE: Final = (
    "Go back to the picture before {old} and {new}.",
    "Go back to how it was before {old} and {new}.",
    "Recall the picture before {old}, and {new}.",
)
WORLD_AFTER: Final = (
    "Go back to the picture after {old} and {new}.",
    "Go back to when you finished {old} and {new}.",
    "Recall the picture made by {old}, and {new}.",
)

# Without a change: an earlier picture is wanted as it was. {k} is the number of a picture.
WORLD_UNDO_BRIEF: Final = (
    "Undo.",
    "undo",
    "Go back.",
    "Take it back.",
    "No, undo that.",
    "I liked it better before.",
)
WORLD_STEP_BACK_ALONE: Final = (
    "Step back {times}.",
    "Go back {steps}.",
    "Undo the last {edits}.",
    "Take back the last {edits}.",
    "Roll back {steps}.",
)
WORLD_FIRST_ALONE: Final = (
    "Go back to the first picture.",
    "Back to the first picture.",
    "Show me the first picture again.",
    "The first picture again, please.",
    "Return to the very first image.",
    "Start over.",
    "Start from scratch.",
    "Forget all edits.",
)
WORLD_BEFORE_ALONE: Final = (
    "Go back to how it was before {old}.",
    "Go back to the picture before {old}.",
    "Show me again the picture from before {old}.",
)
WORLD_AFTER_ALONE: Final = (
    "Go back to the picture after {old}.",
    "Show me again the picture after {old}.",
)
WORLD_NUMBERED: Final = (
    "Go back to the {which} picture and {new}.",
    "Take the {which} picture and {new}.",
    "Go back to picture {k} and {new}.",
    "Take picture {k} and {new}.",
)
WORLD_NUMBERED_ALONE: Final = (
    "Go back to the {which} picture.",
    "Back to the {which} picture.",
    "Show me the {which} picture again.",
    "Go back to picture {k}.",
    "Show me picture {k} again.",
)

# Chains of edits that are built from raw material: the slides' verbs.
EDIT_VERBS: Final[dict[str, Forms]] = {
    "rollback": ("rollback {steps}", "roll back {steps}", "rollback {times}", "rollback the last {edits}"),
    "step back": ("step back {times}", "step back {times}", "take {steps} back", "go {steps} back"),
    "backtrack": ("backtrack {times}", "backtrack {steps}", "backtrack by {steps}"),
    "recall": ("recall {actions}", "recall {steps}", "recall the last {actions}", "undo the last {actions}"),
}
EDIT_SCRATCH: Final = (
    "start from scratch",
    "start from scratch with my picture",
    "start again from scratch",
    "go back to the original picture",
    "forget all edits",
    "start over",
)
EDIT_LEADS: Final = ("", "", "", "", "Please ", "No, ", "Now ")
EDIT_JOINS: Final = (" and {new}.", " and {new}.", ", {new}.", ", then {new}.", " and then {new}.")
EDIT_INSTEADS: Final = (
    "instead of {old}, {new}.",
    "instead of {old}, {new}.",
    "rather than {old}, {new}.",
    "{new} instead of {old}.",
)
EDIT_QUOTED_INSTEADS: Final = (
    'Instead of this: "{old}", do this: "{new}"',
    'Not this: "{old}" In its place, do this: "{new}"',
)
EDIT_THEN: Final = ('. Then do this: "{new}"', '. From there: "{new}"', ", then do the following. {new}")

# The benchmark's conversations.
BENCH_TIMES: Final = {1: "once", 2: "twice", 3: "three times", 4: "four times"}
BENCH_STEPS: Final = {1: "one step", 2: "two steps", 3: "three steps", 4: "four steps"}
BENCH_COUNT_AND: Final = (
    "Step back {times} and {new}.",
    "Go back {steps}, then {new}.",
    "Undo the last {edits} and {new}.",
    "Backtrack {steps} and {new}.",
)
BENCH_COUNT: Final = (
    "Step back {times}.",
    "Go back {steps}.",
    "Undo the last {edits}.",
    "Roll back {steps}.",
)
BENCH_BEFORE_AND: Final = (
    "Take the picture from before {old}, and {new}.",
    "Go back to how it was before {old} and {new}.",
)
BENCH_BEFORE: Final = (
    "Show me again the picture from before {old}.",
    "Go back to how it was before {old}.",
)
BENCH_AFTER_AND: Final = (
    "Take the picture as it was right after {old}, and {new}.",
    "Go back to the picture that came of {old} and {new}.",
)
BENCH_AFTER: Final = (
    "Show me again the picture as it was right after {old}.",
    "Go back to the picture that came of {old}.",
)
BENCH_INSTEAD_LAST: Final = ("Instead of {old}, {new}.", "No, rather than {old}, {new}.")
BENCH_INSTEAD_ALL: Final = (
    "Instead of {old} and everything that came after it, {new}.",
    "Rather than {old} and all that followed, {new}.",
)
BENCH_SCRATCH_GIVEN: Final = (
    "Start from scratch with the picture I gave you and {new}.",
    "Forget all edits: take my original picture and {new}.",
)
BENCH_SCRATCH: Final = (
    "Start from scratch: take the very first picture and {new}.",
    "Start over and {new}.",
)
BENCH_SCRATCH_AT: Final = (
    "Start over from the {which} picture that you made, and {new}.",
    "Begin again with the {which} picture you painted and {new}.",
)
BENCH_NAMED_AND: Final = ("Take the picture called {n} and {new}.", "Go back to {n}, then {new}.")
BENCH_NAMED: Final = ("Show me {n} again.", "Go back to the picture called {n}.")
# How a picture is given a name.
CALLS: Final = ("{x} Call the result {n}.", "{x} Let us call that picture {n}.", "{x} This one is named {n}.")

_TABLE: Final[tuple[tuple[Way, Forms], ...]] = (
    (Way.INSTEAD, (*BENCH_INSTEAD_ALL, *EDIT_QUOTED_INSTEADS)),
    (Way.NUMBERED, BENCH_SCRATCH_AT),
    (Way.AFTER, (*BENCH_AFTER_AND, *BENCH_AFTER, *WORLD_AFTER, *WORLD_AFTER_ALONE)),
    (Way.BEFORE, (*BENCH_BEFORE_AND, *BENCH_BEFORE, *WORLD_BEFORE, *WORLD_BEFORE_ALONE)),
    (Way.GIVEN, (*BENCH_SCRATCH_GIVEN, *WORLD_GIVEN[1:])),
    (Way.FIRST, (*BENCH_SCRATCH, *WORLD_FIRST, *WORLD_FIRST_ALONE)),
    (Way.INSTEAD, (*BENCH_INSTEAD_LAST, *WORLD_INSTEAD)),
    (
        Way.COUNT,
        (
            *BENCH_COUNT_AND,
            *BENCH_COUNT,
            *WORLD_STEP_BACK,
            *WORLD_STEP_BACK_ALONE,
            *WORLD_UNDO,
            *WORLD_UNDO_BRIEF,
        ),
    ),
    (Way.NAMED, (BENCH_NAMED_AND[0], BENCH_NAMED[1])),
)


def forms() -> Iterator[tuple[Way, str]]:
    """Every whole wording with what it reaches back to; the narrower ones first."""
    for way, wordings in _TABLE:
        yield from ((way, form) for form in dict.fromkeys(wordings))
    for verbs in EDIT_VERBS.values():
        for verb in dict.fromkeys(verbs):
            yield Way.COUNT, f"{verb}."
            yield from ((Way.COUNT, f"{verb}{join}") for join in dict.fromkeys((*EDIT_JOINS, *EDIT_THEN)))
    for scratch in EDIT_SCRATCH:
        way = Way.GIVEN if "my picture" in scratch or "original" in scratch else Way.FIRST
        yield way, f"{scratch}."
        yield from ((way, f"{scratch}{join}") for join in dict.fromkeys((*EDIT_JOINS, *EDIT_THEN)))
    yield from ((Way.INSTEAD, form) for form in dict.fromkeys(EDIT_INSTEADS))
