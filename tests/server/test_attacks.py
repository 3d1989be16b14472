"""What servers of this kind were hit by, over the wire: one as it is, and one without a single assert."""

from __future__ import annotations

import ast
import contextlib
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import server_without_asserts
from picture_bombs import data_url, long_text_png, many_pixels_png, many_scans_jpeg, png_bytes
from PIL import Image
from tiny_server import error_of, serving
from waiting import until
from wire_requests import WAIT_S, ask

import limner
from limner.server.opening import service_of
from limner.server.security.keys import ApiKeys
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

pytestmark = pytest.mark.serves

EVE, TOM = "eve-has-a-key-of-her-own", "tom-has-another-key-too"
OPERATOR = "the-key-of-whoever-runs-it"
LEAKS = re.compile(
    r"Traceback|Error\b|Exception|PIL|zlib|torch|sqlite|\b0x[0-9a-f]{6}|/tmp/|/dev/shm/|site-packages|\.py\b|"
    + re.escape(str(Path(limner.__file__).parents[2]))
)
SETTINGS = ServerSettings(
    keys=ApiKeys([(EVE, None), (TOM, None)]),
    operator_keys=ApiKeys([(OPERATOR, None)]),
    limits=Limits(max_body_bytes=30_000_000, max_image_cpu_s=0.5),
)


@contextlib.contextmanager
def without_asserts(checkpoint, folder):
    script = [sys.executable, server_without_asserts.__file__]
    words = [*script, str(checkpoint), str(folder / "store"), OPERATOR, EVE, TOM]
    said = folder / "stderr.txt"
    with said.open("w") as stderr:
        child = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        port, *told = child.stdout.readline().split() or ["none"]
        assert told == ["no", "asserts"], f"exit code {child.poll()}: {said.read_text()}"
        yield SimpleNamespace(port=int(port), url=f"http://127.0.0.1:{port}")
    finally:
        child.stdin.close()
        child.wait(WAIT_S)
        child.stdout.close()


@pytest.fixture(scope="module", params=["as it is", "without asserts"])
def attacked(request, checkpoint, painter, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    if request.param == "without asserts":
        with without_asserts(checkpoint, folder) as server:
            yield server
        return
    service = service_of(painter, folder / "store", SETTINGS)
    with serving(service, SETTINGS) as server:
        yield server
    service.close(0.0)


def form(name, data, **fields):
    parts = [(f'name="{field}"', value.encode()) for field, value in fields.items()]
    parts.append((f'name="{name}"; filename="x.png"', data))
    body = b"".join(
        b"--xyz\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + part + b"\r\n"
        for head, part in parts
    )
    return {"body": body + b"--xyz--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=xyz"}}


def send(server, to, data=None, url=None, key=EVE):
    """A picture to an endpoint that takes one."""
    text, image = "This is Mia.", {"type": "input_image", "image_url": url or data_url(data)}
    message = {"role": "user", "content": [{"type": "input_text", "text": text}, image]}
    match to:
        case "chat":
            return ask(server, "/v1/chat/completions", {"messages": [message]}, key=key)
        case "responses":
            return ask(server, "/v1/responses", {"input": [message]}, key=key)
        case "people":
            consent = {"given": True, "note": "Mia said yes."}
            body = {"name": "Mia", "image_url": image["image_url"], "consent": consent}
            return ask(server, "/v1/people", body, key=key)
        case "edits":
            return ask(server, "/v1/images/edits", **form("image", data, prompt=text), key=key)
        case "files":
            return ask(server, "/v1/files", **form("file", data, purpose="vision"), key=key)
    raise AssertionError(to)


