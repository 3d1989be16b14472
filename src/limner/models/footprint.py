"""What a scale weighs before anything is loaded: parameters, and bytes in each number format.

Knows arithmetic on networks without content. Knows no devices: activations and what a library needs for
itself come on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from torch import nn

from limner.models.mllm import MultimodalLLM
from limner.models.model import COMPONENTS, build_component
from limner.models.presets import Preset
from limner.models.sizes import LanguageSizes
from limner.models.token_head import HEAD_KINDS
from limner.models.unfilled import unfilled

# Bytes of one weight; what is not quantised stays in 16 bit. A block of 64 shares one 32-bit scale in 4 bit
# (Dettmers et al. 2023, section 2), a row one in 8 bit, which is nothing beside it.
FORMATS: Final = {"float32": 4.0, "bfloat16": 2.0, "int8": 1.0, "4-bit": 0.5 + 4 / 64}
QUANTISED: Final = ("int8", "4-bit")


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """One component: `num_parameters`, and how many of them a quantising library would squeeze."""

    component: str
    num_parameters: int
    num_quantisable: int = 0

    def num_bytes(self, form: str) -> int:
        """Memory of the weights in one of `FORMATS`."""
        if form not in QUANTISED:
            return round(self.num_parameters * FORMATS[form])
        rest = self.num_parameters - self.num_quantisable
        return round(self.num_quantisable * FORMATS[form] + rest * FORMATS["bfloat16"])


def footprints(preset: Preset, head_kinds: Sequence[str] = HEAD_KINDS) -> list[Footprint]:
    """Every component of a scale, in the order of `COMPONENTS`; only sizes are read, nothing is loaded."""
    made = []
    for name in COMPONENTS:
        with unfilled():
            network = build_component(name, preset, head_kinds)
        made.append(
            Footprint(
                component=name,
                num_parameters=sum(weight.numel() for weight in network.parameters()),
                num_quantisable=_quantisable(network) if isinstance(network, MultimodalLLM) else 0,
            )
        )
    return made


def cache_bytes(sizes: LanguageSizes, num_tokens: int) -> int:
    """Keys and values of so many tokens in 16 bit."""
    copied = sizes.copy_width + sizes.width if sizes.copy_width else 0
    return 2 * (2 * sizes.layers * (sizes.key_value_width or sizes.width) + copied) * num_tokens


def _quantisable(language: MultimodalLLM) -> int:
    """The projections of the language model's layers, not its embeddings."""
    inside = (module for layer in language.layers for module in layer.modules())
    linears = (module for module in inside if isinstance(module, nn.Linear))
    return sum(module.weight.numel() for module in linears)
