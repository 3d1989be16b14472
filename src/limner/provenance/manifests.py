"""What a C2PA manifest of ours says: how a picture came about, from which others, and how it is marked.

Knows the words of the claim (version 2) and of its assertions. Signs nothing and reads nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from limner.version import __version__

_TYPES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype"
GENERATED: Final = f"{_TYPES}/trainedAlgorithmicMedia"
COMPOSITE: Final = f"{_TYPES}/compositeWithTrainedAlgorithmicMedia"
SOURCE: Final = "source"  # how ingredients are called within a manifest: source-0, ...


@dataclass(frozen=True, kw_only=True)
class Source:
    """A picture that another one came of: its file, whose own manifest is taken over with it."""

    file: bytes = field(repr=False)
    media_type: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a picture was made, for its manifest.

    sources: what it was made from, the one that it changes first; none: it is new.
    has_given: whether a picture that somebody gave went into it, in this round or an earlier one.
    watermark: the name of the pattern in its pixels, None without one.
    """

    sources: Sequence[Source] = ()
    has_given: bool = False
    watermark: str | None = None


def manifest(told: Mapping[str, Any], making: Making) -> dict[str, Any]:
    """The manifest definition for the C2PA library's builder. `told` becomes the action's parameters."""
    agent = {"name": "Limner", "version": __version__}
    kind = COMPOSITE if making.has_given else GENERATED
    about: dict[str, Any] = {
        "softwareAgent": agent,
        "digitalSourceType": kind,
        "parameters": {f"org.limner.{name}": str(value) for name, value in told.items()},
    }
    if making.sources:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [f"{SOURCE}-0"]}}
        others = [f"{SOURCE}-{index}" for index in range(1, len(making.sources))]
        if others:
            about["parameters"]["ingredientIds"] = others
        actions = [opened, {"action": "c2pa.edited", **about}]
    else:
        actions = [{"action": "c2pa.created", **about}]
    assertions: list[dict[str, Any]] = []
    if making.watermark is not None:
        actions.append({"action": "c2pa.watermarked.bound", "softwareAgent": agent})
        value = base64.b64encode(making.watermark.encode()).decode()
        bound = {"alg": making.watermark, "blocks": [{"scope": {}, "value": value}], "pad": ""}
        assertions.append({"label": "c2pa.soft-binding", "data": bound})
    return {
        "claim_version": 2,
        "claim_generator_info": [agent],
        "title": "A picture painted by Limner",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}, *assertions],
    }


def ingredients(making: Making) -> list[tuple[dict[str, Any], Source]]:
    """The definition of each source and the source itself, in order."""
    return [
        (
            {
                "title": source.title,
                "relationship": "inputTo" if index else "parentOf",
                "label": f"{SOURCE}-{index}",
            },
            source,
        )
        for index, source in enumerate(making.sources)
    ]
