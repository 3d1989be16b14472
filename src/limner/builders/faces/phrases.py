"""What is said in single-picture samples: a copy, a face into a picture, a picture's face, a text alone.

The template is the paper's ("Generate {caption}", "Please keep the face identical"; Section 3.2, Figure 9),
varied so that a model does not learn one sentence. Knows captions as texts and nothing about pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

_COPY: Final = (
    "Generate the same image.",
    "Reproduce this picture as it is.",
    "Copy this picture.",
    "Show me this image again.",
    "Give me exactly this picture.",
    "Paint this picture again.",
)
_GENERATE: Final = (
    "Generate {c}",
    "Generate {c}",
    "Generate an image: {C}",
    "Create a picture of this: {C}",
    "{C}",
    "Paint {c}",
    "I want to see this: {C}",
)
_WITH_FACE: Final = (
    "Generate {c}",
    "Generate {c}",
    "Use this face. {C}",
    "With the face in the picture: {C}",
    "This is the person. {C}",
    "{C}",
)
_KEEP: Final = (
    "Please keep the face identical",
    "Please keep the face identical.",
    "Keep the face identical.",
)
_KEPT: Final = ("I keep the face unchanged", "I keep the face unchanged.")
_GENERATED: Final = (
    "I have generated an image.",
    "I have generated an image.",
    "Here is the image.",
    "Here it is.",
    "Here is your picture.",
)
_CROP: Final = (
    "Cut out the face.",
    "Show me only the face of this person.",
    "Generate a close-up photo of this person.",
    "Crop the face and put it on white.",
    "Give me the face alone.",
    "A close-up of the face on a white background.",
)
_FACE: Final = ("Here is the face.", "This is the face.", "Here is a close-up.", "Here it is.")
_KEEP_RATE: Final = 0.5
_LOWERED: Final = ("a ", "an ", "the ", "this ", "two ", "one ", "some ")


def copy(rng: np.random.Generator) -> tuple[str, str]:
    """Stage 1: the picture itself."""
    return _pick(rng, _COPY), _pick(rng, _GENERATED)


def text_to_image(rng: np.random.Generator, caption: str) -> tuple[str, str]:
    """Augmentation 1: the caption alone."""
    return _filled(_pick(rng, _GENERATE), caption), _pick(rng, _GENERATED)


def face_to_image(rng: np.random.Generator, caption: str) -> tuple[str, str]:
    """Stages 2 and 3: a face is given with the caption; half of them with the identity phrases."""
    ask, say = _filled(_pick(rng, _WITH_FACE), caption), _pick(rng, _GENERATED)
    return with_identity(rng, ask, say, rate=_KEEP_RATE)


def crop(rng: np.random.Generator) -> tuple[str, str]:
    """Augmentation 2: the face of the picture."""
    return with_identity(rng, _pick(rng, _CROP), _pick(rng, _FACE), rate=_KEEP_RATE / 2)


def with_identity(rng: np.random.Generator, ask: str, say: str, *, rate: float) -> tuple[str, str]:
    """The pair with the paper's identity phrases added to both, at this rate."""
    if rng.random() >= rate:
        return ask, say
    return f"{ended(ask)} {_pick(rng, _KEEP)}", f"{say} {_pick(rng, _KEPT)}"


def ended(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _filled(form: str, caption: str) -> str:
    caption = ended(" ".join(caption.split()))
    lowered = caption[0].lower() + caption[1:] if caption.casefold().startswith(_LOWERED) else caption
    if (
        "{c}" in form and lowered == caption and not caption[0].islower()
    ):  # "Generate Olivia and Julian are ..."
        return form.replace("{c}", f"this: {caption}")
    return form.replace("{c}", lowered).replace("{C}", caption[0].upper() + caption[1:])


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
