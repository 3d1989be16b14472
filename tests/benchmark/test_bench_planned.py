"""Planners in the benchmark: a perfect painter behind them shows what they understand; other wordings;
curves; and the page that is made of results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import planning_stub
import pytest
from recording import Recorder
from stub_endpoint import serving

from limner.benchmark.conversation import PersonCheck, as_picture
from limner.benchmark.curve_plots import curves_svg
from limner.benchmark.curves import curves_of
from limner.benchmark.holding import hold
from limner.benchmark.leaderboard import page_of, read_entry
from limner.benchmark.run import run_bench
from limner.benchmark.scoring import Scorer
from limner.benchmark.scripts import conversation, conversations, long_conversation
from limner.benchmark.systems.markov import MarkovSystem
from limner.benchmark.systems.perfect import PerfectSystem
from limner.benchmark.systems.planned import PlannedSystem
from limner.benchmark.tasks.long_chain import long_chain
from limner.benchmark.tasks.story import UPLOADED, Story
from limner.benchmark.wordings import load_wordings, measure, rates
from limner.dialogue.reaching import is_of_table
from limner.perception.endpoint.structured import StructuredEndpoint
from limner.perception.endpoint.wire import Limits, Wire
from limner.planning.carrying_out import Hands
from limner.planning.endpoint import EndpointPlanner
from limner.planning.policies import LastPicture
from limner.planning.rules import RulesPlanner
from limner_world.chance import seeded

SIZE_PX = 32


def without_senses(found):
    """The conversation, its portraits left unscored."""
    rounds = tuple(
        replace(one, scored=None) if one.scored and isinstance(one.scored.check, PersonCheck) else one
        for one in found.rounds
    )
    return replace(found, rounds=rounds)


def accuracy(system, found):
    rows = Scorer(judge=None).rows(found, hold(system, found))
    return [row.value for row in rows if row.metric.endswith("/accuracy") and "control" not in row.metric]


def test_rules_in_front_of_a_perfect_painter_understand_the_worlds_wordings():
    perfect, last = PerfectSystem(planner=RulesPlanner()), PerfectSystem(planner=LastPicture())
    hits, blind = [], []
    for found in map(without_senses, conversations(9, seed=11, size_px=SIZE_PX)):
        hits += accuracy(perfect, found)
        blind += accuracy(last, found)
    assert len(hits) > 12
    assert sum(hits) / len(hits) >= 0.97
    assert sum(blind) / len(blind) < 0.6


def test_a_chat_model_is_told_all_that_a_plan_needs():
    with serving(planning_stub.answer) as stub:
        wire = Wire(stub.url, limits=Limits(timeout_s=60, tries=1))
        perfect = PerfectSystem(planner=EndpointPlanner(endpoint=StructuredEndpoint(wire, model="planner-1")))
        hits, painted = [], []
        for found in map(without_senses, conversations(9, seed=11, size_px=SIZE_PX)):
            answers = hold(perfect, found)
            rows = Scorer(judge=None).rows(found, answers)
            hits += [row.value for row in rows if row.metric.endswith("/accuracy")]
            asked = zip(found.rounds, answers, strict=True)
            painted += [answer.picture is not None for one, answer in asked if one.target is not None]
    assert len(hits) > 12
    assert sum(hits) / len(hits) >= 0.97
    assert all(painted)
    assert {one.path for one in stub.asked} == {"/v1/chat/completions"}


def test_portraits_show_the_person_who_was_named():
    found = conversation(0, seed=3, size_px=SIZE_PX)  # person_by_name
    answers = hold(PerfectSystem(planner=RulesPlanner()), found)
    asked = [index for index, one in enumerate(found.rounds) if one.scored]
    assert len(asked) == 2
    assert answers[asked[0]].picture != answers[asked[1]].picture
    assert all(answers[index].picture is not None for index in asked)


def test_a_painter_with_a_planner_is_a_system_whose_forks_share_nothing_later():
    painter = Recorder()
    system = PlannedSystem(planner=RulesPlanner(), hands=Hands(painter=painter))
    session = system.begin(conversation(2, size_px=SIZE_PX))
    first = session.say("A woman in a garden.", [])
    session.say("Make it night.", [])
    session.fork(first.id).say("Add a dog.", [])
    assert painter.asked[-1].base == first.picture


def test_other_wordings_are_understood_and_none_of_them_is_in_the_phrase_table():
    found = load_wordings()
    assert len(found.wordings) >= 200
    assert len({one.say for one in found.wordings}) == len(found.wordings)
    told = rates(measure(RulesPlanner(), found))
    assert told["all"].value >= 0.85
    assert all(told[f"batch {number}"].value >= 0.85 for number in range(1, 7))
    assert not [one.say for one in found.wordings if is_of_table(one.say)]


def test_a_planner_that_understands_nothing_fails_the_other_wordings():
    found = load_wordings()
    few = replace(found, wordings=found.wordings[::8])
    assert rates(measure(LastPicture(), few))["all"].value < 0.4


@pytest.fixture(scope="module")
def found():
    return short_chain(6)


def short_chain(turns):
    story = Story(seeded("short", 1), UPLOADED)
    long_chain(story, turns)
    return replace(long_conversation(0, size_px=SIZE_PX), rounds=tuple(story.rounds))


def test_curves_tell_success_collapse_and_what_was_kept_turn_by_turn(found):
    for system, back in ((PerfectSystem(planner=RulesPlanner()), 1.0), (MarkovSystem(), 0.5)):
        rows = Scorer(judge=None).rows(found, hold(system, found))
        curves = curves_of(rows)
        assert list(curves["success"]) == ["1", "2", "3", "4", "5", "6"]
        assert all(one["value"] == 1 for one in curves["held"].values())
        assert all(one["value"] == 0 for one in curves["collapsed"].values())
        assert all(one["value"] == 100 for one in curves["kept_db"].values())
        assert [curves["exposure"][turn]["value"] for turn in ("1", "5")] == [0, 0]
        hits = [row.value for row in rows if row.metric == "long_back/accuracy"]
        assert sum(hits) / len(hits) == back


def test_a_run_of_long_chains_leaves_its_curves_drawn(found, tmp_path):
    system = PerfectSystem(planner=RulesPlanner())
    results = run_bench(
        system, Scorer(judge=None), [found], out=tmp_path / "run", options={"system": system.name}
    )
    drawn = (tmp_path / "run" / "curves.svg").read_text()
    assert drawn == curves_svg(results["curves"], title="planner rules, perfect painter")
    assert ">collapsed<" in drawn


def test_curves_are_drawn_with_their_values_at_their_turns():
    def shown(*values):
        return {
            str(turn): {"value": value, "low": value, "high": value}
            for turn, value in enumerate(values, start=1)
        }

    drawn = ElementTree.fromstring(
        curves_svg({"success": shown(1, 0.5, 0), "kept_db": shown(9, 9), "held": shown(1)}, title="a<b>")
    )
    texts = [one.text for one in drawn.iter() if one.tag.endswith("text")]
    assert texts[0] == "a<b>"
    assert {"success", "kept_db", "turn"} <= set(texts)
    assert "held" not in texts  # a single turn is no curve
    first, second = (one for one in drawn if one.tag.endswith("svg"))
    heights = [float(one.get("cy")) for one in first.iter() if one.tag.endswith("circle")]
    assert len(heights) == 3
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1])
    assert heights[0] < heights[2]  # 1 is above 0
    assert float(second.get("y")) > float(first.get("y")) + float(first.get("height"))
    with pytest.raises(ValueError, match="no curves"):
        curves_svg({"held": shown(1)}, title="")


def test_a_system_that_stops_editing_collapses(found):
    answers = list(hold(PerfectSystem(planner=RulesPlanner()), found))
    own = [index for index, one in enumerate(found.rounds) if one.scored and one.scored.family == "long_own"]
    for index in own[3:]:
        answers[index] = replace(answers[index], picture=as_picture(found.rounds[own[2]].target, SIZE_PX))
    curves = curves_of(Scorer(judge=None).rows(found, answers))
    collapsed = {turn: told["value"] for turn, told in curves["collapsed"].items()}
    assert collapsed["3"] == 0
    assert collapsed["5"] == 1
    assert curves["exposure"]["5"]["value"] == -1
    assert curves_of([]) == {}


def results(system, score, hash_="aa", num=9):
    estimate = {"value": score, "low": score - 0.1, "high": score + 0.1, "n": 9}
    return {
        "system": system,
        "judge": "bb",
        "num": num,
        "seed": 0,
        "size_px": 256,
        "set": {"name": "limner-bench", "version": "1.0", "hash": hash_},
        "suites": {"overall": {"non_markov_score": estimate}, "step_back": {"score": estimate}},
    }


def test_the_page_orders_runs_and_keeps_other_sets_apart(tmp_path):
    files = []
    for number, told in enumerate(
        [results("low", 0.1), results("high|<b>", 0.9), results("other", 0.5, hash_="cc", num=4)]
    ):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(told))
    page = page_of([read_entry(file) for file in files])
    assert page.index("high/(b>") < page.index("| low |")
    assert page.count("## limner-bench") == 2
    assert "| 0.900 | 0.800 to 1.000 | 0.900 | - |" in page
    with pytest.raises(ValueError, match="given twice"):
        page_of([read_entry(files[0]), read_entry(files[0])])
    (tmp_path / "broken.json").write_text('{"system": 1}')
    for broken in (tmp_path / "broken.json", tmp_path / "none.json"):
        with pytest.raises(ValueError, match=r"json"):
            read_entry(broken)


def test_the_published_page_is_what_the_published_results_make():
    docs = Path(__file__).parents[2] / "docs"
    files = sorted((docs / "results").glob("*.json"))
    assert len(files) > 4
    assert page_of([read_entry(file) for file in files]) == (docs / "leaderboard.md").read_text()
