"""What comes in and goes out over the wire of the Images API, typed.

Knows fields and their types, and where the pictures of an edit stand. Knows nothing about what is painted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from limner.server.errors import wrong
from limner.server.pictures.painting import Format
from limner.server.pictures.pictures_in import PictureSource, picture_source
from limner.server.schemas.shapes import A_LIST, A_TEXT, AN_OBJECT, SEED, OneOf, Shape

MAX_GIVEN = 64
MASK = "Its transparent part is what changes in the first image: the box around it; all else stays as it is."
Quality = Literal["low", "medium", "high", "standard", "hd", "auto"]


class ImageRequest(Shape):
    """POST /v1/images/generations."""

    prompt: str
    model: str | None = None
    n: int | None = Field(default=None, ge=1)
    size: str | None = None
    quality: Quality | None = None
    output_format: Format | None = None
    output_compression: int | None = Field(default=None, ge=0, le=100)
    response_format: Literal["b64_json", "url"] | None = Field(
        default=None, description="`url` is answered with a data: URL; no picture is kept at an address."
    )
    background: Literal["auto", "opaque", "transparent"] | None = None
    stream: bool | None = None
    partial_images: int | None = Field(default=None, ge=0, le=3)
    user: str | None = None
    seed: int | None = SEED
    steps: int | None = Field(default=None, ge=1, description="Denoising steps.")


class ImageData(BaseModel):
    """One picture."""

    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None
    seed: int


class TokenDetails(BaseModel):
    """Tokens by kind."""

    image_tokens: int
    text_tokens: int


class ImageUsage(BaseModel):
    """Tokens read and made."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: TokenDetails


class ImagesBody(BaseModel):
    """Pictures, as OpenAI's clients read them."""

    created: int
    data: list[ImageData]
    background: Literal["opaque"] = "opaque"
    output_format: Format
    quality: str
    size: str
    usage: ImageUsage


class ImageUrl(Shape):
    """A URL as Chat Completions write it."""

    url: str


class GivenImage(Shape):
    """A picture of an edit: a data: URL, or the id of an uploaded file."""

    image_url: Annotated[Annotated[str, A_TEXT] | Annotated[ImageUrl, AN_OBJECT], OneOf] | None = None
    file_id: str | None = None


OneGiven = Annotated[Annotated[str, A_TEXT] | Annotated[GivenImage, AN_OBJECT], OneOf]
ManyGiven = Annotated[list[OneGiven], Field(max_length=MAX_GIVEN, fail_fast=True)]
Given = Annotated[
    Annotated[str, A_TEXT] | Annotated[GivenImage, AN_OBJECT] | Annotated[ManyGiven, A_LIST], OneOf
]


class EditRequest(ImageRequest):
    """POST /v1/images/edits as JSON. `image` and `images` mean the same."""

    image: Given | None = None
    images: Given | None = None
    mask: OneGiven | None = Field(default=None, description=MASK)

    def sources(self) -> list[PictureSource]:
        """The sources of the pictures, in order; ApiError 400 for an entry without any."""
        return [*_sources(self.image, "image"), *_sources(self.images, "images")]

    def mask_source(self) -> PictureSource | None:
        """Where the mask is, if there is one; ApiError 400."""
        return next(iter(_sources(self.mask, "mask")), None)


def _sources(given: str | GivenImage | Sequence[str | GivenImage] | None, param: str) -> list[PictureSource]:
    if given is None:
        return []
    every = [given] if isinstance(given, (str, GivenImage)) else given
    found = []
    for index, one in enumerate(every):
        held = {"image_url": one} if isinstance(one, str) else one.model_dump(exclude_none=True)
        try:
            found.append(picture_source({"type": "input_image", **held}))
        except ValueError:
            raise wrong(
                f"{param}[{index}] names no picture; give an image_url, as data:image/png;base64,..., or a "
                "file_id.",
                param=param,
            ) from None
    return found


def edit_schemas() -> dict[str, Any]:
    """The JSON body of an edit, and what it is made of, by name, for the OpenAPI document."""
    whole = EditRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**whole.pop("$defs", {}), EditRequest.__name__: whole}