ALL = ("chat", "responses", "people", "edits", "files")
TRAPS = {
    "one pixel": png_bytes(1),
    "a bomb of pixels": many_pixels_png(),
    "a bomb of text": long_text_png(),
    "a bomb of time": many_scans_jpeg(),
    "cut off": png_bytes()[:60],
    "nothing": b"",
    "a vector drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a program for printers": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(x) run\n",
    "a pickle": b"cos\nsystem\n(S'touch /tmp/owned-by-a-pickle'\ntR.",
    "an archive": b"PK\x03\x04" + bytes(64),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_picture_that_is_a_trap_is_refused_in_a_sentence(attacked, trap):
    for to in ALL if trap != "a bomb of time" else ("chat",):
        told = send(attacked, to, TRAPS[trap])
        assert told.status == 400, (to, told.content[:300])
        message = error_of(told)["message"]
        assert message.endswith((".", "...."))
        assert not LEAKS.search(message), message
    assert not Path("/tmp/owned-by-a-pickle").exists()
    assert send(attacked, "files", png_bytes()).status == 200  # and the next picture is taken


@pytest.mark.parametrize("to", ["chat", "responses", "people"])
def test_no_address_is_fetched(attacked, to):
    with socket.create_server(("127.0.0.1", 0)) as inner:
        inner.setblocking(False)
        port = inner.getsockname()[1]
        for url in (
            f"http://127.0.0.1:{port}/a.png",
            f"http://localhost:{port}/a.png",
            f"http://[::ffff:127.0.0.1]:{port}/a.png",
            f"HTTP://0:{port}/a.png",
            "http://169.254.169.254/latest/meta-data/",
            "file:///etc/passwd",
            "ftp://127.0.0.1/a.png",
            "/etc/passwd",
            "../../etc/passwd",
            "jar:http://127.0.0.1!/a.png",
        ):
            told = send(attacked, to, url=url)
            assert told.status == 400, url
            assert "root:" not in str(told.told)
        with pytest.raises(BlockingIOError):
            inner.accept()


def test_no_number_is_unbounded(attacked):
    words = [{"role": "user", "content": "x"}]
    for path, body in (
        ("/v1/images/generations", {"prompt": "x", "n": 10**9}),
        ("/v1/images/generations", {"prompt": "x", "n": -1}),
        ("/v1/images/generations", {"prompt": "x", "steps": 10**9}),
        ("/v1/images/generations", {"prompt": "x", "size": "1000000x1000000"}),
        ("/v1/images/generations", {"prompt": "x", "stream": True, "partial_images": 10**9}),
        ("/v1/images/generations", {"prompt": "x" * 100_000}),
        ("/v1/chat/completions", {"messages": words, "n": 10**9}),
        ("/v1/chat/completions", {"messages": words * 5000}),
        ("/v1/chat/completions", {"messages": words, "seed": 10**30}),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}] * 999}]},
        ),
        ("/v1/responses", {"input": "x", "limner": {"steps": 10**9}}),
        ("/v1/responses", {"input": "x" * 100_000}),
        ("/v1/moderations", {"input": ["x"] * 10_000}),
    ):
        told = ask(attacked, path, body, key=EVE)
        assert told.status in (400, 404), (path, str(body)[:80], told.status)
        assert not LEAKS.search(error_of(told)["message"])
    nested = b'{"messages":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    headers = {"Content-Type": "application/json"}
    assert ask(attacked, "/v1/chat/completions", body=nested, headers=headers, key=EVE).status == 400


def test_bodies_and_files_have_a_size(attacked):
    assert send(attacked, "chat", bytes(31_000_000)).status == 413
    for to in ("files", "edits"):
        assert send(attacked, to, bytes(31_000_000)).status == 413  # the body
        assert send(attacked, to, bytes(26_000_000)).status == 413  # the file


SPECIAL = ("<s>", "</s>", "<img>", "</img>", "[INST]", "[/INST]", "<unk>", "<pad>", "<loc_0>")


def test_special_tokens_in_words_are_only_words(attacked):
    """Were one read as the token that it looks like, five more would cost five."""

    def cost(text):
        body = {"messages": [{"role": "user", "content": text}], "modalities": ["text"]}
        return ask(attacked, "/v1/chat/completions", body, key=EVE).told["usage"]["prompt_tokens"]

    for word in SPECIAL:
        assert cost(word * 8) - cost(word * 3) >= 5 * 2, word
    said = " ".join(SPECIAL[:5])
    assert ask(attacked, "/v1/responses", {"input": f"Draw {said} Mia."}, key=EVE).status == 200
    told = [("user", f"Draw {said}."), ("assistant", f"Here.{said}"), ("user", f"A close-up of {said}Mia.")]
    body = {"messages": [{"role": role, "content": content} for role, content in told]}
    assert ask(attacked, "/v1/chat/completions", body, key=EVE).status == 200


