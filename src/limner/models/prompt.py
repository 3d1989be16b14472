"""Rounds as token segments: the one template that training and chat share.

Knows where pictures stand, what is supervised, and how boxes are written. What tells who speaks is the
tokenizer's own (`chat_template.py`); here it is LLaMA-2's. Does not know image tokens, masks or models.

    <s> [INST] {instruction text}<img>{tokens}</img>... [/INST]\\n {response text}<img>{tokens}</img></s>

- A region that an instruction points at stands behind its words, in the form in which answers write boxes:
  "[[x0 y0 x1 y1]]" in location tokens. `Instruction.region` alone makes them; a box that a user spells is
  text.
- Where a model reads uploads at any resolution (`crop_px`), a picture of an instruction is its crops, row by
  row, and then the whole of it: (<patch>{tokens}</patch>) x crops <img>{tokens}</img> (SEED-X).
- A round begins with <s> and ends with </s>, so its tokens depend on that round alone and its key-value
  entries can be shared by every conversation that has the same rounds before it.
- Supervised: the response's text, its `<img>`, and the `</s>` of a response without a picture. After a
  picture the program itself writes `</img></s>` (nothing is left to choose), so neither is supervised; SEED-X
  supervises that `</s>` too.
- "[INST]" is plain text in this template, as in LLaMA-2's. Text from outside that spells it is rewritten with
  round brackets, "(INST)", before it is encoded: the model never reads a second turn that nobody took.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal

from limner.dialogue.boxes import box_text
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.models.any_resolution import views
from limner.models.tokenizer import NUM_LOCATIONS, PATCH_END, PATCH_START, TextTokenizer

TURN_START: Final = "[INST]"
TURN_END: Final = "[/INST]\n"
KEEP_FACE_REQUEST: Final = "Please keep the face identical."
KEEP_FACE_ANSWER: Final = "I keep the face unchanged."

_TURN_MARK: Final = re.compile(r"\[(\s*(?:/\s*)?INST\s*)\]", re.IGNORECASE)
_BOX: Final = re.compile(r"\[\[(\d+) (\d+) (\d+) (\d+)\]\]".replace(r"\d+", r"0|[1-9]\d{0,2}"))


@dataclass(frozen=True, kw_only=True)
class TextSegment:
    """Ids that stand together; `supervised` when the model itself must write them."""

    ids: tuple[int, ...]
    supervised: bool = False


@dataclass(frozen=True, kw_only=True)
class ImageSegment:
    """The image tokens of one picture: shown to the model ("context") or painted by it ("target")."""

    picture: Picture
    role: Literal["context", "target"]
    centre: tuple[float, float] | None = None  # of a crop, in the picture that it is cut from

    @property
    def key(self) -> str:
        """What image tokens are looked up by."""
        return self.picture.digest


Segment = TextSegment | ImageSegment


def segments(round_: Round, tokenizer: TextTokenizer, crop_px: int | None = None) -> list[Segment]:
    """A whole round: `instruction_segments` and then `response_segments`."""
    return [
        *instruction_segments(round_.instruction, tokenizer, crop_px),
        *response_segments(round_.response, tokenizer),
    ]


def instruction_segments(
    instruction: Instruction, tokenizer: TextTokenizer, crop_px: int | None = None
) -> list[Segment]:
    """Everything that stands before the first token of the answer: what chat feeds before it decodes.

    `crop_px` is `Preset.upload_crop_px`: the side of the crops that pictures enter as, None for whole ones.
    """
    ids = [*tokenizer.opening_ids, *encode_user(instruction.text, tokenizer)]
    if instruction.region is not None:
        ids += encode_response(box_text(instruction.region), tokenizer)
    made: list[Segment] = []
    for picture in instruction.pictures:
        shown = [ImageSegment(picture=picture, role="context")]
        if crop_px is not None:
            shown = [
                ImageSegment(picture=part, role="context", centre=centre)
                for part, centre in views(picture, crop_px)
            ]
        for part in shown:
            start, end = tokenizer.image_start_id, tokenizer.image_end_id
            if part is not shown[-1]:
                start, end = (tokenizer.special_id(mark) for mark in (PATCH_START, PATCH_END))
            made += [TextSegment(ids=(*ids, start)), part]
            ids = [end]
    made.append(TextSegment(ids=(*ids, *tokenizer.turning_ids)))
    return made


def response_segments(response: Response, tokenizer: TextTokenizer) -> list[Segment]:
    """The answer, supervised where the model writes it."""
    ids = encode_response(response.text, tokenizer)
    if response.picture is None:
        return [TextSegment(ids=(*ids, tokenizer.end_id), supervised=True)]
    return [
        TextSegment(ids=(*ids, tokenizer.image_start_id), supervised=True),
        ImageSegment(picture=response.picture, role="target"),
        TextSegment(ids=closing_ids(tokenizer)),
    ]


def closing_ids(tokenizer: TextTokenizer) -> tuple[int, int]:
    """What the program writes after an answer's image tokens."""
    return (tokenizer.image_end_id, tokenizer.end_id)


