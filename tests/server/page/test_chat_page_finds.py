"""The chat page finds things again: conversations, what was said before, where a picture was painted."""

from __future__ import annotations

import pytest
from PIL import Image

from conftest import ask_json

CARDS = """() => {
  const foot = document.querySelector("#foot").getBoundingClientRect().top;
  return [...document.querySelectorAll(".example")].map((card) => foot - card.getBoundingClientRect().bottom);
}"""


@pytest.mark.parametrize("screen", [(1280, 800), (1280, 720), (1366, 768), (1440, 900)])
def test_no_card_of_the_welcome_is_cut(visit, screen):
    page = visit(viewport={"width": screen[0], "height": screen[1]})
    assert min(page.evaluate(CARDS)) > 0


def test_conversations_are_searched_by_what_was_said_in_them(visit):
    page = visit()
    page.say("A woman in a greenhouse.", 1)
    page.say("Give her a sombrero.", 2)
    page.click("#begin")
    page.say("A man at the beach.", 1)
    page.fill("#find", "SOMBRERO greenhouse")
    page.wait_for_function("() => document.querySelectorAll('#conversations .open').length === 1")
    page.click("#conversations .open")
    page.settled(2)
    page.fill("#find", "no such words")
    page.wait_for_selector("#conversations >> text=Nothing found.")
    page.fill("#find", "")
    page.wait_for_function("() => document.querySelectorAll('#conversations .open').length > 1")


def test_what_was_said_comes_back_with_the_arrow_keys(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.say("Add a hat.", 2)
    keys = {
        "ArrowUp": ["Add a hat.", "A woman in a garden.", "A woman in a garden."],
        "ArrowDown": ["Add a hat.", ""],
    }
    for key, words in keys.items():
        for expected in words:
            page.press("#say", key)
            assert page.input_value("#say") == expected
    page.fill("#say", "My own words")
    page.press("#say", "ArrowUp")
    assert page.input_value("#say") == "My own words"


def test_characters_are_counted_near_the_limit(visit):
    page = visit()
    page.fill("#say", "x" * 3000)
    assert page.locator("#count").is_hidden()
    page.fill("#say", "x" * 3900)
    assert page.inner_text("#count") == "3900 / 4000"
    page.fill("#say", "x" * 4001)
    assert "over" in page.get_attribute("#count", "class")
    page.fill("#say", "")
    assert page.locator("#count").is_hidden()


def test_a_picture_that_is_too_small_is_refused_before_it_is_sent(visit, tmp_path):
    page = visit()
    Image.new("RGB", (40, 15), "red").save(tmp_path / "small.png")
    page.set_input_files("#choose-file", tmp_path / "small.png")
    page.wait_for_selector("#say-trouble:has-text('“small.png” is too small: 40 × 15 px.')")
    assert page.locator("#given img").count() == 0
    # One that is very long and narrow is made small enough to send, and not too small.
    Image.new("RGB", (4000, 20), "red").save(tmp_path / "long.png")
    page.set_input_files("#choose-file", tmp_path / "long.png")
    page.wait_for_selector("#given img")
    page.say("The same person at the beach.", 1)


def test_steps_are_told_of_every_round(visit):
    page = visit()
    page.key("s")
    page.locator("#steps").fill("3")
    page.keyboard.press("Escape")
    page.say("A woman in a garden.", 1)
    assert "3 steps" in page.inner_text(".facts")
    page.key("s")
    page.click("#settings >> text=Reset")
    page.keyboard.press("Escape")
    page.say("Add a hat.", 2)
    usual = ask_json(page.server, "/v1/limner")["default_steps"]
    assert f"{usual} step" in page.inner_text(".facts >> nth=1")


def test_a_picture_of_limners_tells_words_and_seed_and_leads_to_where_it_was_painted(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.say("Add a hat.", 2)
    conversation, (first, _) = page.conversation, page.tree
    with page.expect_download() as coming:
        page.act("download", 0)
    saved = coming.value.path()
    page.click("#begin")
    page.set_input_files(
        "#choose-file", {"name": "mine.png", "mimeType": "image/png", "buffer": saved.read_bytes()}
    )
    page.wait_for_selector(f".origin:has-text('with seed {first['seed']}')")
    page.wait_for_selector(".origin:has-text('It was asked for: “A woman in a garden.”')")
    page.click("text=Use its words")
    assert page.input_value("#say") == "A woman in a garden."
    page.fill("#say", "")
    page.click("text=Use its seed")
    assert page.text_content("#settings-short") == f"seed {first['seed']}"
    page.click("text=Go to where it was painted")
    page.settled(1)
    assert page.conversation == conversation
    assert page.get_attribute(".round", "data-round") == first["id"]
    page.click("#begin")
    assert page.locator("#given img").count() == 0


def test_the_marks_of_a_chosen_picture_are_told(visit, picture_files):
    page = visit()
    page.say("A woman in a garden.", 1)
    with page.expect_download() as coming:
        page.act("download")
    saved = coming.value.path()
    page.set_input_files("#choose-file", picture_files.red)
    page.wait_for_selector(".marks:has-text('red.png'):has-text('No mark was found. That does not mean')")
    page.set_input_files(
        "#choose-file", {"name": "mine.png", "mimeType": "image/png", "buffer": saved.read_bytes()}
    )
    page.wait_for_selector(".marks:has-text('mine.png'):has-text('Limner painted it')")


def test_several_pictures_are_painted_of_the_same_words(visit):
    page = visit()
    page.key("s")
    page.select_option("#number", "3")
    page.keyboard.press("Escape")
    assert page.text_content("#settings-short") == "3 pictures"
    page.fill("#say", "A woman in a garden.")
    page.press("#say", "Enter")
    page.fill("#say", "Add a hat.")  # waits until all of them are painted
    page.key("s")
    page.select_option("#number", "1")
    page.keyboard.press("Escape")
    page.press("#say", "Enter")
    page.settled(2)
    *versions, last = page.tree
    assert [one["text_in"] for one in versions] == ["A woman in a garden."] * 3
    assert [one["parent"] for one in versions] == [None] * 3
    assert len({one["seed"] for one in versions}) == 3
    assert last["parent"] == versions[-1]["id"]
    assert page.inner_text(".versions") == "3 / 3"
