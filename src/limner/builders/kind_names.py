"""The kinds of dialogues that the world makes, by name; `dialogues` makes them. Knows words."""

from typing import Final

KIND_NAMES: Final = (
    "drill",
    "echo",
    "binding_words",
    "binding_text",
    "caption",
    "plain_text_to_image",
    "plain_named",
    "text_to_image",
    "question",
    "edit",
    "copy",
    "face_to_image",
    "paired",
    "named",
    "rollback",
    "branches",
    "crop",
    "full_body",
    "point",
    "chat",
)
