"""How answers look in a notebook, and what types and names the package offers."""

from __future__ import annotations

import base64
import inspect
import io
import re
import typing
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

import limner
from limner.inference.conversation import Reply


@pytest.fixture(scope="module")
def talk(tiny_painter):
    painter = tiny_painter.with_sampling(token_steps=2, pixel_steps=2, max_text_tokens=6)
    conversation = painter.conversation()
    conversation.say('A "garden" & <b>trees</b>.', picture=True)
    conversation.say("What is it?", picture=False)
    return conversation


def pictures(page: str) -> list[Image.Image]:
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_a_reply_shows_its_words_and_its_picture(talk) -> None:
    painted, words = talk.replies
    assert np.array_equal(Image.open(io.BytesIO(painted._repr_png_())), painted.image)
    (shown,) = pictures(painted._repr_html_())
    assert np.array_equal(shown, painted.image)
    assert words._repr_png_() is None
    assert not pictures(words._repr_html_())
    hostile = Reply(text="<script>x</script>", image=None, id="a", seconds=0.0, seed=0)
    assert "<script>" not in hostile._repr_html_()


def test_a_conversation_is_a_strip_of_its_rounds(talk) -> None:
    page = talk._repr_html_()
    (shown,) = pictures(page)
    assert max(shown.size) <= 160
    assert "1. A &quot;garden&quot; &amp; &lt;b&gt;trees&lt;/b&gt;." in page
    assert "2. What is it?" in page
    assert "empty" in talk.painter.conversation()._repr_html_()


def test_steps_of_one_round(tiny_painter, monkeypatch) -> None:
    asked = []
    answer = tiny_painter.answer

    def listening(request):
        asked.append(request.sampling and request.sampling.pixel_steps)
        return answer(request)

    monkeypatch.setattr(tiny_painter, "answer", listening)
    conversation = tiny_painter.conversation()
    for steps in (1, 3, None):
        assert conversation.say("A garden.", picture=True, steps=steps).image is not None
    assert asked == [1, 3, None]
    for steps in (0, 1001, 1.5, True):
        with pytest.raises(ValueError, match="steps is a whole number from 1 to 1,000"):
            conversation.say("A garden.", steps=steps)
    assert len(conversation.replies) == 3


def test_names_and_types_are_offered() -> None:
    assert {"Painter", "Conversation", "Reply", "Sampling"} <= set(limner.__all__) <= set(dir(limner))
    assert (files("limner") / "py.typed").is_file()
    assert typing.get_type_hints(limner.load)["return"] is limner.Painter
    hints = typing.get_type_hints(limner.open_conversation)
    assert (hints["painter"], hints["return"]) == (limner.Painter, limner.Conversation)
    with pytest.raises(AttributeError, match="nothing_such"):
        limner.nothing_such  # noqa: B018


@pytest.mark.parametrize("name", ["Painter", "Conversation", "Reply", "Sampling"])
def test_every_type_hint_can_be_read(name: str) -> None:
    offered = getattr(limner, name)
    typing.get_type_hints(offered)
    members = [offered.__init__]
    for own, member in vars(offered).items():
        if not own.startswith("__"):  # a dataclass writes those without hints
            members.append(member.fget if isinstance(member, property) else member)
    for member in members:
        if inspect.isfunction(member):
            assert "return" in typing.get_type_hints(member), member


def test_a_real_kernel_shows_them(tmp_path) -> None:
    pytest.importorskip("ipykernel")
    manager = pytest.importorskip("jupyter_client.manager")
    code = """
from PIL import Image
from limner.inference.conversation import Reply
Reply(text="A garden.", image=Image.new("RGB", (4, 4), "red"), id="a", seconds=0.1, seed=1)
"""
    kernel, client = manager.start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    try:
        shown = []
        client.execute_interactive(code, timeout=300, output_hook=shown.append)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    (result,) = [each["content"]["data"] for each in shown if each["msg_type"] == "execute_result"]
    assert "A garden." in result["text/html"]
    assert Image.open(io.BytesIO(base64.b64decode(result["image/png"]))).size == (4, 4)
