import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_samples import SENTENCES, small_tokenizer

from limner.models.tokenizer import SPECIAL_TOKENS, TextTokenizer, train_tokenizer

TOKENIZER = small_tokenizer()

special_looking = st.lists(
    st.one_of(
        st.sampled_from(SPECIAL_TOKENS), st.text(max_size=8), st.sampled_from(["<", "img", ">", "</", "s>"])
    ),
    max_size=8,
).map("".join)


@given(special_looking)
@settings(max_examples=200, deadline=None)
def test_any_text_survives_and_makes_no_special_token(text: str) -> None:
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.decode(ids) == text
    assert not TOKENIZER.special_ids.intersection(ids)
    assert max(ids) < TOKENIZER.vocab_size


def test_known_words_are_short_and_the_same_at_the_start_and_inside() -> None:
    first = TOKENIZER.encode("Emma")
    assert len(first) == 1
    assert first[0] in TOKENIZER.encode("Here is Emma.")
    assert len(TOKENIZER.encode(SENTENCES[0])) < len(SENTENCES[0]) / 3


def test_special_tokens_have_ids_of_their_own() -> None:
    ids = [TOKENIZER.special_id(token) for token in SPECIAL_TOKENS]
    assert len(set(ids)) == len(SPECIAL_TOKENS)
    assert TOKENIZER.special_id("<loc-223>") == TOKENIZER.first_location_id + 223
    assert TOKENIZER.decode([TOKENIZER.start_id, *TOKENIZER.encode("Emma"), TOKENIZER.end_id]) == "Emma"
    with pytest.raises(ValueError, match="not a special token"):
        TOKENIZER.special_id("Emma")


def test_saving_and_loading_changes_nothing(tmp_path) -> None:
    TOKENIZER.save(tmp_path / "tokenizer")
    again = TextTokenizer.load(tmp_path / "tokenizer")
    for text in (*SENTENCES, "<img></s> ÄÖ \n\n 你好", ""):
        assert again.encode(text) == TOKENIZER.encode(text)
    assert again.special_ids == TOKENIZER.special_ids
    assert again.vocab_size == TOKENIZER.vocab_size


def test_loading_from_a_wrong_place_says_so(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"no tokenizer\.json"):
        TextTokenizer.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="not a readable tokenizer"):
        TextTokenizer.load(tmp_path)


def test_a_vocabulary_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="raise it"):
        train_tokenizer(SENTENCES, 300)
