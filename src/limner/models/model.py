"""Everything that paints, in one bundle. Knows the components there are; knows no files, no chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from limner.dialogue.parts import Instruction
from limner.models.autoencoder import Autoencoder
from limner.models.detokenizer import DiTDetokenizer
from limner.models.detokenizer_contract import Detokenizer
from limner.models.mllm import MultimodalLLM
from limner.models.offload import TakingTurns
from limner.models.precision import place
from limner.models.presets import Preset
from limner.models.prompt import Segment, instruction_segments
from limner.models.quantised import num_weights
from limner.models.sizes import DetokenizerSizes
from limner.models.token_head import HEAD_KINDS, TokenHeads, build_token_heads
from limner.models.tokenizer import TextTokenizer
from limner.models.unet_detokenizer import UNetDetokenizer
from limner.models.vision import ImageTokenizer, build_encoder


@dataclass(kw_only=True)
class LimnerModel:
    """The components of one model, on one device and in one number format.

    `image_tokenizer`: picture -> image tokens. `language`: dialogue -> hidden states. `token_heads`: hidden
    states -> image tokens. `detokenizer`: image tokens -> latents. `autoencoder`: latents <-> pixels.

    Raises:
        ValueError: the tokenizer has ids that the language model has no embedding for.
    """

    preset: Preset
    tokenizer: TextTokenizer
    image_tokenizer: ImageTokenizer
    language: MultimodalLLM
    token_heads: TokenHeads
    detokenizer: Detokenizer
    autoencoder: Autoencoder
    turns: TakingTurns | None = None  # of the networks that are in memory only while they work

    def __post_init__(self) -> None:
        entries, room = self.tokenizer.vocab_size, self.preset.language.vocab_size
        if entries > room:
            raise ValueError(
                f"The tokenizer has {entries} entries, the language model room for {room}; "
                "train a smaller vocabulary."
            )

    @property
    def head_kinds(self) -> tuple[str, ...]:
        """The token heads there are; the first is the one that chat uses by default."""
        return self.token_heads.kinds

    @property
    def device(self) -> torch.device:
        return self.language.device

    @property
    def dtype(self) -> torch.dtype:
        return self.language.dtype

    def networks(self) -> dict[str, nn.Module]:
        """The trained components by the names of their folders in a checkpoint."""
        return {
            "vision": self.image_tokenizer,
            "language": self.language,
            "token_head": self.token_heads,
            "detokenizer": self.detokenizer,
            "autoencoder": self.autoencoder,
        }

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> LimnerModel:
        """Moves every component and casts its weights, in place (`precision.place`); returns this model.

        Raises:
            ValueError: some of its networks take turns in memory and can't be moved.
        """
        if self.turns is not None:
            raise ValueError(
                "A model loaded with offload stays where it is; load it again for another place."
            )
        for network in self.networks().values():
            place(network, device, dtype)
        return self

    def eval(self) -> LimnerModel:
        """Every component for use: no gradients, no dropout; returns this model."""
        for network in self.networks().values():
            network.eval().requires_grad_(False)
        return self

    def segments_of(self, instruction: Instruction) -> list[Segment]:
        """An instruction as this model reads it: without its region where it never learned to read one."""
        if not self.preset.language.reads_regions:
            instruction = replace(instruction, region=None)
        return instruction_segments(instruction, self.tokenizer, self.preset.upload_crop_px)

    @property
    def num_parameters(self) -> int:
        """Weights of all components together."""
        return sum(num_weights(network) for network in self.networks().values())


def build_model(
    preset: Preset, tokenizer: TextTokenizer, head_kinds: Sequence[str] = HEAD_KINDS
) -> LimnerModel:
    """A new model with random weights from the sizes of `preset`."""
    parts = {name: build_component(name, preset, head_kinds) for name in COMPONENTS}
    return assemble(preset, tokenizer, parts)


COMPONENTS = ("vision", "language", "token_head", "detokenizer", "autoencoder")


def build_component(name: str, preset: Preset, head_kinds: Sequence[str] = HEAD_KINDS) -> nn.Module:
    """One new component of `COMPONENTS` with random weights."""
    if name == "vision":
        return ImageTokenizer(build_encoder(preset.vision), preset.num_image_tokens)
    if name == "language":
        return MultimodalLLM(preset.language, preset.input_resampler)
    if name == "token_head":
        return build_token_heads(preset, head_kinds)
    if name == "detokenizer":
        return build_detokenizer(preset)
    if name == "autoencoder":
        return Autoencoder(preset.autoencoder)
    raise ValueError(f"There is no component {name!r}; choose one of {', '.join(COMPONENTS)}.")


def build_detokenizer(preset: Preset) -> Detokenizer:
    """The kind of detokenizer that `preset` names, random weights."""
    sizes = preset.detokenizer
    return DiTDetokenizer(sizes) if isinstance(sizes, DetokenizerSizes) else UNetDetokenizer(sizes)


def assemble(preset: Preset, tokenizer: TextTokenizer, parts: dict[str, nn.Module]) -> LimnerModel:
    """A model from its components, by the names of `COMPONENTS`."""
    vision, language, heads = parts["vision"], parts["language"], parts["token_head"]
    detokenizer, autoencoder = parts["detokenizer"], parts["autoencoder"]
    assert isinstance(vision, ImageTokenizer)
    assert isinstance(language, MultimodalLLM)
    assert isinstance(heads, TokenHeads)
    assert isinstance(detokenizer, Detokenizer)
    assert isinstance(autoencoder, Autoencoder)
    return LimnerModel(
        preset=preset,
        tokenizer=tokenizer,
        image_tokenizer=vision,
        language=language,
        token_heads=heads,
        detokenizer=detokenizer,
        autoencoder=autoencoder,
    )
