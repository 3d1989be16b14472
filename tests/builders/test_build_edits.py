"""`limner build edits`: chains, ways back of every family and depth, broken folders, an editor plugged in."""

import json
from collections import Counter

import numpy as np
import pytest
from real_sets import THINGS, magicbrush, photo, seed_edit, write

from limner.builders.edits import phrases
from limner.builders.edits.job import EditsJob
from limner.builders.edits.rollback import ways_back
from limner.builders.edits.sessions import Chain
from limner.builders.edits.wording import gerund, imperative, ing
from limner.builders.runner.build import build
from limner.dataset.check import check_dataset
from limner.dataset.reader import DatasetReader
from limner.dialogue.parts import Picture
from limner.perception.painters import PaintError


class Inverting:
    """An editor whose result tells what it was given: the base inverted, and the last column marked."""

    def __init__(self, refuse=""):
        self.refuse = refuse

    def edit(self, pixels, instruction, *, seed):
        if self.refuse and self.refuse in instruction:
            raise PaintError("refused by its rules")
        return 255 - pixels


class Broken:
    def edit(self, pixels, instruction, *, seed):
        raise ValueError("The endpoint cannot be reached; check the address.")


def built(out, source, folder, **options):
    funnel = build(EditsJob(source=source, folder=folder, **options), out)
    assert list(check_dataset(out)) == []
    return funnel, [record.dialogue for record in DatasetReader(out).records()]


def base_of(dialogue):
    """The picture that the last round starts from, by what the truth says."""
    base = dialogue.truth["base"]
    return dialogue.rounds[0].instruction.pictures[0] if base < 0 else dialogue.rounds[base].response.picture


def check_links(dialogue):
    """What every dialogue must hold: true bases, in words, numbers and pictures."""
    painted = [round_.response.picture for round_ in dialogue.rounds]
    bases = dialogue.truth["bases"]
    assert len(bases) == len(dialogue.rounds)
    for index, (round_, base) in enumerate(zip(dialogue.rounds, bases, strict=True)):
        if base is None:
            assert painted[index] is None
        elif base < 0:
            assert index == 0 or 0 in round_.depends_on
        else:
            assert round_.depends_on == (base,)
            assert painted[base] is not None
    assert [len(round_.instruction.pictures) for round_ in dialogue.rounds] == [1] + [0] * (len(bases) - 1)


@pytest.mark.parametrize(("source", "write_it"), [("magicbrush", magicbrush), ("seed-edit", seed_edit)])
def test_every_way_back_has_its_exact_picture_and_its_true_base(tmp_path, source, write_it):
    _, dialogues = built(tmp_path / "out", source, write_it(tmp_path / "in"), rollbacks=30)
    assert Counter(dialogue.kind for dialogue in dialogues).keys() == {"edit", "rollback"}
    for dialogue in dialogues:
        check_links(dialogue)
        scene = int(dialogue.truth["session"].split("#")[0][-5:]) - 1 if source == "seed-edit" else None
        if dialogue.kind == "edit":
            assert dialogue.is_markov
            continue
        assert not dialogue.is_markov, dialogue.rounds[-1]
        last = dialogue.rounds[-1]
        if dialogue.truth["target"] == "state":
            assert last.response.picture == base_of(dialogue)
        elif dialogue.truth["target"] == "return":  # an inverse edit: one state before the base
            at = next(k for k in range(6) if photo(scene, k) == base_of(dialogue))
            assert last.response.picture == photo(scene, at - 1)
            assert dialogue.truth["change"].startswith("Remove")
            assert "emov" in last.instruction.text


