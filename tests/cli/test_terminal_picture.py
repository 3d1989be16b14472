"""Pictures in terminals: by the best means that a terminal announces, and by none where nothing is sure."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from limner.cli.terminal_picture import half_blocks, iterm2, kitty, means_of, show


def noise(size_px):
    pixels = np.random.default_rng(0).integers(0, 255, (size_px, size_px, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("environment", "means"),
    [
        ({"TERM": "xterm-kitty", "COLORTERM": "truecolor"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm2"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "blocks"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux", "COLORTERM": "24bit"}, "blocks"),
        ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app"}, None),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, None),
        ({}, None),
    ],
)
def test_a_terminal_gets_what_it_announces(environment, means):
    assert means_of(environment, is_terminal=True) == means
    assert means_of(environment, is_terminal=False) is None


def test_kittys_chunks_together_are_the_picture():
    image = noise(96)
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", kitty(image, 40))
    assert len(chunks) > 1
    assert all(len(data) <= 4096 for _, data in chunks)
    assert [head[-3:] for head, _ in chunks[:-1]] == ["m=1"] * (len(chunks) - 1) or chunks[1][0] == "m=1"
    assert chunks[-1][0].endswith("m=0")
    shown = Image.open(io.BytesIO(base64.b64decode("".join(data for _, data in chunks))))
    assert np.array_equal(np.asarray(shown), np.asarray(image))


def test_iterm2_gets_the_whole_file_with_its_size():
    image = noise(20)
    size, data = re.fullmatch(r"\x1b]1337;File=inline=1;size=(\d+);.*:(.*)\x07", iterm2(image, 40)).groups()
    assert len(base64.b64decode(data)) == int(size)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), np.asarray(image))


def test_half_blocks_keep_colours_and_proportions():
    image = Image.new("RGB", (40, 40), (10, 20, 30))
    image.paste((200, 100, 0), (0, 20, 40, 40))
    text = half_blocks(image, 20)
    lines = text.plain.splitlines()
    assert len(lines) == 10
    assert {len(line) for line in lines} == {20}
    assert text.spans[0].style == "rgb(10,20,30) on rgb(10,20,30)"
    assert text.spans[-1].style == "rgb(200,100,0) on rgb(200,100,0)"


def test_where_nothing_is_sure_nothing_is_printed(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-kitty")
    show(noise(20))
    assert capsys.readouterr().out == ""
