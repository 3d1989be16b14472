"""SEED-X's official folder (`seed_x_files.py`) -> a checkpoint of limner's.

Knows which of its names become which of limner's. Everything is checked before anything is written: a weight
that is missing, extra or misshapen is an error that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from limner.models.adapters import ADAPTER, SAVED_WHOLE, LoraSizes, peft_names, write_adapter_files
from limner.models.conversion.agent import AgentLLM, read_llm
from limner.models.conversion.fit import Shape, check_fit
from limner.models.conversion.hub import local_folder
from limner.models.conversion.llama_config import language_sizes
from limner.models.conversion.llama_tokenizer import convert_tokenizer, slot_rows
from limner.models.conversion.public_sizes import (
    Given,
    autoencoder_sizes,
    resampler_sizes,
    unet_sizes,
    vision_sizes,
)
from limner.models.conversion.seed_x_files import (
    AGENT_FILE,
    VISUAL,
    SeedXFiles,
    find_files,
    official_files,
)
from limner.models.conversion.source import read_weights, shapes, weights_in, without_prefix
from limner.models.conversion.writing import link_components, whole_folder, write_around, write_component
from limner.models.model import build_component
from limner.models.presets import SEED_X, Preset
from limner.models.shards import LazyTensor, lazy, read_json
from limner.models.tokenizer import TextTokenizer
from limner.models.unet_detokenizer import UNetDetokenizer
from limner.models.unfilled import unfilled
from limner.models.vision import ImageTokenizer

# A detokenizer that holds these holds its UNet whole; else it is what SEED-X trained on top of SDXL's.
WHOLE_UNET: Final = ".resnets."
SECOND_FOLDER: Final = "unet_stage2"
HEADS: Final = ("regression",)
Tensors = dict[str, LazyTensor]


def convert_seed_x(
    source: str | Path,
    target: Path,
    *,
    variant: str | None = None,
    vision: str | Path | None = None,
    sdxl: str | Path | None = None,
    given: Given | None = None,
    lora_alpha: float | None = None,
    keep_adapter: bool = False,
    whole_uploads: bool = False,
    revision: str | None = None,
    matrix_dtype: torch.dtype | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Writes `target`, a checkpoint for `limner.load`; returns it. All or nothing.

    With both detokenizers there, stage 1 paints and `target/unet_stage2` is a second checkpoint, which paints
    with stage 2 and links to everything else.

    Args:
        source: the official folder, or the name of a hub repository with that layout.
        target: a folder that does not exist.
        variant: one of `VARIANTS`.
        vision: the encoder's weights when they are elsewhere: a file, or a folder or hub repository of
            Qwen-VL-Chat.
        sdxl: Stable Diffusion XL when it is elsewhere: a folder or hub repository.
        given: sizes that no shape tells, where they are not SEED-X's (`public_sizes`).
        lora_alpha: of the adapters in the agent; by default their rank.
        keep_adapter: write the agent's adapters and what was trained beside them as `target/adapter/`, a peft
            folder, and the LLaMA as it was before; by default they are merged.
        whole_uploads: pictures that are given enter as one whole each, in place of SEED-X's crops.
        revision: of the hub repository `source`.
        matrix_dtype: of stored matrices; by default 16-bit ones stay and 32-bit ones become bfloat16.
        say: told about each step.

    Raises:
        ValueError: files that are missing, or (MisfitError) weights that do not fit, key by key.
    """
    folder = local_folder(
        source, "SEED-X", partial(official_files, variant, sdxl is None, vision is None), revision=revision
    )
    files = find_files(folder, variant=variant, vision=vision, sdxl=sdxl)
    say("reading the tokenizer and the language model")
    official = _read(files, given or {}, whole_uploads)
    parts, llm = _language_parts(files, official, lora_alpha, keep_adapter)
    sizes = _lora_sizes(llm.rank, lora_alpha) if keep_adapter else None
    if llm.rank:
        say(f"adapters of rank {llm.rank} {'kept' if keep_adapter else 'merged into the language model'}")
    say("reading the encoder and the detokenizers")
    drawn = _add_pictures(parts, files, official)
    with whole_folder(target) as folder:
        _write_checkpoint(folder, official, parts, matrix_dtype, say)
        if sizes is not None:
            say(f"writing {ADAPTER}")
            _write_adapter(folder / ADAPTER, sizes, llm, parts["language"])
        if len(drawn) > 1:
            say(f"writing {SECOND_FOLDER}")
            _write_second(folder / SECOND_FOLDER, official.presets[2], drawn[2], matrix_dtype)
    return target


