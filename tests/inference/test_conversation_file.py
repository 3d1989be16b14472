"""A conversation's file: not a bit changes unnoticed, two writers lose nothing, and it stays where it was."""

import json
import os
import random
import stat
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import limner
from limner.inference.sealed import metadata_of
from limner.whole_file import alone_with, replace_whole, write_whole

EARLIER = Path(__file__).parent / "earlier" / "conversation-1.limner"


@pytest.fixture
def painter(tiny_painter):
    return tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=1)


@pytest.fixture
def path(painter, tmp_path):
    talk = painter.conversation(seed=1)
    talk.say("A garden.", picture=True)
    talk.say("A close-up of Mia.", picture=True)
    return talk.save(tmp_path / "talk.limner")


def texts(path, painter):
    tree = limner.open_conversation(path, painter).tree
    return sorted(node.round.instruction.text for node in tree)


# Damage


def test_no_bit_that_flipped_is_gone_on_from(path, painter):
    data, chance = path.read_bytes(), random.Random(0)
    header = 8 * (8 + int.from_bytes(data[:8], "little"))
    places = [chance.randrange(header) for _ in range(200)]
    places += [chance.randrange(header, 8 * len(data)) for _ in range(200)]
    for place in places:
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(ValueError, match=r"talk\.limner"):
            limner.open_conversation(path, painter)


@pytest.mark.parametrize("damage", ["zeroed", "removed", "words", "unsealed", "stranger"])
def test_what_later_rounds_read_cannot_be_changed(path, painter, damage):
    with safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata())
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    key = next(key for key in tensors if key.startswith("tokens/"))
    match damage:
        case "zeroed":
            tensors[key] = torch.zeros_like(tensors[key])
        case "removed":
            del tensors[key]
        case "words":
            inner = json.loads(metadata["limner"])
            next(iter(inner["rounds"].values()))["num_tokens"] += 1
            metadata["limner"] = json.dumps(inner)
        case "unsealed":
            del metadata["digest"]
        case "stranger":
            tensors["picture/" + "0" * 64] = torch.zeros(9, dtype=torch.uint8)
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(ValueError, match=r"talk\.limner is damaged: .*\.$"):
        limner.open_conversation(path, painter)


def test_a_file_of_version_1_is_read_and_sealed_when_it_is_saved_again(painter, tmp_path):
    talk = limner.open_conversation(EARLIER, painter)
    assert [round_.instruction.text for round_ in talk.rounds] == ["A garden.", "A close-up of Mia."]
    assert talk.seed == 3
    again = talk.save(tmp_path / "talk.limner").read_bytes()
    assert len(metadata_of(again)["digest"]) == 64
    assert limner.open_conversation(tmp_path / "talk.limner", painter).head == talk.head


# Two at once


def test_what_two_conversations_save_to_one_file_is_all_there(path, painter):
    one, two = (limner.open_conversation(path, painter) for _ in range(2))
    one.say("One.")
    two.say("Two.")
    one.save(path)
    two.save(path)
    assert texts(path, painter) == ["A close-up of Mia.", "A garden.", "One.", "Two."]
    assert limner.open_conversation(path, painter).head == two.head
    one.say("Three.")
    one.save(path)
    assert texts(path, painter) == ["A close-up of Mia.", "A garden.", "One.", "Three.", "Two."]


def test_two_new_conversations_with_one_file_lose_nothing(painter, tmp_path):
    talks = [painter.conversation(seed=seed) for seed in range(4)]
    for number, talk in enumerate(talks):
        talk.say(f"Number {number}.")
    threads = [threading.Thread(target=talk.save, args=(tmp_path / "t.limner",)) for talk in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts(tmp_path / "t.limner", painter) == [f"Number {number}." for number in range(4)]
    assert [path.name for path in tmp_path.iterdir()] == ["t.limner"]


@pytest.mark.parametrize("content", [b"a letter to Mia", None])
def test_a_file_that_is_no_conversation_of_these_weights_is_not_replaced(path, painter, tmp_path, content):
    other = tmp_path / "other"
    stranger = painter.with_sampling()
    stranger.fingerprint = "other"
    data = path.read_bytes() if content is None else content
    other.write_bytes(data)
    talk = stranger.conversation()
    talk.say("A garden.")
    with pytest.raises(ValueError, match="It is not replaced"):
        talk.save(other)
    assert other.read_bytes() == data


def test_a_place_is_held_by_one_at_a_time(tmp_path):
    path, told, order = tmp_path / "talk", [], []

    def other():
        with alone_with(path, tell=lambda: told.append("waits")):
            order.append("second")

    with alone_with(path), alone_with(path):  # once more in the same thread
        thread = threading.Thread(target=other)
        thread.start()
        until = time.monotonic() + 10
        while not told and time.monotonic() < until:
            time.sleep(0.01)
        order.append("first")
    thread.join()
    assert (told, order) == (["waits"], ["first", "second"])
    assert list(tmp_path.iterdir()) == []


# Where it lies


def test_a_file_keeps_its_permissions_and_its_symbolic_link(path, painter, tmp_path):
    path.chmod(0o600)
    (tmp_path / "shelf").mkdir()
    link = tmp_path / "shelf" / "evening.limner"
    link.symlink_to(path)
    talk = limner.open_conversation(link, painter)
    talk.say("Make it night.")
    talk.save(link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Make it night." in texts(path, painter)
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["evening.limner", "shelf", "talk.limner"]
    write_whole(b"new", tmp_path / "new")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~umask


def test_a_file_and_its_folder_are_synced_and_a_failure_leaves_the_old_one(tmp_path, monkeypatch):
    synced, sync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(os.fstat(handle).st_mode), sync(handle)))
    write_whole(b"old", tmp_path / "file")
    assert [stat.S_ISDIR(mode) for mode in synced] == [False, True]

    def fail(fresh):
        fresh.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        replace_whole(tmp_path / "file", fail)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"old")]
