"""The chat page for everybody: axe in light, dark and on a phone; keys, focus, what a screen reader is told.

`axe.min.js` is axe-core 4.14.1 by Deque Systems, unchanged, under the Mozilla Public License 2.0 (see its
head); its source is at https://github.com/dequelabs/axe-core.
"""

from __future__ import annotations

from pathlib import Path

import pytest

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LOOKS = {"light": {"color_scheme": "light"}, "dark": {"color_scheme": "dark"}, "phone": PHONE}
# Resolves when nothing fades or slides any more; what beats for ever is let be.
STILL = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getTiming().iterations !== Infinity).map((one) => one.finished))"""
FITS = """() => document.documentElement.scrollWidth <= innerWidth
  && document.querySelector("#main").scrollWidth <= innerWidth"""
KEEP_TOLD = """() => {
  const live = document.querySelector("#live");
  window.told = [];
  new MutationObserver(() => { if (live.textContent) window.told.push(live.textContent); })
    .observe(live, { childList: true, characterData: true, subtree: true });
}"""


def findings(page):
    """What axe finds, its severity first."""
    page.evaluate(STILL)
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run().then((result) => result.violations)")
    return [(one["impact"], one["id"], [node["target"] for node in one["nodes"]]) for one in violations]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(visit, look):
    page = visit(**LOOKS[look])
    assert findings(page) == []
    page.say("The image shows Mia and Ben in a park.", 1)
    page.act("again")
    page.wait_for_selector("text=2 / 2")
    assert findings(page) == []
    page.act("compare")
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.click("#settings-open")
    assert findings(page) == []
    page.keyboard.press("Escape")
    if look == "phone":
        page.tap("#panel-open")
    for tab in ("people", "map", "gallery"):
        page.click(f"#tab-{tab}")
        assert findings(page) == []


def test_a_phone_has_room_for_everything(visit):
    page = visit(**PHONE)
    assert page.evaluate(FITS)
    page.tap(".example >> nth=0")
    page.settled(1)
    assert page.evaluate(FITS)
    for selector in (
        "#send",
        "#choose",
        "#settings-open",
        "#sidebar-open",
        "#panel-open",
        "[data-act=again]",
    ):
        box = page.locator(selector).bounding_box()
        assert min(box["width"], box["height"]) >= 40, selector
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    # The columns slide over the page, take the focus and give it back.
    page.tap("#sidebar-open")
    assert page.evaluate("document.querySelector('#sidebar').contains(document.activeElement)")
    assert page.evaluate("document.querySelector('#middle').inert")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "sidebar-open"
    page.tap("#panel-open")
    page.tap("#tab-people")
    page.tap(".person .ask >> nth=0")
    page.settled(2)
    assert page.locator("#panel").is_hidden()


def test_keys_do_what_the_list_says(visit):
    page = visit()
    page.key("?")
    rows = page.locator("#shortcuts dd")
    assert {"New conversation", "Paint again", "Map", "Next version"} <= set(rows.all_inner_texts())
    page.keyboard.press("Escape")
    page.key("/")
    page.keyboard.type("A map of a garden, and people?")  # letters are letters in a text field
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("With a hat.")
    page.keyboard.press("Enter")
    page.settled(1)
    assert page.tree[0]["text_in"] == "A map of a garden, and people?\nWith a hat."
    page.key("r")
    page.wait_for_selector("text=2 / 2")
    page.key("ArrowLeft")
    page.wait_for_selector("text=1 / 2")
    page.key("m")
    assert page.locator("#map .node").count() == 2
    page.key("e")
    page.wait_for_selector(".editing")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.act") == "edit"
    page.key("n")
    page.wait_for_selector(".example >> visible=true")
    assert page.evaluate("document.activeElement.id") == "say"
    # Who speaks to the machine, or is clumsy, can turn single letters off.
    page.key("?")
    page.click("#letters")
    page.keyboard.press("Escape")
    page.click("#conversations .open >> nth=0")
    page.settled(1)
    page.key("n", "?")
    page.wait_for_selector("#shortcuts")
    assert page.locator(".round").count() == 1


def test_a_screen_reader_is_told_and_the_focus_stays(visit):
    page = visit()
    page.evaluate(KEEP_TOLD)
    page.say("A woman in a garden.", 1)
    page.wait_for_function("() => window.told.some((words) => words.includes('The picture is painted.'))")
    assert page.evaluate("window.told[0]") == "Painting."
    page.locator("[data-act=again]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=2 / 2")
    assert page.evaluate("document.activeElement.closest('.round') !== null")
    page.locator("[data-act='version-1']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 / 2")
    page.wait_for_function("() => window.told.some((words) => words.startsWith('Version 1 of 2.'))")
    assert page.evaluate("document.activeElement.closest('.round') !== null")


def test_the_theme_is_chosen_and_stays(visit):
    page = visit(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    assert (page.inner_text("#theme-name"), page.evaluate(ground)) == ("Light", light)
    page.click("#theme")
    dark = page.evaluate(ground)
    assert page.inner_text("#theme-name") == "Dark"
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
