"""The study's page in a real headless browser: by keyboard on a desktop, by touch on a phone.

Needs the extra `browser` (playwright) and a Chromium: the system's, or `playwright install chromium`.
"""

from __future__ import annotations

import pytest

pytest.importorskip("uvicorn", reason="the study's page needs the extra `serve`")

from chromium import headless_chromium
from study_runs import serving, write_runs

from limner.cli.study import StudyOptions, make_study
from limner.study.votes import read_votes

pytestmark = pytest.mark.serves

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SMALL = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}
READY = "#choices button:enabled"


@pytest.fixture(scope="module")
def browser():
    with headless_chromium() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    study = folder / "study"
    run_a, run_b = write_runs(folder)
    make_study(StudyOptions(run_a=run_a, run_b=run_b, folder=study, num=4, checks=1, repeats=1, seed=2))
    with serving(study) as found:
        found.folder = study
        yield found


@pytest.fixture
def open_page(browser, server):
    """Open the page as a new rater; whatever it complains of or asks of others fails the test."""
    contexts, complaints = [], []

    def opened(**options):
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.complaints = complaints
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        home = f"http://127.0.0.1:{server.port}/"
        page.on("request", lambda request: request.url.startswith(home) or complaints.append(request.url))
        page.goto(home)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def begin(page, name=""):
    page.fill("#name", name)
    page.click("#begin button")
    page.wait_for_selector(READY)
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_selector(f"{READY}, #done:not([hidden])")


def votes_of(server, name):
    return [vote for vote in read_votes(server.folder / "votes.jsonl").standing if vote.name == name]


def test_a_whole_study_by_keyboard(open_page, server):
    page = begin(open_page(**DESKTOP), "Ada")
    assert page.inner_text("#count") == "0 of 7"
    assert page.inner_text("#asks") == "Which pictures look better?"
    press(page, "1")
    assert page.inner_text("#asks") == "Which side follows the words better?"
    press(page, "ArrowRight", "0")
    assert page.inner_text("#count") == "1 of 7"
    press(page, *["ArrowLeft", "2", "0"] * 6)
    assert page.inner_text("#done h1") == "Thank you"
    assert page.get_attribute("#progress", "value") == page.get_attribute("#progress", "max") == "7"
    found = votes_of(server, "Ada")
    assert len(found) == 7
    assert all(vote.answers == {"quality": "left", "alignment": "right", "face": "tie"} for vote in found)
    assert all(0 < vote.seconds < 60 for vote in found)
    # Undo works from the very end, one answer at a time, and over the border of a pair.
    press(page, "u")
    assert (page.inner_text("#count"), page.inner_text("#asks")) == (
        "6 of 7",
        "Which side keeps the faces better?",
    )
    press(page, "Backspace", "Backspace", "u", "2")
    assert (page.inner_text("#count"), len(votes_of(server, "Ada"))) == ("6 of 7", 6)
    assert votes_of(server, "Ada")[-1].answers["face"] == "right"


def test_the_whole_conversation_is_there_and_words_stay_words(open_page):
    page = begin(open_page(**DESKTOP))
    assert page.locator(".round").count() == 3
    assert page.locator(".given img").count() == 1
    assert page.locator(".answer img").count() == 6
    assert "paint <b>Mia</b> in a garden." in page.inner_text(".said p >> nth=0")
    assert page.locator(".said b").count() == 0
    widths = page.eval_on_selector_all("img", "images => images.map((image) => image.naturalWidth)")
    assert set(widths) == {24}


