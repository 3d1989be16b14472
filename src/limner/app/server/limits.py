"""How much one request, and one owner, may ask for; refused before any model work.

Knows numbers and the sentences for exceeding them. The numbers of the chat room (text, images) are repeated
here so that the server can answer before torch is loaded; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from limner.app.server.errors import ApiError, wrong


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What this server takes.

    max_body_bytes: of a whole request, files included (413 beyond).
    body_timeout_s: a body must have arrived within this time (408).
    max_images: pictures given in one round. max_image_bytes, max_image_pixels: of each of them;
        max_image_cpu_s: computing time for reading it.
    max_n: pictures asked for in one request of the images API, or choices of a chat completion.
    max_steps: denoising steps of one picture.
    max_rounds: depth of a conversation, counted along one branch.
    max_rounds_at_once: rounds that one owner may have waiting or running (429 beyond).
    max_waiting, max_batch: rounds that wait in all (503 beyond), and that are computed together.
    prefix_cache_bytes: keys and values held, so that going on from a round need not read it again.
    """

    max_body_bytes: int = 64 * 2**20
    body_timeout_s: float = 120.0
    max_text: int = 4000
    max_images: int = 4
    max_image_bytes: int = 25_000_000
    max_image_pixels: int = 20_000_000
    max_image_cpu_s: float = 5.0
    max_n: int = 10
    max_steps: int = 100
    max_rounds: int = 1000
    max_rounds_at_once: int = 32
    max_waiting: int = 64
    max_batch: int = 8
    prefix_cache_bytes: int = 64 * 2**20

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value <= 0:
                raise ValueError(f"The limit {field.name} must be above 0, not {value}.")

    def check_text(self, text: str, *, param: str) -> str:
        """The text without white space around it; 400 when it is empty or too long."""
        text = text.strip()
        if not text:
            raise wrong("The text is empty; say what you want to see.", param=param)
        if len(text) > self.max_text:
            raise wrong(
                f"The text has {len(text)} characters, more than {self.max_text}; shorten it.",
                param=param,
                code="string_above_max_length",
            )
        return text

    def check_images(self, images: Sequence[object], *, param: str) -> None:
        """400 when more pictures are given than one round takes."""
        if len(images) > self.max_images:
            raise wrong(
                f"{len(images)} images were given; at most {self.max_images} fit one round.",
                param=param,
                code="array_above_max_length",
            )

    def check_n(self, n: int, *, param: str = "n") -> None:
        """400 unless 1 <= n <= max_n."""
        if not 1 <= n <= self.max_n:
            raise wrong(f"n must be from 1 to {self.max_n}, not {n}.", param=param, code="invalid_value")


def too_large(max_body_bytes: int) -> ApiError:
    """413, for a body or one file of it."""
    return ApiError(
        413,
        f"The request is larger than the {max_body_bytes:,} bytes that this server takes.",
        code="request_too_large",
    )


def too_many_rounds(num: int) -> ApiError:
    """429: this owner asks for too much at once."""
    return ApiError(
        429,
        f"You have {num} rounds in progress, as many as this server allows at once; wait for one to finish.",
        code="rate_limit_exceeded",
        retry_after_s=2,
    )


def queue_full(retry_after_s: float) -> ApiError:
    """503: everybody together asks for too much."""
    return ApiError(
        503, "The server's queue is full; try again.", code="queue_full", retry_after_s=retry_after_s
    )


def draining(retry_after_s: float = 5) -> ApiError:
    """503: the server is about to stop."""
    return ApiError(
        503,
        "The server is shutting down and takes no new rounds; try again.",
        code="shutting_down",
        retry_after_s=retry_after_s,
    )


def loading() -> ApiError:
    """503: the model is not there yet."""
    return ApiError(503, "The model is still loading; try again.", code="model_loading", retry_after_s=2)
