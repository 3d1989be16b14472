"""The vision-language judge, against a server that sees well, guesses, babbles or refuses."""

import json

import numpy as np
import pytest
from stub_endpoint import Told, completion, serving

from limner.benchmark.conversation import LookCheck
from limner.benchmark.looking import SAME_PERSON, WHICH_STATE, Look, Looker, looker, read_answer
from limner.dialogue.parts import Picture
from limner.perception.endpoint.answers import read_picture
from limner.perception.endpoint.troubles import EndpointError
from limner.perception.endpoint.wire import Limits, Wire

NUMBERS = ["1", "2", "3"]


def flat(level, side_px=32):
    return Picture(np.full((side_px, side_px, 3), level, np.uint8))


def levels(asked):
    """The flat levels of the pictures in question and beside it, as the judge was shown them."""
    content = asked.body["messages"][-1]["content"]
    return [
        int(read_picture(part["image_url"]["url"]).pixels[0, 0, 0])
        for part in content
        if part["type"] == "image_url"
    ]


def sees_well(asked):
    """Names the reference that is nearest in level; for yes or no, whether the first reference is darker."""
    own, *others = levels(asked)
    if "yes" in asked.body["messages"][-1]["content"][-1]["text"]:
        return completion(json.dumps({"answer": "yes" if others[0] < own else "no"}))
    nearest = min(range(len(others)), key=lambda index: abs(others[index] - own))
    return completion(json.dumps({"answer": str(nearest + 1)}))


def says(words):
    return lambda asked: completion(words)


def judge(stub, **options):
    return Looker(wire=Wire(stub.url, limits=Limits(timeout_s=5, tries=1)), model="judge", **options)


@pytest.mark.parametrize("right", range(4))
@pytest.mark.parametrize("seed", range(3))
def test_a_judge_that_sees_well_is_believed_in_every_order(right, seed):
    options = [flat(level) for level in (0, 60, 120, 180)]
    with serving(sees_well) as stub:
        look = judge(stub).choose(WHICH_STATE, flat(60 * right + 4), options, right, seed=seed)
        wrong = judge(stub).choose(WHICH_STATE, flat(60 * right + 4), options, (right + 1) % 4, seed=seed)
    assert look == Look(value=1.0, asked=2, answered=2)
    assert wrong == Look(value=0.0, asked=2, answered=2)
    first, second = (levels(asked)[1:] for asked in stub.asked[:2])
    assert first == second[::-1]


def test_the_seed_decides_which_order_comes_first():
    with serving(sees_well) as stub:
        system = judge(stub)
        for seed in (*range(8), *range(8)):
            system.choose(SAME_PERSON, flat(10), [flat(0), flat(200)], 0, seed=seed)
    first = [levels(asked)[1] for asked in stub.asked[::2]]
    assert first[:8] == first[8:]
    assert set(first) == {0, 200}


@pytest.mark.parametrize("always", ["1", "2"])
def test_a_judge_that_always_names_one_place_scores_chance(always):
    with serving(says(json.dumps({"answer": always}))) as stub:
        look = judge(stub).choose(SAME_PERSON, flat(1), [flat(2), flat(3)], 0, seed=5)
    assert look == Look(value=0.5, asked=2, answered=2)


def test_babble_and_refusals_are_counted_and_not_scored():
    with serving(says("I would rather talk about the weather.")) as stub:
        system = judge(stub)
        assert system.choose(SAME_PERSON, flat(1), [flat(2), flat(3)], 0, seed=0) == Look(
            value=None, asked=2, answered=0
        )
    assert system.spent.complaints == {"The judge gave none of the answers offered.": 2}
    refused = Told({"error": {"message": "A person.", "code": "content_policy_violation"}}, status=400)
    with serving(lambda asked: refused) as stub:
        assert judge(stub).decide("Is it?", flat(1), [], "yes", seed=0).value is None


def test_one_answer_of_two_counts_alone():
    words = iter(["?", '{"answer": 1}'])
    with serving(lambda asked: completion(next(words))) as stub:
        look = judge(stub).choose(SAME_PERSON, flat(1), [flat(2), flat(3)], 0, seed=0)
    assert (look.asked, look.answered) == (2, 1)
    assert look.value in (0.0, 1.0)


