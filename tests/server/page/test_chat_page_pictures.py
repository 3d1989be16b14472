"""The chat page and its pictures: a part of one that is changed, and those of all conversations."""

from __future__ import annotations

import pytest
from test_chat_page_access import PHONE, STILL, findings
from test_chat_page_troubles import refuse_once

from conftest import ROUND, ask_json

EVERY, LIKED = (f"#pictures-all .filters button >> nth={index}" for index in range(2))
CHANGED_COLUMNS = """async ([before, after]) => {
  const pixels = async (address) => {
    const bitmap = await createImageBitmap(await (await fetch(address)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return [bitmap.width, context.getImageData(0, 0, bitmap.width, bitmap.height).data];
  };
  const [[width, one], [, two]] = await Promise.all([pixels(before), pixels(after)]);
  const changed = new Set();
  for (let index = 0; index < one.length; index += 1)
    if (one[index] !== two[index]) changed.add(((index >> 2) % width) / width);
  return [...changed].sort((a, b) => a - b);
}"""


def stroke(page, start, end):
    """Paint over a part of the picture, from one place to another, in shares of it."""
    page.evaluate(STILL)
    box = page.locator(".canvas").bounding_box()
    (x0, y0), (x1, y1) = (
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)
    )
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=6)
    page.mouse.up()


def test_a_part_is_painted_over_and_only_that_part_changes(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.act("region")
    assert page.locator("#region [type=submit]").is_disabled()
    stroke(page, (0.1, 0.2), (0.3, 0.8))
    page.wait_for_selector("text=Marked: 7 to 33 % across, 17 to 83 % down.")
    assert "Outside of the marked part" in page.inner_text("#region")
    assert findings(page) == []
    page.fill("#region-words", "Add a blue scarf.")
    page.press("#region-words", "Enter")
    page.settled(2)
    first, second = page.tree
    assert (second["text_in"], second["parent"]) == ("Add a blue scarf.", first["id"])
    assert second["region"] == pytest.approx([0.07, 0.17, 0.33, 0.83], abs=0.02)
    changed = page.evaluate(CHANGED_COLUMNS, [first["picture"], second["picture"]])
    assert changed
    assert min(changed) >= 0.03
    assert max(changed) <= 0.36
    assert page.get_attribute(".region-mark", "aria-label").startswith("About a part of the picture: 7 to")
    # The same again is about the same part.
    page.act("again")
    page.wait_for_selector("text=2 / 2")
    assert page.tree[2]["region"] == second["region"]


def test_a_part_is_marked_with_keys_alone(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.say("Make it night.", 2)
    page.locator(ROUND).first.focus()
    page.keyboard.press("b")
    page.wait_for_selector("#region")
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_selector("text=Marked: 25 to 65 % across, 30 to 75 % down.")
    page.keyboard.press("Tab")
    page.keyboard.type("Add a hat.")
    page.keyboard.press("Enter")
    page.wait_for_selector(".round[data-round] .said:has-text('Add a hat.')")
    page.settled(2)  # on another branch
    first, _, last = page.tree
    assert (last["parent"], last["region"]) == (first["id"], [0.25, 0.3, 0.65, 0.75])
    page.act("region")
    page.click("#region >> text=Clear")
    assert page.inner_text("#region [role=status]") == "Paint over the part that is to change."
    page.keyboard.press("Escape")
    assert page.locator("#region").count() == 0


def test_a_part_that_was_refused_is_said_differently_and_stays_a_part(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.act("region")
    page.keyboard.press("ArrowRight")
    page.fill("#region-words", "Add a scarf.")
    refuse_once(page, "**/v1/responses", 400, "invalid_value")
    page.press("#region-words", "Enter")
    page.wait_for_selector("text=Not now.")
    page.click("text=Change the words")
    assert page.input_value("#region-words") == "Add a scarf."
    page.keyboard.press("Escape")
    assert page.inner_text(".painting .said p") == "Add a scarf."  # nothing is lost by looking
    page.click("text=Change the words")
    page.fill("#region-words", "Add a blue scarf.")
    page.press("#region-words", "Enter")
    page.settled(2)
    assert page.tree[1]["text_in"] == "Add a blue scarf."
    assert page.tree[1]["region"] == [0.3, 0.3, 0.7, 0.7]
    page.expect("400")


def test_a_part_is_marked_with_a_finger(visit):
    page = visit(**PHONE)
    page.say("A woman in a garden.", 1)
    page.tap("[data-act=region]")
    page.wait_for_selector("#region img")
    box = page.locator("#region").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    stroke(page, (0.5, 0.5), (0.6, 0.6))
    page.fill("#region-words", "Add a hat.")
    page.tap("#region [type=submit]")
    page.settled(2)
    assert page.tree[1]["region"] == pytest.approx([0.47, 0.47, 0.63, 0.63], abs=0.02)


def test_pictures_of_all_conversations_and_favourites(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    first = page.conversation
    page.act("favourite")
    page.wait_for_selector("[data-act=favourite][aria-pressed=true]")
    page.say("Make it night.", 2)
    night = page.tree[1]["id"]
    page.click("#begin")
    page.say("A man at the beach.", 1)
    page.key("i")
    page.wait_for_selector("#pictures-all img")
    newest = ask_json(page.server, "/v1/limner/pictures?limit=3")["data"]
    assert [one["text_in"] for one in newest] == [
        "A man at the beach.",
        "Make it night.",
        "A woman in a garden.",
    ]
    shown = page.locator("#pictures-all li").evaluate_all("list => list.map((one) => one.dataset.response)")
    assert shown[:3] == [one["response"] for one in newest]
    assert findings(page) == []
    page.click(LIKED)
    page.wait_for_function("() => document.querySelectorAll('#pictures-all li').length === 1")
    page.click(EVERY)
    page.wait_for_function("() => document.querySelectorAll('#pictures-all li').length > 2")
    page.click(f"#pictures-all li[data-response='{night}'] .star")
    page.wait_for_selector(f"#pictures-all li[data-response='{night}'] .star[aria-pressed=true]")
    page.click(LIKED)
    page.wait_for_function("() => document.querySelectorAll('#pictures-all li').length === 2")
    page.click(f"#pictures-all li[data-response='{night}'] button >> nth=0")
    page.settled(2)
    assert page.conversation == first
    assert page.locator("[data-act=favourite][aria-pressed=true]").count() == 2
    # What is no favourite any more leaves the favourites.
    page.click("#pictures")
    page.click(LIKED)
    page.wait_for_function("() => document.querySelectorAll('#pictures-all li').length === 2")
    for _ in range(2):
        page.click("#pictures-all .star >> nth=0")
    page.wait_for_selector("text=Press the star of a picture, and it is shown here.")
    page.keyboard.press("Escape")
    assert page.locator("[data-act=favourite][aria-pressed=true]").count() == 0
