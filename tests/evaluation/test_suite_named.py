"""Close-ups by name: the truth is right, the other person is wrong, the last picture is a guess."""

from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
from roomy_painter import gray, roomy_painter
from scene_painter import scene_painter
from tiny_bench import bench, judge, values

from limner.evaluation.metrics.face_similarity import Face
from limner.evaluation.score import estimates
from limner.evaluation.suites.asking import Painted
from limner.evaluation.suites.likeness import KnownPerson, known_people
from limner.evaluation.suites.named import LOST, Named, measure_ceiling, read_tokens
from limner.evaluation.suites.named_answers import (
    Runs,
    drive,
    measure_first_picture,
    measure_own_first,
    measure_true_first,
    measure_words,
    oracle,
)
from limner.evaluation.suites.named_tasks import FARTHEST, SCENES, make_task
from limner.evaluation.suites.tally import Tally
from limner.evaluation.views import CEILING, TOKENS, TWIN
from limner_world.scene_tokens import encode_scene
from limner_world.serial import scene_from_json
from limner_world.staging import scene_split

NUM = 6
SIZE_PX = 128


@lru_cache
def tasks():
    return [make_task(31 + index, index, SIZE_PX) for index in range(NUM)]


@lru_cache
def people(index):
    return known_people(judge(), tasks()[index].scene, seed=index, num_strangers=3)


@cache
def measured(answers_of):
    """Mean of each metric over all tasks when every task is answered by `answers_of`."""
    rows = []
    for index, task in enumerate(tasks()):
        tally = Tally(dialogue=str(index))
        measure_true_first(tally, task, answers_of(task), people(index), judge())
        measure_own_first(tally, task, answers_of(task), judge())
        measure_words(tally, "true_first", task, answers_of(task))
        rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def wrong_person(task):
    true = oracle(task)
    return replace(true, close_ups=true.close_ups[::-1], texts=true.texts[::-1])


def without_memory(task):
    """Repeats the last picture of the conversation."""
    rounds = task.dialogue.rounds
    last = [
        [r.response.picture for r in rounds[:index] if r.response.picture][-1] for index in task.close_ups
    ]
    return replace(oracle(task), close_ups=tuple(last), texts=("Here you are.",) * 2)


def test_the_truth_reaches_the_ceiling():
    found = measured(oracle)
    assert found["true_first.right_person"] > 0.8
    assert found["own_first.right_person"] > 0.8
    assert found["true_first.names_person"] == 1
    assert found["true_first.rank"] < found["chance.true_first.rank"]


def test_the_other_person_is_wrong():
    found = measured(wrong_person)
    assert found["true_first.right_person"] < 0.2
    assert found["own_first.right_person"] < 0.2
    assert found["true_first.names_person"] == 0
    assert found["true_first.face_similarity"] < measured(oracle)["true_first.face_similarity"]


def test_a_painter_without_memory_guesses_at_best():
    found = measured(without_memory)
    assert found["true_first.right_person"] < 0.7
    assert found["own_first.right_person"] < 0.7
    assert found["true_first.names_person"] == 0.5
    assert found["chance.true_first.right_person"] == 0.5


def test_pictures_without_faces_are_guesses_and_said_to_have_none(monkeypatch):
    monkeypatch.setattr(judge(), "find_faces", lambda pixels, threshold=0.3: ())
    found = measured(lambda task: replace(oracle(task), close_ups=(gray(SIZE_PX),) * 2))
    assert found["true_first.right_person"] == found["own_first.right_person"] == 0.5
    assert found["true_first.face_found"] == found["own_first.two_faces"] == 0
    assert found["true_first.face_similarity"] == 0


def test_tasks_cover_near_and_far_and_all_kinds_of_scenes():
    made = [make_task(1, index, 32) for index in range(12)]
    assert {task.own_distance for task in made} == set(range(1, FARTHEST + 1))
    assert {task.kind for task in made} == set(SCENES)
    for task in made:
        assert scene_split(task.scene) == "test"
        assert task.close_ups == (FARTHEST, FARTHEST + 1)
        shown = [task.dialogue.truth["scenes"][index] for index in range(1, FARTHEST)]
        between = [f["person"]["identity"] for scene in shown if scene for f in scene["figures"]]
        assert not any(list(f.person.identity.vector()) in between for f in task.scene.figures)
        for round_, place in zip(task.close_ups, task.places, strict=True):
            assert task.names[place] in task.dialogue.rounds[round_].instruction.text


def test_people_of_shared_traits_share_them():
    task = next(task for task in tasks() if task.kind == "shared_traits")
    one, other = (vars(figure.person.traits) for figure in task.scene.figures)
    assert one["age"] == other["age"]
    assert one["presentation"] == other["presentation"]