@dataclass(frozen=True, kw_only=True)
class _Official:
    """What lies in the official folder; detokenizers and presets by the detokenizer's stage."""

    tokenizer: TextTokenizer
    agent: Mapping[str, Tensor]
    encoder: Mapping[str, Tensor]
    unets: Mapping[int, Mapping[str, Tensor]]
    presets: Mapping[int, Preset]

    @property
    def first(self) -> int:
        """The stage that paints."""
        return next(iter(self.presets))

    @property
    def preset(self) -> Preset:
        """Of the checkpoint; a second one differs in its detokenizer alone."""
        return self.presets[self.first]


def _read(files: SeedXFiles, given: Given, whole_uploads: bool) -> _Official:
    """ValueError when the language model has not a row for each of the tokenizer's entries."""
    tokenizer = convert_tokenizer(files.tokenizer)
    config = read_json(files.llm / "config.json")
    agent = read_weights(files.agent)
    encoder = without_prefix(read_weights(files.vision, VISUAL), VISUAL)
    unets = {stage: read_weights(path) for stage, path in files.stages.items()}
    presets = _presets(files, config, agent, encoder, unets, given)
    if whole_uploads:
        presets = {stage: _without_crops(preset) for stage, preset in presets.items()}
    official = _Official(tokenizer=tokenizer, agent=agent, encoder=encoder, unets=unets, presets=presets)
    num_rows = official.preset.language.vocab_size
    if tokenizer.vocab_size > num_rows:
        raise ValueError(
            f"{files.tokenizer} has {tokenizer.vocab_size} entries, the language model in {files.llm} only "
            f"{num_rows}; take both from one release."
        )
    return official


def _add_pictures(parts: dict[str, Tensors], files: SeedXFiles, official: _Official) -> dict[int, Tensors]:
    """Encoder, autoencoder and detokenizer join the parts; returns the detokenizers by their stage."""
    parts["vision"] = _vision_part(files, official.preset, official.encoder)
    parts["autoencoder"] = autoencoder_part(files.vae, official.preset)
    blank = _blank_tokens(official.preset, parts["vision"])
    drawn = {
        stage: _detokenizer_part(files, official.presets[stage], unet, stage, blank)
        for stage, unet in official.unets.items()
    }
    parts["detokenizer"] = drawn[official.first]
    return drawn


def _write_checkpoint(
    folder: Path,
    official: _Official,
    parts: Mapping[str, Tensors],
    matrix_dtype: torch.dtype | None,
    say: Callable[[str], None],
) -> None:
    for name, tensors in parts.items():
        say(f"writing {name}")
        write_component(folder, name, tensors, matrix_dtype)
    write_around(folder, official.preset, HEADS, official.tokenizer)


def _write_second(second: Path, preset: Preset, detokenizer: Tensors, dtype: torch.dtype | None) -> None:
    """The checkpoint that paints with stage 2, inside the other one's folder."""
    second.mkdir()
    write_component(second, "detokenizer", detokenizer, dtype)
    write_around(second, preset, HEADS, None)
    link_components(second, second.parent, ("detokenizer",))


