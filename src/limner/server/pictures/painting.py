"""What every endpoint that paints shares: how steps and quality are understood, files of pictures, tokens.

Knows a service's painter and the settings. Knows no endpoint and no API's shapes.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from limner.dialogue.parts import Picture
from limner.inference.sampling import Sampling
from limner.provenance.credentials import Credentials, NotStamped, local_credentials, own_credentials
from limner.provenance.fitting import Size
from limner.provenance.manifests import Making
from limner.provenance.origin import Origin, file_that_tells, png_that_tells
from limner.provenance.watermark import NAME as WATERMARK
from limner.server.errors import ApiError, wrong
from limner.server.pictures.pictures_in import PictureReader, PictureRules, picture_reader
from limner.server.pictures.sources import handed_out_of, has_given, making_of
from limner.server.security.decoding import DecodingLimits
from limner.server.security.limits import Limits
from limner.server.security.remote_pictures import RemoteRules
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, Painter
from limner.store.records import StoredRound

Format = Literal["png", "jpeg", "webp"]
# Of the number of steps that suit the detokenizer.
QUALITIES: Final = {"low": 0.5, "medium": 1.0, "standard": 1.0, "high": 2.0, "hd": 2.0, "auto": 1.0}
TOLD_QUALITY: Final = {"standard": "medium", "hd": "high", "auto": "medium"}


def default_steps(painter: Painter) -> int:
    """Denoising steps when the request names none."""
    return painter.default_steps


def sampling_for(
    painter: Painter, limits: Limits, *, steps: int | None = None, quality: str | None = None
) -> Sampling | None:
    """How a round is drawn; None for the painter's own way. 400 for more steps than the limit."""
    if steps is None and QUALITIES.get(quality or "auto", 1.0) != 1.0:
        steps = max(1, round(default_steps(painter) * QUALITIES[str(quality)]))
        steps = min(steps, limits.max_steps)
    if steps is None:
        return None
    if not 1 <= steps <= limits.max_steps:
        raise wrong(f"steps must be from 1 to {limits.max_steps}, not {steps}.", param="steps")
    return replace(painter.sampling, pixel_steps=steps)


def quality_used(quality: str | None, steps: int | None = None) -> str:
    """The quality that is painted in, for the answer: low, medium or high; auto where the request counted
    steps.
    """
    asked = quality or "auto"
    return "auto" if steps is not None else TOLD_QUALITY.get(asked, asked)


class PictureFiles:
    """Builds picture files with their origin metadata. A signed file is cached for a while, so that asking
    again gives the same bytes. Safe for several threads.
    """

    def __init__(self, service: ConversationService, settings: ServerSettings) -> None:
        self._model = settings.model
        self._weights = service.painter.fingerprint
        self._with_prompt = settings.keep_prompts_in_files
        self._credentials = credentials_of(settings)
        self._service = service
        self._handed_out = None if self._credentials is None else handed_out_of(service)
        self._marking: str = settings.watermark
        self._badge = settings.badge == "corner"

    def file(
        self,
        picture: Picture,
        round_: StoredRound,
        *,
        format: Format = "png",
        compression: int | None = None,
        size: Size | None = None,
    ) -> bytes:
        """The picture of a round as a file. `compression`: JPEG's and WebP's quality, 0 to 100."""
        quality = 90 if compression is None else compression

        def made() -> bytes:
            return file_that_tells(
                picture,
                self.origin(round_),
                kind=format,
                quality=quality,
                size=size,
                credentials=self._credentials,
                making=self.making(round_),
                badge=self._badge,
            )

        return self._once(round_, (format, None if format == "png" else quality, size, self._badge), made)

    def png(self, png: bytes, round_: StoredRound, *, shown: bool = False) -> bytes:
        """A round's picture as it was kept, which then tells its origin; without watermark and badge no pixel
        is encoded anew. `shown`: on the page, whose words tell people already, so that it needs no badge.
        """
        badge = self._badge and not shown

        def made() -> bytes:
            making, origin = self.making(round_), self.origin(round_)
            if making.watermark is None and not badge:
                return png_that_tells(png, origin, self._credentials, making)
            picture = Picture.from_png(png)
            return file_that_tells(picture, origin, credentials=self._credentials, making=making, badge=badge)

        return self._once(round_, ("png", None, None, badge), made)

    def _once(
        self, round_: StoredRound, form: tuple[str, int | None, Size | None, bool], made: Callable[[], bytes]
    ) -> bytes:
        with _stamped():
            if self._handed_out is None or not round_.kept:
                return made()
            return self._handed_out.once((round_.id, *form), made)

    def making(self, round_: StoredRound) -> Making:
        """From what a round's picture was made, and whether its pixels are marked."""
        marked = self._marking == "always"
        if self._marking == "faces":
            marked = has_given(self._service, round_)
        watermark = WATERMARK if marked else None
        if self._credentials is None:
            return Making(watermark=watermark)
        return making_of(self._service, round_, watermark)

    def origin(self, round_: StoredRound) -> Origin:
        """The origin metadata of a round's files."""
        return Origin(
            model=self._model,
            weights=round_.state.painter or self._weights,
            seed=round_.seed,
            node_id=round_.node_id,
            prompt=round_.text_in if self._with_prompt else None,
        )