@pytest.mark.parametrize("size", [PHONE, SMALL], ids=["phone", "small phone"])
def test_a_thumb_votes_on_a_phone(open_page, server, size):
    page = open_page(**size)
    page.fill("#name", f"Ben {size['viewport']['width']}")
    page.tap("#begin button")
    page.wait_for_selector(READY)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["viewport"]["width"]
    for choice in ("left", "tie", "right"):
        box = page.locator(f"[data-choice={choice}]").bounding_box()
        assert min(box["height"], box["width"]) >= 44
        assert box["y"] + box["height"] <= size["viewport"]["height"]
        page.tap(f"[data-choice={choice}]")
        page.wait_for_selector(READY)
    assert page.inner_text("#count") == "1 of 7"
    (vote,) = votes_of(server, f"Ben {size['viewport']['width']}")
    assert vote.answers == {"quality": "left", "alignment": "tie", "face": "right"}
    page.tap("#undo")
    page.wait_for_selector(READY)
    assert page.inner_text("#count") == "0 of 7"
    undo, asks = page.locator("#undo").bounding_box(), page.locator("#asks").bounding_box()
    assert undo["y"] + undo["height"] <= asks["y"] + 1  # neither covers the other


def test_a_picture_opens_large_with_both_sides_and_keys_do_not_vote_meanwhile(open_page):
    page = begin(open_page(**DESKTOP))
    page.click(".answer .picture >> nth=0")
    assert page.locator("#large img").count() == 2
    assert page.locator("#large figcaption").all_inner_texts() == ["Left", "Right"]
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    assert not page.locator("#large").is_visible()
    assert page.inner_text("#asks") == "Which pictures look better?"


def test_a_reload_keeps_the_rater_and_the_place(open_page):
    page = begin(open_page(**DESKTOP), "Cleo")
    press(page, *"120120")
    words = page.inner_text("#pair")
    page.reload()
    page.wait_for_selector(READY)
    assert (page.inner_text("#count"), page.inner_text("#who")) == ("2 of 7", "Cleo")
    assert page.inner_text("#pair") == words
    other = begin(open_page(**DESKTOP), "Dora")
    assert other.inner_text("#count") == "0 of 7"


def test_without_the_network_an_answer_waits_and_is_sent_once(open_page, server):
    page = begin(open_page(**DESKTOP), "Eve")
    press(page, *"12")
    page.context.set_offline(True)
    page.keyboard.press("2")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble-words") == "The server cannot be reached; your answers so far are safe."
    page.keyboard.press("0")  # nothing else can be answered meanwhile
    page.context.set_offline(False)
    page.click("#again")
    page.wait_for_selector(READY)
    assert page.inner_text("#count") == "1 of 7"
    (vote,) = votes_of(server, "Eve")
    assert vote.answers == {"quality": "left", "alignment": "right", "face": "right"}
    page.complaints.remove("Failed to load resource: net::ERR_INTERNET_DISCONNECTED")


def test_a_pair_is_not_judged_before_its_pictures_are_there(open_page, server):
    page = open_page(**DESKTOP)
    page.route("**/pictures/*", lambda route: route.abort())
    page.fill("#name", "Finn")
    page.click("#begin button")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble-words") == "A picture could not be loaded."
    assert page.locator(READY).count() == 0
    page.unroute("**/pictures/*")
    page.click("#again")
    page.wait_for_selector(READY)
    assert votes_of(server, "Finn") == []
    page.complaints[:] = [told for told in page.complaints if "ERR_FAILED" not in told]


CONTRAST = """(selectors) => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour.startsWith("rgba(0, 0, 0, 0") ? ground(element.parentElement) : colour;
  };
  return selectors.map((selector) => {
    const element = document.querySelector(selector);
    const [ink, paper] = [light(getComputedStyle(element).color), light(ground(element))];
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_light_and_dark(open_page, scheme):
    page = begin(open_page(**DESKTOP, color_scheme=scheme))
    press(page, "1")
    words = [".said p", ".said .number", ".answer h3", "#asks", "#hint", "#choices button", "#undo", "#count"]
    assert min(page.evaluate(CONTRAST, words)) >= 4.5  # WCAG 2.2, 1.4.3


def test_a_part_of_the_page_that_does_not_arrive_is_loaded_again(open_page):
    page = open_page(**DESKTOP)
    page.route("**/pair.js", lambda route: route.abort(), times=1)
    page.reload()
    page.wait_for_selector(".notice >> text=A part of this page has not arrived.")
    page.wait_for_selector("#begin >> visible=true")
    page.complaints.remove("Failed to load resource: net::ERR_FAILED")
