"""Tokens between words go to the nearest one; numbers stay as they are."""

from __future__ import annotations

import pytest
import torch

from limner.models.codebook import Codebook, Group

WIDTH = 16


def words(seed: int, count: int) -> torch.Tensor:
    """(count, WIDTH) words at right angles, of unit spread."""
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=generator))[0][:count] * WIDTH**0.5


@pytest.fixture
def book() -> tuple[Codebook, list[Group]]:
    """Token 0 holds one of four words; token 1 two factors of unit spread together, or neither; token 2
    numbers.
    """
    both = words(1, 7) * torch.tensor([0.5**0.5] * 6 + [1.0])[:, None]
    groups = [
        Group(0, words(0, 4)),
        Group(1, both[[0, 1, 2, 6]], shared=1),
        Group(1, both[[3, 4, 5, 6]], shared=1),
    ]
    made = Codebook(12, 3, WIDTH)
    made.fill(groups)
    return made, groups


def test_words_stay_and_what_is_near_them_becomes_them(book) -> None:
    codebook, groups = book
    tokens = torch.stack(
        [groups[0].words_PD[2], groups[1].words_PD[0] + groups[2].words_PD[2], words(5, 1)[0]]
    )
    assert torch.allclose(codebook(tokens[None])[0], tokens, atol=1e-5)
    worn = tokens.clone()
    worn[0] = 0.6 * groups[0].words_PD[2] + 0.4 * groups[0].words_PD[0]
    worn[1] = 0.7 * tokens[1] + 0.1
    found = codebook(worn[None])[0]
    assert torch.allclose(found[:2], tokens[:2], atol=0.02)
    assert torch.equal(found[2], worn[2])


def test_nobody_is_one_word_of_all_factors(book) -> None:
    codebook, groups = book
    nobody = groups[1].words_PD[-1]
    tokens = torch.stack([groups[0].words_PD[0], 0.8 * nobody, words(5, 1)[0]])
    assert torch.allclose(codebook(tokens[None])[0, 1], nobody, atol=1e-4)


def test_each_picture_is_for_itself(book) -> None:
    codebook, _ = book
    tokens = torch.randn(5, 3, WIDTH, generator=torch.Generator().manual_seed(3))
    each = torch.cat([codebook(one[None]) for one in tokens])
    assert torch.allclose(codebook(tokens), each, atol=1e-6)


def test_a_codebook_of_another_size_is_refused(book) -> None:
    _, groups = book
    with pytest.raises(ValueError, match="12 words in 2 groups cannot hold 12 in 3"):
        Codebook(12, 2, WIDTH).fill(groups)
