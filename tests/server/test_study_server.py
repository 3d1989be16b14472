"""The study's server as raters, and those who mean it ill, meet it: a real one, over real sockets."""

from __future__ import annotations

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("starlette", reason="the study's page needs the extra `serve`")
pytest.importorskip("uvicorn", reason="the study's page needs the extra `serve`")

from study_runs import serving, write_runs
from wire_requests import ask

from limner.cli.study import StudyOptions, make_study
from limner.study.analysis import analyse

pytestmark = pytest.mark.serves

ADA = "a" * 32
POLICY = "default-src 'none'; img-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return write_runs(tmp_path_factory.mktemp("runs"))


def make(runs, folder):
    make_study(StudyOptions(run_a=runs[0], run_b=runs[1], folder=folder, num=6, checks=1, repeats=1, seed=2))


@pytest.fixture
def folder(runs, tmp_path):
    path = tmp_path / "study"
    make(runs, path)
    return path


@pytest.fixture(scope="module")
def server(runs, tmp_path_factory):
    """One server for all tests that leave no votes behind which others would see."""
    path = tmp_path_factory.mktemp("served") / "study"
    make(runs, path)
    with serving(path) as found:
        found.folder = path
        yield found


def vote_for(step, rater=ADA, **changes):
    answers = dict.fromkeys(("quality", "alignment", "face"), "tie")
    return {
        "rater": rater,
        "name": "",
        "pair": step["pair"]["id"],
        "answers": answers,
        "seconds": 1,
        **changes,
    }


def vote_all(server, rater, answer="tie"):
    step = ask(server, f"/api/step?rater={rater}").told
    while step["pair"] is not None:
        answers = dict.fromkeys(("quality", "alignment", "face"), answer)
        reply = ask(server, "/api/votes", vote_for(step, rater, answers=answers))
        assert reply.status == 200, reply.told
        step = reply.told
    return step


def test_a_rater_gets_pairs_with_pictures_and_votes_are_counted(folder):
    with serving(folder) as server:
        step = ask(server, f"/api/step?rater={ADA}").told
        assert (step["done"], step["total"], step["last"]) == (0, 9, None)
        assert [question["name"] for question in step["questions"]] == ["quality", "alignment", "face"]
        assert len(step["pair"]["rounds"]) == 3
        for name in [*step["coming"], step["pair"]["rounds"][0]["given"][0]]:
            found = ask(server, f"/pictures/{name}")
            assert (found.status, found.content[:4]) == (200, b"\x89PNG")
        assert vote_all(server, ADA)["done"] == 9
    assert analyse(folder, keep_all=True).questions["face"].tie == 6


@pytest.mark.kills
def test_a_killed_server_loses_nothing_and_another_goes_on(folder):
    with serving(folder) as server:
        step = ask(server, f"/api/step?rater={ADA}").told
        after = ask(server, "/api/votes", vote_for(step)).told
        server.process.kill()
    with serving(folder) as server:
        again = ask(server, f"/api/step?rater={ADA}").told
        assert again == after
        back = ask(server, "/api/undo", {"rater": ADA, "pair": step["pair"]["id"]}).told
        assert (back["pair"], back["done"]) == (step["pair"], 0)


def test_two_raters_at_once(folder):
    raters = [f"{rater:032x}" for rater in range(4)]
    with serving(folder) as server, ThreadPoolExecutor(4) as pool:
        steps = list(pool.map(lambda rater: vote_all(server, rater), raters))
    assert [step["done"] for step in steps] == [9] * 4
    assert analyse(folder, keep_all=True).questions["quality"].score.n == 4 * 6


def test_a_second_server_and_a_taken_port_are_one_sentence(folder, server, limner):
    told = limner("study", "serve", server.folder)
    assert (told.code, "open in another server" in told.err) == (2, True)
    told = limner("study", "serve", folder, "--port", server.port)
    assert told.code == 2
    assert re.match(r"limner: Cannot listen at 127.0.0.1, port \d+ \(.*\); give another", told.err)
    assert limner("study", "serve", "nowhere").err.count("\n") == 1


def test_nothing_that_is_served_tells_the_sides_apart(server):
    texts = []
    for rater in range(3):
        step = ask(server, f"/api/step?rater={rater:032x}")
        texts.append(f"{step.headers}{step.content.decode()}")
        while step.told["pair"]:
            step = ask(server, "/api/votes", vote_for(step.told, f"{rater:032x}"))
            texts.append(f"{step.headers}{step.content.decode()}")
    secrets = (
        "ours",
        "theirs",
        "named-4",
        "broken",
        "intact",
        "repeat",
        "part",
        "kind",
        "seed",
        '"a"',
        '"b"',
    )
    for text in texts:
        assert not [secret for secret in secrets if secret in text]
    name = json.loads((server.folder / "study.json").read_text())["pairs"][0]["rounds"][0]["left"]["picture"]
    headers = {key.lower() for key in ask(server, f"/pictures/{name}").headers}
    assert not headers & {"last-modified", "etag", "server"}  # times and sizes of files say nothing


