"""The same image tokens, drawn by somebody else: the symbolic twin in a painter's place.

Knows painted pictures and the ruler. Samples no language model a second time.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from limner.dialogue.parts import Picture
from limner.evaluation.suites.asking import Painted
from limner.inference.generation import detokenize
from limner.inference.painter import Painter
from limner.inference.sampling import Sampling
from limner.models.symbolic_twin import reads_scenes, with_symbolic_twin

Redraw = Callable[[Picture], Picture]
"""A picture -> its image tokens drawn anew; a picture that nobody painted stays as it is."""


def twin_of(painter: Painter) -> Redraw | None:
    """What redraws `painter`'s pictures as the symbolic twin would have drawn them; None where its image
    tokens are not scene tokens.
    """
    if not reads_scenes(painter.model):
        return None
    twin = with_symbolic_twin(painter.model)

    def redraw(picture: Picture) -> Picture:
        if not isinstance(picture, Painted):
            return picture
        tokens_ND = torch.from_numpy(picture.tokens_ND).to(twin.device, twin.dtype)
        return Painted(detokenize(twin, tokens_ND, Sampling(), seed=0), tokens_ND=picture.tokens_ND)

    return redraw
