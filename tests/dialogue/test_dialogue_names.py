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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张伟和李娜 are in a garden.", "张伟 李娜"),
        ("The image shows 张伟、李娜和王芳 with Tom.", "张伟 李娜 王芳 Tom"),
        ("张伟和李娜和王芳和赵敏和陈静 wave.", "张伟 李娜 王芳 赵敏 陈静"),
        ("張偉與李娜 wave.", "張偉 李娜"),
        ("张伟与李娜 wave.", "张伟 李娜"),
        ("张伟跟李娜 wave.", "张伟 李娜"),
        ("张伟及李娜 wave.", "张伟 李娜"),
        ("张伟以及李娜 wave.", "张伟 李娜"),
        ("张伟和 李娜 wave.", "张伟 李娜"),
        ("张和平和李娜 wave.", "张和平 李娜"),
        ("张伟和和平 wave.", "张伟 和平"),
        ("玛丽和约翰 wave.", "玛丽 约翰"),
        ("小明和小红 wave.", "小明 小红"),
        ("田中和佐藤 wave.", "田中 佐藤"),
        ("田中と佐藤 wave.", "田中 佐藤"),
        ("田中や佐藤 wave.", "田中 佐藤"),
        ("田中と 佐藤 wave.", "田中 佐藤"),
        ("田中さんと佐藤さん wave.", "田中 佐藤"),
        ("さくらちゃんとはなちゃん wave.", "さくら はな"),
        ("さくらとハナ wave.", "さくら ハナ"),
        ("ハナと田中 wave.", "ハナ 田中"),
        ("田中そしてさくら wave.", "田中 さくら"),
        ("김민수와 이영희 wave.", "김민수 이영희"),
        ("김민준과 이영희 wave.", "김민준 이영희"),
        ("김민수하고 이영희 wave.", "김민수 이영희"),
        ("김민수랑 이영희 wave.", "김민수 이영희"),
        ("민준이랑 지수 wave.", "민준 지수"),
        ("김민수와이영희 wave.", "김민수 이영희"),
        ("김민수 그리고 이영희 wave.", "김민수 이영희"),
        ("김민수와 Ben wave.", "김민수 Ben"),
        ("Anna和Ben are in a garden.", "Anna Ben"),
        ("Anna와 Ben wave.", "Anna Ben"),
        ("Tomと田中 wave.", "Tom 田中"),
        ("सीता और राम wave.", "सीता राम"),
        ("张伟和李娜", "张伟 李娜"),
        ("田中と佐藤", "田中 佐藤"),
        ("김민수와 이영희", "김민수 이영희"),
    ],
)
def test_names_that_an_and_without_spaces_joins_are_several_persons(text, expected):
    assert names(text) == expected.split()
    for span in find_names(text):
        assert text[span.start : span.end].startswith(span.name)


@pytest.mark.parametrize(
    "name",
    [
        "张和平", "欧阳和平", "陈和", "和子", "大和", "和田与四郎", "与謝野晶子", "及川光博",
        "佐々木和子", "佐藤和太郎", "田中和香奈",
        "田中とし子", "まつもと太郎", "やまと太郎",
        "つちや太郎", "いとう", "さとみ", "みさと", "やよい", "田中 和子", "田中 さくら",
        "김사랑", "박하고", "이과",
    ],
)  # fmt: skip
def test_names_with_the_letters_of_an_and_are_one_person(name):
    assert names(f"{name} and Ben are in a garden.") == [name, "Ben"]


@pytest.mark.parametrize(
    "text", ["苹果和香蕉", "白马和黄牛", "小狗和小猫", "太阳和月亮", "张伟在花园和李娜说话。"]
)
def test_things_that_an_and_joins_are_nobody(text):
    assert names(text) == []


def test_many_known_names_are_looked_up_and_not_gone_through():
    few, many = (KnownNames(f"Name{chr(97 + i % 26)}{i}" for i in range(n)) for n in (50, 20_000))
    text = "Nameb27 and Ben wave. " * 50
    assert growth(lambda known: find_names(text, known), few, many, most_s=1.0) < 3


UNITS = (
    "Emma and ", "Qa Qb ", "named ", '"', "“", "‘", "'", "[[", "the ", "Aaa. ", "(left) ", "Dr. ", ".",
    "...x", "Emma on the left ", "She is on the left. ", "They smile. ", "looks  ", "look to the ", ", ", " ",
    "\n", ";", "Emma to the left of Tom ", "Emma: ", "and ", "小明", "小明和",
    "和", "さと", "김민수와 ", "a\u0301", "Anna A Anna B ", "Emma's ",
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