def test_all_questions_of_a_check_are_asked():
    check = LookCheck(questions=(("Which?", "2"), ("Lighter than the first?", "yes"), ("Darker?", "no")))
    with serving(sees_well) as stub:
        looks = judge(stub).look(flat(100), check, [flat(50), flat(100)], seed=1)
    assert [look.value for look in looks] == [1.0, 1.0, 0.0]
    texts = [asked.body["messages"][-1]["content"][-1]["text"] for asked in stub.asked[2:4]]
    assert {text[text.index("one of") :] for text in texts} == {'one of "yes", "no".', 'one of "no", "yes".'}


def test_tokens_are_counted_and_the_answer_is_asked_for_in_a_schema():
    with serving(sees_well) as stub:
        system = judge(stub)
        system.choose(SAME_PERSON, flat(1), [flat(2), flat(3)], 0, seed=0)
    assert system.spent.to_json()["input_tokens"] == 10
    assert system.spent.to_json()["output_tokens"] == 6
    body = stub.asked[0].body
    assert body["temperature"] == 0
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["answer"]["enum"] == ["1", "2"]


@pytest.mark.parametrize("named", ["response_format is not known", "bad request"])
def test_options_that_the_server_does_not_know_are_left_out(named):
    def picky(asked):
        if "response_format" in asked.body:
            return Told({"error": {"message": named}}, status=400)
        return sees_well(asked)

    with serving(picky) as stub:
        system = judge(stub)
        for _ in range(2):
            assert system.choose(SAME_PERSON, flat(1), [flat(2), flat(90)], 0, seed=0).value == 1
    assert len(stub.asked) == 5


def test_a_judge_that_rejects_everything_ends_the_run():
    rejecting = Told({"error": {"message": "no such model"}}, status=400)
    with serving(lambda asked: rejecting) as stub, pytest.raises(EndpointError, match="no such model"):
        judge(stub).decide("Is it?", flat(1), [], "yes", seed=0)


def test_large_pictures_are_scaled_down():
    wide = Picture(np.zeros((100, 2000, 3), np.uint8))
    with serving(sees_well) as stub:
        judge(stub).choose(WHICH_STATE, wide, [flat(2), flat(90)], 0, seed=0)
    url = stub.asked[0].body["messages"][-1]["content"][1]["image_url"]["url"]
    assert read_picture(url).width_px == 768


def test_a_choice_of_one_is_no_choice(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "")
    system = looker("http://127.0.0.1:1", model="judge")
    with pytest.raises(ValueError, match="two pictures or more"):
        system.choose(SAME_PERSON, flat(1), [flat(2)], 0, seed=0)
    with pytest.raises(ValueError, match="yes or no"):
        system.decide("Is it?", flat(1), [], "maybe", seed=0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"answer": "2"}', "2"),
        ('{"answer": 2}', "2"),
        ('{"answer": 2.0}', "2"),
        ('{"Answer": "picture 2"}', "2"),
        ('```json\n{"answer": "2"}\n```', "2"),
        ('First I thought {"answer": "1"}, but it is {"answer": "2"}', "2"),
        ('<think>1 or 3? {"answer": 1}</think>2', "2"),
        ("Reference picture 2.", "2"),
        ("2", "2"),
        ("Between 1 and 2, I say 2", None),
        ('{"answer": "4"}', None),
        ('{"answer": -2}', None),
        ('{"answer": 2.5}', None),
        ('{"answer": [1, 2]}', None),
        ('{"answer": null}', None),
        ('{"reason": "2"', "2"),
        ("", None),
        ("12", None),
        ("{" * 5000, None),
    ],
)
def test_numbers_are_read_leniently_and_garbage_is_not(text, said):
    assert read_answer(text, NUMBERS) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"answer": true}', "yes"),
        ('{"answer": "No."}', "no"),
        ("Yes!", "yes"),
        ("I do not know", None),
        ("yes and no", None),
    ],
)
def test_yes_and_no_are_read_leniently(text, said):
    assert read_answer(text, ["yes", "no"]) == said
