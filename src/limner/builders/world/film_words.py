"""Captioner and writer for the world's own films: they read the truth that lies beside each film.

Pixels have no part in these words, so what is checked against truth (who is who, and where) is not theirs.
Knows films written by `limner world film`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from limner.builders.files import printable
from limner.perception.protocols import Look, Told, View
from limner_world.caption import tell
from limner_world.chance import seeded
from limner_world.names import Name
from limner_world.scene import Scene
from limner_world.serial import scene_from_json

_AGES = {"baby": "baby", "child": "child"}


class WorldCaptioner:
    """A `Captioner`: a description of the film's first scene, and its persons' looks."""

    def caption(self, view: View) -> Told:
        """ValueError when no truth lies beside the film."""
        scene = first_scene(view.origin)
        rng = seeded("told film", printable(view.origin.name if view.origin else ""))
        told = tell(scene, None, rng=rng, register="describe", length="medium")
        looks = tuple(
            Look(presentation=traits.presentation, age=_AGES.get(traits.age, "adult"))
            for traits in (figure.person.traits for figure in scene.figures)
        )
        return Told(caption=told.text, looks=looks)


class WorldWriter:
    """A `Writer` that captions the same scene again, with names."""

    def name_persons(self, view: View, told: Told, names: Sequence[str]) -> str:
        """ValueError when no truth lies beside the film."""
        scene = first_scene(view.origin)
        rng = seeded("named film", printable(view.origin.name if view.origin else ""), *names)
        given = [Name(name=name, introduction=name) for name in names]
        return tell(scene, given, rng=rng, register="describe").text


def first_scene(film: Path | None) -> Scene:
    """The first scene of one of the world's films, from the truth beside it."""
    truth = None if film is None else film.with_suffix(".json")
    if truth is None or not truth.is_file():
        raise ValueError(f"no truth lies beside {film}; the world's words are for films of limner world film")
    return scene_from_json(json.loads(truth.read_text(encoding="utf-8"))["first"]["scene"])
