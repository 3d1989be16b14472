"""The chat page end to end: talking, versions, pictures, people, comparing, saving, the conversations.

Needs the extra `browser` (playwright) and a Chromium: the system's, or `playwright install chromium`.
"""

from __future__ import annotations

import io

from PIL import Image

# Counts the pictures that are laid into the frame of the round being painted.
COUNT_PREVIEWS = """() => {
  window.previews = 0;
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes)
      if (node.tagName === "IMG" && node.closest(".painting .frame")) window.previews += 1;
  }).observe(document.body, { childList: true, subtree: true });
}"""

# Gives files to the page as a paste or a drop does.
GIVE = """async ([kind, names]) => {
  const transfer = new DataTransfer();
  for (const name of names) {
    const canvas = new OffscreenCanvas(16, 16);
    canvas.getContext("2d").fillRect(0, 0, 16, 16);
    transfer.items.add(new File([await canvas.convertToBlob()], name, { type: "image/png" }));
  }
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
    : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector("#say").dispatchEvent(event);
}"""


def test_a_newcomer_presses_an_example_and_goes_on(visit):
    page = visit()
    assert page.locator(".example").count() == 3
    page.evaluate(COUNT_PREVIEWS)
    page.click(".example >> nth=0")
    page.settled(1)
    assert page.evaluate("window.previews") >= 1
    assert page.eval_on_selector(".frame img", "image => image.decode().then(() => image.naturalWidth)") == 32
    assert page.inner_text("#title") == "Clara and Hugo in a living room"
    assert page.inner_text(".hint") == "A close-up of Clara."
    page.click(".hint")
    page.settled(2)
    assert [one["text_in"] for one in page.tree][1] == "A close-up of Clara."
    page.wait_for_selector("#conversations [aria-current]:has-text('2 rounds')")
    page.reload()
    page.settled(2)
    assert page.inner_text("#title") == "Clara and Hugo in a living room"


