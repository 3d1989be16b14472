"""Plans: which picture, whose face and which words a painter without memory is given; how they are carried
out by a painter that records what it was given."""

from __future__ import annotations

import numpy as np
import pytest
from growth import growth
from recording import Recorder, blank

import limner
from limner.builders.world.rollback import draft_branches, draft_rollback
from limner.dialogue.parts import Instruction, Response, Round
from limner.perception.painters import PaintError
from limner.perception.protocols import FoundFace
from limner.planning.album import Album
from limner.planning.carrying_out import Hands, carry_out
from limner.planning.planned_painter import PlannedPainter
from limner.planning.policies import AllPictures, LastPicture
from limner.planning.rules import RulesPlanner


class TwoFaces:
    """Finds one face in each half."""

    def find_faces(self, pixels):
        return tuple(FoundFace(box=(x, 0.2, x + 0.2, 0.5), score=1.0) for x in (0.15, 0.65))


def talk(*said, planner=None, faces=None, **more):
    """A conversation with a recorder after `said`, and the recorder."""
    painter = Recorder(**more)
    hands = Hands(painter=painter, faces=faces)
    conversation = PlannedPainter(planner or RulesPlanner(faces=faces), hands, faces=faces).conversation()
    for text in said:
        conversation.say(text)
    return conversation, painter


def test_names_are_followed_to_the_face_and_do_not_reach_the_painter():
    conversation, painter = talk(
        "Mia and Tom in a kitchen. Mia is on the left and has red hair. Tom is on the right; he wears a hat.",
        "A dog on a sofa, a new picture.",
        faces=TwoFaces(),
    )
    conversation.say("A close-up of Tom.")
    asked = painter.asked[-1]
    assert asked.base is None
    assert [one.role for one in asked.references] == ["Tom: his face of picture 1"]
    first = conversation.rounds[0].response.picture
    assert asked.references[0].source == first
    assert asked.references[0].box[0] == 0.65
    assert "Tom" not in asked.instruction

    conversation.say("Make Mia's hair blond.")
    asked = painter.asked[-1]
    assert asked.base == first  # the newest picture that shows her, not the dog
    assert "the person on the left" in asked.instruction or "the woman on the left" in asked.instruction
    assert "blond" in asked.instruction
    assert "Mia" not in asked.instruction


def test_ways_back_give_the_picture_that_is_meant_and_only_the_change():
    conversation, painter = talk("A woman in a garden.", "Give her a red hat.", "Make it night.")
    pictures = [round_.response.picture for round_ in conversation.rounds]
    for text, base, words in (
        ("Step back once and add a dog.", 1, "Add a dog."),
        ("Go back to how it was before giving her a red hat, and add a cat.", 0, "Add a cat."),
        ("Instead of making it night, let it rain.", 1, "Let it rain."),
        ("In picture 1, add a bench.", 0, "Add a bench."),
        ("@picture2 add a bird", 1, "Add a bird."),
    ):
        conversation.fork().say(text)
        assert painter.asked[-1].base == pictures[base], text
        assert painter.asked[-1].instruction == words


def test_what_is_only_shown_again_is_not_painted():
    conversation, painter = talk("A woman in a garden.", "Give her a red hat.", "Make it night.")
    num = len(painter.asked)
    reply = conversation.say("Undo that.")
    assert len(painter.asked) == num
    shown = [round_.response.picture for round_ in conversation.rounds]
    assert shown[3] == shown[1]
    conversation.say("Undo that.")  # twice back is back by two
    assert conversation.rounds[4].response.picture == shown[0]
    assert reply.image is not None


@pytest.mark.parametrize(
    "text",
    ["Step back nine times.", "Show me picture 12.", "A close-up of Walter.", "Go back to the elephant."],
)
def test_what_is_not_understood_is_asked_about(text):
    conversation, painter = talk("A woman in a garden.", "Make it night.")
    num = len(painter.asked)
    reply = conversation.say(text)
    assert reply.image is None
    assert reply.text.endswith((".", "?"))
    assert len(painter.asked) == num


