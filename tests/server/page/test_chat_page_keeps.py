"""The chat page keeps what was said: through leaving, reloading, restarts, a second tab, a long talk."""

from __future__ import annotations

import pytest
from test_chat_page_troubles import refuse_once
from tiny_server import serving

from conftest import ask_json
from limner.server.opening import service_of
from limner.server.settings import ServerSettings

SLOW_STEPS = "400"  # so many take a while, and come to an end
IN_SIGHT = """() => {
  const box = document.querySelector(".painting .frame").getBoundingClientRect();
  return box.height > 100 && box.bottom <= document.querySelector("#foot").getBoundingClientRect().top + 1;
}"""


def set_steps(page, steps):
    page.key("s")
    page.locator("#steps").fill(steps)
    page.keyboard.press("Escape")


def begin(page, text):
    """Say something that takes a while; it is being painted."""
    page.fill("#say", text)
    page.press("#say", "Enter")
    page.wait_for_selector(".painting .frame:not([hidden])")


def test_a_round_that_is_left_is_there_on_coming_back_and_gone_on_from(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    first = page.conversation
    set_steps(page, SLOW_STEPS)
    begin(page, "Add a hat.")
    page.click("#begin")
    page.wait_for_selector(".example >> visible=true")
    page.wait_for_selector("#toast:has-text('is painted')")
    page.click(f"#conversations li[data-id='{first}'] .open")
    page.settled(2)
    set_steps(page, "1")
    page.say("Make it night.", 3)
    assert [one["parent"] for one in page.tree[1:]] == [one["id"] for one in page.tree[:2]]


def test_a_round_that_is_painted_while_the_page_is_closed_is_gone_on_from(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.goto("about:blank#")
    conversation = ask_json(page.server, "/v1/conversations")["data"][0]["id"]
    tree = f"/v1/conversations/{conversation}/tree"
    before = ask_json(page.server, tree)["data"][-1]["id"]
    page.request.post(
        f"{page.server.url}/v1/responses",
        data={"input": "Add a hat.", "previous_response_id": before, "limner": {"steps": 1}},
    )
    page.goto(f"{page.server.url}/#{conversation}")
    page.settled(2)


def test_reloading_while_it_paints_loses_nothing(visit):
    page = visit()
    set_steps(page, SLOW_STEPS)
    begin(page, "A woman in a garden.")
    page.reload()
    page.wait_for_selector(".painting .said:has-text('A woman in a garden.')")
    assert page.locator("#conversations :text('0 rounds')").count() == 0
    page.settled(1)
    assert len(page.tree) == 1
    # Reloaded before the server has said anything, it is asked for once all the same.
    page.route("**/v1/responses", lambda route: route.abort(), times=1)
    set_steps(page, "1")
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector(".painting >> text=The server cannot be reached.")
    page.reload()
    page.settled(2)
    assert [one["text_in"] for one in page.tree] == ["A woman in a garden.", "Add a hat."]
    page.expect("ERR_FAILED")


def test_what_the_server_had_already_is_not_asked_for_again(visit):
    """The connection breaks after the server took the message and before it said so."""
    page = visit()
    page.say("A woman in a garden.", 1)

    def take_and_break(route):
        asked = route.request
        page.request.post(asked.url, data={**asked.post_data_json, "stream": False, "background": False})
        route.abort()

    page.route("**/v1/responses", take_and_break, times=1)
    page.say("Add a hat.", 2)
    assert [one["text_in"] for one in page.tree] == ["A woman in a garden.", "Add a hat."]
    page.expect("ERR_FAILED")


def test_reloading_keeps_what_a_message_is_about_and_that_it_makes_a_branch(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.say("Add a hat.", 2)
    asked = []
    page.on("request", lambda one: asked.append(one) if one.url.endswith("/v1/responses") else None)
    page.act("onward", 0)
    page.act("reply", 0)
    page.route("**/v1/responses", lambda route: route.abort(), times=1)
    page.fill("#say", "Make it night.")
    page.press("#say", "Enter")
    page.wait_for_selector(".painting >> text=The server cannot be reached.")
    page.reload()
    page.settled(2)
    first, _, third = page.tree
    assert third["parent"] == first["id"]
    assert [one.post_data_json["limner"].get("reply_to") for one in asked] == [first["id"]] * 2
    page.expect("ERR_FAILED")


def test_pictures_that_the_browser_cannot_keep_are_told(visit, large_pictures):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.evaluate("localStorage.setItem('filler', 'x'.repeat(5_200_000))")  # of 5,242,880
    page.set_input_files("#choose-file", large_pictures[:1])
    page.wait_for_selector("#given img")
    page.reload()
    page.wait_for_selector("#say-trouble:has-text('1 picture took too much room to be kept here.')")
    page.set_input_files("#choose-file", large_pictures)
    page.wait_for_function("() => document.querySelectorAll('#given img').length === 2")
    # A photo is sent with a little loss, so that the browser can keep it.
    assert page.get_attribute("#given img >> nth=0", "src").startswith("data:image/jpeg")
    page.route("**/v1/responses", lambda route: route.abort(), times=1)
    page.fill("#say", "This person at the beach.")
    page.press("#say", "Enter")
    page.wait_for_selector(".painting >> text=The server cannot be reached.")
    page.reload()
    page.wait_for_selector(".painting >> text=Its pictures were too large for this browser to keep.")
    page.click("text=Change the words")
    assert page.input_value("#say") == "This person at the beach."
    assert page.inner_text("#say-trouble").startswith("2 pictures took too much room")
    assert len(page.tree) == 1
    page.expect("ERR_FAILED")


def test_pictures_that_are_added_while_a_conversation_opens_stay(visit, large_pictures):
    page = visit()
    page.say("A woman in a garden.", 1)
    page.evaluate("localStorage.setItem('filler', 'x'.repeat(5_200_000))")  # the browser keeps no picture
    held = []
    page.route("**/v1/conversations/**", lambda route: held.append(route))
    page.reload()
    page.set_input_files("#choose-file", large_pictures[:1])
    page.wait_for_selector("#given img")
    assert held
    page.unroute("**/v1/conversations/**")  # which lets them go on
    page.wait_for_selector(".round img >> visible=true")
    assert page.locator("#given img").count() == 1


def test_nothing_empty_stays_in_the_list(visit):
    page = visit()
    before = len(ask_json(page.server, "/v1/conversations")["data"])
    set_steps(page, "1000")
    begin(page, "A woman in a garden.")
    page.click("#stop")
    page.wait_for_selector("text=Stopped. Nothing of it is kept.")
    page.click("text=Put away")
    page.wait_for_selector(".example >> visible=true")
    page.wait_for_function("() => !location.hash")
    page.wait_for_function(
        "number => fetch('/v1/conversations').then((one) => one.json())"
        ".then((list) => list.data.length === number)",
        arg=before,
    )


def test_drafts_are_kept_for_each_conversation(visit, picture_files):
    page = visit()
    page.say("A woman in a garden.", 1)
    first = page.conversation
    page.fill("#say", "Add a hat and")
    page.set_input_files("#choose-file", picture_files.red)
    page.wait_for_selector("#given img")
    page.click("#begin")
    assert page.input_value("#say") == ""
    assert page.locator("#given img").count() == 0
    page.fill("#say", "A man who")
    page.click(f"#conversations li[data-id='{first}'] .open")
    page.settled(1)
    assert page.input_value("#say") == "Add a hat and"
    page.reload()
    page.settled(1)
    assert page.input_value("#say") == "Add a hat and"
    assert page.locator("#given img").count() == 1
    page.click("#begin")
    assert page.input_value("#say") == "A man who"
    page.fill("#say", "")


@pytest.mark.parametrize("screen", [(1280, 800), (390, 844)])
def test_the_page_follows_what_it_paints_unless_the_reader_scrolls_away(visit, screen):
    page = visit(viewport={"width": screen[0], "height": screen[1]})
    page.say("A woman in a garden.", 1)
    page.say("Add a hat.", 2)
    set_steps(page, SLOW_STEPS)
    page.act("again", 0)
    page.wait_for_selector(".painting .frame:not([hidden])")
    page.wait_for_function(IN_SIGHT)
    page.wait_for_selector("text=2 / 2")
    page.settled(1)
    page.act("edit")
    page.fill(".editing textarea", "A man at the beach.")
    page.click("text=Paint this")
    page.wait_for_selector(".painting .frame:not([hidden])")
    page.wait_for_function(IN_SIGHT)
    page.wait_for_selector("text=3 / 3")
    begin(page, "Make it night.")
    page.wait_for_function(IN_SIGHT)
    page.hover("#main")
    page.mouse.wheel(0, -5000)
    page.wait_for_function("() => document.querySelector('#main').scrollTop === 0")
    page.settled(2)
    page.wait_for_timeout(300)  # what would have moved the page had come
    assert page.evaluate("document.querySelector('#main').scrollTop") == 0


def test_a_model_that_loads_for_long_is_waited_for(visit):
    page = visit()
    error = (
        '{"error": {"message": "Not now.", "type": "server_error", "code": "model_loading", "param": null}}'
    )
    asked = []

    def loading(route):
        asked.append(route)
        headers = {"Retry-After": "1"}
        route.fulfill(status=503, headers=headers, content_type="application/json", body=error)

    page.route("**/v1/responses", loading, times=8)
    page.say("A woman in a garden.", 1)
    assert len(asked) == 8
    page.expect("503")


def test_a_failed_message_stays_when_another_is_said(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    refuse_once(page, "**/v1/responses", 500, "server_error")
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=Something went wrong in the server.")
    page.fill("#say", "Make it night.")
    page.press("#say", "Enter")
    page.wait_for_function("() => document.querySelectorAll('.round[data-round]').length === 2")
    assert page.inner_text(".painting .said") == "Add a hat."
    page.reload()
    page.wait_for_selector(".painting .said:has-text('Add a hat.')")
    page.click("text=Try again")
    page.settled(3)
    assert [one["text_in"] for one in page.tree] == ["A woman in a garden.", "Make it night.", "Add a hat."]
    assert page.tree[2]["parent"] == page.tree[1]["id"]
    page.expect("500")


def test_after_a_restart_the_page_goes_on_by_itself(visit, painter, tmp_path):
    settings = ServerSettings(model="tiny")

    def open_service():
        return service_of(painter, tmp_path / "store", settings)

    service = open_service()
    with serving(service, settings) as server:
        page = visit(at=server)
        page.say("A woman in a garden.", 1)
        port = server.port
    service.close(0.0)
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector(".painting >> text=The server cannot be reached.")
    service = open_service()
    with serving(service, settings, port=port):
        page.settled(2)
        page.context.close()
    service.close(0.0)
    page.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET")


def second_tab(page):
    """The same conversation in another tab of the same browser."""
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".round[data-round]")
    return other


def test_a_second_tab_learns_of_new_rounds_and_of_deletion(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    other = second_tab(page)
    set_steps(page, SLOW_STEPS)
    # Watched from before: a round may be over by the time that a busy machine looks.
    other.evaluate("""() => new MutationObserver(() => {
        const said = document.querySelector(".painting .said");
        window.sawPainting ||= said?.textContent.includes("Add a hat.") ?? false;
    }).observe(document.body, { childList: true, subtree: true, characterData: true })""")
    begin(page, "Add a hat.")
    other.wait_for_function("() => window.sawPainting")
    other.wait_for_selector(".round[data-round] .said:has-text('Add a hat.')")
    other.wait_for_function("() => !document.querySelector('.painting')")
    page.settled(2)
    page.request.delete(f"{page.server.url}/v1/conversations/{page.conversation}")
    other.wait_for_selector("#toast:has-text('This conversation was deleted.')")
    page.wait_for_selector("#toast:has-text('This conversation was deleted.')")
    other.close()


def test_a_stale_tab_never_branches_without_a_word(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    # A tab that hears nothing of the others.
    page.route("**/events", lambda route: route.abort())
    page.reload()
    page.settled(1)
    other = second_tab(page)
    other.fill("#say", "Add a hat.")
    other.press("#say", "Enter")
    other.wait_for_function("() => document.querySelectorAll('.round[data-round]').length === 2")
    page.fill("#say", "Make it night.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=This conversation has gone on elsewhere meanwhile.")
    page.wait_for_function("() => document.querySelectorAll('.round[data-round]').length === 2")
    page.click("text=Say it after the newest round")
    page.settled(3)
    assert [one["parent"] for one in page.tree[1:]] == [one["id"] for one in page.tree[:2]]
    other.close()
    page.expect("ERR_FAILED", "409")


def test_the_same_again_is_offered_only_where_it_can_help(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    refuse_once(page, "**/v1/responses", 400, "string_above_max_length")
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=Not now.")
    assert page.locator(".painting [data-act=retry]").count() == 0
    page.click("text=Put away")
    refuse_once(page, "**/v1/responses", 404, "not_found")
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.wait_for_selector("text=This is no longer there.")
    assert page.inner_text(".painting [data-act=retry]") == "Begin a new conversation with it"
    page.expect("400", "404")


def test_what_is_said_while_painting_is_painted_next(visit):
    page = visit()
    set_steps(page, SLOW_STEPS)
    begin(page, "A woman in a garden.")
    set_steps(page, "1")  # of those that wait
    page.fill("#say", "Add a hat.")
    page.press("#say", "Enter")
    page.fill("#say", "Make it night.")
    page.press("#say", "Enter")
    assert page.locator(".queued .said").all_inner_texts() == ["Add a hat.", "Make it night."]
    page.settled(3)
    assert [one["text_in"] for one in page.tree] == ["A woman in a garden.", "Add a hat.", "Make it night."]
    assert [one["parent"] for one in page.tree[1:]] == [one["id"] for one in page.tree[:2]]


def test_rounds_that_are_no_longer_read_are_marked(visit):
    page = visit()
    page.say("A woman in a garden.", 1)
    last = page.tree[0]["id"]
    for _ in range(60):
        made = page.request.post(
            f"{page.server.url}/v1/responses",
            data={"input": "Make it night.", "previous_response_id": last, "limner": {"steps": 1}},
        ).json()
        last = made["id"]
        read = ask_json(page.server, f"/v1/conversations/{page.conversation}/read?at={last}")
        if len(read["data"]) < read["num_rounds"]:
            break
    page.reload()
    page.settled(read["num_rounds"])
    page.wait_for_selector(".unread >> nth=0", state="attached")
    num_left = read["num_rounds"] - len(read["data"])
    assert page.locator(".unread").count() == num_left
    words = page.inner_text("#reading")
    assert f"{len(read['data'])} of these {read['num_rounds']} rounds" in words
