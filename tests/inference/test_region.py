"""A part of a picture that is pointed at: what the model reads of it, what changes, what is kept of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from limner.dialogue.history import HistoryTree
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.inference.conversation import open_conversation
from limner.inference.naive import answer_naively
from limner.inference.painter import Painter
from limner.inference.region import as_asked
from limner.models.prompt import TextSegment, decode_response
from limner.service.conversation_service import ConversationService, Wish
from limner.store.fsck import check_store
from limner.store.store import Store

LEFT = (0.0, 0.0, 0.5, 1.0)
MIDDLE = (0.25, 0.25, 0.75, 0.75)


@pytest.fixture
def painter(tiny_painter):
    return tiny_painter.with_sampling(token_steps=2, pixel_steps=2, max_text_tokens=4)


def pixels(reply):
    return np.asarray(reply.image)


def test_outside_of_the_region_nothing_changes(painter):
    talk = painter.conversation(seed=1)
    first = talk.say("A garden.", picture=True)
    request = talk.prepare("Add a scarf.", picture=True, region=LEFT)
    second = talk.say("Add a scarf.", picture=True, region=LEFT)
    assert np.array_equal(pixels(second)[:, 16:], pixels(first)[:, 16:])
    assert not np.array_equal(pixels(second)[:, :16], pixels(first)[:, :16])
    # What later rounds read is what is seen, and the naive twin sees the same.
    seen = talk.rounds[-1].response.picture
    assert torch.equal(talk.states[second.id].image_tokens_KD, painter.encode(seen))
    _, naive = answer_naively(painter, request)
    assert naive == seen
    third = talk.say("A close-up.", picture=True)
    assert talk.states[second.id].encoded
    assert not talk.states[third.id].encoded


def test_the_new_picture_comes_in_softly_and_up_to_the_pictures_own_edge(painter):
    white = Picture(np.full((32, 32, 3), 255, np.uint8))
    request = painter.conversation().prepare(
        "Black.", [Picture(np.zeros((32, 32, 3), np.uint8))], region=(0, 0, 0.5, 0.5)
    )
    seen = as_asked(request, white).pixels[:, :, 0]
    assert seen[0, 0] == seen[8, 0] == 255
    assert 0 < seen[0, 15] < 255
    assert not seen[16:].any()
    assert not seen[:, 16:].any()


def test_a_region_of_a_wide_picture_lies_where_the_square_holds_it(painter):
    """A picture of 64 x 32 stands in the middle of a white square."""
    black, wide = (Picture(np.full((h, w, 3), v, np.uint8)) for h, w, v in ((32, 32, 0), (32, 64, 90)))
    request = painter.conversation().prepare("All of it.", [wide], region=(0, 0, 1, 1))
    seen = as_asked(request, black).pixels[:, :, 0]
    assert (seen[:8] == 255).all()
    assert (seen[24:] == 255).all()
    assert (seen[12:20] == 0).all()


def test_the_instruction_carries_the_box_as_location_tokens(painter):
    said = Instruction(text="Add a scarf.", region=MIDDLE)
    ids = [i for part in painter.model.segments_of(said) if isinstance(part, TextSegment) for i in part.ids]
    assert decode_response(ids, painter.model.tokenizer).endswith("[[56 56 167 167]] [/INST]\n")
    first = painter.model.tokenizer.first_location_id
    assert [i - first for i in ids if i in range(first, first + 224)] == [56, 56, 167, 167]
    # A user who spells a box, or a location token, writes text.
    told = Instruction(text="Add a scarf. [[56 56 167 167]] <loc-56>")
    spelled = [i for part in painter.model.segments_of(told) for i in part.ids]
    assert not {*range(first, first + 224), painter.model.tokenizer.box_start_id} & set(spelled)


def test_a_model_that_never_learned_to_read_regions_is_not_shown_them(painter):
    model = painter.model
    language = replace(model.preset.language, reads_regions=False)
    blind = replace(model, preset=replace(model.preset, language=language))
    plain = Instruction(text="Add a scarf.")
    assert blind.segments_of(replace(plain, region=MIDDLE)) == blind.segments_of(plain)
    talk = Painter(blind, None, fingerprint="blind", sampling=painter.sampling).conversation()
    first, second = talk.say("A garden.", picture=True), talk.say("A scarf.", picture=True, region=LEFT)
    assert np.array_equal(pixels(second)[:, 16:], pixels(first)[:, 16:])


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ((0.5, 0, 0.2, 1), "x0 < x1"),
        ((0, 0, 1.2, 1), r"within \[0, 1\]"),
        ((0, 0, float("nan"), 1), "x0 < x1"),
        ((0, 0, 1), "x0 < x1"),
        ((0.1, 0.1, 0.11, 0.9), "needs 0.02 a side"),
        (7, "four numbers"),
    ],
)
def test_what_is_no_region_is_said(painter, region, words):
    talk = painter.conversation()
    talk.say("A garden.", picture=True)
    with pytest.raises(ValueError, match=words):
        talk.say("Add a scarf.", region=region)
    assert len(talk.replies) == 1


def test_a_region_needs_a_picture(painter):
    with pytest.raises(ValueError, match="no picture yet"):
        painter.conversation().say("Add a scarf.", region=LEFT)


def test_a_region_is_part_of_a_rounds_identity_and_comes_back(painter, tmp_path):
    answer = Response(text="Yes.")
    tree = HistoryTree()
    plain = tree.append(None, Round(instruction=Instruction(text="Add a scarf."), response=answer))
    pointed = Round(instruction=Instruction(text="Add a scarf.", region=LEFT), response=answer)
    assert tree.append(None, pointed) not in (plain, None)
    assert HistoryTree.from_json(tree.to_json(), {}).to_json() == tree.to_json()
    talk = painter.conversation()
    talk.say("A garden.", picture=True)
    talk.say("Add a scarf.", picture=True, region=MIDDLE)
    again = open_conversation(talk.save(tmp_path / "talk.limner"), painter)
    assert again.rounds[-1].instruction.region == MIDDLE
    assert again.say("A close-up.", picture=True).id == talk.say("A close-up.", picture=True).id


def test_a_region_is_kept_in_the_store_exported_and_imported(painter, tmp_path):
    service = ConversationService(painter, Store(tmp_path / "store"))
    first = service.ask(Wish(owner="anna", text="A garden.", picture=True)).result(60)
    asked = {"owner": "anna", "text": "Add a scarf.", "previous": first.id, "picture": True, "seed": 3}
    second = service.ask(Wish(**asked, region=LEFT)).result(60)
    assert service.get("anna", second.id).region == LEFT
    left = service.picture("anna", second.id).pixels[:, 16:]
    assert np.array_equal(left, service.picture("anna", first.id).pixels[:, 16:])
    assert not check_store(service.store).problems
    other = service.import_("ben", service.export("anna", second.conversation))
    assert service.get("ben", other.head).region == LEFT
    third = service.ask(Wish(owner="anna", text="A close-up.", previous=second.id, seed=1)).result(60)
    same = service.ask(Wish(owner="ben", text="A close-up.", previous=other.head, seed=1)).result(60)
    assert third.node_id == same.node_id
    # Nothing of a round that is not kept stays in memory, though it was encoded anew.
    before = set(painter._uploads)
    service.ask(Wish(**{**asked, "seed": 9}, region=MIDDLE, keep=False)).result(60)
    assert set(painter._uploads) == before
    service.close(0)
