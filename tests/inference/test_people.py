"""Whose face is whose: any number of names, at once, and as before where every order was tried."""

from __future__ import annotations

from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest
from growth import growth

from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.inference.people import MAX_PEOPLE, MAX_SAID_CHARACTERS, best_assignment, people_of
from limner.inference.referenced_rounds import READ_CHARACTERS, ranks

TWELVE = (
    "The image shows Anna, Ben, Clara, Diego, Emma, Felix, Grace, Hugo, Ivan, Julia, Karl and Lena in a "
    "living room."
)


def every_order_tried(agreement_FM):
    """The sum of the best assignment, by trying each."""
    num_faces, num_mentions = agreement_FM.shape
    places = [*range(num_faces), *[None] * num_mentions]
    return max(
        sum(agreement_FM[place, mention] for mention, place in enumerate(chosen) if place is not None)
        for chosen in set(permutations(places, num_mentions))
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (2, 1), (2, 2), (2, 4), (3, 3)])
def test_the_best_assignment_is_found(shape):
    random = np.random.default_rng(1)
    for _ in range(20):
        agreement_FM = random.integers(-4, 6, shape).astype(float)
        places = best_assignment(agreement_FM)
        taken = [place for place in places if place is not None]
        assert len(set(taken)) == len(taken)
        total = sum(agreement_FM[place, index] for index, place in enumerate(places) if place is not None)
        assert total == every_order_tried(agreement_FM)


def test_of_equal_assignments_the_first_named_stand_first():
    assert best_assignment(np.ones((1, 3))) == [0, None, None]
    assert best_assignment(np.ones((2, 3))) == [0, 1, None]
    assert best_assignment(np.ones((3, 2))) == [0, 1]
    assert best_assignment(np.array([[1.0, 2.0], [2.0, 1.0]])) == [1, 0]


class Senses:
    """Finds faces side by side in every picture, all looking alike."""

    def __init__(self, num_faces):
        self.boxes = [(i / 10, 0.2, i / 10 + 0.05, 0.4) for i in range(num_faces)]

    def find_faces(self, pixels):
        return [SimpleNamespace(box=box) for box in self.boxes]

    def read_traits(self, pixels, box):
        return {"hair": "red", "beard": "none"}


def rounds_of(*texts):
    picture = Picture(np.zeros((32, 32, 3), np.uint8))
    return [
        Round(instruction=Instruction(text=text), response=Response(text="", picture=picture))
        for text in texts
    ]


def seen(*texts, num_faces=1):
    rounds = rounds_of(*texts)
    return people_of([str(index) for index in range(len(rounds))], rounds, Senses(num_faces))


def test_twelve_names_and_one_face_take_no_time():
    people = seen(TWELVE)
    assert len(people) == 12
    assert [name for name, person in people.items() if person.box] == ["Anna"]
    red = seen(f"{TWELVE} Karl has red hair.")
    assert [name for name, person in red.items() if person.box] == ["Karl"]
    assert growth(seen, "Anna and Ben wave.", TWELVE, most_s=0.1) < 20


def test_hundreds_of_names_take_time_in_proportion():
    def text(num):
        return " and ".join(f"Na{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(num)) + " wave."

    assert growth(seen, text(50), text(200), most_s=1.0) < 9
    assert len(seen(text(600))) == MAX_PEOPLE
    assert max(len(person.said) for person in seen(text(600)).values()) <= MAX_SAID_CHARACTERS


def test_spellings_of_one_name_in_several_rounds_are_one_person():
    people = seen("Jose\u0301 waves.", "A close-up of José.", "show me josé", "Ben waves.")
    assert list(people) == ["José", "Ben"]


def test_looking_for_the_rounds_that_are_meant_grows_with_what_was_said():
    def look(num):
        said = [f"Na{chr(97 + i % 26)}{chr(97 + i // 26 % 26)} waves. {'x ' * 90}" for i in range(num)]
        return ranks("Show me Naab.", said, has_picture=[True] * num)

    assert growth(look, 25, 100, most_s=2.0) < 9
    assert len(ranks("x", ["Ben waves. " * READ_CHARACTERS] * 300, has_picture=[True] * 300)) == 300
