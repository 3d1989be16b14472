import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_samples import picture, small_tokenizer, three_rounds

from limner.dialogue.parts import Instruction, Response, Round
from limner.models.prompt import (
    ImageSegment,
    TextSegment,
    closing_ids,
    count_tokens,
    decode_response,
    encode_response,
    encode_user,
    instruction_segments,
    keep_faces_instruction,
    neutralise,
    response_segments,
    segments,
)

TOKENIZER = small_tokenizer()
words = st.lists(
    st.one_of(
        st.sampled_from(
            ["<img>", "</s>", "<s>", "[INST]", "[/INST]\n", "[ /inst ]", "[[1 2 3 4]]", "<loc-5>", "Emma "]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    ),
    max_size=6,
).map("".join)


def spelled(parts: list) -> str:
    """Segments as the string that they stand for."""
    names = {
        index: token
        for token, index in TOKENIZER.backend.get_vocab().items()
        if index in TOKENIZER.special_ids
    }
    out = ""
    for part in parts:
        if isinstance(part, ImageSegment):
            out += "{" + part.role + "}"
            continue
        plain: list[int] = []
        for index in (*part.ids, None):
            if index is not None and index not in names:
                plain.append(index)
                continue
            if plain:
                out += " " + TOKENIZER.decode(plain)
            plain = []
            out += names.get(index, "")
    return out


def test_the_template() -> None:
    first, second, third = three_rounds()
    assert spelled(segments(first, TOKENIZER)) == (
        "<s> [INST] Draw Emma and Olivia sitting on a couch. [/INST]\n"
        " Here is the picture.<img>{target}</img></s>"
    )
    assert spelled(segments(second, TOKENIZER)) == (
        "<s> [INST] Now only Olivia<img>{context}</img><img>{context}</img> [/INST]\n"
        " Here is Olivia.<img>{target}</img></s>"
    )
    assert spelled(segments(third, TOKENIZER)) == (
        "<s> [INST] Where is Emma? [/INST]\n"
        " Emma is at [[<box_start><loc-10><loc-20><loc-30><loc-40><box_end> ]].</s>"
    )


def test_supervised_is_what_the_model_must_write_itself() -> None:
    first, _, third = three_rounds()
    written = [
        part for part in segments(first, TOKENIZER) if isinstance(part, TextSegment) and part.supervised
    ]
    assert [spelled([part]) for part in written] == [" Here is the picture.<img>"]
    written = [
        part for part in segments(third, TOKENIZER) if isinstance(part, TextSegment) and part.supervised
    ]
    assert written[0].ids[-1] == TOKENIZER.end_id


def test_training_and_chat_write_the_same_tokens() -> None:
    """Chat knows the instruction first, then decodes the answer, then closes it; the sum must be the training
    round.
    """
    for round_ in three_rounds():
        chat = list(instruction_segments(round_.instruction, TOKENIZER))
        answer = encode_response(round_.response.text, TOKENIZER)  # what a perfect model would decode
        if round_.response.picture is None:
            chat.append(TextSegment(ids=(*answer, TOKENIZER.end_id), supervised=True))
        else:
            chat.append(TextSegment(ids=(*answer, TOKENIZER.image_start_id), supervised=True))
            chat.append(ImageSegment(picture=round_.response.picture, role="target"))
            chat.append(TextSegment(ids=closing_ids(TOKENIZER)))
        assert chat == segments(round_, TOKENIZER)
        assert chat[-len(response_segments(round_.response, TOKENIZER)) :] == response_segments(
            round_.response, TOKENIZER
        )
        assert decode_response(answer, TOKENIZER) == round_.response.text


@given(words)
@settings(max_examples=200, deadline=None)
def test_user_text_stays_text(text: str) -> None:
    ids = encode_user(text, TOKENIZER)
    assert not TOKENIZER.special_ids.intersection(ids)
    decoded = TOKENIZER.decode(ids)
    assert decoded == neutralise(text)
    assert not re.search(r"\[\s*/?\s*INST\s*\]", decoded, re.IGNORECASE)
    assert decoded.replace("(", "[").replace(")", "]") == text.replace("(", "[").replace(")", "]")


@given(words, st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_a_round_has_the_shape_of_its_pictures_whatever_the_user_writes(text: str, num_pictures: int) -> None:
    pictures = tuple(picture(seed) for seed in range(num_pictures))
    made = segments(
        Round(instruction=Instruction(text=text, pictures=pictures), response=Response(text="Emma.")),
        TOKENIZER,
    )
    ids = [index for part in made if isinstance(part, TextSegment) for index in part.ids]
    assert ids.count(TOKENIZER.start_id) == ids.count(TOKENIZER.end_id) == 1
    assert ids.count(TOKENIZER.image_start_id) == ids.count(TOKENIZER.image_end_id) == num_pictures
    turn_start, turn_end = TOKENIZER.encode("[INST]"), TOKENIZER.encode("[/INST]\n")
    assert _count(ids, turn_start) == _count(ids, turn_end) == 1
    assert count_tokens(made, 64) == len(ids) + 64 * num_pictures


def _count(ids: list[int], pattern: list[int]) -> int:
    return sum(ids[start : start + len(pattern)] == pattern for start in range(len(ids)))


@given(words)
@settings(max_examples=100, deadline=None)
def test_answers_survive(text: str) -> None:
    ids = encode_response(text, TOKENIZER)
    assert decode_response(ids, TOKENIZER) == neutralise(text)
    specials = TOKENIZER.special_ids.intersection(ids)
    locations = range(TOKENIZER.first_location_id, TOKENIZER.first_location_id + 224)
    assert all(
        index in locations or index in (TOKENIZER.box_start_id, TOKENIZER.box_end_id) for index in specials
    )


@pytest.mark.parametrize(
    "text", ["[[0 0 223 223]] and [[1 2 3 4]]", "[[1 2 3 224]]", "[[1 2 3]]", "[[01 2 3 4]]", ""]
)
def test_boxes_survive(text: str) -> None:
    assert decode_response(encode_response(text, TOKENIZER), TOKENIZER) == text


def test_identity_phrases() -> None:
    kept = keep_faces_instruction(three_rounds()[0].instruction)
    assert kept.text.endswith("couch. Please keep the face identical.")
    assert keep_faces_instruction(Instruction(text="")).text == "Please keep the face identical."