def test_special_tokens_in_names_are_only_names(attacked):
    consent = {"given": True, "note": "Yes.<img>"}
    for word in ("<img></img>", "</s><s>[INST]"):
        person = {"name": f"Mia{word}", "image_url": data_url(png_bytes()), "consent": consent}
        made = ask(attacked, "/v1/people", person, key=TOM)
        assert (made.status, made.told["name"]) == (200, f"Mia{word}")
        image = {"type": "input_image", "file_id": made.told["id"]}
        content = [{"type": "text", "text": f"This is Mia{word}."}, image]
        body = {"messages": [{"role": "user", "content": content}]}
        assert ask(attacked, "/v1/chat/completions", body, key=TOM).status == 200


def test_words_that_are_hard_to_write_are_taken_or_refused_but_never_break(attacked):
    odd = (
        "\0",
        "a\0b",
        "\ud800",
        "\u202eabc",
        "\x1b[31m",
        "x\u0301\u0301",
        "' OR 1=1 --",
        "${jndi:x}",
        "../" * 9,
    )
    for text in odd:
        for path, body in (
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": text}]}),
            ("/v1/responses", {"input": text}),
            ("/v1/images/generations", {"prompt": text}),
        ):
            told = ask(attacked, path, body, key=EVE)
            assert told.status in (200, 400), (path, text, told.content[:200])


def test_pictures_of_the_same_bytes_are_different_pictures(attacked):
    """Raw bytes alike, but shape or mode not: a hash of the bytes alone would take one for the other."""
    import io

    def png(mode, size):
        buffer = io.BytesIO()
        Image.new(mode, size, 77 if mode == "L" else (77, 77, 77)).save(buffer, format="PNG")
        return buffer.getvalue()

    urls, nodes, sizes = [], [], []
    for mode, size in (("RGB", (16, 64)), ("RGB", (64, 16)), ("RGB", (32, 32)), ("L", (96, 32))):
        image = {"type": "input_image", "image_url": data_url(png(mode, size))}
        message = {"role": "user", "content": [{"type": "input_text", "text": "This is Mia."}, image]}
        made = ask(attacked, "/v1/responses", {"input": [message], "seed": 1}, key=EVE).told
        nodes.append(made["limner"]["node_id"])
        tree = ask(attacked, f"/v1/conversations/{made['conversation']['id']}/tree", key=EVE).told["data"]
        urls += tree[0]["pictures_in"]
        sizes.append(Image.open(io.BytesIO(ask(attacked, urls[-1], key=EVE).content)).size)
    assert len(set(nodes)) == len(set(urls)) == 4
    assert sizes == [(16, 64), (64, 16), (32, 32), (96, 32)]


def cached_bytes(server):
    told = ask(server, "/metrics", key=OPERATOR).content.decode()
    return float(re.search(r"^limner_prefix_cache_bytes (\S+)", told, re.MULTILINE).group(1))


def test_nobody_profits_from_another_owners_prefixes(attacked):
    """The same words of another owner are computed and held anew; nothing tells whether they were said."""
    grown = []
    text = f"Draw {time.time_ns()}."
    for key in (EVE, TOM):
        before = cached_bytes(attacked)
        assert ask(attacked, "/v1/responses", {"input": text, "seed": 1}, key=key).status == 200
        grown.append(cached_bytes(attacked) - before)
    assert grown[0] == grown[1] > 0


