"""An editor and a personalizer behind `POST /images/edits` of any OpenAI-compatible server.

Knows that route's request and answer; sending, tries and pauses are `wire.py`'s business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from limner.dialogue.parts import Picture
from limner.perception.endpoint.answers import from_images
from limner.perception.endpoint.spent import Spent
from limner.perception.endpoint.troubles import EndpointError, excuse
from limner.perception.endpoint.wire import Wire
from limner.perception.painters import PaintError

_ROUTE: Final = "/images/edits"
_EDIT: Final = "{words} Change nothing else in the picture."
_PERSONALIZE: Final = (
    "The picture shows a person's face. Make a new full-body photograph of the same person, with the face "
    "unchanged: {words}"
)


class EndpointPainter:
    """A `PictureEditor` and a `Personalizer`.

    Args:
        wire: the connection.
        model: the model's name, as the server knows it; "" where it needs none.
        per_minute: at most so many requests a minute by this object; None for no limit.
        price: US dollars a picture, to count what was spent.
        extra: further form fields, such as {"size": "1024x1024", "quality": "high"}; "{seed}" in a value
            becomes the seed, for servers that take one.
        pause: how to wait; tests give their own.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        model: str,
        per_minute: float | None = None,
        price: float = 0.0,
        extra: Mapping[str, str] | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.wire, self.model, self.price = wire, model, price
        self.extra = dict(extra or {})
        self.spent = Spent()
        self._gap_s = 60.0 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._pause = pause

    @property
    def dollars(self) -> float:
        """What the pictures so far have cost."""
        return self.spent.pictures * self.price

    def edit(self, pixels: np.ndarray, instruction: str, *, seed: int) -> np.ndarray:
        """See `PictureEditor`."""
        words = instruction if instruction.endswith((".", "!", "?")) else f"{instruction}."
        return self._paint(pixels, _EDIT.format(words=words), seed)

    def personalize(self, face: np.ndarray, prompt: str, *, size_px: int, seed: int) -> np.ndarray:
        """See `Personalizer`; the picture's size is the server's, unless `extra` asks for one."""
        return self._paint(face, _PERSONALIZE.format(words=prompt), seed)

    def _paint(self, pixels: np.ndarray, prompt: str, seed: int) -> np.ndarray:
        self._keep_pace()
        fields = {"prompt": prompt, "n": "1"} | ({"model": self.model} if self.model else {})
        fields |= {name: value.replace("{seed}", str(seed)) for name, value in self.extra.items()}
        try:
            answer = self.wire.post_form(_ROUTE, fields, {"image": Picture(pixels).to_png()})
        except EndpointError as error:
            why = excuse(error)
            if why is None:
                raise
            self.spent.complain(why)
            raise PaintError(why) from error
        return self._picture(answer)

    def _picture(self, answer: Mapping[str, Any]) -> np.ndarray:
        found = from_images(answer, self.wire.get_bytes)
        self.spent.add(found)
        if found.picture is None:
            raise PaintError(found.complaint)
        return found.picture.pixels

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if now < self._next:
            self._pause(self._next - now)
        self._next = max(now, self._next) + self._gap_s