def test_a_picture_can_be_replied_to():
    conversation, painter = talk("A woman in a garden.", "Make it night.")
    conversation.say("Add a dog.", target=1)
    assert painter.asked[-1].base == conversation.rounds[0].response.picture
    assert painter.asked[-1].instruction == "Add a dog."
    assert conversation.rounds[-1].instruction.text == "@picture1 Add a dog."
    other = conversation.fork()
    other.say("Instead of adding a dog, add a cat.")  # of the picture that was replied to
    assert painter.asked[-1].base == conversation.rounds[0].response.picture
    conversation.say("Undo that.")
    assert conversation.rounds[-1].response.picture == conversation.rounds[0].response.picture
    for planner in (LastPicture(), AllPictures()):
        line, policy = talk("A woman in a garden.", "Make it night.", planner=planner)
        line.say("Add a dog.", target=1)
        assert policy.asked[-1].base == line.rounds[0].response.picture
        assert policy.asked[-1].instruction == "Add a dog."
    with pytest.raises(ValueError, match="no picture 7"):
        conversation.say("Add a dog.", target=7)


def test_policies_give_the_last_picture_or_all_of_them():
    for planner, base, num in ((LastPicture(), True, 0), (AllPictures(most=2), False, 2)):
        conversation, painter = talk("A woman.", "Make it night.", "Add a dog.", planner=planner)
        conversation.say("Step back twice.")
        asked = painter.asked[-1]
        assert (asked.base is not None) is base
        assert len(asked.references) == num
        assert asked.instruction == "Step back twice."


def test_given_pictures_are_changed_or_gone_by():
    conversation, painter = talk()
    mine = blank(200)
    conversation.say("Here is a picture of mine. Change the background to a beach.", images=[mine])
    assert painter.asked[-1].base == mine
    assert painter.asked[-1].instruction == "Change the background to a beach."
    conversation.say("Paint a castle that looks like this.", images=[blank(210)])
    assert [one.picture for one in painter.asked[-1].references] == [blank(210)]


def test_a_planned_conversation_is_saved_and_gone_on_with_by_another_painter(tmp_path):
    conversation, _ = talk("A woman in a garden.", "Make it night.")
    file = conversation.save(tmp_path / "talk.limner")
    painter = Recorder(start=100)
    again = limner.open_conversation(file, PlannedPainter(RulesPlanner(), Hands(painter=painter)))
    again.say("Step back once and add a dog.")
    assert painter.asked[-1].base == conversation.rounds[0].response.picture


def test_a_refusal_is_told_and_a_broken_painter_is_an_error():
    conversation, _ = talk(error=PaintError("not allowed"))
    assert "not allowed" in conversation.say("A castle.").text
    broken, _ = talk(error=ValueError("The server is away."))
    with pytest.raises(ValueError, match="away"):
        broken.say("A castle.")
    assert broken.rounds == ()


def test_a_person_without_a_face_finder_is_cut_by_side():
    rounds = (
        Round(
            instruction=Instruction(text="Ann is on the left and Bob is on the right, in a park."),
            response=Response(text="Here.", picture=blank(7, 64)),
        ),
    )
    instruction = Instruction(text="A close-up of Bob.")
    plan = RulesPlanner().plan(rounds, instruction)
    painter = Recorder()
    carry_out(plan, Album(rounds, instruction), Hands(painter=painter), seed=0)
    assert painter.asked[0].references[0].picture.pixels.shape == (64, 32, 3)


def test_pictures_named_later_and_anew_are_found():
    conversation, painter = talk(
        "A man at a window. Call the result Anchor.", "Give him a hat.", "Call this one Ribbon."
    )
    assert conversation.rounds[2].response.picture is None
    conversation.say("Take Anchor and add a dog.")
    assert painter.asked[-1].base == conversation.rounds[0].response.picture
    conversation.say("Show me Ribbon again.")
    assert np.array_equal(
        conversation.rounds[-1].response.picture.pixels, conversation.rounds[1].response.picture.pixels
    )