def autoencoder_part(vae: Path, preset: Preset) -> Tensors:
    """The KL autoencoder of a diffusers pipeline as limner's, its scale as the spread of latents."""
    tensors = {_new_attention_name(name): tensor for name, tensor in read_weights(vae).items()}
    wanted = {
        name.removeprefix("core.kl."): shape
        for name, shape in _wanted("autoencoder", preset).items()
        if name.startswith("core.kl.")
    }
    tensors = {
        name: t.reshape(wanted[name]) if t.ndim == 4 and len(wanted.get(name, ())) == 2 else t
        for name, t in tensors.items()
    }
    check_fit(vae, shapes(tensors), wanted)
    channels = preset.autoencoder.latent_channels
    return {
        **{f"core.kl.{name}": lazy(tensors[name]) for name in wanted},
        "latent_mean": lazy(torch.zeros(channels)),
        "latent_std": lazy(torch.full((channels,), 1 / scaling_factor(vae))),
    }


def scaling_factor(vae: Path) -> float:
    """What latents are multiplied by to have unit spread."""
    factor = read_json(vae / "config.json").get("scaling_factor")
    if not isinstance(factor, int | float) or factor <= 0:
        raise ValueError(f"{vae / 'config.json'} has no scaling_factor.")
    return float(factor)


