"""A public causal language model -> the language half of a checkpoint: where `align_tokens` starts.

    config.json  model.safetensors (or shards)  tokenizer.json  tokenizer_config.json

transformers reads the weights, whatever its architecture calls them. What images need is made anew: resampler
and slots at the spread of the model's own embeddings, token heads, and entries for the tokens of pictures and
places, which begin as the mean of all words. The text head is stored apart from the embeddings, also where a
model ties them, for adapters train both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor

from limner.models.causal_lm import public_sizes, read_config
from limner.models.checkpoint import load_manifest
from limner.models.conversion.hub import local_folder, of_folders
from limner.models.conversion.seed_x import Tensors
from limner.models.conversion.writing import link_components, whole_folder, write_around, write_component
from limner.models.mllm import MultimodalLLM
from limner.models.presets import SEED_X, Preset
from limner.models.resampler import Resampler
from limner.models.resampler_start import start_as_copy
from limner.models.shards import lazy, read_json
from limner.models.sizes import LanguageSizes
from limner.models.token_head import build_token_heads
from limner.models.tokenizer import TextTokenizer
from limner.models.unfilled import unfilled

MADE: Final = ("language", "token_head", "tokenizer", "adapter")
TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
MOST_HEADS: Final = 32  # of a resampler


def convert_language(
    source: str | Path,
    target: Path,
    *,
    base: Path | None = None,
    revision: str | None = None,
    template: str | None = None,
    context_tokens: int | None = None,
    matrix_dtype: torch.dtype | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Writes `target`; returns it. All or nothing.

    With `base`, `target` is a whole checkpoint that links to the encoder and what draws of `base`, at the
    same place on the same disk. Without, it holds the language half for SEED-X's image tokens.

    Args:
        source: a causal language model as transformers saves it, or the name of a hub repository.
        target: a folder that does not exist.
        base: a checkpoint of limner's.
        revision: of the hub repository.
        template: a name of `chat_template.TEMPLATES`; by default what the tokenizer's special tokens show.
        context_tokens: places of the context; by default the model's own, 4,096 at most.
        matrix_dtype: of stored matrices; by default 16-bit ones stay and 32-bit ones become bfloat16.
        say: told about each step.

    Raises:
        ValueError: files that are missing, or a model that transformers knows no causal language model of.
    """
    folder = local_folder(source, "language model", _needed, revision=revision)
    config = read_config(read_json(folder / "config.json"), folder / "config.json")
    say("reading the tokenizer and the language model")
    tokenizer = read_tokenizer(folder, template)
    entries = max(int(config.vocab_size), tokenizer.vocab_size)
    sizes = public_sizes(config, vocab_size=entries, tie_embeddings=False, context_tokens=context_tokens)
    old, heads = (SEED_X, ("regression",)) if base is None else load_manifest(base)
    preset = with_language(old, sizes)
    torch.manual_seed(0)  # what starts anew
    parts = {
        "language": _language_part(folder, preset, tokenizer),
        "token_head": {n: lazy(t) for n, t in build_token_heads(preset, heads).state_dict().items()},
    }
    with whole_folder(target) as fresh:
        for name, tensors in parts.items():
            say(f"writing {name}")
            write_component(fresh, name, tensors, matrix_dtype)
        write_around(fresh, preset, heads, tokenizer)
        if base is not None:
            link_components(fresh, base.resolve(), MADE)
    return target


def with_language(preset: Preset, language: LanguageSizes) -> Preset:
    """The preset with another language model between the same image tokens."""
    width, dim = language.width, preset.vision.output_dim
    return replace(
        preset,
        language=replace(language, crop_positions=False, upload_crops=False),
        input_resampler=replace(
            preset.input_resampler, width=width, heads=_heads(width, preset.input_resampler.heads)
        ),
        output_resampler=replace(preset.output_resampler, input_dim=width, width=dim),
    )


def read_tokenizer(folder: Path, template: str | None = None) -> TextTokenizer:
    """A public tokenizer with the tokens of pictures and places added.

    Raises:
        ValueError: no `tokenizer.json`, or none of the template's tokens in it.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ValueError(
            f"{folder} has no tokenizer.json; save its tokenizer with transformers "
            "(AutoTokenizer.from_pretrained(...).save_pretrained(...)) and convert that folder."
        )
    try:
        backend = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises a bare Exception
        raise ValueError(f"{path} is not a readable tokenizer file: {error}.") from error
    told: dict[str, Any] = {}
    for name in TOKENIZER_FILES[1:]:
        if (folder / name).is_file():
            told = {**json.loads((folder / name).read_text(encoding="utf-8")), **told}
    start, end = (_word(told.get(name)) for name in ("bos_token", "eos_token"))
    return TextTokenizer.of_public(backend, start=start, end=end, template=template)


def _language_part(folder: Path, preset: Preset, tokenizer: TextTokenizer) -> Tensors:
    with unfilled():
        network = MultimodalLLM(preset.language, preset.input_resampler)
    table = _named(network, network.llm.get_input_embeddings())
    head = _named(network, network.llm.get_output_embeddings())
    public = _public_weights(folder)
    words = public[table]
    public.setdefault(head, words)
    entries = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab(with_added_tokens=True)
    known = min(max(entries.values()) + 1, len(words))
    for name in (table, head):
        public[name] = _grown(public[name], known, preset.language.vocab_size)
    spread = float(words[:known].float().std())
    resampler = Resampler(preset.input_resampler)
    start_as_copy(resampler, out_std=spread)
    made = {f"input_resampler.{name}": tensor for name, tensor in resampler.state_dict().items()}
    made["slots"] = torch.randn(preset.num_image_tokens, preset.language.width) * spread
    made |= public
    wanted = network.state_dict()
    return {name: lazy(made[name]) for name in wanted}


def _public_weights(folder: Path) -> dict[str, Tensor]:
    """The language model's weights by our names.

    Raises:
        ValueError: the folder's weights are not those of its configuration.
    """
    from transformers import AutoModelForCausalLM

    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype="auto", output_loading_info=True, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ValueError(f"transformers cannot read the language model in {folder}: {error}") from error
    llm, told = loaded
    tied = bool(llm.config.get_text_config().tie_word_embeddings)
    missing = [name for name in told["missing_keys"] if not (tied and "lm_head" in name)]
    if missing or told.get("mismatched_keys"):
        some = ", ".join(str(name) for name in [*missing, *told.get("mismatched_keys", ())][:3])
        raise ValueError(f"The weights in {folder} do not fit its configuration: {some}.")
    return {f"llm.{name}": tensor for name, tensor in llm.state_dict().items()}


def _grown(table: Tensor, known: int, entries: int) -> Tensor:
    """A table of `entries` rows: those known, and the mean of them for all others."""
    mean = table[:known].float().mean(0, keepdim=True).to(table.dtype)
    return torch.cat([table[:known], mean.expand(entries - known, -1)])


def _named(network: MultimodalLLM, module: Any) -> str:
    name = next(name for name, other in network.named_modules() if other is module)
    return f"{name}.weight"


def _heads(width: int, usual: int) -> int:
    return next(heads for heads in range(min(usual, MOST_HEADS), 0, -1) if width % heads == 0)


def _word(token: Any) -> str | None:
    """A token in a configuration: its text, or an entry that holds it."""
    return token.get("content") if isinstance(token, dict) else token


def _needed(files: Sequence[str]) -> list[str]:
    return [*of_folders(files, ("",)), *(name for name in files if name in TOKENIZER_FILES)]
