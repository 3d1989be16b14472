"""Two runs of one prompt: the same twice is not diverse, a face not found is not diverse, persons are told
apart.
"""

from dataclasses import replace

import numpy as np
import pytest
from tiny_bench import bench, embedded, judge, values

from limner.dialogue.parts import Picture
from limner.evaluation.suites.asking import Asking
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.twice import (
    Twice,
    face_on_side,
    measure,
    prompt_of,
    rendered_run,
    true_runs,
)


def rows_for(runs):
    tally = Tally(dialogue="d")
    measure(tally, "it", judge(), runs)
    return tally.rows


def test_the_same_run_twice_has_no_diversity():
    run = rendered_run(prompt_of(1).scene, judge(), 1, 128)
    rows = rows_for([run, run])
    assert values(rows, "it.across_runs.diversity") == pytest.approx([0, 0], abs=1e-6)
    assert values(rows, "it.first_picture.feature_distance") == pytest.approx([0], abs=1e-6)


def test_other_persons_are_diverse_and_each_run_keeps_its_own():
    within, other, across = [], [], []
    for seed in range(5):
        runs = [rendered_run(prompt_of(number).scene, judge(), 1, 128) for number in (seed, seed + 100)]
        rows = rows_for(runs)
        within += values(rows, "it.within_run.face_similarity")
        other += values(rows, "chance.it.within_run.face_similarity")
        across += values(rows, "it.across_runs.face_similarity")
    assert np.mean(within) > np.mean(other) + 0.2
    assert np.mean(within) > np.mean(across) + 0.2


def test_a_face_that_is_not_found_is_unlike_within_and_uncounted_across():
    run = rendered_run(prompt_of(1).scene, judge(), 1, 128)
    lost = replace(run, close=(None, run.close[1]))
    rows = rows_for([run, lost])
    assert len(values(rows, "it.across_runs.diversity")) == 1
    assert values(rows, "it.within_run.face_similarity")[2] == 0
    assert values(rows, "it.face_found") == [1, 1, 0, 1]


def test_persons_are_looked_for_on_their_side():
    run = rendered_run(prompt_of(1).scene, judge(), 1, 128)
    left, right = run.seen
    assert face_on_side([left, right], 0) is left
    assert face_on_side([left, right], 1) is right
    assert face_on_side([left], 1) is None


def test_the_prompt_tells_names_and_sides_but_no_looks():
    for seed in range(5):
        prompt = prompt_of(seed)
        assert all(name in prompt.text for name in prompt.names)
        assert "left" in prompt.text or "right" in prompt.text
        assert not any(word in prompt.text for word in ("hair", "glasses", "wearing", "skin"))


def test_true_runs_share_the_traits_and_not_the_faces():
    first, second = true_runs(prompt_of(3), bench(embedded()), 0)
    assert first.first != second.first
    assert all(face is not None for run in (first, second) for face in (*run.seen, *run.close))


def test_regression_repeats_itself_where_flow_does_not():
    distances, run = {}, rendered_run(prompt_of(1).scene, judge(), 1, 128)
    for head in ("regression", "flow"):
        painter, prompt = embedded().with_sampling(token_head=head), prompt_of(2)
        firsts = [
            Asking(conversation=painter.conversation(seed=seed)).picture(prompt.text) for seed in (1, 2)
        ]
        rows = rows_for([replace(run, first=first) for first in firsts])
        (distances[head],) = values(rows, "it.first_picture.feature_distance")
    assert distances["regression"] < 0.05
    assert distances["flow"] > distances["regression"]


def test_a_task_runs_every_head_twice_and_depends_on_its_number_alone():
    suite, tiny = Twice(), bench()
    outcome = suite.measure(tiny, 0)
    assert outcome.rows == suite.measure(tiny, 0).rows
    assert outcome.rows != suite.measure(tiny, 1).rows
    for head in ("regression", "flow"):
        assert len(values(outcome.rows, f"{head}.within_run.face_similarity")) == 4
    assert len(outcome.shown) == 12
    assert len(outcome.conversation) == 3
    assert outcome.conversation[0].instruction.text == prompt_of(tiny.task_seed(0)).text
    assert isinstance(outcome.shown[0].picture, Picture)