def test_the_rank_counts_those_who_are_more_alike():
    east, north = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
    person = KnownPerson(vectors=east[None], strangers=np.stack([north, -east, north]))
    box = (0.0, 0.0, 1.0, 1.0)
    assert person.rank(Face(box=box, vector=east)) == 1
    assert person.rank(Face(box=box, vector=-east)) == 4
    assert person.rank(None) == 2.5
    assert person.similarity(Face(box=box, vector=east)) == 1
    assert person.similarity(None) == 0


def test_traits_of_the_first_picture_are_read_where_the_person_is():
    task = tasks()[0]
    tally = Tally(dialogue="d")
    measure_first_picture(tally, task, oracle(task).first, judge())
    seen = [row for row in tally.rows if row.metric.endswith(".trait_seen")]
    assert len(seen) == len(values(tally.rows, "first_picture.traits_seen")) > 0
    assert all(0 < chance < 1 for chance in values(tally.rows, "chance.first_picture.traits_seen"))


def painted(task, round_):
    """The true picture of a round, as if painted from its true tokens."""
    scene = scene_from_json(task.dialogue.truth["scenes"][round_])
    picture = task.dialogue.rounds[round_].response.picture
    return Painted(picture.pixels, tokens_ND=encode_scene(scene))


def perfect(task):
    close_ups = tuple(painted(task, round_) for round_ in task.close_ups)
    return replace(oracle(task), first=painted(task, 0), close_ups=close_ups)


def read(own_of, far_of):
    rows = []
    for index, task in enumerate(tasks()):
        tally = Tally(dialogue=str(index), view=TOKENS)
        read_tokens(tally, task, Runs(near=perfect(task), far=far_of(task), own=own_of(task)), judge())
        rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def test_true_tokens_say_the_right_person_and_every_trait():
    found = read(perfect, perfect)
    assert found.pop(f"{TOKENS}{LOST}") == 0
    assert set(found.values()) == {1}
    assert {f"{TOKENS}own_first.right_person", f"{TOKENS}true_first.shared_traits.right_person"} < set(found)


def test_tokens_of_the_other_person_are_wrong_and_lost_on_the_way():
    def swapped(task):
        return replace(perfect(task), close_ups=perfect(task).close_ups[::-1])

    found = read(swapped, swapped)
    assert found[f"{TOKENS}own_first.right_person"] == 0
    assert found[f"{TOKENS}true_first.right_person"] == 0.5
    assert found[f"{TOKENS}{LOST}"] == 1
    assert found[f"{TOKENS}first_picture.traits_seen"] == 1


def test_the_ceiling_is_the_judge_on_true_pictures():
    task, tally = tasks()[0], Tally(dialogue="d", view=CEILING)
    measure_ceiling(tally, task, people(0), judge())
    assert len(values(tally.rows, f"{CEILING}true_first.right_person")) == 2
    assert np.mean(values(tally.rows, f"{CEILING}first_picture.traits_seen")) > 0.5
    assert not any(row.metric.startswith("chance.") for row in tally.rows)


def test_conversations_go_on_from_the_true_and_the_own_first_picture_near_and_far():
    painter, task = roomy_painter(), make_task(5, 2, 32)
    runs, askings = drive(painter, task, seed=1)
    assert runs.near.first == runs.far.first == oracle(task).first
    assert runs.own.first != oracle(task).first
    assert (runs.near.distance, runs.far.distance, runs.own.distance) == (1, FARTHEST, 3)
    assert [len(asking.conversation.rounds) for asking in askings] == [3, FARTHEST + 2, 5]
    assert len(askings[1].seconds + askings[2].seconds) == 7
    assert drive(painter, task, seed=1)[0].far.close_ups == runs.far.close_ups


def test_a_task_gives_the_same_rows_again():
    suite, one = Named(num_strangers=2), bench(roomy_painter(), seed=4)
    first, again = suite.measure(one, 3), suite.measure(one, 3)
    assert first.rows == again.rows
    assert {row.dialogue for row in first.rows} == {"named-4-00003"}
    assert len(first.round_seconds) == 7
    assert first.rows != suite.measure(one, 4).rows
    assert not any(row.metric.startswith((TWIN, TOKENS)) for row in first.rows)


def test_every_rate_from_pixels_is_read_on_the_twin_s_too_and_off_the_tokens():
    rows = Named(num_strangers=2).measure(bench(scene_painter()), 2).rows
    metrics = {row.metric for row in rows}
    for rate in ("true_first.right_person", "own_first.right_person", "first_picture.traits_seen", LOST):
        assert {rate, TWIN + rate, TOKENS + rate} <= metrics
        assert len(values(rows, rate)) == len(values(rows, TWIN + rate)) == len(values(rows, TOKENS + rate))
    rates = {metric for metric in metrics if not metric.startswith((TWIN, TOKENS, CEILING, "chance."))}
    spoken = {metric for metric in rates if metric.endswith("names_person")}
    assert {metric for metric in rates if TWIN + metric in metrics} | spoken == rates
