"""Long random walks through the engine: several conversations at once against the naive twin."""

import random

import numpy as np
import pytest
import torch
from chat_texts import TEXTS

from limner.dialogue.parts import Picture
from limner.inference.engine import Engine
from limner.inference.naive import answer_naively
from limner.inference.round_handle import CancelledRound

WAIT_S = 300  # for a condition that comes at once unless the machine is very busy
NUM_OPERATIONS = 200
LINES = [*TEXTS, "Add a scarf.", "Undo that.", "Start from scratch.", "Instead of a scarf, add a hat."]


class Walk:
    """Four places in as many histories; what is asked of the engine is settled later, in any order."""

    def __init__(self, painter, engine, seed):
        self.rng = random.Random(seed)
        self.painter, self.engine = painter, engine
        self.talks = [painter.conversation(seed=seed + index) for index in range(4)]
        for index, talk in enumerate(self.talks):
            talk.salt = f"owner {index % 2}"
        self.pending = {}
        self.num_asked = self.num_compared = self.num_cancelled = 0

    def say(self):
        free = [place for place in range(4) if place not in self.pending]
        if not free:
            self.settle()
            return
        place = self.rng.choice(free)
        given = []
        if self.rng.random() < 0.15:
            noise = np.random.default_rng(self.rng.randrange(3)).integers(0, 255, (32, 32, 3), dtype=np.uint8)
            given = [Picture(noise)]
        request = self.talks[place].prepare(
            self.rng.choice(LINES), given, picture=self.rng.choice([None, True, True, False])
        )
        self.pending[place] = (request, self.engine.submit(request))
        self.num_asked += 1

    def settle(self):
        if not self.pending:
            return
        place = self.rng.choice(list(self.pending))
        request, handle = self.pending.pop(place)
        talk = self.talks[place]
        before = talk.head
        try:
            finished = handle.result(WAIT_S)
        except CancelledRound:
            assert talk.head == before
            self.num_cancelled += 1
            return
        reply = talk.commit(finished)
        assert talk.tree.node(reply.id).parent_id == request.parent_id == before
        self.compare(request, finished)

    def compare(self, request, finished):
        answer, picture = answer_naively(self.painter, request)
        assert finished.answer.response_ids == answer.response_ids
        assert (finished.picture is None) == (picture is None)
        if picture is not None:
            torch.testing.assert_close(
                finished.answer.image_tokens_KD, answer.image_tokens_KD, atol=2e-4, rtol=2e-4
            )
            difference = np.abs(finished.picture.pixels.astype(int) - picture.pixels.astype(int))
            assert difference.max() <= 2
        self.num_compared += 1

    def cancel(self):
        if self.pending:
            self.rng.choice(list(self.pending.values()))[1].cancel()

    def fork(self):
        """Another place goes on from somewhere in this history; its own salt says whose it is."""
        free = [place for place in range(4) if place not in self.pending and self.talks[place].replies]
        if free:
            place = self.rng.choice(free)
            self.talks[place] = self.talks[place].fork(self.rng.choice(self.talks[place].replies).id)

    def roll_back(self):
        free = [place for place in range(4) if place not in self.pending]
        if free:
            talk = self.talks[self.rng.choice(free)]
            most = min(3, talk.tree.depth(talk.head))
            talk.head = talk.tree.roll_back(talk.head, self.rng.randint(0, most))

    def evict(self):
        self.painter.prefixes.evict(self.rng.choice([0, 100_000, 300_000]))


@pytest.mark.parametrize("seed", [0])
def test_200_operations_agree_with_the_naive_twin(tiny_painter, seed):
    painter = tiny_painter.with_sampling(token_steps=1, pixel_steps=2, max_text_tokens=3)
    painter.prefixes.budget_bytes = 400_000  # a dozen rounds, so that prefixes leave and are rebuilt
    with Engine(painter, max_batch=3) as engine:
        walk = Walk(painter, engine, seed)
        operations = [walk.say, walk.settle, walk.cancel, walk.fork, walk.roll_back, walk.evict]
        for _ in range(NUM_OPERATIONS):
            walk.rng.choices(operations, weights=[10, 5, 1, 2, 2, 1])[0]()
            assert painter.prefixes.num_bytes <= 1_200_000  # what is locked may exceed the budget
        while walk.pending:
            walk.settle()
    assert walk.num_compared > NUM_OPERATIONS / 4
    assert walk.num_compared + walk.num_cancelled == walk.num_asked
    assert painter.prefixes.num_bytes <= painter.prefixes.budget_bytes
    assert max(len(talk.replies) for talk in walk.talks) > 5


def test_another_owner_finds_nothing_of_the_same_words(tiny_painter):
    painter = tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=2)
    talks = [painter.conversation() for _ in range(3)]
    for talk, salt in zip(talks, ("one", "other", "one"), strict=True):
        talk.salt = salt
        talk.say("A garden.", picture=True)
    held = [len(painter.prefixes.match([past.key for past in talk.past()])) for talk in talks]
    keys = [talk.past()[0].key for talk in talks]
    assert held == [1, 1, 1]
    assert keys[0] == keys[2] != keys[1]
    assert len(painter.prefixes) == 2
    assert talks[0].head == talks[1].head  # what a round is does not depend on whose it is


def test_what_is_forgotten_is_computed_anew_and_other_owners_keep_theirs(tiny_painter):
    painter = tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=2)
    noise = Picture(np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8))
    talks = [painter.conversation() for _ in range(2)]
    for talk, salt in zip(talks, ("mine", "yours"), strict=True):
        talk.salt = salt
        talk.say("Who is this?", [noise])
        talk.say("A garden.")
    keys = [[past.key for past in talk.past()] for talk in talks]
    before = [painter.encode(noise, talk.salt) for talk in talks]
    painter.forget("mine", [noise.digest], keys[0][:1])
    assert [len(painter.prefixes.match(path)) for path in keys] == [0, 2]
    assert painter.encode(noise, "yours") is before[1]
    assert painter.encode(noise, "mine") is not before[0]
    assert torch.equal(painter.encode(noise, "mine"), before[0])
