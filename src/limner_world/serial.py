"""Scenes as plain JSON values and back. Knows the shape of the dataclasses and nothing of what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from limner_world.person import Identity, Person, Traits
from limner_world.scene import Figure, Scene


def person_to_json(person: Person) -> dict[str, Any]:
    """`person` as {"traits": {...}, "identity": [22 numbers]}."""
    return {
        "traits": {f.name: getattr(person.traits, f.name) for f in fields(Traits)},
        "identity": list(person.identity.vector()),
    }


def person_from_json(value: Mapping[str, Any]) -> Person:
    """The inverse of `person_to_json`. Raises ValueError on unknown or missing fields."""
    names = [f.name for f in fields(Identity)]
    numbers = value["identity"]
    if len(numbers) != len(names):
        raise ValueError(
            f"an identity has {len(names)} numbers, got {len(numbers)}; was it written by another version?"
        )
    identity = Identity(**{name: float(number) for name, number in zip(names, numbers, strict=True)})
    return Person(traits=_build(Traits, value["traits"]), identity=identity)


def scene_to_json(scene: Scene) -> dict[str, Any]:
    """`scene` as nested dicts, lists, strings and numbers, ready for `json.dumps`."""
    plain = {f.name: getattr(scene, f.name) for f in fields(Scene)}
    plain["figures"] = [
        {f.name: getattr(figure, f.name) for f in fields(Figure)} | {"person": person_to_json(figure.person)}
        for figure in scene.figures
    ]
    return plain


def scene_from_json(value: Mapping[str, Any]) -> Scene:
    """The inverse of `scene_to_json`. Raises ValueError on unknown or missing fields."""
    figures = tuple(
        _build(Figure, {**figure, "person": person_from_json(figure["person"])})
        for figure in value["figures"]
    )
    scene: Scene = _build(Scene, {**value, "figures": figures})
    return scene


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    wanted = {f.name for f in fields(kind)}
    if set(values) != wanted:
        odd = ", ".join(sorted(set(values) ^ wanted))
        raise ValueError(f"a stored {kind.__name__} does not fit this version of the world: check {odd}")
    return kind(**values)
