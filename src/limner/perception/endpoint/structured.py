"""Questions with pictures to a chat model that must answer in a given JSON shape.

A wrong shape is asked for again; tries, pauses and sizes are `wire.py`'s. Knows nothing about what is asked.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from limner.perception.endpoint.answers import from_chat
from limner.perception.endpoint.spent import Spent
from limner.perception.endpoint.wire import Wire

_SENT_PX = 1024


class MalformedError(ValueError):
    """The model answers, but never in the requested form."""


class StructuredEndpoint:
    """A chat model behind `POST /chat/completions`.

    Args:
        wire: the connection.
        model: the model's name, as the server knows it.
        tries: how often a question is asked when the answer has the wrong shape.
        price: US dollars per million tokens in and out, to count what was spent.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        model: str,
        tries: int = 3,
        price: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        if not model:
            raise ValueError("An endpoint needs the name of a model; give --endpoint-model NAME.")
        self.wire, self.model, self.tries, self.price = wire, model, tries, price
        self.spent = Spent()

    def ask(
        self, text: str, pictures: Sequence[np.ndarray], schema: Mapping[str, Any], name: str
    ) -> dict[str, Any]:
        """The answer as a JSON object of the schema's required keys.

        MalformedError when no try gives one; `EndpointError` (see `wire.py`) when the server gives no answer.
        """
        body = {
            "model": self.model,
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": text}, *map(_part, pictures)]}
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": name, "strict": True, "schema": dict(schema)},
            },
        }
        told = ""
        for _ in range(self.tries):
            found = from_chat(self.wire.post("/chat/completions", body))
            told = found.text
            value = read_object(told)
            if value is not None and fits(value, schema):
                self.spent.add(found)
                return value
            self.spent.add(replace(found, complaint="answered in another shape"))
        raise MalformedError(f"The model never answered in the shape asked for; last: {told[:120]!r}")

    @property
    def dollars(self) -> float:
        """What the tokens so far have cost."""
        spent = self.spent
        return (spent.input_tokens * self.price[0] + spent.output_tokens * self.price[1]) / 1e6


def object_schema(**fields: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these fields."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a text that may wrap it in words or a code fence; None when there is none."""
    match = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        value = json.loads(match.group()) if match else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a value has the schema's shape: objects with required keys, strings, strings of an enum."""
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return isinstance(value, dict) and all(
            key in value and fits(value[key], properties[key]) for key in schema.get("required", properties)
        )
    if schema.get("type") == "string":
        is_text = isinstance(value, str) and bool(value.strip() or "" in schema.get("enum", ()))
        return is_text and ("enum" not in schema or value in schema["enum"])
    return True


def _part(pixels: np.ndarray) -> dict[str, Any]:
    scale = min(1.0, _SENT_PX / max(pixels.shape[:2]))
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(pixels[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])
    url = "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
    return {"type": "image_url", "image_url": {"url": url}}
