"""What slots are taught to copy, on a dialogue worked out by hand and on the world's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from language_samples import small_tokenizer

from limner.dialogue.parts import Picture
from limner.models.mllm import MultimodalLLM
from limner.models.packing import SEEN, SLOT, PackedBatch, collate, lay_out, packed_hidden
from limner.models.presets import SKETCH, TINY
from limner.models.prompt import ImageSegment, TextSegment
from limner.training.copy_supervision import copied_places, copy_loss, copying, fit_copies, read_exactly
from limner.training.draft_dialogues import DraftDialogues, SceneTokens
from limner.training.language_data import laid_out
from limner.training.own_history import Repaints

K, D = TINY.num_image_tokens, TINY.vision.output_dim
PICTURES = [Picture(np.full((16, 16, 3), index, np.uint8)) for index in range(3)]


def by_hand() -> tuple[PackedBatch, Repaints]:
    """Paints a; b, which is a with another token 2; and c, which is b with another token 5."""
    rounds = [
        [
            TextSegment(ids=(1, 2), supervised=False),
            ImageSegment(picture=picture, role="target"),
            TextSegment(ids=(3,), supervised=False),
        ]
        for picture in PICTURES
    ]
    torch.manual_seed(0)
    a = torch.randn(K, D)
    b = a.clone()
    b[2] += 1
    c = b.clone()
    c[5] += 1
    tokens = {picture.digest: made for picture, made in zip(PICTURES, (a, b, c), strict=True)}
    layout = lay_out(rounds, K)
    slots = np.flatnonzero(layout.kinds == SLOT).reshape(3, K)
    seen = np.flatnonzero(layout.kinds == SEEN).reshape(2, K)
    looks = [(slots[row, k], seen[row - 1, k]) for row in (1, 2) for k in range(K)]
    return collate([layout], tokens), Repaints.of([layout], [np.array(looks)])


def test_every_earlier_picture_that_has_the_token_will_do_and_none_for_a_change() -> None:
    batch, repaints = by_hand()
    seen = (batch.kinds_BN[0] == SEEN).nonzero()[:, 0].reshape(2, K)
    wanted = copied_places(batch, repaints)
    assert not wanted[0].any()
    assert not wanted[1, 2].any()
    assert not wanted[2, 5].any()
    assert wanted[1, 0].nonzero()[:, 0].tolist() == [int(seen[0, 0])]
    assert wanted[2, 0].nonzero()[:, 0].tolist() == [int(seen[0, 0]), int(seen[1, 0])]
    assert wanted[2, 2].nonzero()[:, 0].tolist() == [int(seen[1, 2])]


@pytest.mark.timeout(120)
def test_a_few_steps_teach_what_to_copy_and_what_not() -> None:
    batch, repaints = by_hand()
    torch.manual_seed(0)
    language = MultimodalLLM(TINY.language, TINY.input_resampler)
    optimizer = torch.optim.Adam(language.parameters(), lr=3e-3)
    first, looks = 0.0, {}
    for _ in range(150):
        with copying(language) as calls:
            packed_hidden(language, batch)
        loss, looks = copy_loss(calls[0], batch, repaints)
        first = first or float(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < first / 20
    assert set(looks) == {"look_copy", "look_change"}  # nothing goes back beyond the last picture
    assert min(map(float, looks.values())) > 0.9


def test_what_is_not_as_in_the_last_picture_counts_more() -> None:
    batch, repaints = by_hand()
    batch.painted_tokens_TKD[2, 2] = batch.painted_tokens_TKD[0, 2]  # c takes back what b changed
    repaints.pairs_P4[K + 2] = (2, 2, 0, 2)
    language = MultimodalLLM(TINY.language, TINY.input_resampler)
    with copying(language) as calls:
        packed_hidden(language, batch)
    _, looks = copy_loss(calls[0], batch, repaints)
    assert set(looks) == {"look_copy", "look_back", "look_change"}
    assert copied_places(batch, repaints)[2, 2].any()


@pytest.mark.parametrize("kind", ["edit", "rollback", "chat", "named"])
def test_what_the_worlds_dialogues_copy_is_there(kind: str) -> None:
    tokens = SceneTokens()
    source = laid_out(
        DraftDialogues(kind, 8, split="train", first_seed=5, tokens=tokens),
        tokens,
        small_tokenizer(),
        num_image_tokens=SKETCH.num_image_tokens,
        context_tokens=4_096,
    )
    batch, repaints = source.batch(range(8)), source.repaints(range(8))
    wanted = copied_places(batch, repaints)
    shown = torch.full((*batch.ids_BN.shape, SKETCH.vision.output_dim), torch.nan)
    shown[batch.kinds_BN == SEEN] = batch.seen_tokens_MKD.flatten(0, 1)
    dialogues = (batch.kinds_BN == SLOT).nonzero()[:, 0].reshape(batch.num_painted, -1)[:, 0]
    for row, token, place in wanted.nonzero()[::37].tolist():
        assert torch.equal(shown[dialogues[row], place], batch.painted_tokens_TKD[row, token])
    share = float(wanted.any(-1).float().mean())
    assert 0.1 < share < 0.99


@torch.no_grad()
def test_a_fit_needs_no_copies_to_be_there() -> None:
    batch, repaints = by_hand()
    language = MultimodalLLM(TINY.language, TINY.input_resampler)
    assert language.copy is not None
    before = language.copy.o_proj.weight.clone()
    fit_copies(language, [(batch, repaints)])  # 31 copies: too few to say anything
    assert torch.equal(language.copy.o_proj.weight, before)
    fit_copies(language, [(batch, repaints)] * 4)
    assert not torch.equal(language.copy.o_proj.weight, before)


@torch.no_grad()
def test_copies_are_read_as_they_are_whatever_their_length() -> None:
    torch.manual_seed(0)
    language = MultimodalLLM(TINY.language, TINY.input_resampler)
    assert language.copy is not None
    guess = torch.nn.Linear(TINY.language.width, D)
    tokens = torch.randn(200, K, D)
    tokens = tokens / tokens.square().mean(-1, keepdim=True).sqrt()  # true tokens are all of one length

    def error(shown: torch.Tensor) -> float:
        read = guess(language.copy.o_proj(language.embed_image(shown)))
        return float((read - shown).square().mean())

    before = error(0.3 * tokens)
    left = read_exactly(language, guess, tokens, torch.Generator().manual_seed(0))
    assert left < 0.01 < before
    for length in (0.3, 1.0, 1.3):
        assert error(length * tokens) < 0.01
    assert torch.equal(language.copy.o_proj.weight, language.copy.o_proj.weight.bfloat16().float())
