"""How a language model is told who speaks: the pieces of text and special tokens around an instruction.

Knows words only. Special tokens are told apart from text by the vocabulary that a template is used with
(`tokenizer.py`); no text from outside ever becomes one.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

FILE: Final = "chat_template.limner.json"


@dataclass(frozen=True, kw_only=True)
class ChatTemplate:
    """A round is `opening`, the instruction and its pictures, `turning`, the answer, `end`.

    Each piece is a special token of the vocabulary, where that has one of this name, else text. `end` is one.
    `written_marks`: the pieces that tell who speaks are plain text ("[INST]"), which users must not write.
    `prefix_space`: texts are encoded behind a space of their own, as SentencePiece does.
    """

    name: str
    opening: tuple[str, ...]
    turning: tuple[str, ...]
    end: str
    written_marks: bool = False
    prefix_space: bool = False

    def save(self, folder: Path) -> None:
        """Write it beside a tokenizer's files."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ChatTemplate:
        """The inverse of `save`; LLaMA-2's where there is none."""
        path = folder / FILE
        if not path.is_file():
            return INST
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            made: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
            return cls(**made)
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} describes no chat template: {error}.") from error


INST: Final = ChatTemplate(
    name="inst",
    opening=("<s>", "[INST]"),
    turning=("[/INST]\n",),
    end="</s>",
    written_marks=True,
    prefix_space=True,
)
# The line break behind an answer's end stands before the next question: a round's tokens are its own.
CHATML: Final = ChatTemplate(
    name="chatml",
    opening=("\n", "<|im_start|>", "user\n"),
    turning=("<|im_end|>", "\n", "<|im_start|>", "assistant\n"),
    end="<|im_end|>",
)
LLAMA3: Final = ChatTemplate(
    name="llama3",
    opening=("<|begin_of_text|>", "<|start_header_id|>", "user", "<|end_header_id|>", "\n\n"),
    turning=("<|eot_id|>", "<|start_header_id|>", "assistant", "<|end_header_id|>", "\n\n"),
    end="<|eot_id|>",
)
GEMMA: Final = ChatTemplate(
    name="gemma",
    opening=("<bos>", "<start_of_turn>", "user\n"),
    turning=("<end_of_turn>", "\n", "<start_of_turn>", "model\n"),
    end="<end_of_turn>",
)
TEMPLATES: Final = {template.name: template for template in (CHATML, LLAMA3, GEMMA, INST)}


def template_for(
    vocabulary: Collection[str], *, start: str | None, end: str | None, name: str | None = None
) -> ChatTemplate:
    """The template that a public vocabulary was trained with, as its special tokens show; LLaMA-2's "[INST]"
    between its own start and end where they show none.

    Raises:
        ValueError: no template is called `name`, its tokens are not in the vocabulary, or the vocabulary has
            no token that ends a text.
    """
    if name is not None and name not in TEMPLATES:
        raise ValueError(f"There is no chat template {name!r}; choose one of {', '.join(TEMPLATES)}.")
    for template in (TEMPLATES[name],) if name else (CHATML, LLAMA3, GEMMA):
        marks = [p for p in (*template.opening, *template.turning, template.end) if p.startswith("<")]
        if template is not INST and all(mark in vocabulary for mark in marks):
            return template
        if template is not INST and name:
            missing = next(mark for mark in marks if mark not in vocabulary)
            raise ValueError(
                f"The chat template {name} needs the token {missing}, which this vocabulary lacks."
            )
    if end is None or end not in vocabulary:
        raise ValueError("This tokenizer names no token that ends a text (eos_token); name it in its config.")
    opening = (start, "[INST] ") if start is not None and start in vocabulary else ("[INST] ",)
    return replace(INST, opening=opening, turning=(" [/INST]\n",), end=end, prefix_space=False)
