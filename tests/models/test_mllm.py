import pytest
import torch
from language_samples import image_tokens, small_tokenizer, three_rounds
from torch import Tensor

from limner.models.cache import KeyValueCache
from limner.models.footprint import cache_bytes
from limner.models.mllm import SHORTEST_WAVE, MultimodalLLM, causal_mask, position_waves
from limner.models.packing import SLOT, lay_out, pack, packed_hidden
from limner.models.presets import TINY
from limner.models.prompt import TextSegment, closing_ids, encode_response, instruction_segments, segments

TOKENIZER = small_tokenizer()
K = TINY.num_image_tokens
CLOSE = {"atol": 2e-5, "rtol": 0}


@pytest.fixture(scope="module")
def language() -> MultimodalLLM:
    torch.manual_seed(1)
    language = MultimodalLLM(TINY.language, TINY.input_resampler).eval()
    assert language.copy is not None
    torch.nn.init.zeros_(language.copy.pointer.nothing.bias)  # so that copies count
    return language


def slots(language: MultimodalLLM, cache: KeyValueCache) -> Tensor:
    is_slot = torch.ones(1, K, dtype=torch.bool)
    return language.image_hidden(language.hidden(language.embed_slots(1), cache=cache, is_slot_BN=is_slot))


def ids(*numbers: int) -> Tensor:
    return torch.tensor([numbers])


@torch.no_grad()
def test_a_chat_piece_by_piece_equals_the_packed_training_forward(language) -> None:
    """Prefill, one step a token, slots in one chunk, crop, history: every hidden state as in training."""
    rounds = three_rounds()
    tokens = image_tokens(rounds)
    parts = [segments(round_, TOKENIZER) for round_ in rounds]
    layout = lay_out(parts, K)
    whole = packed_hidden(language, pack([parts], tokens, K))[0, : len(layout)]

    cache = KeyValueCache()
    visible: list[Tensor] = []  # in the order of the context
    painted: list[Tensor] = []

    def feed(embeds: Tensor) -> Tensor:
        out = language.hidden(embeds, cache=cache)
        visible.append(out[0])
        return out

    for round_ in rounds:
        for part in instruction_segments(round_.instruction, TOKENIZER):
            if isinstance(part, TextSegment):
                feed(language.embed_text(ids(*part.ids)))
            else:
                feed(language.embed_image(tokens[part.key][None]))
        for index in encode_response(round_.response.text, TOKENIZER):
            feed(language.embed_text(ids(index)))
        if round_.response.picture is None:
            feed(language.embed_text(ids(TOKENIZER.end_id)))
            continue
        feed(language.embed_text(ids(TOKENIZER.image_start_id)))
        length = cache.length
        painted.append(slots(language, cache)[0])
        cache.crop(length)
        feed(language.embed_image(tokens[round_.response.picture.digest][None]))
        feed(language.embed_text(ids(*closing_ids(TOKENIZER))))

    is_slot = torch.from_numpy(layout.kinds == SLOT)
    torch.testing.assert_close(torch.cat(visible), whole[~is_slot], **CLOSE)
    torch.testing.assert_close(torch.cat(painted), whole[is_slot], **CLOSE)


@torch.no_grad()
def test_copies_and_pieces_of_a_cache_live_on_their_own(language) -> None:
    def embeds(start: int, stop: int) -> Tensor:
        return language.embed_text(torch.arange(start, stop)[None])

    cache = KeyValueCache()
    language.hidden(embeds(0, 12), cache=cache)
    fork = cache.copy()
    first, last = cache.piece(0, 5), cache.piece(5, 12, own_memory=True)
    language.hidden(embeds(40, 45), cache=cache)
    cache.crop(3)
    assert (cache.length, fork.length, first.length, last.length) == (3, 12, 5, 7)

    expected = language.hidden(torch.cat([embeds(0, 12), embeds(20, 26)], dim=1))[:, 12:]
    torch.testing.assert_close(language.hidden(embeds(20, 26), cache=fork), expected, **CLOSE)
    joined = KeyValueCache.join([KeyValueCache(), first, last])
    assert joined.num_bytes == 2 * cache_bytes(TINY.language, 12)  # in float32
    torch.testing.assert_close(language.hidden(embeds(20, 26), cache=joined), expected, **CLOSE)
    assert (first.length, last.length) == (5, 7)
    assert KeyValueCache.join([]).length == 0
    with pytest.raises(ValueError, match="cannot be cropped to 13"):
        first.crop(13)
    with pytest.raises(ValueError, match="not within"):
        first.piece(2, 9)


