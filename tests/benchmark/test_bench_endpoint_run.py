"""The benchmark against whole servers: one that answers rightly, one that repeats itself, one that dies."""

import json
from dataclasses import replace

import pytest
from real_sets import imported, magicbrush, photo, seed_edit
from stub_endpoint import Told, completion, response, serving

from limner.benchmark.conversation import BenchConversation, BenchRound, PersonCheck, Scored
from limner.benchmark.holding import hold
from limner.benchmark.looking import looker
from limner.benchmark.run import run_bench
from limner.benchmark.scoring import Scorer
from limner.benchmark.systems.endpoint import endpoint_system
from limner.benchmark.systems.oracle import OracleSystem
from limner.benchmark.systems.protocol import SystemAnswer
from limner.perception.endpoint.answers import data_url, read_picture
from limner.perception.endpoint.troubles import EndpointError
from limner.perception.endpoint.wire import Limits

REACHING_BACK = ("step_back", "from_scratch", "before_or_after", "fork_picture")


@pytest.fixture(scope="module")
def conversations(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    return list(imported("seed-edit", seed_edit(folder / "in", num=1), folder / "out", per_session=6))


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
    assert found["overall"]["non_markov_score"]["value"] == pytest.approx(0, abs=1e-9)
    assert found["control_edit"]["accuracy"]["value"] < 0.5


def test_a_server_that_only_talks_scores_below_chance(conversations, tmp_path):
    with serving(lambda asked: completion("What a lovely picture.")) as stub:
        found = run(stub, conversations[:5], tmp_path / "run", api="chat")
    for family in set(found) - {"overall"}:
        assert found[family]["accuracy"]["value"] == 0
        assert found[family]["picture_given"]["value"] == 0


def test_a_server_that_dies_is_gone_on_with_to_equal_results(conversations, tmp_path):
    truth = Truth(conversations)
    with serving(truth) as stub:
        whole = run(stub, conversations[:5], tmp_path / "whole", api="chat")
    served = []

    def dying(asked):
        served.append(asked)
        return Told({}, status=503) if len(served) > 12 else truth(asked)

    with (
        serving(dying) as stub,
        pytest.raises(EndpointError, match="still answers 503 after one try; look at the server's log"),
    ):
        run(stub, conversations[:5], tmp_path / "broken", api="chat", tries=1)
    with serving(truth) as stub:
        again = run(stub, conversations[:5], tmp_path / "broken", api="chat")
        assert 0 < len(stub.asked) < sum(len(one.rounds) for one in conversations[:5])
    assert json.dumps(again) == json.dumps(whole)


def seeing(asked):
    """A judge that names the reference which equals the picture in question, and the first when none does."""
    question = asked.body["messages"][-1]["content"]
    own, *beside = [
        read_picture(part["image_url"]["url"]) for part in question if part["type"] == "image_url"
    ]
    return completion(json.dumps({"answer": str(1 + beside.index(own) if own in beside else 1)}))


def test_a_judge_looks_at_real_pictures_beside_the_pixels(conversations):
    asked_back = [one for one in conversations if one.family == "step_back"][:4]
    with serving(seeing) as stub:
        scorer = Scorer(judge=None, looker=looker(stub.url, model="judge"))
        rows = [row for one in asked_back for row in scorer.rows(one, hold(OracleSystem(), one))]
        silent = SystemAnswer(text="No.", id="0")
        lazy = [row for one in asked_back for row in scorer.rows(one, [silent] * len(one.rounds))]
    for found, expected in ((rows, 1), (lazy, 0)):
        looked = [row.value for row in found if row.metric == "step_back/looked.accuracy"]
        assert looked == [expected] * sum(len(one.rounds) - one.facts["edits"] for one in asked_back)


def test_rounds_without_a_known_picture_need_a_judge(tmp_path):
    folder = magicbrush(tmp_path / "in", num=1)
    made = imported("magicbrush", folder, tmp_path / "out", judged=True)
    one = next(one for one in made if one.name.endswith("looked_at"))
    one = replace(one, rounds=one.rounds[:4])
    answers = hold(OracleSystem(), one)
    answers = (*answers[:-1], replace(answers[-1], picture=photo(0, 1)))
    assert not [row for row in Scorer(judge=None).rows(one, answers) if row.metric.startswith("step_back/")]
    with serving(lambda asked: completion('{"answer": "no"}')) as stub:
        scorer = Scorer(judge=None, looker=looker(stub.url, model="judge"))
        (found,) = [r.value for r in scorer.rows(one, answers) if r.metric == "step_back/accuracy"]
    check = one.rounds[-1].scored.check
    assert found == pytest.approx(
        sum(right == "no" for _, right in check.questions) / (len(check.questions) - 1)
    )


@pytest.mark.parametrize(("shown", "hit"), [(1, 1.0), (0, 0.0), (None, 0.0)])
def test_photographed_persons_are_a_judges_business(shown, hit):
    photos = photo(1, 0), photo(2, 0)
    check = PersonCheck(seen=photo(3, 0), right=1, takes=tuple((one,) for one in photos))
    scored = Scored(family="person_by_name", depth=1, chance=0.5, check=check)
    rounds = (BenchRound(say="A close-up of Mia.", after=-1, scored=scored),)
    one = BenchConversation(name="t", family="person_by_name", given="uploaded", rounds=rounds)
    answers = [SystemAnswer(text="", picture=None if shown is None else photos[shown], id="0")]
    assert Scorer(judge=None).rows(one, answers) == ()
    with serving(seeing) as stub:
        rows = Scorer(judge=None, looker=looker(stub.url, model="judge")).rows(one, answers)
    assert [row.value for row in rows if row.metric == "person_by_name/accuracy"] == [hit]