@contextlib.contextmanager
def _stamped() -> Iterator[None]:
    """503 when no time stamp is had."""
    try:
        yield
    except NotStamped:
        raise ApiError(
            503,
            "The server's time-stamp authority does not answer, and without its stamp no picture is handed "
            "out; ask for the picture again.",
            code="not_time_stamped",
            retry_after_s=10,
        ) from None


def tokens_of(round_: StoredRound, painter: Painter) -> tuple[int, int]:
    """How many tokens of a round were read and written. Earlier rounds are kept, and not read again."""
    num_images = 0 if round_.picture is None and round_.state.tokens is None else 1
    written = len(round_.state.response_ids) + num_images * painter.tokens_per_picture
    return max(0, round_.state.num_tokens - written), written


def base64_of(data: bytes) -> str:
    """A file as JSON carries it."""
    return base64.b64encode(data).decode("ascii")


def reader_of(settings: ServerSettings) -> PictureReader:
    """The one reader of clients' pictures under these settings."""
    limits = settings.limits
    return picture_reader(
        PictureRules(
            decoding=DecodingLimits(
                max_bytes=limits.max_image_bytes,
                max_pixels=limits.max_image_pixels,
                cpu_s=limits.max_image_cpu_s,
                max_waiting=limits.max_images_waiting,
            ),
            remote=RemoteRules(origins=settings.remote_image_origins),
        )
    )


def credentials_of(settings: ServerSettings) -> Credentials | None:
    """What signs pictures, if anything; made once. ValueError when it cannot sign."""
    if not settings.sign:
        return None
    return _credentials(
        settings.certificate,
        settings.certificate_key,
        settings.credentials_folder,
        settings.timestamp_authority,
    )


def signing_told(settings: ServerSettings) -> list[str]:
    """How pictures are signed, in a sentence for the operator."""
    credentials = credentials_of(settings)
    if credentials is None:
        return ["pictures are not signed"]
    if settings.certificate is None:
        where = "" if settings.credentials_folder is None else f", in {settings.credentials_folder}"
        return [
            f"pictures are signed by a local certificate{where}: it is untrusted, as nobody vouches for it; "
            "docs/provenance.md tells how to get a trusted one"
        ]
    self_signed = (
        "; it is self-signed, so that readers call it untrusted" if credentials.is_self_signed else ""
    )
    return [f"pictures are signed as {credentials.subject}{self_signed}"]


@lru_cache(maxsize=8)
def _credentials(
    certificate: Path | None, key: Path | None, folder: Path | None, authority: str | None
) -> Credentials:
    if certificate is None or key is None:
        return local_credentials(folder, timestamp_authority=authority)
    return own_credentials(certificate, key, timestamp_authority=authority)
