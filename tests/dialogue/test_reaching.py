"""Ways back are read from words: each wording of the phrase table, and others; no other is taken for one."""

from __future__ import annotations

import pytest
from growth import growth

from limner.dialogue.matching import best_match
from limner.dialogue.reaching import MAX_CHARACTERS, read_reach
from limner.dialogue.ways_back import (
    ORDINALS,
    WORLD_NUMBERED,
    WORLD_NUMBERED_ALONE,
    Way,
    forms,
)

OLD, NEW = "giving the woman a red hat", "make the background a beach"
AMOUNTS = {
    "times": {1: "once", 2: "twice", 3: "three times"},
    "steps": {1: "one step", 2: "2 steps", 3: "three steps"},
    "edits": {1: "edit", 2: "two edits", 3: "3 changes"},
    "actions": {1: "action", 2: "2 actions", 3: "three actions"},
}


def filled(form, steps, which):
    amounts = {name: words[steps] for name, words in AMOUNTS.items()}
    return form.format(**amounts, old=OLD, new=NEW, New=NEW.capitalize(), n="Comet", which=which)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("lead", ["", "Please ", "No, "])
def test_each_wording_of_the_table_is_read_as_it_is_meant(steps, lead):
    for way, form in forms():
        text = filled(form, steps, ORDINALS[steps])
        found = read_reach(lead + (text[0].lower() + text[1:] if lead else text), ["Comet"])
        assert found is not None, text
        same = {Way.FIRST, Way.GIVEN} if way in (Way.FIRST, Way.GIVEN) else {way}
        if way is Way.FIRST and "first" in text:
            same |= {Way.NUMBERED}
        assert found.way in same, (text, found)
        wants = "{new}" in form.lower()
        assert found.change.lower().rstrip(".").endswith(NEW) if wants else not found.change, (text, found)
        if way is Way.COUNT and any(f"{{{name}}}" in form for name in AMOUNTS):
            assert found.steps == steps, (text, found)
        if "{old}" in form:
            assert found.about == OLD, (text, found)
        if "{which}" in form:
            assert (found.number, found.made) == (steps + 1, True)


@pytest.mark.parametrize("form", [*WORLD_NUMBERED, *WORLD_NUMBERED_ALONE])
def test_pictures_are_known_by_their_number(form):
    found = read_reach(form.format(which="second", k=2, new=NEW))
    assert (found.way, found.number) == (Way.NUMBERED, 2)
    assert found.change.rstrip(".") == (NEW if "{new}" in form else "")


@pytest.mark.parametrize(
    "text",
    [
        "Add a bowl in front of the dog.",
        "Show the scene at night.",
        "Picture two women side by side.",
        "Paint a man with his hair tied back in a ponytail.",
        "Wait a moment before we go on.",
        "Put a door at the back of the room.",
        "Make her look back at us.",
        "A close-up of Mia.",
    ],
)
def test_what_reaches_nowhere_is_not_taken_for_a_way_back(text):
    assert read_reach(text) is None


def test_the_change_is_cut_from_the_way_back():
    found = read_reach("Undo the last two edits, then let her wear a hat and a scarf.")
    assert (found.way, found.steps, found.change) == (Way.COUNT, 2, "let her wear a hat and a scarf.")
    found = read_reach("Turn Anchor into a watercolour.", ["Anchor"])
    assert (found.way, found.about, found.change) == (
        Way.NAMED,
        "Anchor",
        "Turn the picture into a watercolour",
    )


@pytest.mark.parametrize(
    "words",
    ["the ", "back and ", "before ", "show the ", "back when x ", "the picture with ", "instead of a, "],
)
def test_reading_takes_no_more_time_for_a_text_without_end(words):
    short, long = words * (MAX_CHARACTERS // len(words)), words * 100_000
    assert growth(read_reach, short, long, most_s=0.5) < 3


def test_names_of_pictures_that_a_text_does_not_hold_cost_next_to_nothing():
    names = [f"Na{chr(97 + index % 26)}{chr(97 + index // 26)}" for index in range(300)]
    text = "a, " * (MAX_CHARACTERS // 3)
    assert growth(lambda some: read_reach(text, some), names[:30], names, most_s=0.5) < 3
    assert read_reach("Turn naBD into a watercolour.", names).about == "Nabd"


def test_rare_words_tell_which_text_is_meant():
    said = [
        "A woman in a garden.",
        "Give the woman a red hat.",
        "Make the woman's hat blue.",
        "Make it night.",
    ]
    assert best_match("you gave the woman the red one", said) == 1
    assert best_match("it got dark", said) == 3
    assert best_match("the elephant", said) is None