def encode_user(text: str, tokenizer: TextTokenizer) -> list[int]:
    """Text from outside -> ids, with neither special tokens nor turn marks in it. Empty text has no ids."""
    return tokenizer.encode(_without_marks(text, tokenizer)) if text else []


def _without_marks(text: str, tokenizer: TextTokenizer) -> str:
    """`neutralise`, where a turn is marked by plain text; else no text can be taken for one."""
    return neutralise(text) if tokenizer.template.written_marks else text


def neutralise(text: str) -> str:
    """`text` with every "[INST]" or "[/INST]" (any case, spaces inside) in round brackets instead."""
    return _TURN_MARK.sub(r"(\1)", text)


def encode_response(text: str, tokenizer: TextTokenizer) -> list[int]:
    """An answer's text -> ids. A box "[[x0 y0 x1 y1]]", whole numbers 0..223, becomes location tokens.

    Anything else in brackets is text, and so is a box that a user writes (`encode_user`).
    """
    ids: list[int] = []
    start = 0
    clean = _without_marks(text, tokenizer)
    for match in _BOX.finditer(clean):
        corners = [int(group) for group in match.groups()]
        if max(corners) >= NUM_LOCATIONS:
            continue
        ids += tokenizer.encode(clean[start : match.start(1)])
        ids.append(tokenizer.box_start_id)
        ids += [tokenizer.first_location_id + corner for corner in corners]
        ids.append(tokenizer.box_end_id)
        start = match.end(4)  # the closing "]]" is encoded with the text that follows it
    return ids + (tokenizer.encode(clean[start:]) if clean[start:] else [])


def decode_response(ids: Sequence[int], tokenizer: TextTokenizer) -> str:
    """Ids that the model wrote -> text, location tokens as "[[x0 y0 x1 y1]]". Other special tokens are left
    out. More ids only ever add text at the end, save that of a character whose bytes are not all there.
    """
    places = range(tokenizer.first_location_id, tokenizer.first_location_id + NUM_LOCATIONS)
    marks = (tokenizer.box_start_id, tokenizer.box_end_id)
    pieces = []
    for (is_place, _), group in groupby(ids, lambda index: (index in places, index in marks)):
        run = list(group)
        told = " ".join(str(index - places.start) for index in run)
        pieces.append(told if is_place else tokenizer.decode(run))
    return "".join(pieces)


def keep_faces_instruction(instruction: Instruction) -> Instruction:
    """What chat sends when the identity phrases are wanted."""
    return replace(instruction, text=f"{instruction.text} {KEEP_FACE_REQUEST}".strip())


def count_tokens(parts: Iterable[Segment], num_image_tokens: int) -> int:
    """Positions that `parts` take in the context."""
    return sum(len(part.ids) if isinstance(part, TextSegment) else num_image_tokens for part in parts)