def test_a_name_that_was_written_small_is_known_when_it_comes_up():
    conversation, painter = talk("an image of mia and tom in a park. mia is on the left, tom on the right.")
    conversation.say("A close-up of Tom.")
    assert [one.role for one in painter.asked[-1].references] == ["Tom: the person as seen in picture 1"]
    assert painter.asked[-1].references[0].picture.pixels.shape == (48, 24, 3)


def test_numbered_pictures_are_borrowed_from():
    conversation, painter = talk("A man on a bench.", "Give him a red hat.", "Make it night.")
    first, second, third = (one.response.picture for one in conversation.rounds)
    for text, base, shown, told in (
        (
            "Put the hat from picture 2 into picture 1.",
            first,
            [second],
            "Put the hat from reference 1 into the picture.",
        ),
        ("Same sky as in picture 1", third, [first], "Same sky as in reference 1."),
        ("Go to picture 2, then add the lamp of picture 3", second, [third], "Add the lamp of reference 1."),
        ("Combine pictures 1 and 3.", None, [first, third], "Combine reference 1 and reference 2."),
        ("Bring the hat back.", third, [second], "Bring the hat back, as in reference 1."),
    ):
        conversation.fork().say(text)
        asked = painter.asked[-1]
        assert (asked.base, [one.picture for one in asked.references]) == (base, shown), text
        assert asked.instruction == told
    num = len(painter.asked)
    assert "no picture 9" in conversation.fork().say("Use the hat of picture 9.").text
    assert len(painter.asked) == num


@pytest.mark.parametrize(
    "text", ["Roll back to the thing from Tuesday", "gnarl the previous state", "Undo whatever Bob said"]
)
def test_a_way_back_that_is_not_understood_is_asked_about(text):
    conversation, painter = talk("A man on a bench.", "Give him a red hat.")
    reply = conversation.say(text)
    assert reply.image is None
    assert "meant" in reply.text
    assert len(painter.asked) == 2


def test_outside_of_a_marked_part_the_picture_that_is_changed_stays():
    conversation, painter = talk("A man on a bench.", "Give him a red hat.")
    before = conversation.rounds[-1].response.picture
    conversation.say("A blue hat.", region=(0.5, 0.0, 1.0, 1.0))
    assert painter.asked[-1].base == before
    after = conversation.rounds[-1].response.picture
    half = before.width_px // 2
    assert np.array_equal(after.pixels[:, :half], before.pixels[:, :half])
    assert not np.array_equal(after.pixels[:, half:], before.pixels[:, half:])
    with pytest.raises(ValueError, match="no picture yet"):
        talk()[0].say("A hat.", region=(0.0, 0.0, 0.5, 0.5))


# What was said, the last of it a way back, and the picture that it is about, counted along the branch.
BRANCHES = {
    "undo": (["Go back to the first picture and make it winter.", "Undo that."], 1),
    "take back": (["Go back to the first picture and make it winter.", "Add a dog.", "Take that back."], 4),
    "undo twice": (["Step back once and make it winter.", "Add a dog.", "Undo that.", "Undo that."], 2),
    "step back": (["Step back twice and make it winter.", "Add a dog.", "Step back twice and add a cat."], 1),
    "instead of": (["In picture 1, make it winter.", "Instead of making it winter, make it spring."], 1),
    "instead of what was instead": (
        ["Instead of making it night, add a kite.", "Rather than adding a kite, add a bird."],
        2,
    ),
    "instead": (["Take the original picture and make it winter.", "Make it spring instead."], 1),
    "before": (
        [
            "In picture 1, make it winter.",
            "Add a dog.",
            "Go back to how it was before making it winter and add a bus.",
        ],
        1,
    ),
    "after": (
        [
            "Instead of making it night, add a kite.",
            "Make it a sketch.",
            "Go back to the picture that came of adding a kite and add a bus.",
        ],
        4,
    ),
    "before what is named in a way back": (
        [
            "Go back to the picture before making it night and add a kite.",
            "Make it a sketch.",
            "Go back to how it was before making it night and add a bus.",
        ],
        2,
    ),
    "first": (["Step back once and add a kite.", "Undo that.", "Start over and add a bus."], 1),
    "named": (
        [
            "Step back once and add a kite. Call the result Comet.",
            "Add a dog.",
            "Go to Comet, then back once.",
        ],
        2,
    ),
    "numbered": (["In picture 2, add a kite.", "Add a dog.", "In picture 4, add a bus."], 4),
    "described": (
        ["In picture 1, add a kite.", "Make it a sketch.", "Show me the picture with the kite."],
        4,
    ),
    "what hangs on a branch": (
        ["In picture 1, give her a blue hat.", "In picture 3, add a kite.", "Undo the hat and add a bus."],
        1,
    ),
    "shown again": (["Go back to the first picture.", "Add a kite.", "Undo that."], 1),
    "a person elsewhere": (
        ["A dog on a sofa, a new picture.", "Make Mia's hair blond.", "Undo that."],
        3,
    ),
    "a new picture": (["A dog on a sofa, a new picture.", "Undo that."], 3),
}


