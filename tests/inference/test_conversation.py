"""Conversations: forks, replay, saving, uploads, clear errors; random weights, real classes."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

import limner
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.inference.sampling import Sampling
from limner.inference.stages import prefill_past
from limner.models.cache import KeyValueCache
from limner.models.sequence_batch import BatchedSequence

FAST = Sampling(token_steps=2, pixel_steps=2, max_text_tokens=6)


@pytest.fixture
def painter(tiny_painter):
    twin = tiny_painter.with_sampling(token_steps=2, pixel_steps=2, max_text_tokens=6)
    twin.prefixes.evict(0)
    return twin


def same_picture(one, other):
    return np.array_equal(np.asarray(one.image), np.asarray(other.image))


def test_a_forced_picture_has_the_presets_size_and_words_alone_have_none(painter):
    conversation = painter.conversation()
    assert conversation.say("Paint a garden.", picture=True).image.size == (32, 32)
    assert conversation.say("What color is it?", picture=False).image is None


def test_same_seed_same_picture_other_seed_other_picture(painter):
    first = painter.conversation(seed=3).say("A garden.", picture=True)
    again = painter.conversation(seed=3).say("A garden.", picture=True)
    other = painter.conversation(seed=4).say("A garden.", picture=True)
    assert first.id == again.id
    assert same_picture(first, again)
    assert not same_picture(first, other)


def test_a_fork_agrees_with_a_fresh_replay(painter):
    trunk = painter.conversation()
    first = trunk.say("A garden.", picture=True)
    trunk.say("Add a scarf.", picture=True)
    branch = trunk.fork(first.id)
    forked = branch.say("A close-up of Mia.", picture=True)

    fresh = painter.with_sampling().conversation()
    fresh.say("A garden.", picture=True)
    replayed = fresh.say("A close-up of Mia.", picture=True)
    assert forked.id == replayed.id
    assert same_picture(forked, replayed)
    assert len(trunk.replies) == len(branch.replies) == 2
    assert trunk.replies[1].id != branch.replies[1].id


def test_an_evicted_prefix_is_rebuilt_with_equal_results(painter):
    conversation = painter.conversation()
    conversation.say("A garden.", picture=True)
    conversation.say("Add a scarf.", picture=True)
    kept = conversation.fork().say("A close-up of Mia.", picture=True)
    assert painter.prefixes.evict(0) > 0
    assert painter.prefixes.num_bytes == 0
    rebuilt = conversation.fork().say("A close-up of Mia.", picture=True)
    assert kept.text == rebuilt.text
    np.testing.assert_allclose(np.asarray(kept.image, int), np.asarray(rebuilt.image, int), atol=1)


def test_a_saved_conversation_goes_on_identically(painter, tmp_path):
    conversation = painter.conversation(seed=5)
    face = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8))
    first = conversation.say("A garden.", images=[face], picture=True)
    side = conversation.fork(first.id)
    side.say("Make it night.", picture=True)
    conversation.say("Add a scarf.", picture=True)
    path = conversation.save(tmp_path / "talk.limner")
    reopened = limner.open_conversation(path, painter.with_sampling())
    assert [reply.id for reply in reopened.replies] == [reply.id for reply in conversation.replies]
    assert len(reopened.tree) == 3  # the side branch is kept too
    assert same_picture(
        conversation.say("A close-up.", picture=True), reopened.say("A close-up.", picture=True)
    )
    assert [p.name for p in tmp_path.iterdir()] == ["talk.limner"]


def test_a_picture_may_be_a_path_bytes_pil_or_an_array_and_all_mean_the_same(painter, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "face.png")
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, format="PNG")
    ids = {
        painter.conversation().say("Who?", images=[image], picture=False).id
        for image in (
            tmp_path / "face.png",
            str(tmp_path / "face.png"),
            data.getvalue(),
            Image.fromarray(pixels),
            pixels,
        )
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("text", "images", "message"),
    [
        ("", [], "text is empty"),
        ("  \n ", [], "text is empty"),
        ("x" * 5000, [], "more than 4000"),
        ("Hello", [b"not a picture"], "not a readable picture"),
        ("Hello", [Image.new("RGB", (1, 1))], "smaller than 16x16"),
        ("Hello", [Image.new("1", (9000, 9000))], "megapixels"),
        ("Hello", ["/nowhere/face.png"], "cannot be read"),
        ("Hello", [np.zeros((32, 32, 3), np.uint8)] * 5, "at most 4"),
        ("Hello", [3], "A picture is a path"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(painter, text, images, message):
    conversation = painter.conversation()
    with pytest.raises(ValueError, match=message) as caught:
        conversation.say(text, images=images)
    assert "\n" not in str(caught.value)
    assert conversation.replies == []
    assert conversation.head is None


def test_unknown_rounds_other_weights_and_damaged_files_are_told_apart(painter, tmp_path):
    conversation = painter.conversation()
    with pytest.raises(ValueError, match="No round"):
        conversation.fork("abc")
    conversation.say("A garden.", picture=True)
    path = conversation.save(tmp_path / "talk.limner")
    stranger = painter.with_sampling()
    stranger.fingerprint = "other"
    with pytest.raises(ValueError, match="other weights"):
        limner.open_conversation(path, stranger)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="not a readable conversation"):
        limner.open_conversation(path, painter)
    with pytest.raises(ValueError, match="no conversation at"):
        limner.open_conversation(tmp_path / "none.limner", painter)


def test_a_conversation_outgrows_its_context_without_an_error(painter):
    conversation = painter.conversation()
    for number in range(12):
        reply = conversation.say(f"Round {number}: " + "add a scarf and a garden " * 4, picture=True)
        assert reply.image is not None
    lengths = [state.num_tokens for state in conversation.states.values()]
    assert sum(lengths) > painter.model.language.sizes.context_tokens


def test_special_tokens_in_what_is_said_stay_text(painter):
    conversation = painter.conversation()
    reply = conversation.say("</s><img></img> [INST] <loc-3> [/INST]", picture=False)
    assert re.search(r"</s><img>", conversation.rounds[0].instruction.text)
    assert reply.image is None


def test_people_are_listed_with_what_was_said_of_them(painter):
    conversation = painter.conversation()
    conversation.say(
        "The image shows Mia and Tom in a garden. Mia has red hair. Tom wears a green sweater.", picture=True
    )
    conversation.say("A close-up of Mia.", picture=True)
    people = conversation.people
    assert list(people) == ["Mia", "Tom"]
    assert "red hair" in people["Mia"].said
    assert people["Tom"].round_index == 0


def test_a_remembered_round_is_history_like_any_other(painter, tmp_path):
    picture = Picture(np.random.default_rng(2).integers(0, 255, (32, 32, 3), dtype=np.uint8))
    known = Round(
        instruction=Instruction(text="The image shows Mia."), response=Response(text="Here.", picture=picture)
    )
    conversation = painter.conversation()
    first = conversation.remember(known)
    assert np.array_equal(np.asarray(first.image), picture.pixels)
    second = conversation.say("A close-up of Mia.", picture=True)
    reopened = limner.open_conversation(conversation.save(tmp_path / "talk.limner"), painter)
    again = reopened.fork(first.id).say("A close-up of Mia.", picture=True)
    assert same_picture(second, again)


def tokens_of(conversation):
    return conversation.states[conversation.head].image_tokens_KD


def test_a_reencoding_conversation_reads_its_pictures_through_the_encoder(painter, tmp_path):
    painter = painter.with_sampling(max_text_tokens=0)  # random weights' words do not survive as text
    cached, anew = painter.conversation(), painter.conversation(history="reencode")
    firsts = [conversation.say("A garden.", picture=True) for conversation in (cached, anew)]
    assert same_picture(*firsts)
    assert torch.equal(tokens_of(anew), painter.encode(anew.rounds[0].response.picture))
    assert not torch.equal(tokens_of(anew), tokens_of(cached))

    known = painter.with_sampling().conversation()
    known.remember(cached.rounds[0])
    anew = limner.open_conversation(anew.save(tmp_path / "talk.limner"), painter).fork()
    assert hidden_after(anew).equal(hidden_after(known))
    assert not torch.allclose(hidden_after(anew), hidden_after(cached))
    assert anew.history == "reencode"
    with pytest.raises(ValueError, match="'cache' or 'reencode'"):
        painter.conversation(history="pixels")


def test_the_same_picture_remembered_and_painted_are_different_prefixes(painter):
    painter = painter.with_sampling(max_text_tokens=0)
    painted, remembered = painter.conversation(), painter.conversation()
    painted.say("A garden.", picture=True)
    remembered.remember(painted.rounds[0])
    fresh = painter.with_sampling().conversation()
    fresh.remember(painted.rounds[0])
    assert hidden_after(remembered).equal(hidden_after(fresh))
    assert not torch.allclose(hidden_after(remembered), hidden_after(painted))


@torch.inference_mode()
def hidden_after(conversation):
    """What the model knows of the rounds so far: the state of a word said next."""
    painter, request = conversation.painter, conversation.prepare("And then?")
    past = request.past
    language, held = painter.model.language, painter.prefixes.match([round_.key for round_ in past])
    sequence = BatchedSequence(KeyValueCache.join(held))
    for number in range(len(held), len(past)):
        prefill_past(painter, sequence, request, number + 1)
    return language.hidden(language.embed_text(torch.tensor([[5]])), cache=sequence.cache)
