"""`limner bench` with imported sets and endpoints, as a user meets them."""

import json
from types import SimpleNamespace

import pytest
from real_sets import magicbrush, photo
from stub_endpoint import Told, completion, response, serving

from limner.cli.main import main


@pytest.fixture
def limner(capsys, monkeypatch, tmp_path):
    """Run `limner WORDS ...` in an empty folder: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def run(*words):
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        told = capsys.readouterr()
        return SimpleNamespace(code=left.value.code or 0, out=told.out, err=told.err)

    return run


def one_sentence(told):
    (line,) = [line for line in told.err.splitlines() if line.startswith("limner: ")]
    assert told.code == 2
    assert told.out == ""
    assert "Traceback" not in told.err
    return line


@pytest.fixture
def stored(limner, tmp_path):
    folder = magicbrush(tmp_path / "mb", num=1)
    told = limner("bench", "import", "magicbrush", folder, "--out", "set", "--per-session", 3)
    assert (told.code, told.out) == (0, "set: 3 conversations\n")
    return tmp_path / "set"


def test_a_set_is_imported_and_run_against_an_endpoint(limner, stored):
    with serving(lambda asked: response("r", picture=photo(99, 0))) as stub:
        told = limner(
            *("bench", "--set", stored, "--endpoint", stub.url, "--endpoint-model", "m", "--out", "run"),
            *("--extra", '{"seed": 7}', "--json"),
        )
        assert told.code == 0, told.err
        asked = [body for body in stub.bodies("/responses") if body]
    assert len(asked) == 16  # three times three edits, and 2 to 3 ways back
    assert {body["seed"] for body in asked} == {7}
    found = json.loads(told.out)
    assert found["suites"]["control_edit"]["accuracy"]["n"] == 3
    assert found["set"]["name"] == "magicbrush"
    assert "16 answers, 16 pictures, 112 tokens in, 176 out" in told.err


def test_what_is_wrong_with_answers_is_told(limner, stored):
    answer = Told(response("r", picture="!!!"))
    with serving(lambda asked: answer) as stub:
        told = limner(
            *("bench", "--set", stored, "--endpoint", stub.url, "--endpoint-model", "m", "--num", 1),
            *("--api", "responses", "--out", "run"),
        )
    assert told.code == 0, told.err
    assert "5 x The answer's picture is no base64" in told.err


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Told({"error": {"message": "Bad key."}}, status=401), "refused the key (401: Bad key)"),
        (Told({"error": {"message": "No model m."}}, status=400), "rejected the request (400: No model m)"),
        (Told({}, status=429, headers={"Retry-After": "900"}), "asks to wait 900 s; come back later."),
    ],
)
def test_an_endpoint_that_does_not_answer_is_one_sentence(limner, stored, answer, sentence):
    with serving(lambda asked: answer) as stub:
        told = limner(
            *("bench", "--set", stored, "--endpoint", stub.url, "--endpoint-model", "m", "--out", "run")
        )
    assert sentence in one_sentence(told)


def test_mistakes_on_the_command_line_are_one_sentence(limner, stored, tmp_path):
    with serving(lambda asked: completion()) as stub:
        pass
    ask = ("bench", "--set", stored, "--endpoint", stub.url, "--endpoint-model", "m", "--out", "run")
    assert "cannot be reached (Connection refused)" in one_sentence(limner(*ask))
    assert "--extra is no JSON" in one_sentence(limner(*ask, "--extra", "{"))
    assert "--extra is no JSON object" in one_sentence(limner(*ask, "--extra", "[1]"))
    assert "name of a model" in one_sentence(limner(*ask, "--endpoint-model", ""))
    assert "no http address" in one_sentence(limner(*ask, "--endpoint", "localhost"))
    assert "choose one of auto" in one_sentence(limner(*ask, "--api", "soap"))
    imports = ("bench", "import", "magicbrush")
    assert "There is no folder" in one_sentence(limner(*imports, tmp_path / "no", "--out", "other"))
    assert "holds no MagicBrush" in one_sentence(limner(*imports, tmp_path / "set", "--out", "other"))
    assert "is not empty" in one_sentence(limner(*imports, tmp_path / "mb", "--out", "set"))
    assert "holds no finished set" in one_sentence(limner(*ask, "--set", tmp_path))
    assert not (tmp_path / "other").exists()
