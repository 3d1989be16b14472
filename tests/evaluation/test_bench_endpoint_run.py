"""The benchmark against whole servers: one that answers rightly, one that repeats itself, one that dies."""

import json

import pytest
from real_sets import imported, photo, seed_edit
from stub_endpoint import Told, completion, response, serving

from limner.evaluation.benchmark.run import run_bench
from limner.evaluation.benchmark.scoring import Scorer
from limner.evaluation.benchmark.systems.answers import data_url
from limner.evaluation.benchmark.systems.endpoint import endpoint_system
from limner.evaluation.benchmark.systems.troubles import EndpointError
from limner.evaluation.benchmark.systems.wire import Limits

REACHING_BACK = ("step_back", "from_scratch", "before_or_after", "fork_picture")


@pytest.fixture(scope="module")
def conversations(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    return list(imported("seed-edit", seed_edit(folder / "in", num=4), folder / "out", per_session=6))


class Truth:
    """A server that knows the scripts: it finds its place by what was said on the way, and by nothing else.

    Responses keeps the way under the ids that it gave; Chat Completions is told it with every request.
    """

    def __init__(self, conversations, wrong=()):
        self.targets = {}
        self.ways = {}
        self.wrong = wrong
        for one in conversations:
            for index, round_ in enumerate(one.rounds):
                # The uploaded picture tells apart conversations that begin with equal words.
                way = (one.rounds[0].pictures[0].digest, *(one.rounds[i].say for i in one.line_to(index)))
                self.targets[way] = round_.target

    def __call__(self, asked):
        if not asked.body:
            return Told({"error": {"message": "model is missing"}}, status=400)
        return self.response(asked.body) if asked.path.endswith("/responses") else self.chat(asked.body)

    def response(self, body):
        said = body["input"][0]["content"]
        way = self.ways.get(body.get("previous_response_id"), ())
        id = f"resp_{len(self.ways)}"
        self.ways[id] = (*way, *self.told(said, "input_image", lambda part: part["image_url"]))
        return response(id, picture=self.targets[self.ways[id]])

    def chat(self, body):
        way = ()
        for message in body["messages"]:
            if message["role"] == "user":
                way += self.told(message["content"], "image_url", lambda part: part["image_url"]["url"])
        return completion("Here.", images=[data_url(self.targets[way])])

    def told(self, content, kind, url):
        from limner.evaluation.benchmark.systems.answers import read_picture

        pictures = tuple(read_picture(url(part)).digest for part in content if part["type"] == kind)
        return (*pictures, *(part["text"] for part in content if "text" in part))


def run(stub, conversations, out, *, api, concurrency=1, tries=3):
    system = endpoint_system(stub.url, model="m", api=api, limits=Limits(timeout_s=20, tries=tries))
    options = {"system": system.name}
    return run_bench(
        system, Scorer(judge=None), conversations, out=out, options=options, concurrency=concurrency
    )["suites"]


@pytest.mark.parametrize(("api", "concurrency"), [("responses", 1), ("chat", 1), ("chat", 6)])
def test_a_server_that_answers_rightly_is_at_the_ceiling(conversations, tmp_path, api, concurrency):
    with serving(Truth(conversations)) as stub:
        found = run(stub, conversations, tmp_path / "run", api=api, concurrency=concurrency)
    assert set(REACHING_BACK) < set(found)
    for family in (*REACHING_BACK, "control_edit"):
        assert found[family]["accuracy"]["value"] == 1
    assert found["overall"]["non_markov_score"]["value"] == 1


def test_a_server_that_always_shows_one_picture_scores_chance(conversations, tmp_path):
    with serving(lambda asked: response("r", picture=photo(99, 0))) as stub:
        found = run(stub, conversations, tmp_path / "run", api="responses", concurrency=4)
    assert abs(found["overall"]["non_markov_score"]["value"]) < 0.25
    assert found["control_edit"]["accuracy"]["value"] < 0.5


def test_a_server_that_only_talks_scores_below_chance(conversations, tmp_path):
    with serving(lambda asked: completion("What a lovely picture.")) as stub:
        found = run(stub, conversations[:6], tmp_path / "run", api="chat")
    for family in set(found) - {"overall"}:
        assert found[family]["accuracy"]["value"] == 0
        assert found[family]["picture_given"]["value"] == 0


def test_a_server_that_dies_is_gone_on_with_to_equal_results(conversations, tmp_path):
    truth = Truth(conversations)
    with serving(truth) as stub:
        whole = run(stub, conversations[:6], tmp_path / "whole", api="chat")
    served = []

    def dying(asked):
        served.append(asked)
        return Told({}, status=503) if len(served) > 12 else truth(asked)

    with (
        serving(dying) as stub,
        pytest.raises(EndpointError, match="still answers 503 after one try; look at the server's log"),
    ):
        run(stub, conversations[:6], tmp_path / "broken", api="chat", tries=1)
    with serving(truth) as stub:
        again = run(stub, conversations[:6], tmp_path / "broken", api="chat")
        assert 0 < len(stub.asked) < sum(len(one.rounds) for one in conversations[:6])
    assert json.dumps(again) == json.dumps(whole)
