"""How much one request, and one owner, may ask for; refused before any model work.

Knows numbers and the sentences for exceeding them. The numbers of `inference` (text, images) are repeated
here so that the server can answer before torch is loaded; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from limner.server.errors import ApiError, wrong


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much the server accepts: sizes, counts, times, and how much of it at once.

    max_body_bytes: of a whole request, files included (413 beyond). max_text_body_bytes: of a JSON body
        without its pictures; max_body_values: of the values in it, which bounds items times parts.
    max_large_bodies_bytes: of all bodies above max_text_body_bytes that are held at once (503 beyond).
    body_timeout_s: a body must have arrived within this time (408).
    max_connections, max_header_bytes, header_timeout_s, idle_timeout_s: as in `ConnectionLimits`. One client
        may have half as many requests answered at once (429 beyond).
    max_images: pictures given in one round. max_image_bytes, max_image_pixels: of each of them;
        max_image_cpu_s: computing time for reading it. max_images_waiting: in the queue for it (429 beyond).
    max_n: pictures asked for in one request of the images API, or choices of a chat completion.
    max_steps: denoising steps of one picture.
    max_rounds: depth of a conversation, counted along one branch.
    max_rounds_at_once: rounds that one owner may have waiting or running (429 beyond).
    max_waiting, max_batch: rounds that wait in all (503 beyond), and that are computed together.
    prefix_cache_bytes: keys and values held, so that going on from a round need not read it again.
    """

    max_body_bytes: int = 64 * 2**20
    max_text_body_bytes: int = 2**20
    max_body_values: int = 50_000
    max_large_bodies_bytes: int = 256 * 2**20
    body_timeout_s: float = 120.0
    max_connections: int = 512
    max_header_bytes: int = 32 * 1024
    header_timeout_s: float = 15.0
    idle_timeout_s: float = 15.0
    max_text: int = 4000
    max_images: int = 4
    max_image_bytes: int = 25_000_000
    max_image_pixels: int = 20_000_000
    max_image_cpu_s: float = 5.0
    max_images_waiting: int = 16
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

    @property
    def most_at_once(self) -> int:
        """The most rounds that one request may start: as many as can be admitted at once."""
        return min(self.max_n, self.max_rounds_at_once, self.max_waiting)

    @property
    def max_requests_at_once(self) -> int:
        """How many requests of one client are answered at once; the other connections are for others."""
        return max(1, self.max_connections // 2)

    def check_n(self, n: int) -> None:
        """400 unless 1 <= n <= `most_at_once`."""
        if not 1 <= n <= self.most_at_once:
            raise wrong(f"n must be from 1 to {self.most_at_once}, not {n}.", param="n", code="invalid_value")


def too_large(max_body_bytes: int) -> ApiError:
    """413, for a body or one file of it."""
    return ApiError(
        413,
        f"The request is larger than the {max_body_bytes:,} bytes that this server takes.",
        code="request_too_large",
    )


def too_much_text(max_text_body_bytes: int) -> ApiError:
    """413, for a JSON body that is large without its pictures."""
    return ApiError(
        413,
        f"The request holds more than the {max_text_body_bytes:,} bytes that this server takes beside its "
        "pictures.",
        code="request_too_large",
    )


def too_large_picture(max_image_bytes: int) -> ApiError:
    """413, for one picture of a body."""
    return ApiError(
        413,
        f"A picture is larger than the {max_image_bytes:,} bytes that this server takes; send a smaller one.",
        code="request_too_large",
    )


def too_many_pictures(retry_after_s: float) -> ApiError:
    """429: pictures wait to be read, as many as there is time for."""
    return ApiError(
        429,
        "Many pictures are waiting to be read; send this one again in a while.",
        code="too_many_pictures",
        retry_after_s=retry_after_s,
    )


def too_many_values(max_body_values: int) -> ApiError:
    """400, for a JSON body of many small things."""
    return wrong(
        f"The body holds more than {max_body_values:,} values; send fewer messages and parts.",
        code="too_many_values",
    )


def too_many_large_bodies() -> ApiError:
    """503: large bodies of all requests together take too much memory."""
    return ApiError(
        503, "The server is reading many large requests; try again.", code="too_busy", retry_after_s=5
    )


def too_many_requests(most: int) -> ApiError:
    """429: so many requests of this client are being answered. The connection is closed, so that what else
    was sent through it need not be refused one by one.
    """
    return ApiError(
        429,
        f"{most} requests of yours are being answered; wait for some to finish.",
        code="too_many_requests",
        retry_after_s=2,
        headers={"Connection": "close"},
    )


def too_many_rounds(others: int, num: int, most: int) -> ApiError:
    """429: this owner asks for `num` rounds while `others` are in progress."""
    return ApiError(
        429,
        f"You have {others} rounds in progress and ask for {num} more; this server allows {most} at once. "
        "Wait for some to finish.",
        code="rate_limit_exceeded",
        retry_after_s=2,
    )


def conversation_locked() -> ApiError:
    """409: another request is about to add to the conversation."""
    return ApiError(
        409,
        "Another round of this conversation is in progress; wait for it, or name the response to go on from "
        "in previous_response_id.",
        code="conversation_locked",
        param="conversation",
        retry_after_s=1,
    )


def already_continued() -> ApiError:
    """409: the round that was to be the newest of its branch has a round after it, or is about to."""
    return ApiError(
        409,
        "Another round follows that response already; name the newest one, or leave out limner.continues to "
        "make a second branch.",
        code="already_continued",
        should_retry=False,
        param="previous_response_id",
    )


def queue_full(retry_after_s: float) -> ApiError:
    """503: everybody together asks for too much."""
    return ApiError(
        503, "The server's queue is full; try again.", code="queue_full", retry_after_s=retry_after_s
    )


def draining() -> ApiError:
    """503: the server is about to stop."""
    return ApiError(
        503,
        "The server is shutting down and takes no new rounds; try again.",
        code="shutting_down",
        retry_after_s=5,
    )


def loading() -> ApiError:
    """503: the model is not there yet."""
    return ApiError(503, "The model is still loading; try again.", code="model_loading", retry_after_s=2)
