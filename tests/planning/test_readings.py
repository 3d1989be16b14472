"""Who was named on a line of rounds is read once a round, not anew for every instruction."""

from __future__ import annotations

import gc
import random

from growth import growth

from limner.dialogue.known_names import KnownNames, name_key
from limner.dialogue.parts import Instruction, Response, Round
from limner.dialogue.people import find_people
from limner.planning import readings
from limner.planning.album import Album, picture_names, without_naming
from limner.planning.persons import Persons
from limner.planning.readings import NamesInMind

TEXTS = (
    "The image shows Clara and Hugo in a garden. Clara has red hair, he wears a hat.",
    "A close-up of clara.",
    "Call it Sunset. Now Dr. Harrison waves at HUGO.",
    "Show harrison and Mary-Jane on the left.",
    "Add a red beanie.",
    "@Emma and Jose\u0301 dance, then she sits. Emma smiles at jos\u00e9.",
    "The image shows 田中さん and 李娜. 田中 smiles.",
)


def asked(text):
    return Round(instruction=Instruction(text=text), response=Response(text="Here it is."))


def test_what_is_remembered_is_what_reading_anew_finds():
    draw = random.Random(3)
    rounds = [asked(draw.choice(TEXTS)) for _ in range(60)]
    for also in ((), ("Emma",), ("harrison", "beanie"), ("Emma",), ()):
        mind, known = NamesInMind(also), KnownNames(also)
        for round_ in rounds:
            text = readings.HANDLE.sub("", without_naming(round_.instruction.text))
            pictures = {name_key(name) for name in picture_names(round_.instruction.text)}
            expected = [one for one in find_people(text, known) if name_key(one.name) not in pictures]
            assert mind.mentions(round_) == expected
            for one in expected:
                mind.add(one.name)
                known.add(one.name)


def test_a_long_conversation_is_not_read_again_for_each_instruction():
    def line(num):
        album = Album(
            [asked(f"{TEXTS[0]} They walk by the sea, while she laughs. " * 20) for _ in range(num)]
        )
        Persons(album)
        return album

    assert growth(Persons, line(1), line(200), most_s=0.1) < 50
    assert list(Persons(line(3)).found) == ["Clara", "Hugo"]


def test_where_a_round_showed_nothing_the_picture_before_is_looked_for_once():
    assert growth(Persons, Album([asked("Hm.")] * 500), Album([asked("Hm.")] * 4000), most_s=1.0) < 24


def test_nothing_is_remembered_longer_than_the_round():
    before = len(readings._READINGS)
    rounds = [asked(text) for text in TEXTS]
    Persons(Album(rounds))
    assert len(readings._READINGS) == before + len(TEXTS)
    del rounds
    gc.collect()
    assert len(readings._READINGS) == before
