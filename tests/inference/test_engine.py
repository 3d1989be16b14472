"""The engine: joint rounds are what each is alone; new ones join and cancelled ones stop at the next step."""

import threading

import numpy as np
import pytest
import torch
from chat_texts import TEXTS

from limner.inference.engine import Busy, Engine
from limner.inference.events import Begun, Cancelled, Failed, Finished, Painting, Preview, Wrote
from limner.inference.naive import answer_naively
from limner.inference.round_handle import CancelledRound
from limner.inference.scheduler import Scheduler

WAIT_S = 120  # for a condition that comes at once unless the machine is very busy
LINES = [TEXTS[0], "Add a scarf.", "A close-up of Mia, at night, in a red garden.", "Make it green."]


@pytest.fixture
def painter(tiny_painter):
    return tiny_painter.with_sampling(token_steps=2, pixel_steps=4, max_text_tokens=6)


def requests(painter, count, **options):
    """First rounds of as many conversations."""
    return [
        painter.conversation(seed=index).prepare(LINES[index % len(LINES)], picture=True, **options)
        for index in range(count)
    ]


def assert_same(finished, answer, picture, *, levels=2):
    """The words are the same, tokens and pixels up to the rounding of batched kernels."""
    assert finished.answer.response_ids == answer.response_ids
    assert finished.answer.text == answer.text
    torch.testing.assert_close(finished.answer.image_tokens_KD, answer.image_tokens_KD, atol=2e-4, rtol=2e-4)
    difference = np.abs(finished.picture.pixels.astype(int) - picture.pixels.astype(int))
    assert difference.max() <= levels


class Stepped:
    """A scheduler of one painter, stepped by hand, with what has happened to each."""

    def __init__(self, painter):
        self.scheduler = Scheduler(painter)
        self.told = []

    def add(self, request, wants_stop=lambda: False):
        self.told.append([])
        self.scheduler.add(request, self.told[-1].append, wants_stop)
        return self.told[-1]

    def until(self, condition):
        while not condition():
            assert len(self.scheduler) > 0
            self.scheduler.step()


def test_rounds_together_are_what_the_naive_twin_answers_alone(painter):
    asked = requests(painter, 5)
    engine = Engine(painter)
    handles = [engine.submit(request) for request in asked]
    with engine:
        finished = [handle.result(WAIT_S) for handle in handles]
    for request, one in zip(asked, finished, strict=True):
        assert_same(one, *answer_naively(painter, request))
    stats = engine.stats
    assert stats.num_rows == 5 * 4
    assert stats.num_steps < 5 * 4  # they shared steps
    assert stats.num_rounds == 5


def test_the_schedulers_earlier_name_still_works(painter):
    with pytest.warns(DeprecationWarning, match=r"Painter\.scheduler"):
        assert isinstance(painter.rounds_in_flight(), Scheduler)


def test_a_new_round_joins_at_the_next_step(painter):
    first, second = requests(painter, 2)
    stepped = Stepped(painter)
    told = stepped.add(first)
    stepped.until(lambda: Painting(step=2, num_steps=4) in told)
    late = stepped.add(second)
    stepped.until(lambda: isinstance(told[-1], Finished))
    assert late[0] == Begun()  # it was at work before the first had ended
    assert any(isinstance(event, Wrote) for event in late)
    stepped.until(lambda: isinstance(late[-1], Finished))
    assert_same(told[-1], *answer_naively(painter, first))
    assert_same(late[-1], *answer_naively(painter, second))


def test_rounds_at_different_denoising_steps_share_a_forward(painter):
    asked = requests(painter, 3, sampling=painter.with_sampling(max_text_tokens=0).sampling)
    stepped = Stepped(painter)
    told = []
    for request in asked:
        told.append(stepped.add(request))
        stepped.scheduler.step()
    before = stepped.scheduler.num_rows, stepped.scheduler.num_steps
    stepped.scheduler.step()
    assert (stepped.scheduler.num_rows - before[0], stepped.scheduler.num_steps - before[1]) == (3, 1)
    assert len({max(e.step for e in events if isinstance(e, Painting)) for events in told}) == 3
    stepped.until(lambda: not len(stepped.scheduler))
    for request, events in zip(asked, told, strict=True):
        assert_same(events[-1], *answer_naively(painter, request))


def test_events_come_in_order_and_the_pieces_are_the_text(painter):
    request = painter.conversation().prepare(LINES[0], picture=True, num_previews=3)
    with Engine(painter) as engine:
        handle = engine.submit(request)
        events = list(handle.events())
    assert events[0] == Begun()
    assert "".join(event.text for event in events if isinstance(event, Wrote)) == events[-1].answer.text
    painting = [event for event in events if isinstance(event, (Painting, Preview))]
    steps = [event.step if isinstance(event, Painting) else f"preview {event.index}" for event in painting]
    assert steps == [0, 1, "preview 0", 2, "preview 1", 3, "preview 2", 4]
    assert isinstance(events[-1], Finished)
    assert handle.result() is events[-1]


