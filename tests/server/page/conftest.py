"""The chat page of a tiny painter in a headless Chromium, and ways to use it as a person does."""

from __future__ import annotations

import json
import urllib.request
from types import SimpleNamespace

import pytest
from chromium import headless_chromium
from tiny_server import serving

from limner.server.opening import service_of
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

DESKTOP = {"viewport": {"width": 1440, "height": 900}}
WAIT_MS = 180_000  # for what must happen; a busy machine is slow

ROUND = ".round[data-round]"


@pytest.fixture(scope="module")
def browser():
    with headless_chromium() as found:
        yield found


@pytest.fixture(scope="module")
def server(painter, tmp_path_factory):
    """A server without keys, that takes as many steps as a picture may have."""
    settings = ServerSettings(model="tiny", limits=Limits(max_steps=1000))
    service = service_of(painter, tmp_path_factory.mktemp("page") / "store", settings)
    with serving(service, settings) as found:
        yield found
    service.close(0.0)


def ask_json(server, path):
    """What the server tells at a path."""
    with urllib.request.urlopen(server.url + path) as response:
        return json.load(response)


class Visit:
    """A page, and what a visitor does with it."""

    def __init__(self, page, server, complaints):
        self.page, self.server, self.complaints = page, server, complaints

    def __getattr__(self, name):
        return getattr(self.page, name)

    def settled(self, number):
        """Wait until that many rounds are on the way to the last, and none is being painted."""
        self.page.wait_for_function(
            "number => document.querySelectorAll('.round[data-round]').length === number"
            " && !document.querySelector('.painting')",
            arg=number,
        )

    def say(self, text, number):
        """Say something, and wait for round `number`, counted from 1."""
        self.page.fill("#say", text)
        self.page.press("#say", "Enter")
        self.settled(number)

    def act(self, name, index=-1):
        """Press a button of a round."""
        rounds = self.page.locator(ROUND)
        rounds.nth(index if index >= 0 else rounds.count() - 1).locator(f"[data-act={name}]").click()

    def key(self, *keys):
        """Press keys outside of text fields."""
        self.page.locator("#main").focus()
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def conversation(self):
        """The id in the page's address."""
        return self.page.url.partition("#")[2]

    @property
    def tree(self):
        """The conversation's rounds as the server has them."""
        return ask_json(self.server, f"/v1/conversations/{self.conversation}/tree")["data"]

    def expect(self, *words):
        """Complaints of the console that this test causes on purpose."""
        kept = [told for told in self.complaints if not any(word in told for word in words)]
        self.complaints[:] = kept


@pytest.fixture
def visit(browser, server):
    """Open the page; whatever it complains of, or asks of others, fails the test."""
    contexts, complaints = [], []

    def opened(*, at=None, path="/", ready=True, **options):
        place = at or server
        context = browser.new_context(**{**DESKTOP, **options})
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        home = (place.url, "blob:", "data:")
        page.on("request", lambda request: request.url.startswith(home) or complaints.append(request.url))
        found = Visit(page, place, complaints)
        if ready:
            page.goto(place.url + path)
            page.wait_for_selector(".example, .round")
        return found

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def picture_files(tmp_path):
    """Files as a visitor has them: pictures of several sizes and kinds, and one that is none."""
    image = pytest.importorskip("PIL.Image")
    made = {}
    for name, size, color in (("red.png", (40, 30), "red"), ("blue.jpg", (2400, 1200), "blue")):
        image.new("RGB", size, color).save(tmp_path / name)
        made[name.partition(".")[0]] = tmp_path / name
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    return SimpleNamespace(**made, notes=tmp_path / "notes.txt", broken=tmp_path / "broken.png")


@pytest.fixture
def large_pictures(tmp_path):
    """Two files of pictures as large as a page sends them, in which no two pixels are alike."""
    image = pytest.importorskip("PIL.Image")
    paths = [tmp_path / f"photo-{which}.png" for which in (1, 2)]
    for path in paths:
        image.effect_noise((1024, 768), 40).convert("RGB").save(path)
    return paths
