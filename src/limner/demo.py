"""The demo: four conversations that show what a later round remembers.

Knows its prompts and how to hold them; knows nothing about printing or pages: it yields what happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from PIL import Image

from limner.inference.conversation import Reply
from limner.inference.painter import Painter
from limner_world.render import render
from limner_world.sampling import random_person
from limner_world.scene import Figure, Scene


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a demo's script: the words, and whether a face is given with them."""

    text: str
    with_face: bool = False


@dataclass(frozen=True, kw_only=True)
class Script:
    """A conversation to be held; `note` says what to look for."""

    name: str
    title: str
    note: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Played:
    """One round as it happened."""

    script: Script
    number: int
    line: Line
    given: Image.Image | None
    reply: Reply


@dataclass(kw_only=True)
class PlayedScript:
    """A whole conversation as it happened, for the page."""

    script: Script
    rounds: list[Played] = field(default_factory=list)


SCRIPTS = (
    Script(
        name="named",
        title="Two people, by name",
        note="Only the first round describes anyone. The close-ups must find who was meant, in the words "
        "and in the picture.",
        lines=(
            Line(
                text="The image shows Clara and Hugo in a living room. Clara has fair skin and long red "
                "hair. She is wearing a yellow sweater and smiling. Hugo has dark skin, short black hair "
                "and a beard. He is wearing a blue button-up shirt and black glasses."
            ),
            Line(text="A close-up of Clara."),
            Line(text="Now a close-up of Hugo."),
        ),
    ),
    Script(
        name="rollback",
        title="Edits, and going back",
        note="The fourth round undoes one edit and makes another, the fifth starts from the first picture.",
        lines=(
            Line(
                text="The image shows a woman in a garden. She has brown skin and curly black hair. "
                "She is wearing a green t-shirt and smiling."
            ),
            Line(text="Add a red beanie."),
            Line(text="Change the background to the beach."),
            Line(text="Instead of changing the background to the beach, make her hair blond."),
            Line(text="Go back to the first picture and add blue glasses."),
        ),
    ),
    Script(
        name="face",
        title="A face given, a new scene",
        note="The face was never described: who it is can only come from the picture.",
        lines=(
            Line(
                text="Generate a person at the beach, wearing a white t-shirt and smiling. "
                "Please keep the face identical.",
                with_face=True,
            ),
            Line(text="Paint the same person in a snowy field, wearing a red sweater."),
        ),
    ),
    Script(
        name="question",
        title="Another style, and questions",
        note="The same picture, drawn otherwise. The answers come from what the model painted itself.",
        lines=(
            Line(
                text="The image shows Nora and Felix in a kitchen. Nora has gray hair in a bun and wears a "
                "purple cardigan. Felix has blond hair and wears a red hooded sweatshirt."
            ),
            Line(text="Turn the picture into a pencil drawing."),
            Line(text="Now turn it into a comic."),
            Line(text="What color is the hair of the person on the left?"),
            Line(text="How many people are in the picture?"),
        ),
    ),
)


def given_face(seed: int, size_px: int) -> Image.Image:
    """An adult's face of the world's test split on white, which no text describes to the model."""
    rng = np.random.default_rng(seed)
    people = (random_person(rng, split="test") for _ in count())
    person = next(person for person in people if person.traits.age not in ("baby", "child"))
    scene = Scene(figures=(Figure(person=person),), framing="close-up", setting="white")
    return Image.fromarray(render(scene, size_px))


def play(painter: Painter, seed: int) -> Iterator[Played]:
    """Hold every scripted conversation, yielding each round as it is done."""
    for script in SCRIPTS:
        conversation = painter.conversation(seed=seed)
        for number, line in enumerate(script.lines, start=1):
            given = given_face(seed, painter.image_size_px) if line.with_face else None
            reply = conversation.say(line.text, images=[given] if given is not None else [])
            yield Played(script=script, number=number, line=line, given=given, reply=reply)
