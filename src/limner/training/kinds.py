"""The dialogues of one kind, ready for batches: drafted or rendered by the world, or from a data set, with
the image tokens of their pictures.

Knows where a run finds dialogues and the frozen encoder. Knows nothing about mixes, losses or networks that
learn.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from limner.models.tokenizer import TextTokenizer
from limner.training.components import frozen_encoder
from limner.training.crop_tokens import CropEncoder
from limner.training.draft_dialogues import DraftDialogues, SceneTokens, reads_scene_tokens
from limner.training.folder_data import folder_dialogues, folder_tokens
from limner.training.language_data import DialogueSource, LaidOut, laid_out
from limner.training.run_context import RunContext
from limner.training.sample_cache import DialogueCache, cache_folder
from limner.training.token_cache import TokenCache, encoded


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
    sample_cache: DialogueSource
    tokens: Mapping[str, Tensor]
    if folder is None and reads_scene_tokens(preset):
        tokens = SceneTokens()
        spec = context.cache_spec(kind, count, split)
        sample_cache = DraftDialogues(kind, count, split=split, first_seed=spec.first_seed, tokens=tokens)
    elif folder is None:
        sample_cache = context.dialogues(kind, count, split=split)
        tokens = _image_tokens(context, sample_cache, count, split)
    else:
        sample_cache = folder_dialogues(kind, folder, split, held_out)
        size_px, cache = preset.vision.image_size_px, context.cache_folder
        tokens = folder_tokens(sample_cache, frozen_encoder(context), size_px, cache, context.team)
    return laid_out(
        sample_cache,
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


def _image_tokens(
    context: RunContext, sample_cache: DialogueCache, count: int, split: str
) -> Mapping[str, Tensor]:
    if not sample_cache.digests:
        return {}
    folder = cache_folder(context.cache_folder, context.cache_spec(sample_cache.kind, count, split))
    tokens = encoded(sample_cache.pixels, frozen_encoder(context), folder, context.device)
    return TokenCache(sample_cache.digests, tokens)
