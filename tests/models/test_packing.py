import numpy as np
import pytest
import torch
from language_samples import image_tokens, picture, small_tokenizer, three_rounds

from limner.dialogue.parts import Instruction, Response, Round
from limner.models.mllm import MultimodalLLM
from limner.models.packing import (
    NO_LABEL,
    SEEN,
    SLOT,
    block_mask,
    collate,
    lay_out,
    loss,
    pack,
    packed_hidden,
)
from limner.models.presets import TINY
from limner.models.prompt import segments
from limner.models.token_head import RegressionHead, build_token_head

TOKENIZER = small_tokenizer()
K = TINY.num_image_tokens


@pytest.fixture(scope="module")
def networks() -> tuple[MultimodalLLM, RegressionHead]:
    torch.manual_seed(3)
    head = build_token_head(TINY, "regression")
    assert isinstance(head, RegressionHead)
    return MultimodalLLM(TINY.language, TINY.input_resampler).eval(), head.eval()


def dialogue_rounds() -> list[Round]:
    """Four rounds, the last with a picture, so that three pictures are painted and one text is answered."""
    last = Round(
        instruction=Instruction(text="Roll back to the first picture and add Emma"),
        response=Response(text="Here is Emma.", picture=picture(9)),
    )
    return [*three_rounds(), last]


def test_packed_twin_blocks_equal_one_sample_per_round(networks) -> None:
    language, head = networks
    rounds = dialogue_rounds()
    tokens = image_tokens(rounds)
    parts = [segments(round_, TOKENIZER) for round_ in rounds]
    with torch.no_grad():
        _, packed = loss(language, head, pack([parts], tokens, K))
        for index in range(len(rounds)):
            one = lay_out(parts[: index + 1], K, targets=[index])
            assert len(one.painted_keys) == (rounds[index].response.picture is not None)
            _, single = loss(language, head, collate([one], tokens))
            names = [name for name in single if name.endswith(f"round_{index + 1}")]
            assert len(names) == 2 if one.painted_keys else 1
            for name in names:
                assert packed[name].item() == pytest.approx(single[name].item(), abs=1e-5)


def test_hidden_states_do_not_depend_on_what_shares_the_batch(networks) -> None:
    language, _ = networks
    rounds = dialogue_rounds()
    tokens = image_tokens(rounds)
    layouts = [lay_out([segments(round_, TOKENIZER) for round_ in rounds[:count]], K) for count in (1, 4, 3)]
    with torch.no_grad():
        together = packed_hidden(language, collate(layouts, tokens))
        for row, layout in enumerate(layouts):
            alone = packed_hidden(language, collate([layout], tokens))
            torch.testing.assert_close(
                together[row, : len(layout)], alone[0, : len(layout)], atol=2e-5, rtol=0
            )


def test_layout_of_twin_blocks() -> None:
    rounds = dialogue_rounds()
    layout = lay_out([segments(round_, TOKENIZER) for round_ in rounds], K)
    digests = [one.digest for round_ in rounds for one in round_.pictures]
    assert list(layout.seen_keys) == digests[:-1]  # context pictures once, history of all but the last
    assert list(layout.painted_keys) == [r.response.picture.digest for r in rounds if r.response.picture]
    for block in range(1, 3):
        slots = np.flatnonzero(layout.slot_blocks == block)
        history = slots + K
        assert (layout.kinds[slots] == SLOT).all()
        assert (layout.kinds[history] == SEEN).all()
        assert (layout.positions[slots] == layout.positions[history]).all()
    visible = layout.positions[layout.slot_blocks == 0]
    assert (np.diff(visible) == 1).all()
    assert layout.kinds[-1] == SLOT
    assert layout.positions[-K] == visible[-1] + 1


def test_labels_are_the_next_visible_tokens() -> None:
    rounds = dialogue_rounds()
    parts = [segments(round_, TOKENIZER) for round_ in rounds]
    layout = lay_out(parts, K)
    expected = [i for segs in parts for part in segs if getattr(part, "supervised", False) for i in part.ids]
    places = np.flatnonzero(layout.labels != NO_LABEL)
    assert layout.labels[places].tolist() == expected
    visible = np.flatnonzero(layout.slot_blocks == 0)
    for place in places:
        following = visible[visible > place]
        # The last <img> is followed by slots only; it is itself a label of the place before it.
        assert layout.ids[following[0]] == layout.labels[place]


def test_block_mask() -> None:
    blocks = torch.tensor([[0, 1, 1, 0, 0, 0]])
    mask = block_mask(blocks, torch.tensor([5]))[0, 0]
    assert mask.int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 0, 0, 1, 0, 0],
        [1, 0, 0, 1, 1, 0],
        [1, 0, 0, 1, 1, 1],
    ]


def test_text_alone_and_weights(networks) -> None:
    language, head = networks
    rounds = dialogue_rounds()
    tokens = image_tokens(rounds)
    text_only = pack([[segments(rounds[2], TOKENIZER)]], {}, K)
    total, metrics = loss(language, head, text_only)
    assert set(metrics) == {"text", "text_accuracy", "text_round_1"}
    assert total.item() == pytest.approx(metrics["text"].item())
    batch = pack([[segments(rounds[0], TOKENIZER)]], tokens, K)
    total, metrics = loss(language, head, batch)
    assert total.item() == pytest.approx((metrics["text"] + 6 * metrics["image"]).item(), rel=1e-5)
    total.backward()
    assert language.slots.grad is not None
    assert head.output_resampler.query.grad is not None


def test_training_a_tiny_dialogue_learns_it() -> None:
    torch.manual_seed(0)
    language = MultimodalLLM(TINY.language, TINY.input_resampler)
    head = build_token_head(TINY, "regression")
    rounds = dialogue_rounds()
    batch = pack([[segments(round_, TOKENIZER) for round_ in rounds]], image_tokens(rounds), K)
    optimizer = torch.optim.AdamW([*language.parameters(), *head.parameters()], lr=3e-3)
    first: dict | None = None
    for _ in range(80):
        total, metrics = loss(language, head, batch)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        first = first or metrics
    assert metrics["text"] < 0.05 < first["text"]
    assert metrics["image"] < 0.6 * first["image"]


def test_a_picture_without_tokens_is_named() -> None:
    rounds = [three_rounds()[0]]
    with pytest.raises(ValueError, match="encode it before packing"):
        pack([[segments(rounds[0], TOKENIZER)]], {}, K)
