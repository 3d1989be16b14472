"""How much GPU memory a full-scale recipe needs, computed from its sizes before anything is loaded.

Knows formats and where weights, gradients and moments lie with one process and with several. Weights,
gradients and moments are exact counts (the networks are built without storage); activations are an estimate,
34 bytes for each place and channel of one layer in 16 bit (Korthikanti et al., "Reducing Activation
Recomputation", 2022, with fused attention), and each other layer's input.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from limner.models.adapters import add_adapter
from limner.models.autoencoder import Autoencoder
from limner.models.mllm import MultimodalLLM
from limner.models.model import build_component, build_detokenizer
from limner.models.presets import Preset
from limner.training.heads import BothHeads
from limner.training.processes import split_blocks
from limner.training.recipe import Recipe
from limner.training.stages.detokenizer import DetokenizerStage
from limner.training.stages.language import LanguageStage

GIGABYTE = 1e9
LAYER_BYTES = 34  # of each place and channel, 16 bit
RESIDUAL_BYTES = 4
PLACES_A_DIALOGUE = (
    1_024  # four rounds with pictures: about 100 places of text and 128 of picture each, rounded up
)


@dataclass(frozen=True, kw_only=True)
class MemoryPlan:
    """GB (10^9 bytes) on each GPU."""

    recipe: str
    processes: int
    micro_batch: int
    trained: float  # billions of parameters, on all GPUs together
    frozen: float
    weights: float
    gradients: float
    moments: float
    gathered: float  # what is whole only while it computes: a block's weights, and sums not yet shared out
    activations: float
    start: (
        float  # at most, before the first step: the part of it that is this GPU's, and what is read at once
    )

    @property
    def total(self) -> float:
        """GB on each GPU, without the library's own, which is 1 to 3."""
        return self.weights + self.gradients + self.moments + self.gathered + self.activations


def memory_plan(recipe: Recipe, *, processes: int, micro_batch: int | None = None) -> MemoryPlan:
    """The memory of a recipe of the language model or the detokenizer on so many GPUs.

    Raises:
        ValueError: the recipe trains something else.
    """
    stage, batch = recipe.build, micro_batch or recipe.plan.batch
    with torch.device("meta"):
        if isinstance(stage, LanguageStage):
            network, frozen_beside = _language(recipe.preset, stage), 0
            activations = _language_activations(recipe.preset, batch)
        elif isinstance(stage, DetokenizerStage):
            network, frozen_beside = _detokenizer(recipe.preset)
            activations = _detokenizer_activations(recipe.preset, batch)
        else:
            raise ValueError(
                f"There is no memory plan for {recipe.name}; it trains neither of the large models."
            )
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    frozen = sum(p.numel() for p in network.parameters() if not p.requires_grad)
    # Frozen weights and what is gathered are 16 bit; what is trained is float32.
    block = max(_block_sizes(network), default=0)
    rest = trained + frozen - sum(_block_sizes(network))
    # One process: the 16-bit copies that autocast keeps for the backward pass. Several: a block at work, the
    # next one, and gradients that wait for the last micro-batch.
    gathered = 2 * trained if processes == 1 else 2 * (2 * block + rest) + 4 * trained
    weights = (4 * trained + 2 * frozen) / processes + 4 * frozen_beside
    # A language model is split before it is filled, weight by weight; a detokenizer is built whole.
    is_language = isinstance(stage, LanguageStage)
    whole = weights if is_language else 4 * trained + 2 * frozen + 4 * frozen_beside
    largest = 4 * max(p.numel() for p in network.parameters()) if is_language and processes > 1 else 0
    return MemoryPlan(
        recipe=recipe.name,
        processes=processes,
        micro_batch=batch,
        trained=trained / GIGABYTE,
        frozen=(frozen + frozen_beside) / GIGABYTE,
        weights=weights / GIGABYTE,
        gradients=4 * trained / processes / GIGABYTE,
        moments=8 * trained / processes / GIGABYTE,
        gathered=gathered / GIGABYTE,
        activations=activations / GIGABYTE,
        start=(whole + largest) / GIGABYTE,
    )


def _language(preset: Preset, stage: LanguageStage) -> nn.Module:
    language = MultimodalLLM(preset.language, preset.input_resampler)
    if stage.lora is not None:
        add_adapter(language, stage.lora)
    return nn.ModuleDict({"language": language, "heads": BothHeads(preset, kinds=stage.heads)})


def _detokenizer(preset: Preset) -> tuple[nn.Module, int]:
    """The network, and the weights of the two frozen ones beside it."""
    beside = (build_component("vision", preset), Autoencoder(preset.autoencoder))
    return build_detokenizer(preset), sum(p.numel() for part in beside for p in part.parameters())


def _language_activations(preset: Preset, batch: int) -> float:
    sizes, places = preset.language, batch * PLACES_A_DIALOGUE
    kept = RESIDUAL_BYTES * sizes.layers * sizes.width * places
    words = places / 4  # supervised, whose logits are float32, with their softmax and its gradient
    return kept + LAYER_BYTES * sizes.width * places + 12 * sizes.vocab_size * words


def _detokenizer_activations(preset: Preset, batch: int) -> float:
    sizes = preset.detokenizer
    width, layers = int(getattr(sizes, "width", 0)), int(getattr(sizes, "layers", 0))
    patches = batch * (sizes.latent_size // int(getattr(sizes, "patch_size", 1))) ** 2
    return (RESIDUAL_BYTES * layers + LAYER_BYTES) * width * patches


def _block_sizes(network: nn.Module) -> list[int]:
    return [sum(p.numel() for p in block.parameters()) for block in split_blocks(network)]
