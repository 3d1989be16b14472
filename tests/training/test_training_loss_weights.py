"""Tokens that an edit changes count more; a picture's weights have a mean of 1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner.dialogue.parts import Picture
from limner.models.packing import Layout, lay_out
from limner.models.presets import TINY
from limner.models.prompt import ImageSegment, TextSegment
from limner.models.token_head import RegressionHead
from limner.training.loss_weights import loss_weights
from limner.training.recipes.language import PLANS

K, D = 4, 3
NAMES = ("base", "edited", "other")


def _text() -> TextSegment:
    return TextSegment(ids=(1, 2), supervised=False)


PICTURES = {name: Picture(np.full((16, 16, 3), grey, np.uint8)) for grey, name in enumerate(NAMES)}


def _layout(*names: str) -> Layout:
    """A dialogue that paints these pictures, one a round."""
    return lay_out([[_text(), ImageSegment(picture=PICTURES[name], role="target")] for name in names], K)


@pytest.fixture
def tokens() -> dict[str, torch.Tensor]:
    base = torch.randn(K, D, generator=torch.Generator().manual_seed(0))
    edited = base.clone()
    edited[2] += 0.5
    other = 3 + torch.randn(K, D, generator=torch.Generator().manual_seed(1))
    made = zip(NAMES, (base, edited, other), strict=True)
    return {PICTURES[name].digest: values for name, values in made}


def test_the_changed_token_counts_most_and_the_mean_is_one(tokens: dict[str, torch.Tensor]) -> None:
    layout = _layout("base", "other", "edited")
    weights = loss_weights(layout, tokens, 3.0)
    assert torch.equal(weights[:2], torch.ones(2, K))  # nothing before; nothing like it before
    # One token of four holds all of the change: (1 + 3 * 4) against 1, over their mean of 4.
    assert weights[2].tolist() == pytest.approx([0.25, 0.25, 3.25, 0.25])
    assert torch.equal(loss_weights(layout, tokens, 0.0), torch.ones(3, K))


def test_what_a_way_back_undoes_counts_too(tokens: dict[str, torch.Tensor]) -> None:
    """Painted as before the edit, the picture is a copy of the first one, and not of the last."""
    weights = loss_weights(_layout("base", "edited", "base"), tokens, 3.0)
    assert weights[2].tolist() == pytest.approx([0.25, 0.25, 3.25, 0.25])


def test_a_copy_counts_evenly_and_text_alone_has_no_weights(tokens: dict[str, torch.Tensor]) -> None:
    layout = _layout("base", "base")
    assert torch.equal(loss_weights(layout, tokens, 3.0), torch.ones(2, K))
    assert loss_weights(lay_out([[_text()]], K), tokens, 3.0).numel() == 0


def test_what_an_edit_keeps_is_not_outweighed() -> None:
    """Of 64 scene tokens an edit changes one or two, by all of a word. Where such a token counted a hundred
    times as much as one that stays, "Add a red hat." made the sweater red as well.
    """
    stage = PLANS["sketch"][1]
    kept = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    edited = kept.clone()
    edited[8:10] = torch.randn(2, 64, generator=torch.Generator().manual_seed(1))
    tokens = {PICTURES["base"].digest: kept, PICTURES["edited"].digest: edited}
    pictures = [ImageSegment(picture=PICTURES[name], role="target") for name in ("base", "edited")]
    layout = lay_out([[_text(), picture] for picture in pictures], 64)
    weights = loss_weights(layout, tokens, stage.change_weight)[1]
    assert 1 < float(weights[8] / weights[0]) < 10


def test_the_regression_head_weighs_its_errors() -> None:
    head = RegressionHead(TINY.output_resampler)
    hidden = torch.randn(2, 16, TINY.language.width)
    target = torch.randn(2, 16, TINY.vision.output_dim)
    plain = head.losses(hidden, target)
    assert torch.allclose(head.losses(hidden, target, weights_BK=torch.ones(2, 16)), plain)
    one = torch.zeros(2, 16)
    one[:, 5] = 16.0
    predicted = head.predict(hidden)
    expected = (predicted[:, 5] - target[:, 5]).square().mean(dim=-1)
    assert torch.allclose(head.losses(hidden, target, weights_BK=one), expected, atol=1e-5)
