"""The examples of docs/clients.md, run as they stand, each where its packages are installed."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from tiny_server import serving
from wire_requests import ask

from limner.server.opening import service_of
from limner.server.settings import ServerSettings

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
EXAMPLES = re.findall(r"^## (.+?)$|```python\n(.*?)```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def examples():
    """Each example with its section's title."""
    title = ""
    for heading, code in EXAMPLES:
        title = heading or title
        if code:
            yield pytest.param(code, id=title.replace(": ", "-").replace(" ", "-").lower())


@pytest.fixture(scope="module")
def open_to_all(painter, tmp_path_factory):
    service = service_of(painter, tmp_path_factory.mktemp("docs") / "store", ServerSettings())
    with serving(service, ServerSettings()) as server:
        yield server
    service.close(0.0)


def close(client):
    """Leave no connection behind. `Runner.run_sync` keeps a loop of its own, which the client belongs to."""
    closing = client.close() if client is not None else None
    if inspect.isawaitable(closing):
        loop = asyncio.get_event_loop_policy().get_event_loop()
        loop.run_until_complete(closing)
        loop.close()
        asyncio.set_event_loop(None)


# `Runner.run_sync` shuts its loop's generators down after each run, and goes on with the same loop.
@pytest.mark.filterwarnings("ignore:asynchronous generator:ResourceWarning")
@pytest.mark.parametrize("code", list(examples()))
def test_the_example_runs(open_to_all, code):
    for package in sorted(set(re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE))):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    names = {"URL": f"{open_to_all.url}/v1"}
    try:
        exec(compile(code, str(PAGE), "exec"), names)
    finally:
        close(names.get("client"))
    if "picture" in names:
        assert len(names["picture"]) > 100
    if "pictures" in names:
        assert names["pictures"]
        assert all(len(picture) > 100 for picture in names["pictures"])


def test_every_example_goes_on_from_where_it_says(open_to_all):
    """Nothing began anew where a conversation was to go on."""
    names = {"URL": f"{open_to_all.url}/v1"}
    pytest.importorskip("openai", reason="needs the official client")
    (code,) = (code for _, code in EXAMPLES if "chat.completions" in code)
    exec(compile(code, str(PAGE), "exec"), names)
    (facts,) = names["close"].model_extra["limner"]
    before = ask(open_to_all, f"/v1/responses/{facts['previous_response_id']}/input_items").told["data"]
    assert before[0]["content"][0]["text"].startswith("The image shows Clara.")


def test_there_are_examples_for_every_client_of_the_table_in_its_language():
    """JavaScript's are run by `node_clients/examples.mjs`."""
    rows = re.findall(r"^\| (`[^|]+?) \|", PAGE.read_text(), re.MULTILINE)
    sections = {section.partition("\n")[0]: section for section in PAGE.read_text().split("\n## ")[1:]}
    for row in rows:
        name = row.split("`")[1]
        held = "\n".join(text for title, text in sections.items() if title.partition(":")[0] == name)
        assert ("```js" in held) == ("JavaScript" in row), row
        assert ("```python" in held) == ("(JavaScript)" not in row), row
    assert len(rows) > 5
