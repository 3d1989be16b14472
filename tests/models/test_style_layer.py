"""The layer of styles: the plain one leaves pixels alone, others change them as it was taught."""

from __future__ import annotations

from dataclasses import replace

import torch

from limner.models.model import build_detokenizer
from limner.models.presets import PRESETS, Preset
from limner.models.sizes import StyleSizes
from limner.models.style_layer import StyleLayer

SIZES = StyleSizes(token=2, width=12, depth=1, maps=1)
SIDE, DIM, TOKENS = 32, 8, 5


def layer() -> StyleLayer:
    torch.manual_seed(0)
    made = StyleLayer(SIZES, SIDE, DIM)
    made.plain.copy_(torch.eye(DIM)[0] * DIM**0.5)
    return made


def test_the_plain_style_leaves_a_picture_as_it_is() -> None:
    made, pixels = layer(), torch.rand(2, 3, SIDE, SIDE) * 2 - 1
    torch.nn.init.normal_(made.leave.weight)
    tokens = made.plainly(torch.randn(2, TOKENS, DIM))
    assert made(pixels, tokens) is pixels
    noisy = tokens + 0.1 * torch.randn(tokens.shape)
    torch.testing.assert_close(made(pixels, noisy), pixels, rtol=0, atol=0)


@torch.no_grad()
def test_other_styles_change_the_picture_that_asks_for_one() -> None:
    made, pixels = layer(), torch.rand(2, 3, SIDE, SIDE) * 2 - 1
    torch.nn.init.normal_(made.leave.weight, std=0.1)
    tokens = made.plainly(torch.randn(2, TOKENS, DIM))
    tokens[1, SIZES.token] = torch.eye(DIM)[1] * DIM**0.5
    styled = made(pixels, tokens)
    torch.testing.assert_close(styled[0], pixels[0], rtol=0, atol=0)
    assert float((styled[1] - pixels[1]).abs().mean()) > 0.01
    plain = made.plainly(tokens)
    torch.testing.assert_close(plain[:, [0, 1, 3, 4]], tokens[:, [0, 1, 3, 4]], rtol=0, atol=0)


def test_it_learns_grain_that_lies_still_and_two_styles_at_once() -> None:
    made = layer()
    generator = torch.Generator().manual_seed(1)
    hatched = (torch.rand(SIDE, SIDE, generator=generator) > 0.5).float()
    styles = torch.eye(DIM)[1:3] * DIM**0.5
    optimizer = torch.optim.Adam(made.parameters(), lr=1e-2)
    errors = []
    for _ in range(150):
        pixels = torch.rand(2, 3, 1, 1, generator=generator).expand(-1, -1, SIDE, SIDE) * 2 - 1
        wanted = torch.stack([pixels[0].mean(0, keepdim=True).expand(3, -1, -1) - 0.3 * hatched, -pixels[1]])
        error = (made.put_on(pixels, styles) - wanted).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(float(error.detach()))
    assert sum(errors[-20:]) < 0.1 * sum(errors[:20])


def test_the_detokenizer_draws_plainly_and_puts_the_style_on_last() -> None:
    preset = PRESETS["sketch"]
    assert Preset.from_json(preset.to_json()) == preset
    torch.manual_seed(0)
    detokenizer = build_detokenizer(preset).eval()
    style = detokenizer.frame.style
    sizes = preset.detokenizer
    style.plain.copy_(torch.eye(sizes.token_dim)[0] * sizes.token_dim**0.5)
    torch.nn.init.normal_(style.colours.bias, std=0.5)
    tokens = torch.randn(1, sizes.num_tokens, sizes.token_dim)
    plain = style.plainly(tokens)
    drawn, styled = (detokenizer.sample(given, 1, seeds=[3]) for given in (plain, tokens))
    assert float((drawn - styled).detach().abs().mean()) > 0.01
    with torch.no_grad():
        torch.testing.assert_close(style(drawn, tokens), styled)
    without = build_detokenizer(replace(preset, detokenizer=replace(sizes, style=None)))
    assert not any("style" in name for name in without.state_dict())
