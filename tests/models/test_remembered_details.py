"""What a canvas remembers lies in the body's frame, is chosen by words, and begins as nothing."""

from __future__ import annotations

import json
from dataclasses import asdict

import torch

from limner.models.presets import SCENE_LAYERS
from limner.models.refine import RGBA
from limner.models.remembered_details import TOLD_WIDTH, RememberedDetails, WordMaps
from limner.models.sizes import BankSizes, DetailSizes, LayerSizes

TOKENS, DIM = 3, 8
TOLD = torch.randn(1, TOLD_WIDTH, generator=torch.Generator().manual_seed(2))
BANK = BankSizes(tokens=(0, 2), words=(2, 3), side=16, reach=(-1.0, -1.0, 1.0, 1.0))
WHOLE = torch.tensor([[-1.0, -1.0, 1.0, 1.0]])
WORDS = torch.eye(DIM) * DIM**0.5


def bank() -> WordMaps:
    made = WordMaps(BANK, DIM)
    for lookup, kept in zip(made.lookups, made.maps, strict=True):
        lookup.set_keys(WORDS[: len(lookup.keys)])
        torch.nn.init.normal_(kept.weight)
    return made


def details() -> RememberedDetails:
    torch.manual_seed(0)
    made = RememberedDetails(DetailSizes(banks=(BANK,), width=8), 4, TOKENS * DIM, DIM)
    for lookup in made.banks[0].lookups:
        lookup.set_keys(WORDS[: len(lookup.keys)])
    return made


def test_they_begin_as_nothing() -> None:
    made = details()
    assert made.is_new
    drawn = torch.randn(1, RGBA, 16, 16)
    added = made(torch.randn(1, 4, 8, 8), drawn, torch.randn(1, TOKENS, DIM), WHOLE)
    assert added.shape == drawn.shape
    assert not added.any()


def test_words_choose_the_maps() -> None:
    made = bank()
    person = torch.stack([WORDS[1], WORDS[0], 0.7 * WORDS[2] + 0.3 * WORDS[1]])[None]
    seen = made(person, TOLD, WHOLE, 16)[0]
    wanted = [made.maps[0].weight.view(2, 16, 16)[1], made.maps[1].weight.view(3, 16, 16)[2]]
    assert torch.allclose(seen, torch.stack(wanted), atol=1e-3)


def test_they_lie_where_the_body_does() -> None:
    made, person = bank(), WORDS[:TOKENS][None]
    whole = made(person, TOLD, WHOLE, 16)[0]
    moved = made(person, TOLD, WHOLE + torch.tensor([[0.125, 0.0, 0.125, 0.0]]), 16)[0]
    assert torch.allclose(moved[..., :15], whole[..., 1:], atol=1e-5)
    assert not made(person, TOLD, WHOLE + 3, 16).any(), "nothing beyond their reach"


def test_they_learn_what_each_word_looks_like() -> None:
    made = details()
    people = torch.stack([WORDS[[0, 1, 0]], WORDS[[1, 1, 2]]])
    wanted = torch.randn(2, RGBA, 16, 16, generator=torch.Generator().manual_seed(1))
    for weight in made.banks.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    x, drawn = torch.zeros(2, 4, 8, 8), torch.ones(2, RGBA, 16, 16)
    optimizer = torch.optim.Adam(made.parameters(), lr=0.02)
    for _ in range(400):
        error = (made(x, drawn, people, WHOLE.expand(2, -1)) - wanted).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    assert error < 0.5


def test_sizes_survive_json() -> None:
    assert LayerSizes.from_json(json.loads(json.dumps(asdict(SCENE_LAYERS)))) == SCENE_LAYERS


def test_nothing_is_drawn_where_nobody_is() -> None:
    made = details()
    torch.nn.init.normal_(made.leave.weight)
    drawn = torch.zeros(1, RGBA, 16, 16)
    drawn[:, :, :4] = 1.0
    added = made(torch.randn(1, 4, 8, 8), drawn, torch.randn(1, TOKENS, DIM), WHOLE)
    assert added[:, :, :4].any()
    assert not added[:, :, 6:].any()
