"""Both token heads trained at once, the paper's regression and our flow, on the same hidden states; or one
alone.

Knows which gradients reach the language model. Knows nothing about prompts or data.

Legend: B pictures, K image tokens of a picture, D token width, W width of the hidden states.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from limner.models.presets import Preset
from limner.models.token_head import HEAD_KINDS, FlowHead, RegressionHead, build_token_heads
from limner.training.scene_heads import word_groups


class BothHeads(nn.Module):
    """`losses` as packing wants it: one value a picture, the sum of both heads' losses.

    Args: flow_detached: the flow head learns from the hidden states without shaping them. flow_pictures: at
        most so many pictures of a micro-batch go through the flow head, which costs as much as the language
        model itself; the regression head always sees all. flow_draws: noise draws a picture. guess_weight: of
        the flow head's linear guess alone, so that it reads the hidden states before the flow itself is
        trained. kinds: the heads there are; the paper's plans train regression alone.
    """

    def __init__(
        self,
        preset: Preset,
        *,
        flow_detached: bool = False,
        flow_weight: float = 0.25,
        flow_pictures: int = 8,
        flow_draws: int = 2,
        guess_weight: float = 0.0,
        kinds: Sequence[str] = HEAD_KINDS,
    ) -> None:
        super().__init__()
        self.heads = build_token_heads(preset, kinds)
        if self.has_flow:
            self.flow.draws = flow_draws
            if self.flow.codebook is not None:
                self.flow.codebook.fill(word_groups())
        self.flow_detached, self.flow_weight, self.flow_pictures = flow_detached, flow_weight, flow_pictures
        self.guess_weight = guess_weight

    @property
    def has_flow(self) -> bool:
        return "flow" in self.heads.kinds

    @property
    def regression(self) -> RegressionHead:
        head = self.heads.of_kind("regression")
        assert isinstance(head, RegressionHead)
        return head

    @property
    def flow(self) -> FlowHead:
        head = self.heads.of_kind("flow")
        assert isinstance(head, FlowHead)
        return head

    def losses(
        self,
        hidden_BKW: Tensor,
        target_BKD: Tensor,
        generator: torch.Generator | None = None,
        *,
        weights_BK: Tensor | None = None,
    ) -> Tensor:
        """(B,) errors of regression, plus the weighted flow loss on the pictures chosen for it."""
        errors = self.regression.losses(hidden_BKW, target_BKD, weights_BK=weights_BK)
        if self.guess_weight > 0 and self.has_flow:
            guess_BK = self.flow.guess_errors(hidden_BKW, target_BKD)
            guess_BK = guess_BK if weights_BK is None else guess_BK * weights_BK
            errors = errors + self.guess_weight * guess_BK.mean(dim=-1)
        count = min(self.flow_pictures, len(target_BKD))
        if count == 0 or self.flow_weight == 0 or not self.has_flow:
            return errors
        source = generator.device if generator is not None else torch.device("cpu")
        chosen = torch.randperm(len(target_BKD), generator=generator, device=source)[:count].to(
            target_BKD.device
        )
        seen = hidden_BKW[chosen]
        flow = self.flow.losses(seen.detach() if self.flow_detached else seen, target_BKD[chosen], generator)
        return errors + self.flow_weight * flow.mean()
