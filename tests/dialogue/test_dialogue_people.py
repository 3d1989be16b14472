"""Names in instructions and what is said of each, and ordinary text that names nobody."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.dialogue.names import find_names
from limner.dialogue.people import find_people


def names(text: str, known: tuple[str, ...] = ()) -> list[str]:
    return [mention.name for mention in find_people(text, known)]


def sides(text: str) -> dict[str, str]:
    return {mention.name: mention.side for mention in find_people(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Harrison is examining Maya's face. He has short gray hair.", ["Dr. Harrison", "Maya"]),
        ("Amelia is kissing baby Oliver on the head.", ["Amelia", "Oliver"]),
        ("Baby Oliver laughs.", ["Oliver"]),
        ("Generate a close-up photo of Zorblax.", ["Zorblax"]),
        ("Quibbly, with curly hair, hugs Xanthe.", ["Quibbly", "Xanthe"]),
        ("Draw Olivia holding a silver MacBook Pro on her lap.", ["Olivia"]),
        ("A woman named mira with red hair.", ["mira"]),
        ("Now make Emma's hat red.", ["Emma"]),
        ("In Emma's hand there is a cup.", ["Emma"]),
        (
            "José Martínez and Łucja van der Berg hug O'Brien.",
            ["José Martínez", "Łucja van der Berg", "O'Brien"],
        ),
        ("Anne-Marie is sad.", ["Anne-Marie"]),
        ("Mr. Smith and Mrs. Smith dance.", ["Mr. Smith", "Mrs. Smith"]),
        ("Doctor Harrison smiles. Harrison wears a hat.", ["Doctor Harrison"]),
        ("Rose is holding a book next to Will.", ["Rose", "Will"]),
        ("Will you draw Rose?", ["Rose"]),
        ("Mom and Dad hug Captain Ahab.", ["Mom", "Dad", "Captain Ahab"]),
        ("A Portrait Of Emma Smiling In The Garden", ["Emma"]),
        ("Draw a portrait of Anna in the style of Van Gogh.", ["Anna"]),
        ("Emma", ["Emma"]),
    ],
)
def test_names_are_found(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please make the sky blue. Trees are tall. Snow covers the Eiffel Tower.",
        "Undo that, go back to the first one. Instead of removing the hat, add glasses.",
        "Two women are sitting on a couch. She has red hair. He wears a Gucci bag at Christmas.",
        "Smiling people in Paris. On Monday I visit London.",
        'Write "Hello World" on the sign.',
        "A photo of a man. Background: white. Lighting: warm.",
        "A man in a T-shirt after an X-ray. Warm light falls on him. Dye his hair.",
        "DRAW TWO PEOPLE WITH HATS",
        "Step back 2 rounds! Roll back! Thanks! OK.",
    ],
)
def test_ordinary_capitals_are_no_names(text: str) -> None:
    assert names(text) == []


def test_known_names_are_found_in_any_case() -> None:
    assert names("show me olivia", ("Olivia",)) == ["Olivia"]
    assert names("a close-up of harrison", ("Dr. Harrison",)) == ["Dr. Harrison"]
    assert names("Put a hat on Harrison.", ("Dr. Harrison",)) == ["Dr. Harrison"]
    assert names("it will rain", ("Will",)) == []
    assert names("show me olivias", ("Olivia",)) == []


def test_what_is_said_goes_to_the_person_meant() -> None:
    harrison, maya = find_people(
        "Dr. Harrison is examining Maya's face. He has gray hair, holding Maya's chin. "
        "Maya, with brown hair tied back, sits on a couch. The room is white."
    )
    assert harrison.sayings == (
        "Dr. Harrison is examining Maya's face.",
        "He has gray hair, holding Maya's chin.",
    )
    assert maya.sayings == (
        "Dr. Harrison is examining Maya's face.",
        "Maya, with brown hair tied back, sits on a couch.",
    )
    emma, lucas = find_people("Draw Emma and Lucas. She has red hair. He is tall. They smile.")
    assert emma.sayings == ("Draw Emma and Lucas.", "She has red hair.", "They smile.")
    assert lucas.sayings == ("Draw Emma and Lucas.", "He is tall.", "They smile.")
    emma, lucas = find_people("A woman named Emma in a red dress and a man named Lucas in a suit.")
    assert emma.sayings == ("A woman named Emma in a red dress",)
    assert lucas.sayings == ("a man named Lucas in a suit.",)
    emma, tom = find_people("Emma, 30, smiles while Tom, in a blue hat, reads.")
    assert (emma.sayings, tom.sayings) == (("Emma, 30, smiles",), ("Tom, in a blue hat, reads.",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Emma on the left and Tom on the right.", {"Emma": "left", "Tom": "right"}),
        ("The woman on the left, Anna, wears a hat.", {"Anna": "left"}),
        ("Emma stands to the left of Tom.", {"Emma": "left", "Tom": "right"}),
        ("Left: Emma. Right: Tom.", {"Emma": "left", "Tom": "right"}),
        ("Emma (right) hugs Tom (left).", {"Emma": "right", "Tom": "left"}),
        ("From left to right, Anna and Tom.", {"Anna": "left", "Tom": "right"}),
        ("Jasper smiles. He sits on the left side of the couch.", {"Jasper": "left"}),
        ("Julian, with a beard, stands to her right.", {"Julian": "right"}),
        ("Emma looks to the left.", {"Emma": ""}),
        ("Emma waves with her left hand.", {"Emma": ""}),
        ("Emma and Tom sit on the left.", {"Emma": "", "Tom": ""}),
    ],
)
def test_sides(text: str, expected: dict[str, str]) -> None:
    assert sides(text) == expected


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=120), st.lists(st.text(min_size=1, max_size=8), max_size=2))
def test_any_text_is_read_without_error(text: str, known: list[str]) -> None:
    spans = find_names(text, known)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    mentions = find_people(text, known)
    assert [m.name for m in mentions] == list(dict.fromkeys(s.name for s in spans))
    assert all(m.sayings for m in mentions)


@pytest.mark.parametrize("unit", ["Emma and ", "Qa Qb ", "named ", '"', "the ", "Aaa. ", "(left) ", "Dr. "])
def test_long_hostile_text_is_read_in_time(unit: str) -> None:
    find_people(unit * 20_000)


def test_many_different_names_are_read_in_time() -> None:
    text = " and ".join(
        f"Na{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}" for i in range(2000)
    )
    assert len(find_people(text)) > 500
