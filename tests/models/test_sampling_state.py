"""Pictures at different steps share forwards and are what they would be alone; every kind of detokenizer."""

from __future__ import annotations

import pytest
import torch

from limner.models.detokenizer import DiTDetokenizer
from limner.models.detokenizer_contract import Detokenizer
from limner.models.detokenizer_presets import KINDS, with_detokenizer
from limner.models.model import build_detokenizer
from limner.models.presets import TINY

CLOSE = {"atol": 1e-4, "rtol": 1e-4}


def detokenizer_of(kind: str) -> Detokenizer:
    torch.manual_seed(0)
    made = build_detokenizer(with_detokenizer(TINY, kind)).eval()
    if isinstance(made, DiTDetokenizer):
        torch.nn.init.normal_(made.transformer.proj_out.weight, std=0.2)
    return made


def random_tokens(made: Detokenizer, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(count, made.sizes.num_tokens, made.sizes.token_dim, generator=generator)


def random_condition(made: Detokenizer) -> torch.Tensor:
    side = made.sizes.latent_size
    return torch.randn(1, made.sizes.latent_channels, side, side, generator=torch.Generator().manual_seed(6))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_join_late_and_take_other_numbers_of_steps_come_out_as_alone(kind: str) -> None:
    made = detokenizer_of(kind)
    tokens = random_tokens(made, 3)
    plans = [(4, 1, None), (3, 2, None), (2, 3, random_condition(made) if made.reads_condition else None)]
    waiting = [
        made.begin(tokens[row : row + 1], steps, [seed], condition_BCHW=condition)[0]
        for row, (steps, seed, condition) in enumerate(plans)
    ]
    running = {}
    for at in range(6):
        if at < len(waiting):
            running[at] = waiting[at]
        moving = [row for row, state in running.items() if not state.is_done]
        if moving:
            running |= zip(moving, made.advance([running[row] for row in moving]), strict=True)
    together = made.finish([running[row] for row in range(3)])
    for row, (steps, seed, condition) in enumerate(plans):
        alone = made.sample(tokens[row : row + 1], steps, [seed], condition_BCHW=condition)
        torch.testing.assert_close(together[row : row + 1], alone, **CLOSE)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_predicted_comes_nearer_and_ends_as_what_is_made(kind: str) -> None:
    made = detokenizer_of(kind)
    states = made.begin(random_tokens(made, 1), 6, [1])
    predicted_x0 = []
    while not states[0].is_done:
        states = made.advance(states)
        predicted_x0.append(made.predict_x0(states))
    end = made.finish(states)
    torch.testing.assert_close(predicted_x0[-1], end, **CLOSE)
    assert (predicted_x0[4] - end).square().mean() < (predicted_x0[0] - end).square().mean()


def test_a_row_is_finished_only_after_its_last_step() -> None:
    made = detokenizer_of("dit")
    states = made.begin(random_tokens(made, 1), 2, [1])
    with pytest.raises(AssertionError, match="before its last step"):
        made.finish(states)
    with pytest.raises(AssertionError, match="before the first step"):
        made.predict_x0(states)
