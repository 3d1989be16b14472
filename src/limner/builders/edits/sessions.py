"""Editing sessions on real pictures, as public data sets hold them: who was edited into whom, by which words.

Knows steps between pictures, and how a picture is read or why it is not. Knows no data set's files
(`magicbrush.py`, `seed_edit.py`, `seed_x.py`) and nothing about what is made of a session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from limner.builders.edits.roots import ImageRoots
from limner.builders.files import are_whole
from limner.builders.photos import read_photo
from limner.dialogue.parts import Picture

MAX_WORDS_CHARACTERS = 500
_SHAPE_TOLERANCE = 0.02


@dataclass(frozen=True, kw_only=True)
class Step:
    """One edit: `source` and `target` are keys of the session's pictures.

    `response` is what is answered; "" where the data has none.
    """

    source: str
    instruction: str
    target: str
    response: str = ""


@dataclass(frozen=True, kw_only=True)
class Session:
    """All edits of one picture.

    Args:
        name: the session's name in its data set.
        steps: in the order in which they were made.
        pictures: key -> where the picture lies, or its bytes.
        returns: edits that lead back from a step's result to what it was made of.
        place: where its pictures are to be looked for, in its data set's own terms.
        lacking: key -> why its picture is not among `pictures`.
    """

    name: str
    steps: tuple[Step, ...]
    pictures: Mapping[str, Path | bytes] = field(default_factory=dict)
    returns: tuple[Step, ...] = ()
    place: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """What was not used, and why. `part` is what was left out: a session, a step, a line of a file."""

    name: str
    part: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Edits in a row with all their pictures, and single edits that leave the row.

    Args:
        name: the session's name.
        states: A0 (what the user brought), A1, ..., Ak.
        instructions: what leads from each state to the next; k of them.
        branches: further edits of one state: (index of the state, instruction, picture).
        returns: edits from one state to an earlier one: (index, instruction, index of the earlier one).
        responses: what the data answers to each instruction; "" where it answers nothing.
    """

    name: str
    states: tuple[Picture, ...]
    instructions: tuple[str, ...]
    branches: tuple[tuple[int, str, Picture], ...] = ()
    returns: tuple[tuple[int, str, int], ...] = ()
    responses: tuple[str, ...] = ()


def located(session: Session, roots: ImageRoots) -> Session:
    """The session with those of its pictures that lie in `roots`."""
    keys = dict.fromkeys(key for step in session.steps for key in (step.source, step.target))
    found = {key: place for key in keys if (place := roots.find(key)) is not None}
    lacking = {key: f"looked for {roots.looked_for(key)}" for key in keys if key not in found}
    return replace(session, pictures=found, lacking=lacking)


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps so that each comes after the one that makes what it edits; else as they stood."""
    left, ordered = list(steps), []
    while left:
        made_later = {step.target for step in left}
        following = next((step for step in left if step.source not in made_later), left[0])
        left.remove(following)
        ordered.append(following)
    return tuple(ordered)


def chain_of(session: Session, max_side_px: int) -> tuple[Chain | None, list[Dropped]]:
    """The longest row of edits that can be read, and what could not be used.

    Pictures are scaled down to `max_side_px` and brought to the first one's size. A picture that is missing,
    broken or of another shape ends its branch there; None when no edit is left.
    """
    dropped: list[Dropped] = []
    if not session.steps:
        return None, [Dropped(name=session.name, part="session", reason="it has no steps")]
    start = session.steps[0].source
    try:
        first = scaled(_read(session, start), max_side_px)
    except (ValueError, OSError) as error:
        return None, [Dropped(name=session.name, part="session", reason=_sentence(error))]
    found: dict[str, Picture] = {start: first}
    usable: list[Step] = []
    for number, step in enumerate(session.steps, start=1):
        try:
            _check(step, found, session.lacking)
            found[step.target] = _fitted(_read(session, step.target), first)
        except (ValueError, OSError) as error:
            dropped.append(Dropped(name=session.name, part=f"step {number}", reason=_sentence(error)))
            continue
        usable.append(step)
    if not usable:
        return None, dropped
    return _chain(session, start, usable, found), dropped


def _chain(session: Session, start: str, steps: list[Step], found: Mapping[str, Picture]) -> Chain:
    """The longest path from `start`; the first of equal ones, so that the result does not change."""
    paths: dict[str, tuple[Step, ...]] = {start: ()}
    for step in steps:
        paths[step.target] = (*paths[step.source], step)
    longest = max(paths.values(), key=len)
    keys = [start, *(step.target for step in longest)]
    branches = [
        (keys.index(step.source), step.instruction, found[step.target])
        for step in steps
        if step.source in keys and step not in longest
    ]
    returns = [
        (keys.index(step.source), step.instruction, keys.index(step.target))
        for step in session.returns
        if step.source in keys
        and step.target in keys
        and len(step.instruction) <= MAX_WORDS_CHARACTERS
        and are_whole(step.instruction)
    ]
    return Chain(
        name=session.name,
        states=tuple(found[key] for key in keys),
        instructions=tuple(step.instruction for step in longest),
        branches=tuple(branches),
        returns=tuple(returns),
        responses=tuple(step.response for step in longest),
    )


def _check(step: Step, found: Mapping[str, Picture], lacking: Mapping[str, str]) -> None:
    if step.source not in found:
        why = lacking.get(step.source, "")
        raise ValueError(f"it edits {step.source}, which is not there{f' ({why})' if why else ''}")
    if step.target in found:
        raise ValueError(f"its result {step.target} is there already")
    words = step.instruction
    if not words.strip():
        raise ValueError("it has no instruction")
    if len(words) > MAX_WORDS_CHARACTERS:
        raise ValueError(f"its instruction has {len(words)} characters, more than {MAX_WORDS_CHARACTERS}")
    if not are_whole(words) or not are_whole(step.response):
        raise ValueError("its words hold half of a character")


def _read(session: Session, key: str) -> Picture:
    held = session.pictures.get(key)
    if held is None:
        told = session.lacking.get(key, "")
        raise ValueError(f"the picture {key} is missing{f' ({told})' if told else ''}")
    return Picture(read_photo(held))


def scaled(picture: Picture, max_side_px: int) -> Picture:
    """The picture with a longer side of `max_side_px` at most; its shape is kept."""
    side_px = max(picture.width_px, picture.height_px)
    if side_px <= max_side_px:
        return picture
    scale = max_side_px / side_px
    return _resized(picture, round(picture.width_px * scale), round(picture.height_px * scale))


def _fitted(picture: Picture, first: Picture) -> Picture:
    shapes = [p.width_px / p.height_px for p in (picture, first)]
    if abs(shapes[0] / shapes[1] - 1) > _SHAPE_TOLERANCE:
        raise ValueError(
            f"its picture is {picture.width_px}x{picture.height_px} px, of another shape than the first one"
        )
    return _resized(picture, first.width_px, first.height_px)


def _resized(picture: Picture, width_px: int, height_px: int) -> Picture:
    if (picture.width_px, picture.height_px) == (width_px, height_px):
        return picture
    return Picture.from_pil(picture.to_pil().resize((width_px, height_px), Image.Resampling.LANCZOS))


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())
