"""The chat page when things go wrong: no server, a full queue, a model that loads, a key, what is gone."""

from __future__ import annotations

import json

import pytest
from tiny_server import serving

from limner.server.opening import service_of
from limner.server.security.keys import ApiKeys
from limner.server.settings import ServerSettings


def refuse_once(page, path, status, code, retry_after_s="1"):
    """Let the next request to a path be refused as the server refuses it."""
    error = {"message": "Not now.", "type": "server_error", "code": code, "param": None}

    def answer(route):
        route.fulfill(
            status=status,
            headers={"Retry-After": retry_after_s},
            content_type="application/json",
            body=json.dumps({"error": error}),
        )

    page.route(path, answer, times=1)


def test_without_a_server_what_was_said_waits(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.context.set_offline(True)
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector(".painting >> text=The server cannot be reached.")
    assert page.inner_text(".painting .said") == "Add a hat."
    page.context.set_offline(False)
    page.click("text=Try again")
    page.settled(2)
    page.expect("ERR_INTERNET_DISCONNECTED")


def test_a_page_without_a_server_says_so_and_goes_on_by_itself(visit):
    page = visit(ready=False)
    page.route("**/v1/limner", lambda route: route.abort())
    page.goto(page.server.url)
    page.wait_for_selector("#trouble >> text=The server cannot be reached.")
    assert page.locator("#welcome h2").is_visible()
    page.unroute("**/v1/limner")
    page.wait_for_selector(".example")
    assert page.locator("#trouble").is_hidden()
    page.expect("ERR_FAILED")


@pytest.mark.parametrize("part", ["drafts.js", "app.js", "base.css"])
def test_a_part_of_the_page_that_does_not_arrive_is_loaded_again(visit, part):
    page = visit(ready=False)
    page.route(f"**/{part}", lambda route: route.abort(), times=1)
    page.goto(page.server.url)
    page.wait_for_selector(".notice >> text=A part of this page has not arrived.")
    page.fill("#say", "A man who")
    page.wait_for_selector(".notice", state="detached")
    page.wait_for_selector(".example")
    assert page.input_value("#say") == "A man who"
    page.expect("ERR_FAILED")


def test_what_is_typed_while_the_page_loads_stays(visit):
    page = visit()
    page.fill("#say", "A woman with")
    page.wait_for_function("() => localStorage.getItem('limner-draft-new')")
    held = []
    page.route("**/drafts.js", lambda route: held.append(route))
    page.goto(page.server.url, wait_until="commit")
    page.fill("#say", "red hair")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.wait_for_selector(".example")
    assert page.input_value("#say") == "A woman with\nred hair"


def test_a_complaint_stays_while_words_are_written(visit, picture_files):
    page = visit()
    page.fill("#say", "This person at the beach.")
    page.set_input_files("#choose-file", picture_files.notes)
    page.wait_for_selector("#say-trouble:has-text('is not a picture')")
    page.press("#say", "End")
    page.keyboard.type(" Please.")
    assert page.locator("#say-trouble").is_hidden()


def test_a_deletion_that_fails_takes_nothing_away(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    refuse_once(page, "**/v1/responses", 400, "invalid_value")
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=Not now.")
    page.route(f"**/v1/conversations/{page.conversation}", lambda route: route.abort(), times=1)
    page.click("#conversations [aria-current] + .more")
    page.click("[role=menuitem]:has-text('Delete')")
    page.click("#delete [type=submit]")
    page.wait_for_selector("#toast:has-text('The server cannot be reached.')")
    assert page.inner_text(".painting .said") == "Add a hat."
    page.expect("400", "ERR_FAILED")


def test_a_full_queue_is_waited_for(visit):
    page = visit()
    refuse_once(page, "**/v1/responses", 503, "queue_full")
    page.fill("#say", "A woman in a garden.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=Many are asking at once.")
    page.settled(1)
    # Waiting can be stopped, too.
    refuse_once(page, "**/v1/responses", 429, "rate_limit_exceeded", retry_after_s="3600")
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=tries again in 3600 s")
    page.click("#stop")
    page.wait_for_selector("text=Stopped.")
    assert len(page.tree) == 1
    page.expect("503", "429")


@pytest.mark.parametrize(
    ("code", "words"),
    [("model_loading", "The model is still loading."), ("store_busy", "The server cannot answer just now.")],
)
def test_a_server_that_is_not_ready_is_waited_for(visit, code, words):
    page = visit(ready=False)
    refuse_once(page, "**/v1/limner", 503, code)
    page.goto(page.server.url)
    page.wait_for_selector(f"#trouble >> text={words}")
    page.wait_for_selector(".example")
    page.expect("503")


def test_what_the_server_refuses_can_be_said_differently(visit, picture_files):
    page = visit()
    page.set_input_files("#choose-file", picture_files.red)
    page.wait_for_selector("#given img")
    refuse_once(page, "**/v1/responses", 413, "request_too_large")
    page.fill("#say", "This person at the beach.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=This is too big for the server")
    page.click("text=Change the words")
    assert page.input_value("#say") == "This person at the beach."
    assert page.locator("#given img").count() == 1
    page.press("#say", "Enter")
    page.settled(1)
    page.fill("#say", "x" * 4001)
    page.press("#say", "Enter")
    assert page.inner_text("#say-trouble") == "That is 4001 characters; 4000 fit."
    page.expect("413")


def test_a_conversation_that_is_gone_leads_to_a_new_one(visit):
    page = visit(path="/#conv_" + "0" * 32)
    page.wait_for_selector("#toast >> text=This conversation is no longer there.")
    assert page.locator(".example").count() == 3
    page.expect("404")


def test_a_failed_round_says_so_and_is_painted_again(visit):
    page = visit()
    response = {"id": "resp_" + "0" * 32, "error": {"message": "It tore."}}
    failed = json.dumps({"type": "response.failed", "response": response})

    def tear(route):
        route.fulfill(content_type="text/event-stream", body=f"event: response.failed\ndata: {failed}\n\n")

    page.route("**/v1/responses", tear, times=1)
    page.fill("#say", "A woman in a garden.")
    page.press("#say", "Enter")
    page.wait_for_selector(".painting >> text=It tore.")
    page.click("text=Try again")
    page.settled(1)


@pytest.fixture(scope="module")
def keyed(painter, tmp_path_factory):
    """A server that asks for a key."""
    settings = ServerSettings(model="tiny", keys=ApiKeys([("the-key-of-this-house", None)]))
    service = service_of(painter, tmp_path_factory.mktemp("keyed") / "store", settings)
    with serving(service, settings) as found:
        yield found
    service.close(0.0)


def test_the_key_is_asked_for_and_kept_for_this_tab(visit, keyed):
    page = visit(at=keyed, ready=False)
    page.goto(keyed.url)
    page.fill("#key-field", "a guess")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=That key was not accepted.")
    page.fill("#key-field", "the-key-of-this-house")
    page.keyboard.press("Enter")
    page.wait_for_selector(".example")
    page.say("The image shows Mia in a park.", 1)
    source = page.get_attribute(".frame img", "src")
    assert source.startswith("blob:")  # an address alone would be refused
    assert page.eval_on_selector(".frame img", "image => image.naturalWidth") == 32
    with page.expect_download():
        page.act("download")
    page.reload()
    page.settled(1)
    assert page.locator("#key").count() == 0
    page.expect("401")
