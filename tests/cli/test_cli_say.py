"""`limner say`: a conversation in a file is begun, continued, forked, and never half written."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from user_mistakes import one_sentence

import limner as library
from limner.cli.say import Said
from limner.cli.say import say as say_in
from limner.dialogue.parts import Picture


@pytest.fixture
def say(limner, checkpoint):
    return lambda text, *words: limner(
        "say", text, "--conversation", "talk.limner", "--model", checkpoint, *words
    )


def round_id(told):
    return re.search(r"id (\w{12})", told.err)[1]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_conversation_is_begun_continued_and_forked(say, checkpoint, tmp_path):
    first = say("A garden.")
    second = say("Add a scarf.")
    fork = say("Make it night.", "--fork", round_id(first))
    assert [told.code for told in (first, second, fork)] == [0, 0, 0]
    assert "round 1" in first.err
    assert "round 2" in second.err
    assert "round 2" in fork.err

    painter = library.load(checkpoint)
    saved = library.open_conversation(tmp_path / "talk.limner", painter)
    assert [round_.instruction.text for round_ in saved.rounds] == ["A garden.", "Make it night."]
    assert len(saved.tree) == 3

    replayed = painter.conversation()
    replayed.say("A garden.")
    assert replayed.say("Make it night.").id.startswith(round_id(fork))
    pictures = [name for name in names(tmp_path) if name.endswith(".png")]
    assert len(pictures) == 3, "a fork's picture does not replace the trunk's"
    for name in pictures:
        assert Picture.from_file(tmp_path / name).pixels.shape == (32, 32, 3)


def test_the_same_seed_gives_the_same_file_and_another_seed_another(say, tmp_path):
    pictures = []
    for seed in (1, 1, 2):
        assert say("A garden.", "--seed", seed, "--out", "sub/out.png").code == 0
        pictures.append(Picture.from_file(tmp_path / "sub/out.png"))
        (tmp_path / "talk.limner").unlink()
    assert pictures[0] == pictures[1]
    assert pictures[0] != pictures[2]


def test_a_picture_can_be_forbidden_and_given(say, face, tmp_path):
    assert say("Who is this?", "--no-picture", "--image", face).code == 0
    assert names(tmp_path) == [face.name, "talk.limner"]
    assert say("At the beach.", "--picture").code == 0
    assert len(names(tmp_path)) == 3


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("", (), "text is empty"),
        ("x" * 5000, (), "more than 4000"),
        ("好" * 3000, (), "shorten it"),
        ("Hello", ("--image", "missing.png"), "missing.png is not there"),
        ("Hello", ("--image", "."), "is a folder"),
        ("Hello", ("--image", "notes.txt"), "notes.txt"),
        ("Hello", ("--image", "dot.png"), "smaller than 16x16"),
        ("Hello", ("--image", "huge.png"), "megapixels"),
        ("Hello", ("--image", "ok.png") * 5, "at most 4"),
    ],
)
def test_what_cannot_be_said_is_one_sentence_and_leaves_nothing(say, tmp_path, text, words, said):
    (tmp_path / "notes.txt").write_text("no picture")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    Image.new("RGB", (20, 20)).save(tmp_path / "ok.png")
    before = names(tmp_path)
    assert said in one_sentence(say(text, *words))
    assert names(tmp_path) == before


def test_a_mistake_leaves_the_conversation_as_it_was(say, tmp_path):
    say("A garden.")
    before, files = (tmp_path / "talk.limner").read_bytes(), names(tmp_path)
    assert "No round" in one_sentence(say("Make it night.", "--fork", "zzz"))
    one_sentence(say("", "--fork", ""))
    assert (tmp_path / "talk.limner").read_bytes() == before
    assert names(tmp_path) == files


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"not a conversation",
        lambda data: data[:-50],
        lambda data: data.replace(b"A garden.", b"A burden."),
        lambda data: data.replace(b"limner-conversation", b"limner-conservation"),
        lambda data: data.replace(b"response_ids", b"response_odds"[:12]),
        lambda data: data.replace(b"IHDR", b"IHXX"),
    ],
)
def test_a_damaged_conversation_is_refused_and_kept(say, tmp_path, damage):
    say("A garden.")
    path = tmp_path / "talk.limner"
    data = damage(path.read_bytes())
    path.write_bytes(data)
    assert "talk.limner" in one_sentence(say("Add a scarf."))
    assert path.read_bytes() == data


def test_two_at_once_in_one_file_take_turns(checkpoint, tmp_path, monkeypatch, capsys):
    """In threads, since two more processes take a busy machine minutes to start; the lock is the same."""
    file = tmp_path / "talk.limner"
    loaded = [library.load(checkpoint) for _ in range(2)]
    monkeypatch.setattr(library, "load", lambda *_, **__: loaded.pop())
    wishes = {"conversation": file, "model": checkpoint, "picture": False}
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(say_in, Said(text=text, **wishes)) for text in ("One.", "Two.")]
        for said in both:
            said.result(timeout=60)
    assert sorted(re.findall(r"round (\d)", capsys.readouterr().err)) == ["1", "2"]
    assert names(tmp_path) == ["talk.limner"]
    monkeypatch.undo()
    saved = library.open_conversation(file, library.load(checkpoint))
    assert sorted(round_.instruction.text for round_ in saved.rounds) == ["One.", "Two."]
