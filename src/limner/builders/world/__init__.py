"""All kinds of training dialogues that the synthetic world can make: drafts (with scenes) and painted
dialogues.

`DRAFTS[kind](seed, split)` is a `Draft`, `KINDS[kind](seed, split, size_px)` the painted `Dialogue`; the
same seed gives the same sample on every machine. `words_of_world` yields the texts alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np

from limner.builders.world.binding import (
    draft_binding_text,
    draft_binding_words,
    draft_drill,
    draft_echo,
)
from limner.builders.world.chatting import draft_chat
from limner.builders.world.draft import Draft, DraftRound, Paint, draft_truth, paint_draft
from limner.builders.world.naming import draft_full_body, draft_named, draft_point
from limner.builders.world.picturing import (
    draft_caption,
    draft_copy,
    draft_crop,
    draft_face_to_image,
    draft_paired,
    draft_question,
    draft_text_to_image,
)
from limner.builders.world.plain import draft_plain_named, draft_plain_text_to_image
from limner.builders.world.rollback import draft_branches, draft_edit, draft_rollback
from limner.dialogue.parts import Dialogue
from limner_world.chance import seeded

__all__ = [
    "DRAFTS",
    "KINDS",
    "Draft",
    "DraftRound",
    "Paint",
    "draft",
    "draft_truth",
    "paint_draft",
    "words_of_world",
]

_DRAFTERS: Final[Mapping[str, Callable[[np.random.Generator, str], Draft]]] = {
    "drill": draft_drill,
    "echo": draft_echo,
    "binding_words": draft_binding_words,
    "binding_text": draft_binding_text,
    "caption": draft_caption,
    "plain_text_to_image": draft_plain_text_to_image,
    "plain_named": draft_plain_named,
    "text_to_image": draft_text_to_image,
    "question": draft_question,
    "edit": draft_edit,
    "copy": draft_copy,
    "face_to_image": draft_face_to_image,
    "paired": draft_paired,
    "named": draft_named,
    "rollback": draft_rollback,
    "branches": draft_branches,
    "crop": draft_crop,
    "full_body": draft_full_body,
    "point": draft_point,
    "chat": draft_chat,
}


def draft(kind: str, seed: int, split: str = "train") -> Draft:
    """The `seed`-th dialogue of `kind` in `split`, unpainted. Raises ValueError on an unknown kind or
    split.
    """
    if kind not in _DRAFTERS:
        raise ValueError(f"there is no kind of dialogue called {kind!r}; choose from {', '.join(_DRAFTERS)}")
    return _DRAFTERS[kind](seeded(kind, split, seed), split)


def _painted(
    kind: str, seed: int, split: str = "train", size_px: int = 256, *, paint: Paint | None = None
) -> Dialogue:
    return paint_draft(draft(kind, seed, split), size_px, paint)


DRAFTS: Final[Mapping[str, Callable[..., Draft]]] = {kind: partial(draft, kind) for kind in _DRAFTERS}
KINDS: Final[Mapping[str, Callable[..., Dialogue]]] = {kind: partial(_painted, kind) for kind in _DRAFTERS}


def words_of_world(num: int, seed: int = 0, split: str = "train") -> Iterator[str]:
    """`num` plain texts (instructions and responses) over all kinds in turn, without rendering; for the
    tokenizer.
    """
    kinds = [kind for kind in _DRAFTERS if kind not in ("branches", "chat")]  # words of the others
    made = index = 0
    while made < num:
        for text in draft(kinds[index % len(kinds)], seed * 1_000_003 + index // len(kinds), split).words():
            if made == num:
                return
            made += 1
            yield text
        index += 1
