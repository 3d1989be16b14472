"""The planner behind a chat model: what it is told, and what becomes of its answers."""

from __future__ import annotations

import json

import pytest
from recording import blank
from stub_endpoint import completion, serving

from limner.dialogue.parts import Instruction, Response, Round
from limner.perception.endpoint.structured import MalformedError, StructuredEndpoint
from limner.perception.endpoint.wire import Limits, Wire
from limner.planning.endpoint import EndpointPlanner
from limner.planning.names import is_planned
from limner.planning.opening import Planning, load_planned, open_painter, open_planner

PLAN = {"act": "edit", "base": "1", "people": "none", "instruction": "Add a dog.", "reply": "Here."}
ROUNDS = (
    Round(
        instruction=Instruction(text="Mia is on the left and Tom is on the right, in a park."),
        response=Response(text="Here.", picture=blank(1)),
    ),
    Round(instruction=Instruction(text="Make it night."), response=Response(text="Here.", picture=blank(2))),
)


def planned(answer, text="Step back and add a dog."):
    with serving(lambda asked: completion(answer if isinstance(answer, str) else json.dumps(answer))) as stub:
        wire = Wire(stub.url, limits=Limits(timeout_s=10, tries=1))
        planner = EndpointPlanner(endpoint=StructuredEndpoint(wire, model="planner-1"))
        return planner.plan(ROUNDS, Instruction(text=text)), stub.asked


def test_the_model_reads_the_history_with_numbered_pictures_and_answers_in_a_schema():
    plan, asked = planned(PLAN)
    assert (plan.act, plan.base, plan.instruction) == ("edit", 1, "Add a dog.")
    told = asked[0].body["messages"][0]["content"][0]["text"]
    assert "Painter: [picture 2] Here." in told
    assert told.endswith("The user says now: Step back and add a dog.")
    schema = asked[0].body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["base"]["enum"] == ["none", "1", "2"]


def test_the_model_is_told_which_pictures_are_the_same():
    first, second = ROUNDS
    again = Round(instruction=Instruction(text="Undo."), response=Response(text="Here.", picture=blank(1)))
    with serving(lambda asked: completion(json.dumps(PLAN))) as stub:
        wire = Wire(stub.url, limits=Limits(timeout_s=10, tries=1))
        planner = EndpointPlanner(endpoint=StructuredEndpoint(wire, model="planner-1"))
        planner.plan([first, second, again, again], Instruction(text="Add a dog."))
    told = stub.asked[0].body["messages"][0]["content"][0]["text"].splitlines()
    assert [line for line in told if line.startswith("Painter:")] == [
        "Painter: [picture 1] Here.",
        "Painter: [picture 2] Here.",
        "Painter: [picture 3, which is picture 1 again] Here.",
        "Painter: [picture 4, which is picture 1 again] Here.",
    ]


def test_people_are_known_ones_with_their_places():
    plan, _ = planned({**PLAN, "act": "portray", "base": "none", "people": "@tom"})
    assert [(one.name, one.picture, one.side) for one in plan.people] == [("Tom", 1, "right")]
    plan, _ = planned({**PLAN, "act": "portray", "people": "Walter"})
    assert plan.act == "ask"
    assert "Walter" in plan.reply


@pytest.mark.parametrize("answer", ["I would rather chat.", {**PLAN, "base": "9"}, {**PLAN, "act": "dance"}])
def test_an_answer_of_another_shape_is_asked_for_again_and_then_an_error(answer):
    with pytest.raises(MalformedError):
        planned(answer)


def test_names_of_painters_and_planners():
    assert is_planned("endpoint:http://localhost:1/v1")
    assert not is_planned("miniature")
    planning = Planning.from_words(
        ["planner=last", "model=m", "price=0.04", "stream=yes", "extra.quality=high"]
    )
    assert (planning.price, planning.stream, planning.extra) == (0.04, True, {"quality": "high"})
    assert load_planned("endpoint:http://localhost:1/v1", planning).summary == "m, with last picture."
    for words in (["plan=rules"], ["price=dear"], ["planner"], ["extra.=1"]):
        with pytest.raises(ValueError, match="--with"):
            Planning.from_words(words)
    with pytest.raises(ValueError, match="no planner 'clever'"):
        open_planner(Planning(planner="clever"))
    with pytest.raises(ValueError, match="--with planner_model=NAME"):
        open_planner(Planning(planner="endpoint:http://localhost:1/v1"))
    with pytest.raises(ValueError, match="at least 1"):
        open_planner(Planning(planner="all", most_pictures=0))
    rounds = [
        Round(instruction=Instruction(text="More."), response=Response(text="Here.", picture=blank(number)))
        for number in range(6)
    ]
    plan = open_planner(Planning(planner="all", most_pictures=4)).plan(rounds, Instruction(text="More."))
    assert plan.shown == (3, 4, 5, 6)
    for name in ("endpoint:nowhere", "diffusers:/no/such/folder", "miniature"):
        with pytest.raises(ValueError, match=r"\.$"):
            open_painter(name)
