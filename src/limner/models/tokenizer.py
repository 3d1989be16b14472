"""Text <-> token ids: a byte-level BPE, and the special tokens that only the program itself may write.

Knows how to train, save, load and apply a vocabulary. Does not know templates or rounds (see `prompt.py`).

Two rules hold everywhere:
- text that comes from outside (a user, a data set, a caption) goes through `encode`, where special tokens do
  not exist: "<img>" is five letters and signs. Special ids come only from the named properties;
- every separately encoded text begins with one space of its own (LLaMA's SentencePiece prefix does the same),
  so that a word at the start of a text has the same token as inside it; `decode` takes that space away again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from limner.dialogue.boxes import NUM_PLACES
from limner.models.chat_template import INST, ChatTemplate, template_for

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

NUM_LOCATIONS: Final = NUM_PLACES
START: Final = "<s>"
END: Final = "</s>"
PAD: Final = "<pad>"
UNKNOWN: Final = "<unk>"  # LLaMA's, which has no <pad>; text never yields it, as any byte has a piece
IMAGE_START: Final = "<img>"
IMAGE_END: Final = "</img>"
PATCH_START: Final = "<patch>"
PATCH_END: Final = "</patch>"
BOX_START: Final = "<box_start>"
BOX_END: Final = "<box_end>"
SPECIAL_TOKENS: Final = (
    PAD,
    START,
    END,
    IMAGE_START,
    IMAGE_END,
    PATCH_START,
    PATCH_END,
    BOX_START,
    BOX_END,
    *(f"<loc-{index}>" for index in range(NUM_LOCATIONS)),
)

# What every vocabulary needs besides its own tokens around rounds.
PICTURE_TOKENS: Final = SPECIAL_TOKENS[3:]


class TextTokenizer:
    """A vocabulary of the `tokenizers` library, and the template of rounds; immutable.

    Args:
        backend: holds every one of `SPECIAL_TOKENS`; with a template other than our own, the template's in
            place of the first three. A copy of it is used.
        template: what stands around an instruction and its answer.

    Raises:
        ValueError: a special token is missing from the vocabulary.
    """

    def __init__(self, backend: Tokenizer, template: ChatTemplate = INST) -> None:
        self.backend, self.template = copy.deepcopy(backend), template
        self._name_specials()
        vocabulary = self.backend.get_vocab(with_added_tokens=True)
        if PAD not in vocabulary and UNKNOWN in vocabulary:
            vocabulary[PAD] = vocabulary[UNKNOWN]
        needed = SPECIAL_TOKENS if template is INST else (template.end, *PICTURE_TOKENS)
        missing = [token for token in needed if token not in vocabulary]
        if missing:
            raise ValueError(
                f"The tokenizer lacks the special tokens {missing[:4]}...; train it with train_tokenizer()."
            )
        # From here on the string "<img>" is plain text; without this the library would return the special id.
        self.backend.encode_special_tokens = True
        self._special = {token: int(vocabulary[token]) for token in needed}
        # A public vocabulary has more of them, such as SEED-X's slots.
        added = self.backend.get_added_tokens_decoder()
        others = (index for index, token in added.items() if token.special)
        self._special_ids = frozenset({*self._special.values(), *others})
        self.opening_ids = self._pieces(template.opening, vocabulary)
        self.turning_ids = self._pieces(template.turning, vocabulary)

    def __len__(self) -> int:
        return self.backend.get_vocab_size(with_added_tokens=True)

    @cached_property
    def vocab_size(self) -> int:
        """Entries, special tokens included: the least that a language model must have embeddings for."""
        return self.backend.get_vocab_size(with_added_tokens=True)

    @cached_property
    def start_id(self) -> int:
        """What a round begins with."""
        return self.opening_ids[0]

    @cached_property
    def end_id(self) -> int:
        """What ends an answer."""
        return self.special_id(self.template.end)

    @cached_property
    def image_start_id(self) -> int:
        return self.special_id(IMAGE_START)

    @cached_property
    def image_end_id(self) -> int:
        return self.special_id(IMAGE_END)

    @cached_property
    def box_start_id(self) -> int:
        return self.special_id(BOX_START)

    @cached_property
    def box_end_id(self) -> int:
        return self.special_id(BOX_END)

    @cached_property
    def first_location_id(self) -> int:
        """`<loc-n>` has the id `first_location_id + n`."""
        return self.special_id("<loc-0>")

    @property
    def special_ids(self) -> frozenset[int]:
        return self._special_ids

    def special_id(self, token: str) -> int:
        """The id of one of `SPECIAL_TOKENS`."""
        if token not in self._special:
            raise ValueError(f"{token!r} is not a special token; encode plain text with encode().")
        return self._special[token]

    def encode(self, text: str) -> list[int]:
        """Plain text -> ids, never a special one, whatever the text spells. `decode(encode(text)) == text`.

        Lone surrogates, which no UTF-8 holds, become question marks.
        """
        clean = text.encode("utf-8", "replace").decode("utf-8")
        space = " " if self.template.prefix_space else ""
        ids: list[int] = self.backend.encode(space + clean, add_special_tokens=False).ids
        assert self._special_ids.isdisjoint(ids), "plain text produced a special token"
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Ids -> text. Special ids are left out; the prefix space of `encode` is removed."""
        plain = [index for index in ids if index not in self._special_ids]
        text: str = self.backend.decode(plain, skip_special_tokens=False)
        return text.removeprefix(" ") if self.template.prefix_space else text

    @property
    def _pad(self) -> str | None:
        candidates = (PAD, UNKNOWN, self.template.end)
        return next((token for token in candidates if self.backend.token_to_id(token) is not None), None)

    def _name_specials(self) -> None:
        """What begins, ends and fills up a text is special, even where its vocabulary doesn't say so."""
        named = {START if self.template is INST else None, self.template.end, self._pad} - {None}
        known = {token.content for token in self.backend.get_added_tokens_decoder().values()}
        self.backend.add_special_tokens(sorted(named - known))

    def _as_transformers(self) -> PreTrainedTokenizerFast:
        from transformers import PreTrainedTokenizerFast

        return PreTrainedTokenizerFast(
            tokenizer_object=self.backend,
            bos_token=START if self.template is INST else None,
            eos_token=self.template.end,
            pad_token=self._pad,
            clean_up_tokenization_spaces=False,
        )

    def _pieces(self, pieces: Sequence[str], vocabulary: Mapping[str, int]) -> tuple[int, ...]:
        """Special tokens by name, everything else as text."""
        ids: list[int] = []
        for piece in pieces:
            index = vocabulary.get(piece)
            ids += [index] if index in self._special_ids else self.encode(piece)
        return tuple(ids)

    @classmethod
    def of_backend(cls, backend: Tokenizer, template: ChatTemplate = INST) -> TextTokenizer:
        """From the `tokenizers` library's own; see the class for what is raised."""
        return cls(backend, template)

    @classmethod
    def of_public(
        cls, backend: Tokenizer, *, start: str | None, end: str | None, template: str | None = None
    ) -> TextTokenizer:
        """A public language model's vocabulary, with the tokens of pictures and places added.

        Args:
            backend: the public tokenizer.
            start: the token that begins a text in it, if any (`bos_token`).
            end: the one that ends a text (`eos_token`).
            template: a name of `chat_template.TEMPLATES`; by default what its special tokens show.
        """
        found = template_for(backend.get_vocab(with_added_tokens=True), start=start, end=end, name=template)
        special = [token for token in (*found.opening, *found.turning, found.end) if token.startswith("<")]
        backend.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
        backend.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in PICTURE_TOKENS])
        return cls.of_backend(backend, found)

    def save(self, folder: Path | str) -> None:
        """Writes `tokenizer.json` and `tokenizer_config.json` (transformers' own layout)."""
        self._as_transformers().save_pretrained(str(folder))
        if self.template is not INST:
            self.template.save(Path(folder))

    @classmethod
    def load(cls, folder: Path | str) -> TextTokenizer:
        """The inverse of `save`; ValueError when the folder holds no tokenizer of ours."""
        path = Path(folder) / "tokenizer.json"
        if not path.is_file():
            raise ValueError(f"There is no tokenizer.json in {folder}; save one with TextTokenizer.save().")
        try:
            backend = Tokenizer.from_str(path.read_text(encoding="utf-8"))
        except Exception as error:  # the library raises a bare Exception
            raise ValueError(f"{path} is not a readable tokenizer file: {error}.") from error
        template = ChatTemplate.load(Path(folder))
        return cls(backend, template)


def train_tokenizer(texts: Iterable[str], vocab_size: int = 4096) -> TextTokenizer:
    """A byte-level BPE learned from `texts`; any other text is still spelled out in bytes.

    Args:
        texts: plain sentences as they appear in instructions and responses.
        vocab_size: entries at most, special tokens and the 256 bytes included.

    Raises:
        ValueError: `vocab_size` leaves no room beside the special tokens and the bytes.
    """
    least = len(SPECIAL_TOKENS) + 256
    if vocab_size < least:
        raise ValueError(
            f"vocab_size is {vocab_size}, but the special tokens and bytes need {least}; raise it."
        )
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator((" " + text for text in texts), trainer)
    return TextTokenizer(backend)
