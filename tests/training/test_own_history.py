"""A history of the model's own tokens: what is shown, and what is asked after it, on numbers worked out by
hand.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from language_samples import small_tokenizer
from torch import Tensor

from limner.dialogue.parts import Picture
from limner.models.packing import Layout, PackedBatch, collate, lay_out
from limner.models.prompt import ImageSegment, Segment, TextSegment
from limner.training.draft_dialogues import DraftDialogues, SceneTokens
from limner.training.language_data import LaidOut, laid_out
from limner.training.own_history import Repaints, with_own_history
from limner_world.scene_tokens import NUM_TOKENS

K, D = 3, 2


def words(*ids: int) -> TextSegment:
    return TextSegment(ids=ids, supervised=False)


PICTURES = {name: Picture(np.full((16, 16, 3), index, np.uint8)) for index, name in enumerate("abc")}


def painted(name: str) -> ImageSegment:
    return ImageSegment(picture=PICTURES[name], role="target")


def three_rounds() -> Layout:
    """Paints a, then b and c from it."""
    rounds: list[list[Segment]] = [[words(1, 2), painted(key), words(3)] for key in "abc"]
    return lay_out(rounds, K)


def tokens_of(a: Tensor, b: Tensor, c: Tensor) -> PackedBatch:
    return collate([three_rounds()], dict(zip((p.digest for p in PICTURES.values()), (a, b, c), strict=True)))


def pointers(layout: Layout) -> np.ndarray:
    """Every token of b and of c is taken from the same token of a."""
    slots = np.flatnonzero(layout.kinds == 2).reshape(3, K)
    first = np.flatnonzero(layout.kinds == 1).reshape(2, K)[0]
    return np.array([(slots[row, k], first[k]) for row in (1, 2) for k in range(K)])


@pytest.fixture
def batch() -> PackedBatch:
    a = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    b, c = a.clone(), a.clone()
    b[2], c[1] = torch.tensor([5.0, 5.0]), torch.tensor([-3.0, 3.0])  # what the two edits change
    return tokens_of(a, b, c)


def test_rows_are_found_in_the_layout() -> None:
    layout = three_rounds()
    repaints = Repaints.of([layout, layout], [pointers(layout)] * 2)
    assert repaints.history_T.tolist() == [0, 1, -1, 2, 3, -1]
    assert repaints.pairs_P4[:4].tolist() == [[1, 0, 0, 0], [1, 1, 0, 1], [1, 2, 0, 2], [2, 0, 0, 0]]
    assert repaints.pairs_P4[-1].tolist() == [5, 2, 2, 2]


def test_nothing_moves_without_errors_or_with_a_share_of_nothing(batch: PackedBatch) -> None:
    layout = three_rounds()
    repaints = Repaints.of([layout], [pointers(layout)])
    for predicted, share in ((batch.painted_tokens_TKD, 1.0), (batch.painted_tokens_TKD + 7, 0.0)):
        after = with_own_history(batch, predicted, torch.full((3,), share), repaints)
        assert torch.equal(after.seen_tokens_MKD, batch.seen_tokens_MKD)
        assert torch.equal(after.painted_tokens_TKD, batch.painted_tokens_TKD)


def test_what_was_painted_is_shown_and_copied_and_edits_stay_asked(batch: PackedBatch) -> None:
    layout = three_rounds()
    predicted = batch.painted_tokens_TKD.clone()
    predicted[0, 0] += 2.0  # nothing told it, so another one was painted
    predicted[0, 1] += 0.2  # nearly right
    after = with_own_history(batch, predicted, torch.ones(3), Repaints.of([layout], [pointers(layout)]))
    true = batch.painted_tokens_TKD
    # The first picture is asked as it was; its history shows what was painted.
    assert torch.equal(after.painted_tokens_TKD[0], true[0])
    assert torch.equal(after.seen_tokens_MKD[0], predicted[0])
    # The second copies the other one, repairs what is nearly right, and is edited.
    assert torch.allclose(after.painted_tokens_TKD[1, 0], torch.tensor([3.0, 2.0]))
    assert torch.equal(after.painted_tokens_TKD[1, 1:], true[1, 1:])
    # Its own history carries the first one's errors on, where it copies them.
    assert torch.allclose(after.seen_tokens_MKD[1, 0], torch.tensor([3.0, 2.0]))
    assert torch.allclose(after.seen_tokens_MKD[1, 1], torch.tensor([0.2, 1.2]))
    assert torch.equal(after.seen_tokens_MKD[1, 2], true[1, 2])


def test_half_the_way_is_half_the_error(batch: PackedBatch) -> None:
    layout = three_rounds()
    repaints = Repaints.of([layout], [pointers(layout)])
    after = with_own_history(batch, batch.painted_tokens_TKD + 2, torch.full((3,), 0.5), repaints)
    assert torch.allclose(after.seen_tokens_MKD[0], batch.seen_tokens_MKD[0] + 1)


@pytest.mark.parametrize("kind", ["branches", "named", "face_to_image"])
def test_the_worlds_dialogues_know_what_repaints_what(kind: str) -> None:
    source = _laid_out(kind)
    indices = list(range(6))
    packed, repaints = source.batch(indices), source.repaints(indices)
    assert len(repaints.history_T) == packed.num_painted
    for row, history in enumerate(repaints.history_T):
        if history >= 0:
            assert torch.equal(packed.painted_tokens_TKD[row], packed.seen_tokens_MKD[history])
    assert len(repaints.pairs_P4)
    same = [
        torch.equal(packed.painted_tokens_TKD[row, token], packed.seen_tokens_MKD[seen, source_token])
        for row, token, seen, source_token in repaints.pairs_P4
    ]
    assert np.mean(same) > 0.6
    for row, _, seen, _ in repaints.pairs_P4:  # nothing is repainted from what comes after it
        assert repaints.history_T[row] < 0 or seen < repaints.history_T[row]


def _laid_out(kind: str) -> LaidOut:
    tokens = SceneTokens()
    drafts = DraftDialogues(kind, 20, split="train", first_seed=3, tokens=tokens)
    return laid_out(drafts, tokens, small_tokenizer(), num_image_tokens=NUM_TOKENS, context_tokens=4096)