def test_all_families_verbs_and_depths_occur(tmp_path):
    folder = seed_edit(tmp_path / "in", num=6, edits=5)
    _, dialogues = built(
        tmp_path / "out", "seed-edit", folder, rollbacks=40, editor_name="inverting", make_editor=Inverting
    )
    back = [dialogue for dialogue in dialogues if dialogue.kind == "rollback"]
    verbs = Counter(dialogue.truth["rollback"] for dialogue in back)
    assert verbs.keys() == {"instead of", "start from scratch", *phrases.VERBS}
    assert {dialogue.truth["undone"] for dialogue in back} == {1, 2, 3, 4, 5}
    for dialogue in back:
        words = dialogue.rounds[-1].instruction.text.casefold()
        check_links(dialogue)
        verb = dialogue.truth["rollback"]
        if verb == "start from scratch":
            assert dialogue.truth["base"] == -1
        elif verb != "instead of":
            count = dialogue.truth["undone"]
            said = [str(count), phrases.NUMBERS[count - 1], {1: "last", 2: "twice"}.get(count, "?"), "once"]
            assert any(one in words for one in said), words
        if dialogue.truth["target"] == "editor":
            assert dialogue.rounds[-1].response.picture == Picture(255 - base_of(dialogue).pixels)
            assert dialogue.truth["editor"] == "inverting"
            assert imperative(dialogue.truth["change"]) in words


def test_the_slides_example_word_for_word():
    rng = np.random.default_rng(0)
    chain = ["remove the flying machine in the bottom right", "add a paragliding in the top left"]
    said = {phrases.instead(rng, chain[:1], chain[1]).casefold() for _ in range(60)}
    assert (
        "instead of removing the flying machine in the bottom right, add a paragliding in the top left."
        in said
    )
    said = {phrases.count_back(rng, "rollback", 2, "replace the city with a river") for _ in range(99)}
    assert "Rollback 2 steps and replace the city with a river." in said
    said = {phrases.from_scratch(rng, "Change the style of the image to poly art") for _ in range(99)}
    assert "Start from scratch and change the style of the image to poly art." in said
    for verb, wanted in (("step back", "Step back 2 times, "), ("backtrack", "Backtrack 1 time, ")):
        said = {phrases.count_back(rng, verb, 2 if "2" in wanted else 1, "Add a cat.") for _ in range(200)}
        assert f"{wanted}add a cat." in said


@pytest.mark.parametrize(
    ("words", "did"),
    [
        ("Could you please swap the car for a bus?", "swapping the car for a bus"),
        ("Remove the dog and add a cat.", "removing the dog and adding a cat"),
        ('Add the word "EXIT" over the window', 'adding the word "EXIT" over the window'),
        ("It should be night", None),
        ("Put it on. Then leave", None),
    ],
)
def test_what_was_done_is_said_in_english(words, did):
    assert gerund(words) == did


def test_the_ing_form():
    verbs = {"put": "putting", "make": "making", "see": "seeing", "draw": "drawing", "open": "opening"}
    verbs |= {"zoom": "zooming", "begin": "beginning", "dye": "dyeing", "fix": "fixing", "paint": "painting"}
    assert {verb: ing(verb) for verb in verbs} == verbs


def test_an_editor_is_not_asked_for_what_undone_edits_have_made():
    states = tuple(photo(0, k) for k in range(4))
    chain = Chain(
        name="c", states=states, instructions=("Add a dog", "Make the dog blue", "Make the sky pink")
    )
    made = {(way.length, way.base) for way in ways_back(chain, has_editor=True) if way.made_by == "editor"}
    assert made == {(2, 0), (2, 1)}


def test_broken_folders_give_reasons_and_the_rest_is_built(tmp_path):
    folder = seed_edit(tmp_path / "in", num=5)
    images = folder / "multi_turn_editing" / "images"
    (images / "0" / "2.png").write_bytes(b"no picture")
    (images / "1" / "0.png").unlink()
    (images / "2" / "4.png").write_bytes(b"")
    write(images / "3" / "1.png", photo(3, 1, width_px=300))
    file = folder / "multi_turn_editing" / "annotations" / "split_0001.jsonl"
    file.write_bytes(
        file.read_bytes() + b'{\n[]\n{"source_image": "../../etc/passwd", "edit_image_1": "x"}\n\xff\n'
    )
    funnel, dialogues = built(tmp_path / "out", "seed-edit", folder)
    assert (funnel.num_sources, funnel.num_kept) == (9, len(dialogues))
    lengths = {
        d.truth["session"][-10:-5]: len(d.truth["instructions"]) for d in dialogues if d.kind == "edit"
    }
    assert lengths == {"00001": 1, "00003": 3, "00005": 4}
    reasons = dict(funnel.lines[0].reasons)
    assert reasons["not a record of the data set"] == 3
    assert reasons["session that cannot be used"] == 2
    assert funnel.lines[0].num_out == 3


