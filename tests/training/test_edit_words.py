"""Which words say what an edit changes, and which quote an earlier round: checked on the words themselves."""

from __future__ import annotations

import numpy as np
import pytest
from dots import dots

from limner.builders.world import KINDS, words_of_world
from limner.dialogue.parts import Dialogue
from limner.models.packing import SEEN, SLOT, Layout, lay_out
from limner.models.presets import TINY
from limner.models.prompt import segments
from limner.models.tokenizer import TextTokenizer, train_tokenizer
from limner.training.attention_supervision import pointers_of
from limner.training.draft_dialogues import DraftDialogues, SceneTokens
from limner.training.edit_words import edit_words, way_back
from limner_world.scene_tokens import NUM_TOKENS


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return train_tokenizer(words_of_world(600), vocab_size=1500)


def rollbacks(ways: tuple[str, ...], count: int) -> list[Dialogue]:
    made = (KINDS["rollback"](seed, "train", 32, paint=dots) for seed in range(1_000))
    found = (dialogue for dialogue in made if dialogue.truth["rollback"] in ways)
    return [next(found) for _ in range(count)]


def reaching_round(dialogue: Dialogue) -> int:
    """The only round of a rollback that goes back."""
    (asking,) = (i for i in range(len(dialogue.rounds)) if way_back(dialogue, i) is not None)
    return asking


def laid_out(dialogue: Dialogue, tokenizer: TextTokenizer) -> Layout:
    return lay_out([segments(round_, tokenizer) for round_ in dialogue.rounds], TINY.num_image_tokens)


def said(places: np.ndarray, layout: Layout, tokenizer: TextTokenizer) -> list[str]:
    """Words, or the pieces that a small vocabulary makes of them."""
    return [tokenizer.decode([int(i)]).strip().lower() for i in layout.ids[places]]


def test_the_change_is_what_comes_after_going_back(tokenizer: TextTokenizer) -> None:
    for dialogue in rollbacks(("instead", "step back", "first"), 12):
        layout, asking = laid_out(dialogue, tokenizer), reaching_round(dialogue)
        words = edit_words(dialogue, asking, layout, tokenizer)
        change = said(words.change, layout, tokenizer)
        assert change
        letters = str(dialogue.truth["change"]).lower()
        assert all(piece in letters for piece in change)
        for elsewhere in ("instead", "back", "scratch", "first", "recall", "undo"):
            assert elsewhere not in change


def test_what_is_quoted_stands_in_the_round_that_is_meant(tokenizer: TextTokenizer) -> None:
    quoted = 0
    for dialogue in rollbacks(("instead", "before", "after"), 15):
        layout, asking = laid_out(dialogue, tokenizer), reaching_round(dialogue)
        words = edit_words(dialogue, asking, layout, tokenizer)
        done = int(dialogue.truth["base"]) + (dialogue.truth["rollback"] != "after")
        assert set(layout.rounds[words.quoted]) <= {done}
        assert set(layout.rounds[words.quoting]) <= {asking}
        assert set(layout.ids[words.quoting]) == set(layout.ids[words.quoted])
        assert not set(words.quoting) & set(words.change)
        quoted += len(words.quoting) > 0
    assert quoted >= 12


def test_an_edit_is_all_change_and_quotes_nothing(tokenizer: TextTokenizer) -> None:
    dialogue = KINDS["edit"](3, "train", 32, paint=dots)
    layout = laid_out(dialogue, tokenizer)
    words = edit_words(dialogue, 0, layout, tokenizer)
    assert len(words.change)
    assert not len(words.quoting)
    instruction = dialogue.rounds[0].instruction.text.lower()
    assert all(piece in instruction for piece in said(words.change, layout, tokenizer))


def test_an_undo_changes_nothing(tokenizer: TextTokenizer) -> None:
    (dialogue,) = rollbacks(("undo",), 1)
    asking = reaching_round(dialogue)
    words = edit_words(dialogue, asking, laid_out(dialogue, tokenizer), tokenizer)
    assert not len(words.change)
    assert not len(words.quoting)


def test_what_a_way_back_restores_is_told_by_no_word(tokenizer: TextTokenizer) -> None:
    tokens = SceneTokens()
    bank = DraftDialogues("rollback", 60, split="train", first_seed=0, tokens=tokens)
    restored = 0
    for index in range(30):
        dialogue = bank.dialogue(index)
        if dialogue.truth["rollback"] != "instead":
            continue
        layout = lay_out([segments(round_, tokenizer) for round_ in dialogue.rounds], NUM_TOKENS)
        asking = reaching_round(dialogue)
        end = edit_words(dialogue, asking, layout, tokenizer).end
        told = pointers_of(dialogue, layout, tokenizer, tokens)["told"]
        slots = [int(slot) for slot, place in told if place == end]
        assert slots
        assert set(layout.rounds[slots]) == {asking}
        restored += len(slots)
    assert restored < 60  # a few of 64 each
    assert restored > 5


def test_slots_gather_what_their_instruction_quotes(tokenizer: TextTokenizer) -> None:
    for dialogue in rollbacks(("before",), 3):
        layout, asking = laid_out(dialogue, tokenizer), reaching_round(dialogue)
        pointers = pointers_of(dialogue, layout, tokenizer)
        looking = pointers["gather"][:, 0]
        assert set(layout.rounds[looking]) == {asking}
        assert len(set(looking.tolist())) == TINY.num_image_tokens
        assert set(pointers["gather"][:, 1]) == set(pointers["quote"][:, 0])
        assert (layout.ids[pointers["quote"][:, 0]] == layout.ids[pointers["quote"][:, 1]]).all()


def test_two_ways_back_have_their_own_words(tokenizer: TextTokenizer) -> None:
    quoting = 0
    for seed in range(30):
        dialogue = KINDS["branches"](seed, "train", 32, paint=dots)
        layout = laid_out(dialogue, tokenizer)
        ways = [i for i in range(len(dialogue.rounds)) if way_back(dialogue, i) is not None]
        assert len(ways) == 2
        for asking in ways:
            way = way_back(dialogue, asking)
            assert way is not None
            words = edit_words(dialogue, asking, layout, tokenizer)
            assert set(layout.rounds[words.quoted]) <= {way["quoted"]}
            assert set(layout.rounds[words.quoting]) <= {asking}
            quoting += len(words.quoting) > 0
    assert quoting > 25


def test_places_follow_the_picture_before_them(tokenizer: TextTokenizer) -> None:
    (dialogue,) = rollbacks(("before",), 1)
    layout = laid_out(dialogue, tokenizer)
    follows = dict(pointers_of(dialogue, layout, tokenizer)["follow"].tolist())
    seen = np.flatnonzero(layout.kinds == SEEN).reshape(len(layout.seen_keys), -1)
    first_end, second_end = int(seen[0, -1]) + 1, int(seen[1, -1]) + 1
    assert not any(place <= first_end for place in follows)
    # The second round's words, and the tokens of its picture, follow the first picture.
    assert all(follows[place] == first_end for place in range(first_end + 1, seen[1, 0]) if place in follows)
    assert all(follows[int(place)] == first_end for place in seen[1])
    assert follows[second_end + 1] == second_end
    assert not set(follows) & set(np.flatnonzero(layout.kinds == SLOT).tolist())
    edit = KINDS["edit"](3, "train", 32, paint=dots)
    assert not len(pointers_of(edit, laid_out(edit, tokenizer), tokenizer)["follow"])
