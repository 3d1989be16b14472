"""From names to painters behind a planner: "endpoint:URL", "diffusers:FOLDER", and who plans.

Knows which name means what. Nothing is sent and no weights are read before the name is known to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from limner.planning.names import DIFFUSERS, ENDPOINT
from limner.planning.plan import Planner
from limner.planning.policies import AllPictures, LastPicture

if TYPE_CHECKING:
    from limner.perception.painters import AnyPainter
    from limner.planning.faces import Faces
    from limner.planning.planned_painter import PlannedPainter

RULES: Final = "rules"
LAST: Final = "last"
ALL: Final = "all"
NO_FACES: Final = "none"
_YES: Final = ("yes", "true", "1")


@dataclass(frozen=True, kw_only=True)
class Planning:
    """How a painter without memory is used.

    Args:
        planner: "rules", "last", "all", or "endpoint:URL" of a chat model.
        planner_model: that chat model's name.
        most_pictures: how many pictures, the newest, the planner "all" gives the painter; servers differ in
            how many they take.
        faces: who finds faces: "none", or a name of `limner.builders.adapters.faces_by_name`.
        model: the painter's model, as its server knows it.
        key_variable: the environment variable with the servers' key.
        price: US dollars a picture.
        stream: ask the server for its answer in events.
        extra: further fields of every request to the painter.
        size_px: along a side of new pictures; None leaves it to the painter.
        dtype: number format of a diffusers pipeline.
        offload: "none", "model" or "sequential", of a diffusers pipeline.
        num_steps: denoising steps of a diffusers pipeline.
        timeout_s: of one request.
    """

    planner: str = RULES
    planner_model: str = ""
    most_pictures: int = 10
    faces: str = NO_FACES
    model: str = ""
    key_variable: str = "OPENAI_API_KEY"
    price: float = 0.0
    stream: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    size_px: int | None = None
    dtype: str | None = None
    offload: str = "none"
    num_steps: int | None = None
    timeout_s: float = 300.0

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Planning:
        """From words such as "planner=rules" or "extra.quality=high". ValueError names a wrong one."""
        known = {one.name: one.type for one in fields(cls) if one.name != "extra"}
        found: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for word in words:
            name, equals, value = word.partition("=")
            name, value = name.strip(), value.strip()
            if equals and name.startswith("extra.") and name != "extra.":
                extra[name.removeprefix("extra.")] = value
            elif equals and name in known and value:
                found[name] = _read(name, value, str(known[name]))
            else:
                raise ValueError(
                    f"--with {word!r} is none of its words; write NAME=VALUE with one of "
                    f"{', '.join(known)}, or extra.FIELD."
                )
        return cls(**found, extra=extra)


def _read(name: str, value: str, kind: str) -> Any:
    """A word's value as its field wants it."""
    try:
        if kind.startswith("bool"):
            return value.lower() in _YES
        if kind.startswith("int"):
            return int(value)
        return float(value) if kind.startswith("float") else value
    except ValueError:
        raise ValueError(f"--with {name}={value} needs a number.") from None


def open_painter(name: str, planning: Planning | None = None) -> AnyPainter:
    """The painter that `name` means. ValueError when it means none."""
    planning = planning or Planning()
    if name.startswith(ENDPOINT):
        from limner.perception.endpoint.painting import endpoint_painter
        from limner.perception.endpoint.wire import Limits

        return endpoint_painter(
            name.removeprefix(ENDPOINT),
            model=planning.model,
            key_variable=planning.key_variable,
            price=planning.price,
            stream=planning.stream,
            extra=planning.extra,
            limits=Limits(timeout_s=planning.timeout_s),
        )
    if name.startswith(DIFFUSERS):
        from limner.perception.pipeline_painter import PipelinePainter

        return PipelinePainter(
            Path(name.removeprefix(DIFFUSERS)),
            dtype=planning.dtype,
            offload=planning.offload,
            num_steps=planning.num_steps,
        )
    raise ValueError(f"{name!r} is no painter; write endpoint:URL or diffusers:FOLDER.")


def open_planner(planning: Planning, faces: Faces | None = None) -> Planner:
    """The planner that the options mean. ValueError for an unknown one."""
    if planning.planner == RULES:
        from limner.planning.rules import RulesPlanner

        return RulesPlanner(faces=faces)
    if planning.planner in (LAST, ALL):
        if planning.most_pictures < 1:
            raise ValueError(f"--with most_pictures={planning.most_pictures} has to be at least 1.")
        return LastPicture() if planning.planner == LAST else AllPictures(most=planning.most_pictures)
    if not planning.planner.startswith(ENDPOINT):
        raise ValueError(
            f"There is no planner {planning.planner!r}; choose rules, last, all or endpoint:URL."
        )
    if not planning.planner_model:
        raise ValueError("A planner at an endpoint needs the name of its model: --with planner_model=NAME.")
    from limner.perception.endpoint.structured import StructuredEndpoint
    from limner.perception.endpoint.wire import Limits, Wire, key_from
    from limner.planning.endpoint import EndpointPlanner

    wire = Wire(
        planning.planner.removeprefix(ENDPOINT),
        key=key_from(planning.key_variable),
        limits=Limits(timeout_s=planning.timeout_s),
    )
    return EndpointPlanner(endpoint=StructuredEndpoint(wire, model=planning.planner_model), faces=faces)


def open_faces(name: str) -> Faces | None:
    """Who finds faces; None for "none"."""
    if name == NO_FACES:
        return None
    from limner.builders.adapters import faces_by_name

    return faces_by_name(name)


def load_planned(name: str, planning: Planning | None = None) -> PlannedPainter:
    """The painter `name` behind its planner, as conversations know painters."""
    from limner.planning.carrying_out import Hands
    from limner.planning.planned_painter import PlannedPainter

    planning = planning or Planning()
    faces = open_faces(planning.faces)
    painter = open_painter(name, planning)
    hands = Hands(painter=painter, faces=faces, size_px=planning.size_px)
    return PlannedPainter(open_planner(planning, faces), hands, faces=faces)
