"""A stranger that knows only the OpenAPI document: made-up requests, one by one and following links."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_server import ADA, serving
from wire_requests import WAIT_S, ask

from limner.server.app import server_app
from limner.server.document import LINKS
from limner.server.opening import service_of
from limner.server.security.keys import ApiKeys
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

pytestmark = pytest.mark.long

CONFIG = Path(__file__).parents[2] / "schemathesis.toml"


def test_made_up_requests_are_answered_as_the_document_says(painter, tmp_path):
    pytest.importorskip("schemathesis", reason="needs schemathesis")
    limits = Limits(max_steps=4, max_rounds_at_once=100)
    settings = ServerSettings(keys=ApiKeys([(ADA, None)]), limits=limits)
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        words = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "--no-color"]
        words += ["run", f"{server.url}/openapi.json", "--header", f"Authorization: Bearer {ADA}"]
        words += ["--phases", "fuzzing,stateful", "-n", "2", "--generation-deterministic", "--no-shrink"]
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=4 * WAIT_S, cwd=tmp_path, check=False
        )
    service.close(0.0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Stateful" in done.stdout


def test_the_document_tells_of_every_endpoint_and_of_keys_where_there_are_some(service, server):
    document = ask(server, "/openapi.json").told
    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/v1/responses"]["post"]["security"] == [{"HTTPBearer": []}]
    for path in (
        "/v1/chat/completions",
        "/v1/images/generations",
        "/v1/files",
        "/v1/conversations",
        "/metrics",
    ):
        assert path in document["paths"]
    links = document["paths"]["/v1/responses"]["post"]["responses"]["200"]["links"]
    assert links["goOn"]["requestBody"] == {"previous_response_id": "$response.body#/id"}
    assert len({(source, name) for source, name, *_ in LINKS}) == len(LINKS)
    without = server_app(service, ServerSettings()).openapi()
    assert "securitySchemes" not in without["components"]
    assert "security" not in without["paths"]["/v1/responses"]["post"]


def test_a_client_can_be_generated_for_every_endpoint(server):
    """What openapi-python-client stumbled over: names that are paths, and two that become one."""
    document = ask(server, "/openapi.json").told
    for name, schema in document["components"]["schemas"].items():
        assert re.fullmatch(r"[A-Za-z]+(_[a-z]+)*", name), name
        names = [re.sub(r"\W", "", one) for one in schema.get("properties", ())]
        assert len(set(names)) == len(names), name
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", id) for id in ids), ids
    assert {"responses_create", "images_edit", "conversations_add_items", "files_content"} <= set(ids)
    text = json.dumps(document)
    refs = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text))
    assert refs <= set(document["components"]["schemas"])
    assert "422" not in text
    for operation in operations:
        for media in operation["responses"]["200"].get("content", {}).values():
            assert media.get("schema"), operation["operationId"]
    bodies = document["paths"]["/v1/images/edits"]["post"]["requestBody"]["content"]
    assert set(bodies) == {"multipart/form-data", "application/json"}
    for operation in operations:
        if len(operation.get("requestBody", {}).get("content", ())) > 1:
            assert any(not one["required"] for one in operation["parameters"]), operation["operationId"]


def test_a_generated_client_can_be_imported_and_paints(server, tmp_path):
    """In no extra, for it wants another typer than this package's: `pipx install openapi-python-client`."""
    generator = shutil.which("openapi-python-client")
    if generator is None:
        pytest.skip("needs openapi-python-client")
    (tmp_path / "openapi.json").write_bytes(ask(server, "/openapi.json").content)
    words = [generator, "generate", "--path", "openapi.json", "--meta", "none", "--output-path", "made"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    paths = [path.relative_to(tmp_path).with_suffix("") for path in tmp_path.glob("made/api/*/[a-z]*.py")]
    names = [".".join(path.parts) for path in paths]
    operations = json.loads((tmp_path / "openapi.json").read_text())["paths"].values()
    assert len(names) == sum(len(methods) for methods in operations)
    code = "\n".join(f"import {name}" for name in names)
    code += f"""
from made import AuthenticatedClient, models
client = AuthenticatedClient(base_url="{server.url}", token="{ADA}")
body = models.ResponseRequest(input_="A woman in a garden.", model="tiny", tool_choice="required")
made = made.api.responses.responses_create.sync(client=client, body=body)
assert made.status == "completed" and made.output[0].result, made
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_a_wrong_method_is_told_the_right_ones(server):
    answer = ask(server, "/v1/conversations/conv_1", method="PUT", key=ADA)
    assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET, POST")