def test_again_and_edit_make_versions_side_by_side(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.act("again")
    page.wait_for_selector("text=2 / 2")
    page.act("edit")
    assert page.input_value(".editing textarea") == "A woman in a garden."
    page.fill(".editing textarea", "A man at the beach.")
    page.press(".editing textarea", "Enter")
    page.wait_for_selector("text=3 / 3")
    assert page.inner_text(".said") == "A man at the beach."
    page.act("version-1")
    page.act("version-1")
    page.wait_for_selector("text=1 / 3")
    assert page.inner_text(".said") == "A woman in a garden."
    assert page.locator("[data-act='version-1']").is_disabled()
    first, second, third = page.tree
    assert first["parent"] is second["parent"] is third["parent"] is None
    assert first["seed"] != second["seed"]
    # A conversation goes on from the version that is seen.
    page.say("Add a hat.", 2)
    assert page.tree[-1]["parent"] == first["id"]


def test_the_map_leads_to_any_round_and_back(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.say("Add a hat.", 2)
    page.key("m")
    page.wait_for_selector("#map .node >> nth=1")
    page.click("#map .node >> nth=0")
    page.settled(1)
    assert "goes on from here" in page.inner_text(".later")
    page.say("Add glasses.", 2)
    assert page.locator("#map .node").count() == 3
    first, hat, glasses = page.tree
    assert hat["parent"] == glasses["parent"] == first["id"]
    page.locator("#map [aria-current]").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.title") == "Round 2a: Add a hat."
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 / 2")
    page.act("onward", 0)
    page.settled(1)
    page.click("text=Back to the later rounds")
    page.settled(2)


def test_pictures_are_chosen_pasted_and_dropped(visit, picture_files):
    page = visit()
    page.set_input_files("#choose-file", [picture_files.red, picture_files.blue])
    page.wait_for_selector("#given li >> nth=1")
    page.evaluate(GIVE, ["paste", ["pasted.png"]])
    page.wait_for_selector("#given img[alt='pasted.png']")
    # A press that has begun on a picture is not lost while others come: its element stays where it is.
    page.evaluate("window.pressed = document.querySelector('#given li')")
    page.evaluate(
        "new MutationObserver((all) => { window.moved = all.flatMap((one) => [...one.removedNodes])"
        ".includes(window.pressed) || window.moved }).observe("
        "document.querySelector('#given'), {childList: true})"
    )
    page.evaluate(GIVE, ["drop", ["dropped.png", "more.png"]])
    page.wait_for_selector("text=A round takes 4 pictures at most.")
    page.wait_for_selector("#given img[alt='dropped.png']")
    assert not page.evaluate("window.moved")
    page.click("[aria-label='Remove pasted.png']")
    page.wait_for_selector("#given img[alt='pasted.png']", state="detached")
    page.set_input_files("#choose-file", picture_files.notes)
    page.wait_for_selector("text=is not a picture")
    page.set_input_files("#choose-file", picture_files.broken)
    page.wait_for_selector("text=cannot be read")
    page.click("[aria-label='Remove dropped.png']")
    assert page.locator("#given img").count() == 2
    page.click("#send")
    page.wait_for_selector("text=Say what to do with the picture.")
    page.say("The same person at the beach.", 1)
    assert page.locator(".said-pictures img").count() == 2
    assert page.locator("#given img").count() == 0
    given = page.tree[0]["pictures_in"]
    answer = page.request.get(page.server.url + given[1])
    assert Image.open(io.BytesIO(answer.body())).size == (1024, 512)  # no larger than it needs to be
    page.act("again")  # with the same pictures
    page.wait_for_selector("text=2 / 2")
    assert page.tree[1]["pictures_in"] == given


def test_people_are_shown_and_a_press_asks_for_a_close_up(visit):
    page = visit()
    page.say("The image shows Mia and Ben in a park. Mia has red hair.", 1)
    page.wait_for_selector(".person >> nth=1")
    assert page.locator(".person .name").all_inner_texts() == ["Mia", "Ben"]
    assert "red hair" in page.inner_text(".person >> nth=0")
    page.click(".person .ask >> nth=1")
    page.settled(2)
    assert page.tree[1]["text_in"] == "A close-up of Ben."
    page.click("text=From round 1 >> nth=0")
    assert page.evaluate("document.activeElement.dataset.index") == "0"


def test_two_pictures_are_compared_with_a_slider(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.say("Add a hat.", 2)
    page.act("compare")
    page.wait_for_selector("#compare .stage img >> nth=1")
    chosen = page.locator("#compare option:checked").all_text_contents()
    assert [words.partition("  ")[2] for words in chosen] == ["A woman in a garden", "Add a hat"]
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    clip = "getComputedStyle(document.querySelector('#compare .over')).clipPath"
    assert page.evaluate(clip) == "inset(0px 60% 0px 0px)"
    sources = "[...document.querySelectorAll('#compare img')].map((image) => image.src)"
    before = page.evaluate(sources)
    page.click("[aria-label=Swap]")
    assert page.evaluate(sources) == before[::-1]
    page.keyboard.press("Escape")
    page.wait_for_selector("#compare", state="detached")


def test_the_gallery_shows_every_picture_large(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.act("again")
    page.wait_for_selector("text=2 / 2")
    page.key("a")
    page.click("#gallery ul button >> nth=0")
    assert page.inner_text("#large figcaption b") == "Round 1b"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#large figcaption b") == "Round 1a"
    page.click("#large >> text=Go on from here")
    page.wait_for_selector("text=1 / 2")
    assert page.evaluate("document.activeElement.id") == "say"


def test_seed_steps_and_kind_of_answer_reach_the_server(visit):
    page = visit()
    sent = []
    page.on(
        "request", lambda asked: asked.url.endswith("/v1/responses") and sent.append(asked.post_data_json)
    )
    page.key("s")
    page.fill("#seed", "77")
    page.locator("#steps").fill("3")
    page.keyboard.press("Escape")
    assert page.inner_text("#settings-short") == "seed 77 · 3 steps"
    page.say("A woman in a garden.", 1)
    assert (sent[0]["seed"], sent[0]["limner"]["steps"]) == (77, 3)
    page.click("#settings-open")
    page.click(".choices >> text=Words")
    page.keyboard.press("Escape")
    page.say("Who is she?", 2)
    assert [bool(one["picture"]) for one in page.tree] == [True, False]
    assert [one["seed"] for one in page.tree] == [77, 77]
    page.reload()  # the settings stay
    page.settled(2)
    page.wait_for_function(
        "() => document.querySelector('#settings-short').textContent.startsWith('seed 77')"
    )
    page.click("#settings-open")
    page.click("#settings >> text=Reset")
    assert page.text_content("#settings-short") == ""


def test_painting_is_stopped_and_nothing_is_kept(visit):
    page = visit()
    page.wait_for_selector("#settings", state="attached")
    page.key("s")
    page.locator("#steps").fill("1000")
    page.keyboard.press("Escape")
    page.fill("#say", "A woman in a garden.")
    page.press("#say", "Enter")
    page.wait_for_selector(".painting .frame:not([hidden])")
    page.key("Escape")
    page.wait_for_selector("text=Stopped. Nothing of it is kept.")
    assert page.tree == []
    page.click("text=Change the words")
    assert page.input_value("#say") == "A woman in a garden."
    page.key("s")
    page.click("#settings >> text=Reset")
    page.keyboard.press("Escape")
    page.press("#say", "Enter")
    page.settled(1)


def test_a_picture_is_saved_with_what_painted_it(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.key("s")
    page.select_option("#size", "256")
    page.keyboard.press("Escape")
    with page.expect_download() as coming:
        page.act("download")
    saved = Image.open(io.BytesIO(coming.value.path().read_bytes()))
    (round_,) = page.tree
    assert coming.value.suggested_filename == f"limner-round-1-{round_['id'][-8:]}.png"
    assert (saved.size, saved.info["limner:seed"]) == ((256, 256), str(round_["seed"]))


def test_conversations_are_renamed_saved_opened_and_deleted(visit):
    page = visit()
    page.say("A woman who will be renamed.", 1)
    entry = "#conversations li:has([aria-current])"

    def choose(words):
        page.hover(entry)
        page.click(f"{entry} .more")
        page.click(f".menu >> text={words}")

    choose("Rename")
    page.fill("#rename-field", "Portrait of Ada")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{entry}:has-text('Portrait of Ada')")
    assert page.inner_text("#title") == "Portrait of Ada"
    with page.expect_download() as coming:
        choose("Export")
    assert coming.value.suggested_filename == "Portrait-of-Ada.limner"
    first = page.conversation
    page.set_input_files("#import-file", coming.value.path())
    page.wait_for_selector("#toast:has-text('1 round')")
    assert page.conversation != first
    page.go_back()
    page.wait_for_function("id => location.hash === '#' + id", arg=first)
    page.settled(1)
    choose("Delete")
    page.click("#delete >> text=Delete >> nth=-1")
    page.wait_for_selector(".example >> visible=true")
    assert page.request.get(f"{page.server.url}/v1/conversations/{first}").status == 404
    assert page.locator("#conversations :text('Portrait of Ada')").count() == 1


def test_words_stay_words(visit):
    page = visit()
    words = "<img src=x onerror=alert(1)> <b>Mia</b> & <script>alert(2)</script>"
    page.say(words, 1)
    assert page.inner_text(".said") == words
    assert page.locator(".said img, .said b, .said script").count() == 0
    policy = page.request.get(page.server.url).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_real_face_is_kept_with_consent_sent_and_forgotten(visit, picture_files):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.click(".faces >> text=Keep a face")
    page.fill("#face-name", "Ada")
    page.set_input_files("#face-file", picture_files.red)
    page.fill("#face-note", "Ada said yes in May.")
    page.click("#face >> text=Keep the face")
    assert page.locator("#face").is_visible()  # nothing without consent
    page.check("#face-consent")
    page.click("#face >> text=Keep the face")
    page.click(".faces .ask:has-text('Ada')")
    page.wait_for_selector("#given img[alt=Ada]")
    page.say("The same person at the beach.", 2)
    assert len(page.tree[1]["pictures_in"]) == 1
    page.click("[aria-label='Delete Ada']")
    page.click("#forget >> text=Delete >> nth=-1")
    page.settled(1)
    assert len(page.tree) == 1
    assert page.locator(".faces .ask").count() == 0