@pytest.mark.parametrize(
    "path",
    [
        "/key.json",
        "/votes.jsonl",
        "/study.json",
        "/pictures/",
        "/pictures/key.json",
        "/pictures/../key.json",
        "/pictures/..%2fkey.json",
        "/pictures/%2e%2e/key.json",
        "/pictures/..%5ckey.json",
        "/pictures//etc/passwd",
        "/pictures/%00.png",
        "/../../key.json",
        "/study.js/../key.json",
        "//key.json",
        "/api",
        "/index.html",
    ],
)
def test_nothing_else_is_served(server, path):
    found = ask(server, path)
    assert (found.status, found.told) == (404, {"error": "There is nothing at this address."})


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        ({"path": "/api/step"}, 422, "32 hexadecimal digits"),
        ({"path": "/api/step?rater=../../key"}, 422, "32 hexadecimal digits"),
        ({"path": "/api/votes"}, 405, "requests of this kind"),
        ({"path": "/", "method": "DELETE"}, 405, "requests of this kind"),
        ({"path": "/api/votes", "body": "{}"}, 415, "application/json"),
        (
            {"path": "/api/votes", "body": "a=b", "type": "application/x-www-form-urlencoded"},
            415,
            "Send JSON",
        ),
        ({"path": "/api/votes", "body": "{}", "type": "text/plain"}, 415, "Send JSON"),
        ({"path": "/api/votes", "body": "{", "type": "application/json"}, 400, "no valid JSON"),
        ({"path": "/api/votes", "body": b"\xff\xfe", "type": "application/json"}, 400, "no valid JSON"),
        ({"path": "/api/votes", "body": "[" * 4000, "type": "application/json"}, 400, "no valid JSON"),
        ({"path": "/api/votes", "body": "[1]", "type": "application/json"}, 400, "one JSON object"),
        ({"path": "/api/votes", "body": "{}", "type": "application/json; charset=utf-8"}, 422, "rater"),
        ({"path": "/api/undo", "body": "{}", "type": "application/json"}, 422, "rater"),
        ({"path": "/api/votes", "body": " " * 5000, "type": "application/json"}, 413, "4096 bytes"),
        ({"path": "/api/votes", "body": [b" " * 1000] * 40, "type": "application/json"}, 413, "4096 bytes"),
    ],
)
def test_a_wrong_request_gets_one_clear_sentence(server, request_, status, said):
    options = {key: value for key, value in request_.items() if key in ("method", "body")}
    headers = {"Content-Type": request_["type"]} if "type" in request_ else {}
    if isinstance(options.get("body"), list):  # sent in chunks, its length not told beforehand
        options["body"] = iter(options["body"])
    found = ask(server, request_["path"], headers=headers, **options)
    assert found.status == status
    assert said in found.told["error"]
    assert re.fullmatch(r"[^\n]{10,120}\.", found.told["error"])
    assert found.headers["Content-Security-Policy"].startswith(POLICY)


def test_a_vote_for_no_pair_is_refused(server):
    step = ask(server, f"/api/step?rater={'c' * 32}").told
    found = ask(server, "/api/votes", vote_for(step, "c" * 32, pair="key.json"))
    assert (found.status, found.told) == (422, {"error": "The study has no such pair; reload the page."})
    assert ask(server, f"/api/step?rater={'c' * 32}").told["done"] == 0


def test_every_answer_forbids_what_the_page_does_not_need(server):
    for path in ("/", "/study.js", "/nothing", f"/api/step?rater={ADA}"):
        headers = ask(server, path).headers
        assert headers["Content-Security-Policy"].startswith(POLICY)
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_the_page_asks_nobody_else(server):
    for path in ("/", "/study.js", "/pair.js", "/study.css", "/icon.svg"):
        found = ask(server, path)
        assert found.status == 200
        links = re.findall(r"https?://[^\s\"'<>]+", found.content.decode())
        assert set(links) <= {"http://www.w3.org/2000/svg"}  # a name, not an address
    page = ask(server, "/").content.decode()
    assert "<script>" not in page
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_only_names_of_this_machine_are_answered(server):
    for host in ("localhost", "127.0.0.1:8480", "192.168.3.4", "[::1]:1", f"{socket.gethostname()}.local"):
        assert ask(server, "/", headers={"Host": host}).status == 200, host
    for host, status in (("evil.example", 403), ("localhost.evil.example", 403), ("a b", 400)):
        answer = ask(server, f"/api/step?rater={ADA}", headers={"Host": host})
        assert (answer.status, set(answer.told)) == (status, {"error"}), host


def test_pages_of_other_sites_may_not_vote(server):
    for origin, status in (
        (f"http://127.0.0.1:{server.port}", 422),
        ("https://evil.example", 403),
        ("null", 403),
        (f"http://localhost:{server.port}", 403),
    ):
        assert ask(server, "/api/votes", {}, headers={"Origin": origin}).status == status, origin


def test_a_study_is_reached_by_a_name_that_is_allowed(folder):
    with serving(folder, "--allow-host", "study.example") as served:
        assert ask(served, "/", headers={"Host": "study.example"}).status == 200
        assert ask(served, "/", headers={"Host": "evil.example"}).status == 403