@pytest.mark.parametrize(("said", "number"), BRANCHES.values(), ids=BRANCHES)
def test_ways_back_after_ways_back_go_along_the_branch(said, number):
    conversation, painter = talk("Mia, a woman in a garden.", "Give her a red hat.", "Make it night.")
    for text in said:
        conversation.say(text)
    num = len(painter.asked)
    album = Album(conversation.rounds[:-1])
    plan = RulesPlanner().plan(conversation.rounds[:-1], conversation.rounds[-1].instruction)
    assert plan.base is not None, plan
    shown = album.at(plan.base).picture
    assert shown == album.at(number).picture, plan
    answered = conversation.rounds[-1].response.picture
    assert (answered == shown) is (plan.act == "recall")
    assert num == len(painter.asked)


@pytest.mark.parametrize("draft", [draft_rollback, draft_branches])
def test_every_way_back_of_the_world_is_planned_along_its_branch(draft):
    right, num = 0, 0
    for seed in range(60):
        drafted = draft(np.random.default_rng(seed), "train")
        shown, rounds = [], []
        for index, (round_, way) in enumerate(zip(drafted.rounds, drafted.truth["ways"], strict=True)):
            given = tuple(blank(255) for _ in round_.pictures)
            instruction = Instruction(text=round_.instruction, pictures=given)
            picture = blank(index)
            if way is not None:
                plan = RulesPlanner().plan(rounds, instruction)
                meant = blank(255) if way["base"] < 0 else shown[way["base"]]
                found = plan.base is not None and Album(rounds, instruction).at(plan.base).picture == meant
                right, num = right + found, num + 1
                picture = picture if way["change"] else meant
            shown.append(picture)
            rounds.append(Round(instruction=instruction, response=Response(text="Here.", picture=picture)))
    assert num >= 60
    assert right >= 0.97 * num


def test_a_line_is_understood_once_and_each_branch_of_it_by_itself():
    conversation, _ = talk("A woman in a garden.", "Give her a red hat.", "Make it night.")
    other = conversation.fork()
    conversation.say("Go back to the first picture and add a dog.")
    other.say("Add a dog.")
    for line, number in ((conversation, 1), (other, 3)):
        again = line.rounds[number - 1].response.picture
        line.say("Undo that.")
        assert line.rounds[-1].response.picture == again
    same = conversation.rounds[3]  # the very same round behind other ones
    rounds = [conversation.rounds[0], same]
    plan = RulesPlanner().plan(rounds, Instruction(text="Undo that."))
    assert (plan.act, plan.base) == ("recall", 1)
    assert RulesPlanner().plan(conversation.rounds[:4], Instruction(text="Undo that.")).base == 1


def test_a_long_conversation_is_not_planned_anew_for_each_instruction():
    def line(num):
        rounds = [
            Round(
                instruction=Instruction(text=f"Go back to the first picture and add {index} red hats."),
                response=Response(text="Here.", picture=blank(index)),
            )
            for index in range(num)
        ]
        RulesPlanner().plan(rounds, Instruction(text="Undo that."))
        return rounds

    def plan(rounds):
        RulesPlanner().plan(rounds, Instruction(text="Undo that."))

    assert growth(plan, line(10), line(200), most_s=1.0) < 60