def _presets(
    files: SeedXFiles,
    config: Mapping[str, Any],
    agent: Mapping[str, Tensor],
    encoder: Mapping[str, Tensor],
    unets: Mapping[int, Mapping[str, Tensor]],
    given: Given,
) -> dict[int, Preset]:
    """The sizes of everything, by the detokenizer's stage."""
    language = language_sizes(config, files.llm / "config.json")
    vision = vision_sizes(shapes(encoder), given, files.vision)
    dim, width, found = vision.output_dim, language.width, shapes(agent)
    resampled = resampler_sizes(found, "input_resampler", width, dim, given, files.agent)
    num_tokens = resampled.grid**2
    unet_config = read_json(files.unet / "config.json")
    side = int(unet_config.get("sample_size", SEED_X.detokenizer.latent_size))
    autoencoder = autoencoder_sizes(read_json(files.vae / "config.json"), side, files.vae / "config.json")
    presets = {}
    for stage, tensors in unets.items():
        detokenizer = unet_sizes(
            unet_config,
            shapes(tensors),
            autoencoder,
            token_dim=dim,
            num_tokens=num_tokens,
            tokens_pooled=max(1, vision.num_queries // num_tokens),
            scale=scaling_factor(files.vae),
            stage=stage,
            given=given,
            where=files.stages[stage],
        )
        presets[stage] = replace(
            SEED_X,
            image_size_px=vision.image_size_px,
            num_image_tokens=num_tokens,
            vision=vision,
            input_resampler=resampled,
            output_resampler=resampler_sizes(found, "output_resampler", dim, width, given, files.agent),
            language=language,
            detokenizer=detokenizer,
            autoencoder=autoencoder,
        )
    return presets


def _language_parts(
    files: SeedXFiles, official: _Official, lora_alpha: float | None, keep_adapter: bool
) -> tuple[dict[str, Tensors], AgentLLM]:
    preset, agent = official.preset, official.agent
    wanted = _wanted("language", preset)
    heads = _wanted("token_head", preset)
    # The slots are rows of the embedding table.
    beside = {
        name: shape for name, shape in wanted.items() if not name.startswith("llm.") and name != "slots"
    }
    beside |= {name.removeprefix("regression."): shape for name, shape in heads.items()}
    plain = {name.removeprefix("llm."): shape for name, shape in wanted.items() if name.startswith("llm.")}
    has_folder = weights_in(files.llm, AGENT_FILE).is_file()
    llm = read_llm(
        agent,
        read_weights(files.llm) if has_folder else None,
        plain,
        preset.language,
        beside=beside,
        where=files.agent,
        llm_where=files.llm,
        alpha=lora_alpha,
        keep=keep_adapter,
    )
    first, num_slots = slot_rows(official.tokenizer, preset.num_image_tokens), preset.num_image_tokens
    table = llm.trained["model.embed_tokens.weight"]
    slots = LazyTensor(
        shape=wanted["slots"], dtype=table.dtype, make=lambda: table.make()[first : first + num_slots]
    )
    language: Tensors = {"slots": slots, **{f"llm.{name}": tensor for name, tensor in llm.tensors.items()}}
    language |= {name: lazy(agent[name]) for name in beside if name in wanted}
    head = {name: lazy(agent[name.removeprefix("regression.")]) for name in heads}
    return {"language": {name: language[name] for name in wanted}, "token_head": head}, llm


def _write_adapter(folder: Path, sizes: LoraSizes, llm: AgentLLM, language: Tensors) -> None:
    """The two files of an adapter (`adapters.adapter_tensors`), each tensor as it is."""
    whole = {
        name: tensor.make()
        for name, tensor in llm.trained.items()
        if name.removesuffix(".weight").rpartition(".")[2] in SAVED_WHOLE
    }
    beside = {name: tensor.make() for name, tensor in language.items() if not name.startswith("llm.")}
    folder.mkdir()
    write_adapter_files(folder, sizes, (peft_names({**llm.adapters, **whole}), beside))


def _lora_sizes(rank: int, alpha: float | None) -> LoraSizes:
    alpha = rank if alpha is None else alpha
    if alpha != int(alpha):
        raise ValueError(f"An adapter that is kept has a whole alpha, not {alpha:g}; merge it instead.")
    return LoraSizes(rank=rank, alpha=int(alpha))


def _without_crops(preset: Preset) -> Preset:
    return replace(preset, language=replace(preset.language, upload_crops=False))


def _vision_part(files: SeedXFiles, preset: Preset, encoder: Mapping[str, Tensor]) -> Tensors:
    wanted = {
        name.removeprefix("vision."): shape
        for name, shape in _wanted("vision", preset).items()
        if name.startswith("vision.")
    }
    check_fit(files.vision, shapes(encoder), wanted)
    dim = preset.vision.output_dim
    # The paper regresses the encoder's own values.
    statistics = {"token_mean": lazy(torch.zeros(dim)), "token_std": lazy(torch.ones(dim))}
    return {**statistics, **{f"vision.{name}": lazy(encoder[name]) for name in wanted}}


def _detokenizer_part(
    files: SeedXFiles, preset: Preset, given: Mapping[str, Tensor], stage: int, blank: Tensor
) -> Tensors:
    wanted = _wanted("detokenizer", preset)
    del wanted["negative_tokens"]
    tensors = dict(given)
    if not any(name.startswith("unet.") and WHOLE_UNET in name for name in tensors):
        public = {f"unet.{name}": tensor for name, tensor in read_weights(files.unet).items()}
        kinds = {_kind(name) for name in tensors}
        tensors |= {name: t for name, t in public.items() if _kind(name) not in kinds}
    check_fit(files.stages[stage], shapes(tensors), wanted)
    return {"negative_tokens": lazy(blank), **{name: lazy(tensors[name]) for name in wanted}}


def _kind(name: str) -> str:
    """What it is in every block that has one: a kind that was trained was trained in all of them."""
    return re.sub(r"(down_blocks|mid_block|up_blocks)", "blocks", re.sub(r"\.\d+(?=\.)", "", name))


def _blank_tokens(preset: Preset, vision: Tensors) -> Tensor:
    """The image tokens of a blank picture, which guidance steers away from: computed here, once for all."""
    with unfilled():
        encoder = build_component("vision", preset)
        painter = build_component("detokenizer", preset)
    assert isinstance(encoder, ImageTokenizer)
    assert isinstance(painter, UNetDetokenizer)
    encoder.load_state_dict({name: tensor.make().float() for name, tensor in vision.items()}, assign=True)
    painter.remember_blank(encoder.eval())
    return painter.negative_tokens


def _wanted(name: str, preset: Preset) -> dict[str, Shape]:
    """Names and shapes of one of limner's components."""
    with unfilled():
        network = build_component(name, preset, HEADS)
    return shapes(network.state_dict())


def _new_attention_name(name: str) -> str:
    """Autoencoders saved by old versions of diffusers name their attention otherwise."""
    parts = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
    if ".attentions." not in name:
        return name
    return ".".join(parts.get(part, part) for part in name.split("."))
