"""`limner demo`: pictures and a page that shows them; what was said stays text."""

from __future__ import annotations

import re

from PIL import Image
from user_mistakes import one_sentence

from limner.cli.demo_page import save_pictures, write_page
from limner.demo import SCRIPTS, Line, Played, PlayedScript, Script
from limner.dialogue.parts import Picture
from limner.inference.conversation import Reply


def test_the_demo_leaves_pictures_and_a_page_that_shows_all_of_them(limner, checkpoint, tmp_path):
    folder = tmp_path / "made" / "here"
    told = limner("demo", "--model", checkpoint, "--out", folder, "--seed", 2)
    assert told.code == 0, told.err
    assert told.out.startswith("Loading")
    page = (folder / "index.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'(?:src|href)="([^"]+)"', page))
    assert shown == {path.name for path in folder.iterdir()} - {"index.html"}
    assert "http" not in page, "the page needs no network"
    for name in shown:
        assert Picture.from_file(folder / name).pixels.shape == (32, 32, 3)
    num_lines = sum(len(script.lines) for script in SCRIPTS)
    assert told.out.count("  limner  ") == num_lines
    assert page.count('class="you"') == num_lines
    for script in SCRIPTS:
        assert script.title in page
    assert re.search(r"\(\d+\.\d\d s\)", told.out)


def test_what_was_said_stays_text_on_the_page(tmp_path):
    evil = '<script>alert("1")</script>'
    line = Line(text=evil)
    script = Script(name="evil", title=evil, note=evil, lines=(line,))
    reply = Reply(text=evil, image=Image.new("RGB", (20, 20)), id="0" * 64, seconds=1.0, seed=0)
    played = Played(script=script, number=1, line=line, given=None, reply=reply)
    page = write_page(
        tmp_path,
        [PlayedScript(script=script, rounds=[played])],
        save_pictures(played, tmp_path),
        model=evil,
        device="CPU",
        seed=0,
        seconds=1.0,
    ).read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil-1.png", "index.html"]


def test_a_page_that_cannot_be_written_is_told_before_anything_is_computed(limner, tmp_path):
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    told = limner("demo", "--out", "out")
    assert "index.html is a folder" in one_sentence(told)
    assert "Loading" not in told.out
