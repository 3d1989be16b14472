"""The cached painter against the naive twin, on random walks over the tree."""

import random

import pytest
import torch

from limner.inference.naive import answer_naively

LINES = ["A garden with Mia.", "Add a scarf.", "A close-up of Mia.", "Step back 2 times.", "What color?"]


@pytest.mark.parametrize("seed", range(3))
def test_any_walk_gives_the_same_words_and_tokens(tiny_painter, seed):
    painter = tiny_painter.with_sampling(token_steps=2, pixel_steps=1, max_text_tokens=5)
    rng = random.Random(seed)
    conversation = painter.conversation(seed=seed)
    for _ in range(7):
        if conversation.replies and rng.random() < 0.4:
            conversation = conversation.fork(rng.choice(conversation.replies).id)
        if rng.random() < 0.2:
            painter.prefixes.evict(0)
        text = rng.choice(LINES)
        request = conversation.prepare(text)
        reply = conversation.say(text)
        naive, _ = answer_naively(painter, request)
        state = conversation.states[reply.id]
        assert reply.text == naive.text
        assert (state.image_tokens_KD is None) == (naive.image_tokens_KD is None)
        if naive.image_tokens_KD is not None:
            torch.testing.assert_close(state.image_tokens_KD, naive.image_tokens_KD, atol=2e-4, rtol=2e-4)
