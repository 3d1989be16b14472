"""The dialogues of one kind, ready for batches: drafted or rendered by the world, or from a data set, with
the image tokens of their pictures.

Knows where a run finds dialogues and the frozen encoder. Knows nothing about mixes, losses or networks that
learn.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from limner.models.tokenizer import TextTokenizer
from limner.training.bank import DialogueBank, bank_folder
from limner.training.components import frozen_encoder
from limner.training.crop_tokens import CropEncoder
from limner.training.draft_dialogues import DraftDialogues, SceneTokens, reads_scene_tokens
from limner.training.folder_data import folder_dialogues, folder_tokens
from limner.training.language_data import DialogueSource, LaidOut, laid_out
from limner.training.run_context import RunContext
from limner.training.token_bank import TokenBank, encoded


def kind_laid_out(
    context: RunContext,
    tokenizer: TextTokenizer,
    kind: str,
    count: int,
    split: str,
    *,
    held_out: int,
    whole_text: bool = False,
    change_weight: float = 0.0,
    crops: CropEncoder | None = None,
) -> LaidOut:
    """`count` dialogues that the world makes of `kind`, or those of the data set given for it.

    The world's are drafted and never rendered where the preset's image tokens are scene tokens.

    Args:
        held_out: how many of a data set's dialogues are its test split.
        whole_text, change_weight, crops: as in `laid_out`.
    """
    preset = context.preset
    folder = context.data.get(kind)
    bank: DialogueSource
    tokens: Mapping[str, Tensor]
    if folder is None and reads_scene_tokens(preset):
        tokens = SceneTokens()
        spec = context.bank_spec(kind, count, split)
        bank = DraftDialogues(kind, count, split=split, first_seed=spec.first_seed, tokens=tokens)
    elif folder is None:
        bank = context.dialogues(kind, count, split=split)
        tokens = _image_tokens(context, bank, count, split)
    else:
        bank = folder_dialogues(kind, folder, split, held_out)
        size_px, cache = preset.vision.image_size_px, context.bank_folder
        tokens = folder_tokens(bank, frozen_encoder(context), size_px, cache, context.team)
    return laid_out(
        bank,
        tokens,
        tokenizer,
        num_image_tokens=preset.num_image_tokens,
        context_tokens=preset.language.context_tokens,
        whole_text=whole_text,
        change_weight=change_weight,
        crops=crops,
    )


def crop_encoder(context: RunContext) -> CropEncoder | None:
    """What encodes given pictures where the model reads them as crops; None where it reads them whole."""
    crop_px = context.preset.upload_crop_px
    return None if crop_px is None else CropEncoder(frozen_encoder(context), crop_px, context.device)


def _image_tokens(context: RunContext, bank: DialogueBank, count: int, split: str) -> Mapping[str, Tensor]:
    if not bank.digests:
        return {}
    folder = bank_folder(context.bank_folder, context.bank_spec(bank.kind, count, split))
    tokens = encoded(bank.pixels, frozen_encoder(context), folder, context.device)
    return TokenBank(bank.digests, tokens)
