"""A conversation is the same with any detokenizer; one that reads a condition picture is shown the latest."""

import numpy as np
import pytest
import torch
from chat_texts import TEXTS

from limner.dialogue.parts import Picture
from limner.inference.painter import Painter
from limner.models.detokenizer_presets import KINDS, with_detokenizer
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer


def painter_with(kind: str) -> Painter:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(TEXTS * 4, vocab_size=TINY.language.vocab_size)
    model = build_model(with_detokenizer(TINY, kind), tokenizer).eval()
    painter = Painter(model, None, fingerprint=kind)
    return painter.with_sampling(token_steps=2, pixel_steps=2, max_text_tokens=4)


def some_picture(seed: int) -> Picture:
    return Picture(np.random.default_rng(seed).integers(0, 255, (40, 40, 3), dtype=np.uint8))


@pytest.mark.parametrize("kind", KINDS)
def test_two_rounds_paint_the_same_again(kind):
    painter = painter_with(kind)
    drawn = []
    for _ in range(2):
        conversation = painter.conversation(seed=3)
        for text in TEXTS[1:3]:
            reply = conversation.say(text, picture=True)
            drawn.append(np.asarray(reply.image))
            assert drawn[-1].shape == (TINY.image_size_px, TINY.image_size_px, 3)
    for first, second in zip(drawn[:2], drawn[2:], strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_latest_picture_is_the_condition():
    painter = painter_with("unet_stage2")
    conversation, given = painter.conversation(seed=3), some_picture(0)
    expected = None
    for text, images in ((TEXTS[0], []), (TEXTS[1], []), (TEXTS[2], [given])):
        reply = conversation.say(text, images, picture=True)
        condition = given if images else expected
        tokens = conversation.states[reply.id].image_tokens_KD
        found = Picture(np.asarray(reply.image))
        assert found == painter.paint(tokens, reply.seed, condition=condition)
        assert found != painter.paint(tokens, reply.seed, condition=some_picture(1))
        expected = found


def test_others_do_not_look_at_a_condition():
    painter = painter_with("unet_stage1")
    tokens = painter.encode(some_picture(0))
    assert painter.paint(tokens, 1, condition=some_picture(1)) == painter.paint(tokens, 1)


def test_steps_follow_the_detokenizer_unless_they_are_said():
    painter = painter_with("unet_stage1")
    tokens = painter.encode(some_picture(0))
    by_default = painter.with_sampling(pixel_steps=None).paint(tokens, 1)
    steps = painter.model.detokenizer.sizes.default_steps
    assert by_default == painter.with_sampling(pixel_steps=steps).paint(tokens, 1)
    assert by_default != painter.with_sampling(pixel_steps=steps + 1).paint(tokens, 1)