@torch.no_grad()
def test_conversations_of_different_length_share_a_batch(language) -> None:
    lengths = (4, 9)
    caches, expected = [], []
    step = language.embed_text(torch.tensor([[7, 8]]))
    for length in lengths:
        cache = KeyValueCache()
        language.hidden(language.embed_text(torch.arange(length)[None]), cache=cache)
        caches.append(cache.copy())
        expected.append(language.hidden(step, cache=cache))
    stacked, valid_BS = KeyValueCache.stack(caches)
    positions = torch.tensor([[length, length + 1] for length in lengths])
    mask = (
        causal_mask(2, stacked.length) & torch.nn.functional.pad(valid_BS, (0, 2), value=True)[:, None, None]
    )
    together = language.hidden(step.expand(2, -1, -1), positions, mask, cache=stacked)
    torch.testing.assert_close(together, torch.cat(expected), **CLOSE)
    with pytest.raises(ValueError, match="prefill"):
        KeyValueCache.stack([KeyValueCache()])


def test_a_full_context_is_refused(language) -> None:
    with pytest.raises(ValueError, match="drop rounds first"):
        language.hidden(torch.zeros(1, TINY.language.context_tokens + 1, TINY.language.width))


def test_slots_are_counted(language) -> None:
    with pytest.raises(ValueError, match=r"has 16 slots, not 3"):
        language.image_hidden(torch.zeros(1, 3, TINY.language.width))


@torch.no_grad()
def test_at_the_start_each_image_token_has_a_place_of_its_own(language) -> None:
    """The untrained resampler hands token i to query i: changing one token changes one embedding, almost
    alone.
    """
    tokens = torch.randn(1, K, TINY.vision.output_dim)
    changed = tokens.clone()
    changed[0, 5] = torch.randn(TINY.vision.output_dim)
    difference = (language.embed_image(changed) - language.embed_image(tokens)).norm(dim=-1)[0]
    assert difference.argmax() == 5
    others = torch.cat([difference[:5], difference[6:]])
    assert difference[5] > 10 * others.max()


def test_the_encoders_own_tokens_fit_the_resampler(language) -> None:
    embeds = language.embed_image(torch.randn(2, TINY.vision.num_queries, TINY.vision.output_dim))
    assert embeds.shape == (2, K, TINY.language.width)


def test_names_of_weights_follow_seed_x(language) -> None:
    keys = set(language.state_dict())
    assert {"llm.model.layers.0.self_attn.q_proj.weight", "llm.lm_head.weight", "slots"} <= keys
    assert {"input_resampler.query", "input_resampler.kv_proj.weight", "input_resampler.pos_embed"} <= keys


def test_waves_tell_positions_apart_at_every_distance() -> None:
    waves = position_waves(torch.arange(2048)[None], 8, longest=4096.0)[0]
    assert waves.shape == (2048, 16)
    torch.testing.assert_close(waves[0], torch.tensor([0.0] * 8 + [1.0] * 8))
    torch.testing.assert_close(waves[int(SHORTEST_WAVE), :1], torch.zeros(1), atol=1e-4, rtol=0)
    distances = torch.cdist(waves, waves)
    assert float(distances.fill_diagonal_(9.0).min()) > 0.05
    # A picture further back is as far off, wherever one stands.
    near, far = (waves[1000:] * waves[1000 - 64 : -64]).sum(-1), (waves[64:1112] * waves[:1048]).sum(-1)
    torch.testing.assert_close(near, far, atol=1e-3, rtol=0)


@torch.no_grad()
def test_how_long_a_token_is_enters_beside_the_resampler(language) -> None:
    """A layer norm forgets it: a number alone in its token is a direction times that number."""
    direction = torch.nn.functional.normalize(torch.randn(TINY.vision.output_dim), dim=0)
    numbers = torch.linspace(0.5, 3.0, 40)
    tokens = torch.randn(40, K, TINY.vision.output_dim)
    tokens[:, 5] = numbers[:, None] * direction
    assert language.token_skip is not None
    line = language.token_skip(tokens[:, 5]) @ language.token_skip(direction)
    assert torch.corrcoef(torch.stack([line, numbers]))[0, 1] > 0.999
    resampled, both = language.input_resampler(tokens), language.embed_image(tokens)
    assert (both - resampled)[:, 5].norm(dim=-1)[-1] > 5 * (both - resampled)[:, 5].norm(dim=-1)[0]
    far = 100 * tokens / tokens.square().mean(-1, keepdim=True).sqrt()
    bounded = language.embed_image(far) - language.input_resampler(far)
    torch.testing.assert_close(bounded, language.token_skip(far / 25), **CLOSE)
    encoded = tokens.repeat_interleave(4, dim=1)  # as many as an encoder has, to be pooled
    skipped = language.embed_image(encoded) - language.input_resampler(encoded)
    torch.testing.assert_close(skipped, language.token_skip(tokens), **CLOSE)
