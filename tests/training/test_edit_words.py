"""Which words say what an edit changes, and which quote an earlier round: checked on the words themselves."""

from __future__ import annotations

import numpy as np
import pytest
from dots import dots

from limner.dialogue.parts import Dialogue
from limner.models.packing import Layout, lay_out
from limner.models.presets import TINY
from limner.models.prompt import segments
from limner.models.tokenizer import TextTokenizer, train_tokenizer
from limner.training.draft_dialogues import DraftDialogues, SceneTokens
from limner.training.edit_words import QUOTING, edit_words, reaching_round
from limner.training.guidance import pointers_of
from limner.world.dialogues import KINDS, words_of_world
from limner.world.scene_tokens import NUM_TOKENS


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return train_tokenizer(words_of_world(600), vocab_size=1500)


def rollbacks(ways: tuple[str, ...], count: int) -> list[Dialogue]:
    made = (KINDS["rollback"](seed, "train", 32, paint=dots) for seed in range(1_000))
    found = (dialogue for dialogue in made if dialogue.truth["rollback"] in ways)
    return [next(found) for _ in range(count)]


def laid_out(dialogue: Dialogue, tokenizer: TextTokenizer) -> Layout:
    return lay_out([segments(round_, tokenizer) for round_ in dialogue.rounds], TINY.num_image_tokens)


def said(places: np.ndarray, layout: Layout, tokenizer: TextTokenizer) -> list[str]:
    """Words, or the pieces that a small vocabulary makes of them."""
    return [tokenizer.decode([int(i)]).strip().lower() for i in layout.ids[places]]


def test_the_change_is_what_comes_after_going_back(tokenizer: TextTokenizer) -> None:
    for dialogue in rollbacks(("instead", "step back", "first"), 12):
        layout, asking = laid_out(dialogue, tokenizer), reaching_round(dialogue)
        assert asking is not None
        words = edit_words(dialogue, asking, layout, tokenizer)
        change = said(words.change, layout, tokenizer)
        assert change
        letters = str(dialogue.truth["change"]).lower()
        assert all(piece in letters for piece in change)
        for elsewhere in ("instead", "back", "scratch", "first", "recall", "undo"):
            assert elsewhere not in change


def test_what_is_quoted_stands_in_the_round_that_is_meant(tokenizer: TextTokenizer) -> None:
    quoted = 0
    for dialogue in rollbacks(QUOTING, 15):
        layout, asking = laid_out(dialogue, tokenizer), reaching_round(dialogue)
        assert asking is not None
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
    assert asking is not None
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
        assert asking is not None
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
