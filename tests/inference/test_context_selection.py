"""Long conversations: what the new instruction refers to stays, and no length is an error."""

import pytest

from limner.inference.context_selection import Rank, visible_rounds
from limner.inference.referenced_rounds import ranks

EDITS = ["a blue hat", "a red scarf", "round glasses", "a tall tree", "a wooden bench", "a small dog"]
SAID = [
    "The image shows Mia and Tom in a garden. Mia has long red hair.",
    *(f"Add {thing}." for thing in EDITS),
    "A close-up of Anna on a beach.",
    "Make it night.",
    "Make it snowy.",
]
OTHER, INTRODUCES, NEWEST, REFERENCED = Rank


def referenced(instruction, said=SAID, has_picture=None):
    found = ranks(instruction, said, has_picture=has_picture or [False] * len(said))
    return [index for index, rank in enumerate(found) if rank is REFERENCED]


def test_old_rounds_leave_but_introductions_and_the_newest_stay():
    lengths = [10, 10, 10, 10, 10]
    needed = [INTRODUCES, OTHER, INTRODUCES, OTHER, NEWEST]
    assert visible_rounds(lengths, needed, 50) == [0, 1, 2, 3, 4]
    assert visible_rounds(lengths, needed, 40) == [0, 2, 3, 4]
    assert visible_rounds(lengths, needed, 30) == [0, 2, 4]
    assert visible_rounds(lengths, needed, 20) == [2, 4]
    assert visible_rounds(lengths, needed, 10) == [4]
    assert visible_rounds(lengths, needed, 5) == []
    assert visible_rounds([], [], 5) == []


def test_what_is_referenced_outlasts_everything_else():
    assert visible_rounds([10] * 4, [INTRODUCES, REFERENCED, OTHER, NEWEST], 10) == [1]


def test_the_same_rounds_stay_for_some_rounds_so_that_their_prefix_is_found_again():
    stays = []
    for length in range(40, 60):
        lengths = [10] * length
        needed = [INTRODUCES, *[OTHER] * (length - 2), NEWEST]
        visible = visible_rounds(lengths, needed, 320)
        assert 320 - 40 <= 10 * len(visible) <= 320
        stays.append(visible[1])
    assert len(set(stays)) <= len(stays) / 3


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("Step back 2 times, then add a pond.", [7, 8, 9]),
        ("Go back three steps and make it rain.", [6, 7, 8, 9]),
        ("Backtrack twice, make it rain.", [7, 8, 9]),
        ("Undo that.", [8, 9]),
        ("Undo the last 4 edits and make it rain.", [5, 6, 7, 8, 9]),
        ("Step back 99 times.", list(range(10))),
        ("Start from scratch and make it rain.", [0]),
        ("Go back to the first picture and make it rain.", [0]),
        ("Take the third picture again.", [0, 1, 2]),
        ("Show me picture 2.", [0, 1]),
        ("Instead of adding a wooden bench, make it rain.", [4, 5]),
        ("Go back to the picture before adding a small dog.", [5, 6]),
        ("A close-up of Tom.", [0]),
        ("Put anna beside Tom.", [0, 7]),
        ("Make it rain.", []),
    ],
)
def test_an_instruction_points_at_rounds_by_count_name_and_quotation(instruction, expected):
    assert referenced(instruction) == expected


def test_a_picture_that_was_given_is_the_original():
    given = [False, False, True, *[False] * 7]
    assert referenced("Go back to my picture and make it rain.", has_picture=given) == [0, 2]


def test_there_may_be_no_round_to_point_at():
    for instruction in ("Step back 2 times.", "Start over.", "Picture 3.", "A close-up of Tom.", ""):
        assert ranks(instruction, [], has_picture=[]) == []


def test_who_is_named_and_where_to_go_back_to_stay_in_sight_of_a_very_long_conversation(tiny_painter):
    painter = tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=0)
    conversation = painter.conversation()
    said = [SAID[0], "Add a wooden bench.", *(f"Make it number {number}." for number in range(12))]
    ids = [conversation.say(text, picture=True).id for text in said]

    def seen(instruction):
        texts = [past.instruction.text for past in conversation.prepare(instruction).past]
        return {said.index(text) for text in texts}

    assert len(seen("Make it rain.")) < len(ids)
    assert {0, 13} <= seen("Make it rain.")
    assert {0, 13} <= seen("A close-up of Mia.")
    assert 1 not in seen("Make it rain.")
    assert {0, 1} <= seen("Instead of adding a wooden bench, add a pond.")
    assert {10, 11, 12, 13} <= seen("Step back 3 times.")


def test_the_prefixes_of_a_very_long_conversation_are_bounded(tiny_painter):
    """Each round names somebody, so that no round stays for good and windows begin with others each time."""
    painter = tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=1)
    talk = painter.conversation(seed=1)
    num_bytes = []
    for number in range(24):
        talk.say(f"A close-up of M{'abcdefghijklmnopqrstuvwxyz'[number]}x.", picture=True)
        num_bytes.append(painter.prefixes.num_bytes)
    sizes = painter.model.language.sizes
    context_bytes = sizes.context_tokens * sizes.layers * 2 * sizes.width * 4
    assert len(talk.past()) == 24
    assert max(num_bytes) <= 4 * context_bytes