def test_another_owners_ids_are_not_there(attacked):
    mine = send(attacked, "responses", png_bytes(seed=4)).told
    file = send(attacked, "files", png_bytes(seed=4)).told
    person = send(attacked, "people", png_bytes(seed=4)).told
    conversation = mine["conversation"]["id"]
    tree = ask(attacked, f"/v1/conversations/{conversation}/tree", key=EVE).told["data"]
    for method, path in (
        ("GET", f"/v1/responses/{mine['id']}"),
        ("GET", f"/v1/responses/{mine['id']}/input_items"),
        ("POST", f"/v1/responses/{mine['id']}/cancel"),
        ("DELETE", f"/v1/responses/{mine['id']}"),
        ("GET", f"/v1/conversations/{conversation}"),
        ("GET", f"/v1/conversations/{conversation}/tree"),
        ("GET", f"/v1/conversations/{conversation}/items"),
        ("GET", f"/v1/conversations/{conversation}/people"),
        ("GET", f"/v1/conversations/{conversation}/export"),
        ("DELETE", f"/v1/conversations/{conversation}"),
        ("GET", tree[0]["picture"]),
        ("GET", tree[0]["pictures_in"][0]),
        ("GET", f"/v1/files/{file['id']}"),
        ("GET", f"/v1/files/{file['id']}/content"),
        ("DELETE", f"/v1/files/{file['id']}"),
        ("GET", f"/v1/people/{person['id']}"),
        ("GET", person["face"]),
        ("DELETE", f"/v1/people/{person['id']}"),
    ):
        told = ask(attacked, path, method=method, key=TOM)
        assert told.status == 404, (method, path, told.status)
        assert not LEAKS.search(error_of(told)["message"])
        if method == "GET":
            assert ask(attacked, path, key=EVE).status == 200, path
    for body in (
        {"input": "x", "previous_response_id": mine["id"]},
        {"input": "x", "conversation": conversation},
        {"input": [{"role": "user", "content": [
            {"type": "input_text", "text": "x"}, {"type": "input_image", "file_id": file["id"]}]}]},
    ):  # fmt: skip
        assert ask(attacked, "/v1/responses", body, key=TOM).status == 404


@pytest.mark.parametrize("kind", ["files", "people", "responses", "conversations", "pictures", "models"])
def test_ids_are_never_paths(attacked, kind):
    for id in (
        "..%2f..%2f..%2fetc%2fpasswd",
        "..\\..\\limner.db",
        "%2e%2e%2flimner.db",
        "....//limner.db",
        "file_" + "0" * 31 + "/",
        "file_" + "0" * 32 + "%00",
        "file_" + "0" * 32 + "%0a",
        "resp_" + "A" * 32,
        "a" * 3000,
        "'%20OR%20'1'='1",
        "%ff%fe",
    ):
        told = ask(attacked, f"/v1/{kind}/{id}", key=EVE)
        assert told.status in (400, 404, 405), (id, told.content[:200])
        assert not LEAKS.search(error_of(told)["message"])


def test_names_of_files_are_never_paths(attacked):
    body = form("file", png_bytes(), purpose="vision")
    body["body"] = body["body"].replace(
        b'filename="x.png"', b'filename="../../../../tmp/owned-by-a-name.png"'
    )
    made = ask(attacked, "/v1/files", **body, key=EVE)
    assert made.told["filename"] == "owned-by-a-name.png"
    content = ask(attacked, f"/v1/files/{made.told['id']}/content", key=EVE)
    assert content.headers["Content-Type"] == "image/png"
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    assert content.headers["Content-Disposition"].startswith("attachment;")
    assert not Path("/tmp/owned-by-a-name.png").exists()


def test_an_import_that_is_a_pickle_runs_nothing(attacked):
    body = form("file", b"cos\nsystem\n(S'touch /tmp/owned-by-an-import'\ntR.")
    told = ask(attacked, "/v1/conversations/import", **body, key=EVE)
    assert told.status == 400
    assert not LEAKS.search(error_of(told)["message"])
    assert not Path("/tmp/owned-by-an-import").exists()


def test_every_path_wants_a_key(attacked):
    document = ask(attacked, "/openapi.json").told
    public = {"/health/live", "/health/ready"}
    asked = 0
    for path, methods in document["paths"].items():
        for method in methods:
            filled = re.sub(r"\{[^}]+\}", "x", path)
            told = ask(attacked, filled, method=method.upper(), headers={"Host": "localhost"})
            assert told.status == (200 if path in public else 401), (method, path)
            asked += 1
    assert asked > 20


def test_a_host_header_opens_no_door(attacked):
    for host in ("localhost/health/live?", "health/live", "127.0.0.1", "evil.example", "/health/live"):
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", attacked.port, timeout=WAIT_S)
        ) as line:
            line.putrequest("GET", "/v1/files", skip_host=True)
            line.putheader("Host", host)
            line.endheaders()
            assert line.getresponse().status in (400, 401, 403), host


