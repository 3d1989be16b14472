"""`limner chat`, driven through its standard input: every command, and mistakes that do not end the talk."""

from __future__ import annotations

import io

import pytest

import limner as library
from limner.cli.chat import first_word
from limner.cli.terminal import plain, sentence


@pytest.fixture
def chat(limner, checkpoint, monkeypatch):
    def run(*lines, words=()):
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return limner("chat", "--model", checkpoint, "--out", "pictures", *words)

    return run


def test_a_talk_with_every_command(chat, face, checkpoint, tmp_path):
    told = chat(
        "/help",
        "/people",
        "/fork",
        "The image shows Mia and Tom in a garden. Mia has red hair.",
        f"/image '{face}' Paint the person's cat, and don't be shy.",
        "/people",
        "/fork",
        "/fork 1",
        "/seed 7",
        "Make it night.",
        "/seed",
        "/save kept.limner",
        "/quit",
        "This is not read any more.",
    )
    assert told.code == 0
    assert told.err == ""
    for words in ("/image FILE TEXT", "nobody was named yet", "nothing was said yet", "Mia: round 1"):
        assert words in told.out
    assert "going on after round 1" in told.out
    assert "drawn with seed 7" in told.out
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 3
    saved = library.open_conversation(tmp_path / "kept.limner", library.load(checkpoint))
    assert [round_.instruction.text for round_ in saved.rounds][1:] == ["Make it night."]
    assert saved.replies[1].seed == 7
    branch = saved.tree.children(saved.replies[0].id)[0]
    said = saved.tree.node(branch).round.instruction
    assert said.text == "Paint the person's cat, and don't be shy."
    assert len(said.pictures) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/nonsense", "no command /nonsense"),
        ("/image", "/image needs a file"),
        ("/image nowhere.png", "/image needs a file"),
        ("/image nowhere.png At the beach.", "nowhere.png cannot be read"),
        ("/fork 9", "no round 9"),
        ("/fork zzzzzz", "No round"),
        ("/save", "/save needs"),
        ("/save .", "is a folder"),
        ("/open", "/open needs"),
        ("/open nowhere.limner", "no conversation at nowhere.limner"),
        ("/seed x", "/seed needs"),
        ("/seed " + "9" * 5000, "/seed needs"),
        ("x" * 5000, "more than 4000"),
    ],
)
def test_a_mistake_is_one_sentence_and_the_talk_goes_on(chat, line, said):
    told = chat(line, "/people")
    assert told.code == 0
    assert said in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert "nobody was named yet" in told.out


def test_leaving_saves_and_coming_back_continues(chat, checkpoint, tmp_path):
    keep = ("--conversation", "evening.limner")
    assert chat(words=keep).code == 0
    assert not (tmp_path / "evening.limner").exists(), "nothing was said"
    assert "saved: evening.limner" in chat("A garden.", words=keep).out
    told = chat("Add a scarf.", "/open evening.limner", "A close-up of Mia.", words=keep)
    assert "evening.limner: 1 rounds so far." in told.out
    saved = library.open_conversation(tmp_path / "evening.limner", library.load(checkpoint))
    assert [round_.instruction.text for round_ in saved.rounds] == ["A garden.", "A close-up of Mia."]


@pytest.mark.parametrize(
    ("text", "file", "rest"),
    [
        ("a.png At the beach.", "a.png", "At the beach."),
        ("a.png", "a.png", ""),
        ("'my face.png' Don't.", "my face.png", "Don't."),
        ('"my face.png"   Hi', "my face.png", "Hi"),
        (r"my\ face.png Hi", "my face.png", "Hi"),
        ("it's.png Hi", "it's.png", "Hi"),
        ("", "", ""),
    ],
)
def test_a_file_is_told_from_what_is_said(text, file, rest):
    assert first_word(text) == (file, rest)


def test_control_characters_do_not_reach_the_terminal():
    assert "\x1b" not in plain("a\x1b]0;title\x07b").plain
    assert plain("[bold]a\tb\nc[/]").plain == "[bold]a\tb\nc[/]"


def test_an_error_is_one_line_without_numbers():
    assert sentence(FileNotFoundError(2, "No such file", "x.png")) == "x.png: No such file."
    assert sentence(ValueError("two\nlines")) == "two lines"
