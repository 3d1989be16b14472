"""The contact sheet: complete, self-contained, and safe to open whatever the data set says."""

import re
from html.parser import HTMLParser

import pytest

from limner.dataset.show import write_page
from limner.dataset.writer import DatasetWriter
from limner.dialogue.parts import Dialogue, Instruction, Response, Round


class Page(HTMLParser):
    """Collects tags, the attributes that could load something, and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(folder, tmp_path, **options) -> tuple[Page, str]:
    html = write_page(folder, tmp_path / "out" / "page.html", **options).read_text(encoding="utf-8")
    return Page(html), html


def test_every_round_picture_and_face_is_on_the_page(tmp_path, dialogue_of) -> None:
    with DatasetWriter(tmp_path / "my set") as writer:
        writer.extend(dialogue_of(number, kind="named" if number else "edit") for number in range(3))
    page, html = page_of(tmp_path / "my set", tmp_path)
    assert page.tags.count("article") == 3
    assert page.tags.count("img") == 3 * 4
    assert html.count('class="face') == 3
    assert "left:10.0%;top:20.0%;width:20.0%;height:20.0%" in html
    assert all(f"Paint Ada and Zoë, number {number}." in page.text for number in range(3))
    assert "my set" in page.text
    assert page.text.count("non-Markov") == 3
    assert "round 3 · needs 1" in page.text


def test_the_page_loads_nothing_from_elsewhere(tmp_path, dialogue_of) -> None:
    with DatasetWriter(tmp_path / "set") as writer:
        writer.write(dialogue_of(0))
    page, html = page_of(tmp_path / "set", tmp_path)
    assert page.links
    assert all(link.startswith("data:image/webp;base64,") for link in page.links)
    assert not re.search(r"https?://|url\(|@import", html)


def test_text_of_a_stranger_is_only_text(tmp_path) -> None:
    attack = "</p></article><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"
    spoken = Round(instruction=Instruction(text=attack), response=Response(text=attack))
    with DatasetWriter(tmp_path / "set") as writer:
        writer.write(Dialogue(rounds=(spoken,), kind='"><script>alert(3)</script>', truth={"x": attack}))
    page, _ = page_of(tmp_path / "set", tmp_path)
    assert page.tags.count("script") == 1  # the page's own
    assert "img" not in page.tags
    assert "{{ 7 * 7 }}" in page.text


def test_a_large_set_is_shown_in_part_and_spread_evenly(tmp_path, dialogue_of) -> None:
    with DatasetWriter(tmp_path / "set") as writer:
        writer.extend(dialogue_of(number) for number in range(30))
    page, _ = page_of(tmp_path / "set", tmp_path, num=3)
    assert re.findall(r"number (\d+)", page.text) == ["0", "10", "20"]
    assert "30 dialogues, 3 of them shown" in page.text
    with pytest.raises(ValueError, match="cannot show 0"):
        write_page(tmp_path / "set", tmp_path / "page.html", num=0)
