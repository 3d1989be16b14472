"""One person, one name: whatever its case, composition or script; and in time in proportion to the text."""

from __future__ import annotations

import unicodedata

import pytest
from growth import growth

from limner.dialogue.known_names import KnownNames
from limner.dialogue.names import MAX_CHARACTERS, find_names
from limner.dialogue.people import find_people

JOSE = "José"
APART = unicodedata.normalize("NFD", JOSE)
MINSU = "김민수"


def names(text, known=()):
    return [mention.name for mention in find_people(text, known)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna and ANNA are in a garden.", ["Anna"]),
        ("Anna and anna are in a garden.", ["Anna"]),
        ("anna and Anna are in a garden.", ["Anna"]),
        ("Anna is in a garden. Show me anna.", ["Anna"]),
        ("Ben and Anna are in a garden. Give anna's hat to ben.", ["Ben", "Anna"]),
        ("Clouds and birds are white. Draw more clouds.", []),
        ("I see Coral beside the coral.", ["Coral"]),
    ],
)
def test_names_that_differ_in_case_are_one_person(text, expected):
    assert names(text) == expected


def test_a_name_that_is_known_keeps_its_first_spelling():
    for text in ("Show me anna.", "Show me ANNA.", "Anna waves."):
        assert names(text, ("Anna",)) == ["Anna"]
    assert names("Anna waves.", ("ANNA", "Anna")) == ["ANNA"]
    assert names(f"{APART} waves.", (JOSE,)) == names(f"{JOSE} waves.", (JOSE,)) == [JOSE]
    assert names(f"{JOSE} waves.", (APART,)) == [APART]


def test_an_accent_written_apart_makes_no_other_person():
    assert names(f"{APART} and {JOSE} are in a garden.") == [JOSE]
    text = f"The image shows {APART} and Ben."
    first, second = find_names(text)
    assert text[first.start : first.end] == APART
    assert text[second.start : second.end] == "Ben"
    apart = unicodedata.normalize("NFD", MINSU)
    assert names(f"The image shows {apart} in a garden.") == [MINSU]


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("李小龙 and 王芳 are in a garden.", (), ["李小龙", "王芳"]),
        (f"The image shows 田中さくら and {MINSU}.", (), ["田中さくら", MINSU]),
        ("A close-up of ジョン・スミス.", (), ["ジョン・スミス"]),
        ("Show 田中さん and 田中.", (), ["田中"]),
        ("小明", (), ["小明"]),
        ("सीता and राम are in a garden.", (), ["सीता", "राम"]),
        ("小明在花园里。", ("小明",), ["小明"]),
        (f"{MINSU}를 보여 줘.", (MINSU,), [MINSU]),
        ("小明在花园里。", (), []),
        ("Two people in 北京.", (), []),
        ("A sign that says 你好.", (), []),
        ("A sign with 「你好」 on it.", (), []),
    ],
)
def test_names_without_capitals_are_found_where_they_stand_alone(text, known, expected):
    assert names(text, known) == expected


def test_many_known_names_are_looked_up_and_not_gone_through():
    few, many = (KnownNames(f"Name{chr(97 + i % 26)}{i}" for i in range(n)) for n in (50, 20_000))
    text = "Nameb27 and Ben wave. " * 50
    assert growth(lambda known: find_names(text, known), few, many, most_s=1.0) < 3


UNITS = (
    "Emma and ", "Qa Qb ", "named ", '"', "“", "‘", "'", "[[", "the ", "Aaa. ", "(left) ", "Dr. ", ".",
    "...x", "Emma on the left ", "She is on the left. ", "They smile. ", "looks  ", "look to the ", ", ", " ",
    "\n", ";", "Emma to the left of Tom ", "Emma: ", "and ", "小明", "a\u0301", "Anna A Anna B ", "Emma's ",
)  # fmt: skip
AROUND = (("", ""), ("Emma and Tom are here. ", ""), ("Emma", " Tom on the left"))


@pytest.mark.parametrize("unit", UNITS)
def test_reading_grows_with_the_text_and_not_with_its_square(unit):
    for before, after in AROUND:
        small, large = (
            (before + unit * MAX_CHARACTERS)[: size - len(after)] + after
            for size in (MAX_CHARACTERS // 4, MAX_CHARACTERS)
        )
        # Four times the text: four times the time, and not sixteen times.
        assert growth(find_people, small, large, most_s=2.0) < 9
