"""Dialogues whose pictures are never drawn: the same words, tokens of the right scenes, bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from language_samples import small_tokenizer

from limner.builders.world import KINDS
from limner.models.presets import MINIATURE, SEED_X, SKETCH, TINY
from limner.training import draft_dialogues
from limner.training.draft_dialogues import DraftDialogues, SceneTokens, reads_scene_tokens
from limner.training.language_data import laid_out
from limner_world.scene_tokens import NUM_TOKENS, encode_scene
from limner_world.serial import scene_from_json


def drafts(kind: str = "rollback", count: int = 50) -> DraftDialogues:
    return DraftDialogues(kind, count, split="train", first_seed=3, tokens=SceneTokens())


def test_small_scales_read_scene_tokens() -> None:
    assert [reads_scene_tokens(p) for p in (TINY, SKETCH, MINIATURE, SEED_X)] == [False, True, True, False]


def test_words_are_those_of_the_painted_dialogue() -> None:
    painted, drafted = KINDS["rollback"](5, "train", 32), drafts().dialogue(2)
    assert [r.instruction.text for r in painted.rounds] == [r.instruction.text for r in drafted.rounds]
    assert [r.response.text for r in painted.rounds] == [r.response.text for r in drafted.rounds]
    assert painted.truth == drafted.truth
    assert painted.persons == drafted.persons


def test_every_picture_has_the_tokens_of_its_scene() -> None:
    source = drafts()
    for index in range(8):
        dialogue = source.dialogue(index)
        for round_, told in zip(dialogue.rounds, dialogue.truth["scenes"], strict=True):
            assert round_.response.picture is not None
            tokens = source.tokens[round_.response.picture.digest]
            wanted = encode_scene(scene_from_json(told))
            assert np.array_equal(tokens.numpy(), wanted)
    assert source.dialogue(3) == drafts().dialogue(3)


def test_different_scenes_have_different_pictures() -> None:
    source = drafts(count=40)
    scenes, digests = set(), set()
    for index in range(40):
        dialogue = source.dialogue(index)
        for round_, told in zip(dialogue.rounds, dialogue.truth["scenes"], strict=True):
            scenes.add(scene_from_json(told))
            digests.add(round_.response.picture.digest)  # type: ignore[union-attr]
    assert len(scenes) == len(digests)


def test_the_oldest_scenes_are_forgotten(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(draft_dialogues, "MOST_SCENES", 10)
    source = drafts()
    for index in range(10):
        dialogue = source.dialogue(index)
        last = dialogue.rounds[-1].response.picture
        assert last is not None
        assert isinstance(source.tokens[last.digest], torch.Tensor)
    assert len(source.tokens) == 10


def test_forgotten_tokens_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layouts are kept longer than scenes: a dialogue that comes again after many others is still a batch."""
    monkeypatch.setattr("limner.training.draft_dialogues.MOST_SCENES", 6)
    tokens = SceneTokens()
    made = DraftDialogues("edit", 12, split="train", first_seed=0, tokens=tokens)
    tokenizer = small_tokenizer()
    source = laid_out(made, tokens, tokenizer, num_image_tokens=NUM_TOKENS, context_tokens=4096)
    first = source.batch([0])
    for index in range(1, 12):
        source.batch([index])
    assert source.layout(0).painted_keys[0] not in tokens
    assert torch.equal(source.batch([0]).painted_tokens_TKD, first.painted_tokens_TKD)