# A round that is left is stopped, in every endpoint that begins one.

ENDLESS = 300_000
SAID = [{"role": "user", "content": "x"}]


@pytest.fixture
def patient(painter, tmp_path):
    """A server that takes endless rounds."""
    settings = ServerSettings(limits=Limits(max_steps=ENDLESS))
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        yield server
        server.app.state.desk.cancel_all()
    service.close(0.0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": SAID, "n": 2, "limner": {"steps": ENDLESS, "picture": True}}),
        ("/v1/images/generations", {"prompt": "x", "n": 2, "steps": ENDLESS}),
    ],
)
def test_rounds_whose_client_left_are_stopped_within_a_step(patient, path, body, stream):
    line = http.client.HTTPConnection("127.0.0.1", patient.port, timeout=WAIT_S)
    line.request("POST", path, json.dumps({**body, "stream": stream}), {"Content-Type": "application/json"})
    until(lambda: patient.service.engine.stats.num_running == 2)
    until(lambda: patient.service.engine.stats.num_steps > 0)
    if stream:
        answer = line.getresponse()
        assert answer.status == 200
        answer.close()
    line.close()
    until(lambda: patient.service.engine.stats.num_running == 0)
    until(lambda: patient.app.state.desk.num_running == 0)
    assert patient.service.engine.stats.num_rounds == 0
    assert ask(patient, "/v1/conversations").told["data"] == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/images/generations"])
def test_too_much_at_once_is_refused_before_any_work_and_leaves_nothing_behind(painter, tmp_path, path):
    settings = ServerSettings(limits=Limits(max_rounds_at_once=2))
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        body = {"messages": [{"role": "user", "content": "x"}], "prompt": "x", "n": 3}
        told = ask(server, path, body)
        # Never to be had here, so not to be asked for again.
        assert (told.status, error_of(told)["type"]) == (400, "invalid_request_error")
        until(lambda: server.app.state.desk.num_running == 0)
        assert ask(server, path, {**body, "n": 2}).status == 200
    service.close(0.0)


def test_no_picture_is_read_for_a_round_that_has_no_room(painter, tmp_path):
    settings = ServerSettings(limits=Limits(max_rounds_at_once=1, max_steps=ENDLESS))
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        body = {"input": "x", "background": True, "tool_choice": "required", "limner": {"steps": ENDLESS}}
        assert ask(server, "/v1/responses", body).status == 200
        for to in ("chat", "responses", "edits"):
            assert send(server, to, TRAPS["cut off"], key=None).status == 429, to
        image = {"image_url": data_url(TRAPS["cut off"])}
        assert ask(server, "/v1/images/edits", {"prompt": "x", "images": [image]}).status == 429
        server.app.state.desk.cancel_all()
    service.close(0.0)


# Programs that run what they read


def test_nothing_unpickles_at_run_time():
    """safetensors and JSON only; the one `torch.load` converts weights of others, tensors alone."""
    found = {}
    root = Path(limner.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if name := _runs_what_it_reads(node):
                found.setdefault(path.relative_to(root).as_posix(), []).append(name)
    assert found == {"models/conversion/source.py": ["pickle", "torch.load", "torch.load"]}
    source = (root / "models/conversion/source.py").read_text(encoding="utf-8")
    assert len(re.findall(r"torch\.load\([^)]*weights_only=True", source)) == 2
    assert re.findall("pickle.*", source) == ["pickle import UnpicklingError"]


def _runs_what_it_reads(node):
    """The name of an import or call by which bytes become a program, None for anything else."""
    unsafe = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    if isinstance(node, ast.Import):
        return next((alias.name for alias in node.names if alias.name.split(".")[0] in unsafe), None)
    if isinstance(node, ast.ImportFrom):
        return node.module if node.module and node.module.split(".")[0] in unsafe else None
    if not isinstance(node, ast.Call):
        return None
    name = ast.unparse(node.func)
    if name in ("eval", "exec", "torch.load", "yaml.load", "torch.hub.load"):
        return name
    allows = any(key.arg == "allow_pickle" and ast.unparse(key.value) != "False" for key in node.keywords)
    return name if allows else None