def test_pictures_in_several_roots(tmp_path):
    folder = seed_edit(tmp_path / "in", num=2, root="far")
    (folder / "far" / "0").rename(tmp_path / "near")
    other = tmp_path / "other"
    (other / "data").mkdir(parents=True)
    (tmp_path / "near").rename(other / "data" / "0")
    _, dialogues = built(tmp_path / "out", "seed-edit", folder, images=(folder / "far", other))
    assert {d.truth["session"].split("#")[0][-1] for d in dialogues} == {"1", "2"}
    with pytest.raises(ValueError, match="no folder"):
        build(EditsJob(source="seed-edit", folder=folder, images=(tmp_path / "none",)), tmp_path / "no")


def test_seed_x_edits_that_lead_on_become_one_chain(tmp_path):
    lines = []
    for source, target, words in (("a", "b", "add a hat"), ("b", "c", "add a dog"), ("a", "d", "add a kite")):
        lines.append({"source_image": f"{source}.png", "target_image": f"{target}.png", "instruction": words})
    lines[1] |= {"instruction_new": "Put a dog there.", "response": "There is your dog."}
    lines.append({"source_image": "z.png", "target_image": "y.png", "instruction": "Make it night."})
    lines.append({"source_image": "z.png", "target_image": "gone.png"})
    for key, k, extra in (("a", 0, 0), ("b", 1, 0), ("c", 2, 0), ("d", 0, 1), ("z", 3, 0), ("y", 4, 0)):
        write(tmp_path / "in" / "images" / f"{key}.png", photo(0, k, extra=bool(extra)))
    (tmp_path / "in" / "edits.jsonl").write_text("\n".join(map(json.dumps, lines)))
    funnel, dialogues = built(tmp_path / "out", "seed-x", tmp_path / "in", rollbacks=20)
    chains = [d for d in dialogues if d.kind == "edit"]
    assert [len(d.truth["instructions"]) for d in chains] == [2, 1]
    assert chains[0].rounds[-1].instruction.text == "Put a dog there."
    assert chains[0].rounds[-1].response.text == "There is your dog."
    branches = [d for d in dialogues if d.truth.get("target") == "branch"]
    assert branches
    assert all(d.rounds[-1].response.picture == photo(0, 0, extra=True) for d in branches)
    assert dict(funnel.lines[0].reasons) == {"not a record of the data set": 1}


def test_what_the_editor_refuses_is_dropped_and_a_dead_editor_ends_the_run(tmp_path):
    folder = seed_edit(tmp_path / "in", num=2, edits=3)
    refused = THINGS[2]
    options = {"editor_name": "i", "rollbacks": 40, "plain_share": 0.0}
    funnel, dialogues = built(
        tmp_path / "out", "seed-edit", folder, make_editor=lambda: Inverting(refused), **options
    )
    made = [d.truth["change"] for d in dialogues if d.truth.get("target") == "editor"]
    assert made
    assert not any(refused in words for words in made)
    assert dict(funnel.lines[2].reasons)["the editor made no picture"] > 0
    with pytest.raises(ValueError, match="check the address"):
        build(EditsJob(source="seed-edit", folder=folder, make_editor=Broken, **options), tmp_path / "b")


def test_the_same_seed_builds_the_same_set_and_other_options_do_not_continue_it(tmp_path):
    folder = magicbrush(tmp_path / "in", branch=True)
    ids = []
    for name in ("a", "b"):
        build(EditsJob(source="magicbrush", folder=folder, seed=3), tmp_path / name)
        ids.append([record.id for record in DatasetReader(tmp_path / name).records()])
    assert ids[0] == ids[1]
    with pytest.raises(ValueError, match="rollbacks = 3, not 4"):
        build(EditsJob(source="magicbrush", folder=folder, seed=3, rollbacks=4), tmp_path / "a")


def test_other_folders_are_told_and_nothing_is_left(tmp_path):
    with pytest.raises(ValueError, match="holds no SEED-Data-Edit"):
        build(EditsJob(source="seed-edit", folder=tmp_path), tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.parquet"))
