"""A captioner and a writer behind any OpenAI-compatible endpoint.

Knows what is asked and the shape of the answers; sending is `structured.py`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from limner.perception.endpoint.structured import StructuredEndpoint, object_schema
from limner.perception.protocols import Look, Told, View

_TEXT: Final = {"type": "string"}
_LOOK: Final = object_schema(
    presentation={"type": "string", "enum": ["woman", "man", "unclear"]},
    age={"type": "string", "enum": ["baby", "child", "adult"]},
)
_CAPTION: Final = object_schema(caption=_TEXT, left=_LOOK, right=_LOOK)
_PORTRAIT: Final = object_schema(caption=_TEXT, person=_LOOK)
_REWRITE: Final = object_schema(caption=_TEXT)
_ASK_CAPTION: Final = (
    "Two persons are in this picture. Describe it in three to six plain sentences: what they do together, "
    "then for the person on the left and for the person on the right hair, skin, clothes, what they hold and "
    "their expression, then the background. Always say which of the two you mean. Give nobody a name. Also "
    "say how each of the two presents (woman for girls too, man for boys too) and their age group."
)
_ASK_PORTRAIT: Final = (
    "One person is in this picture. Describe it in two to five plain sentences that begin with what the "
    "person is and does: hair, skin, clothes, what is held, the expression, then the background. Give nobody "
    "a name, and say nothing of who it might be. Also say how the person presents (woman for girls too, man "
    "for boys too) and the age group."
)
_ASK_NAMES: Final = (
    "Rewrite this description so that the person on the left is called {left} and the person on the right is "
    "called {right}. Use exactly these two names and no others, use each at least once, and let every detail "
    "stay with the person whom it belongs to. Add nothing.\n\n{caption}"
)


class EndpointCaptioner:
    """A `Captioner`: a vision-language model that sees the picture."""

    def __init__(self, endpoint: StructuredEndpoint) -> None:
        self.endpoint = endpoint

    def caption(self, view: View) -> Told:
        """The model's caption; `MalformedError` or `EndpointError` when there is none."""
        if len(view.faces) == 1:
            found = self.endpoint.ask(_ASK_PORTRAIT, [view.pixels], _PORTRAIT, "caption")
            return Told(caption=" ".join(found["caption"].split()), looks=(_look(found["person"]),))
        found = self.endpoint.ask(_ASK_CAPTION, [view.pixels], _CAPTION, "caption")
        looks = tuple(_look(found[side]) for side in ("left", "right"))
        return Told(caption=" ".join(found["caption"].split()), looks=looks)


class EndpointWriter:
    """A `Writer`: a language model that sees only the caption."""

    def __init__(self, endpoint: StructuredEndpoint) -> None:
        self.endpoint = endpoint

    def name_persons(self, view: View, told: Told, names: Sequence[str]) -> str:
        """The caption with the two names, from left to right; errors as `EndpointCaptioner`."""
        left, right = names
        text = _ASK_NAMES.format(left=left, right=right, caption=told.caption)
        found = self.endpoint.ask(text, (), _REWRITE, "named_caption")
        return " ".join(found["caption"].split())


def _look(value: dict[str, str]) -> Look:
    presentation = value["presentation"]
    return Look(presentation="" if presentation == "unclear" else presentation, age=value["age"])
