"""Pictures that are given, read at any resolution: chat, its naive twin and training see the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from chat_texts import TEXTS

from limner.dialogue.parts import Dialogue, Instruction, Picture, Response, Round
from limner.inference.naive import answer_naively
from limner.inference.painter import Painter
from limner.models.any_resolution import views
from limner.models.cache import KeyValueCache
from limner.models.model import build_model
from limner.models.packing import collate, lay_out, packed_hidden
from limner.models.precision import compute_dtype
from limner.models.presets import TINY
from limner.models.prompt import ImageSegment, count_tokens, instruction_segments, segments
from limner.models.tokenizer import PATCH_END, PATCH_START, train_tokenizer
from limner.training.crop_tokens import CropEncoder

CROPS = replace(TINY, language=replace(TINY.language, crop_positions=True, upload_crops=True))


@pytest.fixture(scope="module")
def painter() -> Painter:
    torch.manual_seed(0)
    model = build_model(CROPS, train_tokenizer(TEXTS * 4, vocab_size=TINY.language.vocab_size)).eval()
    with torch.no_grad():
        model.language.patch_pos_embed.mul_(5)  # so that places matter
    return Painter(model, None, fingerprint="crops").with_sampling(pixel_steps=1, max_text_tokens=3)


def picture(width_px: int, height_px: int, seed: int = 0) -> Picture:
    rng = np.random.default_rng(seed)
    return Picture(rng.integers(0, 255, (height_px, width_px, 3), dtype=np.uint8))


def test_a_wide_picture_is_its_crops_and_the_whole(painter) -> None:
    tokenizer, crop_px = painter.model.tokenizer, CROPS.upload_crop_px
    assert crop_px == TINY.vision.image_size_px
    wide = picture(2 * crop_px, crop_px)
    asked = Instruction(text="Mia.", pictures=(wide, picture(crop_px, crop_px, 1)))
    parts = instruction_segments(asked, tokenizer, crop_px)
    shown = [part for part in parts if isinstance(part, ImageSegment)]
    assert [part.centre for part in shown] == [(0.25, 0.5), (0.75, 0.5), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5)]
    np.testing.assert_array_equal(shown[0].picture.pixels, wide.pixels[:, :crop_px])
    assert shown[3].key == shown[4].key != shown[2].key  # a square is read twice and encoded once
    marks = [tokenizer.special_id(mark) for mark in (PATCH_START, PATCH_END)]
    image = [tokenizer.image_start_id, tokenizer.image_end_id]
    ids = [index for part in parts if not isinstance(part, ImageSegment) for index in part.ids]
    assert [i for i in ids if i in (*marks, *image)] == [*marks, *marks, *image, *marks, *image]
    whole = instruction_segments(asked, tokenizer)
    more = 3 * (CROPS.num_image_tokens + 2)
    assert count_tokens(parts, CROPS.num_image_tokens) == count_tokens(whole, CROPS.num_image_tokens) + more


def test_chat_reads_as_its_naive_twin_does(painter) -> None:
    talk = painter.conversation(seed=1)
    talk.say("A garden with Mia.", images=[picture(90, 30)], picture=True)
    talk.say("Add a scarf.", images=[picture(32, 32, 2)], picture=True)
    request = talk.prepare("A close-up of Mia.")
    reply = talk.say("A close-up of Mia.")
    naive, _ = answer_naively(painter, request)
    state = talk.states[reply.id]
    assert reply.text == naive.text
    if naive.image_tokens_KD is not None:
        torch.testing.assert_close(state.image_tokens_KD, naive.image_tokens_KD, atol=2e-4, rtol=2e-4)
    lengths = [talk.states[one.id].num_tokens for one in talk.replies]
    held = painter.prefixes.match([round_.key for round_ in request.past])
    assert [piece.length for piece in held] == lengths[:2]


def test_training_reads_as_chat_does(painter) -> None:
    """Last hidden states of one packed dialogue against the cache that chat builds of it."""
    model = painter.model
    language, tokenizer, crop_px = model.language, model.tokenizer, CROPS.upload_crop_px
    drawn = picture(32, 32, 5)
    given = picture(70, 60, 3)
    rounds = (
        Round(instruction=Instruction(text="Mia.", pictures=(given,)), response=Response(text="A garden.")),
        Round(instruction=Instruction(text="A scarf."), response=Response(text="Yes.", picture=drawn)),
        Round(instruction=Instruction(text="Where is Mia?"), response=Response(text="Here.")),
    )
    dialogue = Dialogue(kind="test", rounds=rounds)
    encoder = CropEncoder(model.image_tokenizer, crop_px, torch.device("cpu"))
    tokens = encoder.beside({drawn.digest: painter.encode(drawn)}, [dialogue])
    parts = [segments(round_, tokenizer, crop_px) for round_ in rounds]
    batch = collate([lay_out(parts, CROPS.num_image_tokens, targets=())], tokens)
    with torch.inference_mode():
        packed_NW = packed_hidden(language, batch)[0, : int(batch.lengths_B[0])]
        cache, chat = KeyValueCache(), []
        for part in (part for round_ in parts for part in round_):
            if isinstance(part, ImageSegment):
                centres = None if part.centre is None else [part.centre]
                embeds = language.embed_image(painter.encode(part.picture)[None], centres)
            else:
                embeds = language.embed_text(torch.tensor([part.ids]))
            chat.append(language.hidden(embeds, cache=cache)[0])
    exact = 1e-4 if compute_dtype("cpu") is torch.float32 else 5e-2  # crops are encoded in it
    torch.testing.assert_close(packed_NW, torch.cat(chat), atol=exact, rtol=exact)
    elsewhere = replace(batch, seen_centres_M2=None)
    assert not torch.allclose(packed_hidden(language, elsewhere)[0, : len(packed_NW)], packed_NW, atol=1e-2)


def test_crops_are_encoded_once(painter) -> None:
    encoder = CropEncoder(painter.model.image_tokenizer, CROPS.upload_crop_px, torch.device("cpu"))
    given = picture(70, 60, 3)
    rounds = (Round(instruction=Instruction(text="Mia.", pictures=(given,)), response=Response(text="Yes.")),)
    dialogue = Dialogue(kind="test", rounds=rounds)
    first = encoder.beside({}, [dialogue])
    again = encoder.beside({}, [dialogue, dialogue])
    keys = {part.digest for part, _ in views(given, CROPS.upload_crop_px)}
    assert set(first) == keys
    assert all(first[key] is again[key] for key in keys)


def test_crops_need_their_places() -> None:
    with pytest.raises(ValueError, match="crop_positions"):
        replace(TINY, language=replace(TINY.language, upload_crops=True))