def test_previews_come_nearer_to_the_picture(painter):
    (request,) = requests(painter, 1, num_previews=3, sampling=painter.with_sampling(pixel_steps=8).sampling)
    with Engine(painter) as engine:
        events = list(engine.submit(request).events())
    seen = [event.picture.pixels.astype(float) for event in events if isinstance(event, Preview)]
    errors = [np.square(pixels - events[-1].picture.pixels).mean() for pixels in seen]
    assert len(errors) == 3
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize(("num_previews", "steps", "seen"), [(0, 4, 0), (3, 1, 0), (3, 2, 1), (2, 4, 2)])
def test_there_are_as_many_previews_as_steps_allow(painter, num_previews, steps, seen):
    sampling = painter.with_sampling(pixel_steps=steps).sampling
    (request,) = requests(painter, 1, num_previews=num_previews, sampling=sampling)
    stepped = Stepped(painter)
    told = stepped.add(request)
    stepped.until(lambda: isinstance(told[-1], Finished))
    assert sum(isinstance(event, Preview) for event in told) == seen


@pytest.mark.parametrize("stage", ["queue", "words", "denoising"])
def test_a_cancelled_round_ends_before_its_next_step_and_leaves_nothing(painter, stage):
    conversation = painter.conversation()
    request = conversation.prepare(LINES[0], picture=True)
    stop = threading.Event()
    stepped = Stepped(painter)
    told = stepped.add(request, stop.is_set)
    reached = {"queue": Begun, "words": Wrote, "denoising": Painting}[stage]
    stepped.until(lambda: any(isinstance(event, reached) for event in told))
    stop.set()
    before = len(told)
    stepped.scheduler.step()
    assert told[before:] == [Cancelled()]
    assert len(stepped.scheduler) == 0
    assert conversation.replies == []
    again = conversation.say(LINES[0], picture=True)
    assert again.id == painter.with_sampling().conversation().say(LINES[0], picture=True).id


def test_others_do_not_notice_a_cancelled_round(painter):
    asked = requests(painter, 3)
    stop = threading.Event()
    stepped = Stepped(painter)
    told = [stepped.add(request, stop.is_set if index == 1 else bool) for index, request in enumerate(asked)]
    stepped.until(lambda: any(isinstance(event, Wrote) for event in told[1]))
    stop.set()
    stepped.until(lambda: not len(stepped.scheduler))
    assert told[1][-1] == Cancelled()
    for index in (0, 2):
        assert_same(told[index][-1], *answer_naively(painter, asked[index]))


def test_only_the_round_that_fails_fails(painter):
    asked = requests(painter, 2)
    broken = painter.conversation().prepare(
        LINES[0], picture=True, sampling=painter.with_sampling(token_head="none").sampling
    )
    with Engine(painter) as engine:
        handles = [engine.submit(request) for request in (asked[0], broken, asked[1])]
        ends = [list(handle.events())[-1] for handle in handles]
        assert isinstance(ends[1], Failed)
        with pytest.raises(ValueError, match="no token head 'none'"):
            handles[1].result()
        assert_same(ends[0], *answer_naively(painter, asked[0]))
        assert_same(ends[2], *answer_naively(painter, asked[1]))


def test_a_full_queue_says_when_to_come_again(painter):
    engine = Engine(painter, max_batch=1, max_waiting=2)
    first, second, third = requests(painter, 3)
    handles = [engine.submit(first), engine.submit(second)]
    with pytest.raises(Busy) as caught:
        engine.submit(third)
    assert caught.value.retry_after_s >= 1
    assert engine.stats.num_waiting == 2
    with engine:
        assert all(handle.result(WAIT_S) for handle in handles)
        assert engine.submit(third).result(WAIT_S)
    with pytest.raises(Busy, match="closing"):
        engine.submit(first)


def test_closing_lets_rounds_end_in_time_and_cancels_the_others(painter):
    patient, hasty = Engine(painter), Engine(painter, max_batch=1)
    handles = [patient.submit(request) for request in requests(painter, 2)]
    patient.start()
    patient.close(drain_s=WAIT_S)
    assert all(handle.result(0) for handle in handles)
    handles = [hasty.submit(request) for request in requests(painter, 3)]
    hasty.start()
    hasty.close()
    assert all(handle.is_over for handle in handles)
    with pytest.raises(CancelledRound):
        handles[-1].result(0)
    unstarted = Engine(painter)
    handle = unstarted.submit(requests(painter, 1)[0])
    unstarted.close()
    with pytest.raises(CancelledRound):
        handle.result(0)


def test_whoever_listens_hears_everything_and_cannot_break_the_engine(painter):
    def broken(event):
        raise RuntimeError("a listener")

    heard, late = [], []
    with Engine(painter) as engine:
        handle = engine.submit(requests(painter, 1)[0])
        handle.subscribe(broken)
        handle.subscribe(heard.append)
        handle.result(WAIT_S)
        handle.subscribe(late.append)
    assert heard == late == list(handle.events())


def test_a_painter_answers_while_its_engine_works(painter):
    asked = requests(painter, 2)
    with Engine(painter) as engine:
        handles = [engine.submit(request) for request in asked]
        said = painter.conversation(seed=7).say(LINES[1], picture=True)
        finished = [handle.result(WAIT_S) for handle in handles]
    assert said.id == painter.with_sampling().conversation(seed=7).say(LINES[1], picture=True).id
    for request, one in zip(asked, finished, strict=True):
        assert_same(one, *answer_naively(painter, request))
