"""`limner build edits`: chains, ways back of every family and depth, broken folders, an editor plugged in."""

import io
import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from real_sets import THINGS, magicbrush, photo, seed_edit, write

from limner.builders.edits import phrases
from limner.builders.edits.job import EditsJob
from limner.builders.edits.rollback import ways_back
from limner.builders.edits.sessions import Chain
from limner.builders.edits.wording import gerund, imperative, ing
from limner.builders.runner.build import build, ledger_path
from limner.builders.runner.ledger import Ledger
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


@pytest.mark.parametrize(
    "root", ["multi_turn_editing/data", "multi_turn_editing/images/data", "data", "images"]
)
def test_part_3_as_it_unpacks(tmp_path, root):
    folder = seed_edit(tmp_path / "in", num=2, root=root)
    single = folder / "real_editing" / "annotations" / "a.jsonl"
    single.parent.mkdir(parents=True)
    line = json.dumps({"source_image": "a.png", "target_image": "b.png", "instruction": "Make it night."})
    single.write_text(f"{line}\n" * 50)
    funnel, dialogues = built(tmp_path / "out", "seed-edit", folder)
    assert sum(d.kind == "edit" for d in dialogues) == 2
    assert funnel.num_sources == 3  # part 2's file is one of them
    assert dict(funnel.lines[0].reasons) == {"not a record of the data set": 1}


def test_what_was_looked_for_is_told(tmp_path):
    folder = seed_edit(tmp_path / "in", num=1, root="elsewhere/deep")
    build(EditsJob(source="seed-edit", folder=folder), tmp_path / "out")
    with Ledger(ledger_path(tmp_path / "out")) as ledger:
        (drop,) = ledger.drops()
    assert f"looked for {folder / 'multi_turn_editing' / 'data' / '0' / '0.png'}" in drop.detail
    assert "images/data" in drop.detail


def test_a_link_out_of_the_set_is_told_with_what_to_do(tmp_path):
    folder = seed_edit(tmp_path / "in", num=2, root="pictures")
    (tmp_path / "in" / "pictures").rename(tmp_path / "disk")
    (folder / "images").symlink_to(tmp_path / "disk")
    build(EditsJob(source="seed-edit", folder=folder), tmp_path / "out")
    with Ledger(ledger_path(tmp_path / "out")) as ledger:
        told = {drop.detail for drop in ledger.drops()}
    assert all("linked from elsewhere; give the folder where it lies with --images" in one for one in told)
    _, dialogues = built(tmp_path / "again", "seed-edit", folder, images=(folder / "images",))
    assert len(dialogues) > 2


@pytest.mark.parametrize("source", ["seed-edit", "seed-x", "magicbrush"])
def test_a_byte_order_mark_loses_no_record_and_half_a_character_its_edit(tmp_path, source):
    folder = {"seed-edit": seed_edit, "seed-x": _seed_x, "magicbrush": magicbrush}[source](tmp_path / "in")
    (listing,) = (path for path in folder.rglob("*.json*"))
    _, plain = built(tmp_path / "plain", source, folder)
    words = listing.read_text()
    listing.write_text(words, encoding="utf-8-sig")
    _, marked = built(tmp_path / "marked", source, folder)
    assert marked == plain
    first = words.index("dd a hat")
    listing.write_text(f"{words[:first]}dd \\ud83d hat{words[first + 8 :]}")
    funnel = build(EditsJob(source=source, folder=folder), tmp_path / "half")
    assert "unexpected error" not in {reason for line in funnel.lines for reason, _ in line.reasons}
    with Ledger(ledger_path(tmp_path / "half")) as ledger:
        assert any("half of a character" in drop.detail for drop in ledger.drops())


def _seed_x(folder):
    lines = []
    for k in range(4):
        write(folder / "images" / f"{k}.png", photo(0, k))
        if k:
            edit = {"source_image": f"{k - 1}.png", "target_image": f"{k}.png"}
            lines.append(json.dumps({**edit, "instruction": f"Add {THINGS[k - 1]}."}))
    (folder / "edits.jsonl").write_text("\n".join(lines))
    return folder


def test_edits_that_stand_in_two_folders_of_annotations_are_read_once(tmp_path):
    part = tmp_path / "in" / "auto_editing" / "openimages"
    lines = []
    for number in range(4):
        for key, edits in ((f"{number}-a", 0), (f"{number}-b", 1)):
            write(part / "images" / f"{key}.png", photo(number, edits))
        words = {"instruction": "add a hat"}
        lines.append({"source_image": f"{number}-a.png", "target_image": f"{number}-b.png", **words})
    better = [{**line, "instruction_new": "Put a hat there."} for line in lines[:3]]
    for name, listed in (("annotations", lines), ("annotations_GPT4V", better)):
        (part / name).mkdir()
        (part / name / "split.jsonl").write_text("\n".join(map(json.dumps, listed)))
    funnel, dialogues = built(tmp_path / "out", "seed-x", tmp_path / "in")
    said = Counter(d.truth["instructions"][0] for d in dialogues if d.kind == "edit")
    assert said == {"Put a hat there.": 3, "add a hat": 1}
    assert funnel.num_sources == 5


def _rows(scene, *, form="PNG", turns=(1, 2, 3)):
    """A picture's rows as the hub's Parquet files of MagicBrush have them, each picture packed anew."""

    def packed(edits, form):
        buffer = io.BytesIO()
        photo(scene, edits, width_px=320, height_px=256).to_pil().save(buffer, form, quality=92)
        return {"bytes": buffer.getvalue(), "path": f"{scene}-{edits}.{form.lower()}"}

    return [
        {
            "img_id": str(scene),
            "turn_index": turn,
            "source_img": packed(turn - 1, form),
            "mask_img": None,
            "target_img": packed(turn, "PNG"),
            "instruction": f"add {THINGS[turn - 1]}",
        }
        for turn in turns
    ]


def _chains(dialogues):
    return sorted(len(d.truth["instructions"]) for d in dialogues if d.kind == "edit")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "WEBP"])
def test_magicbrush_links_turns_by_what_is_seen(tmp_path, form):
    rows = [row for scene in range(3) for row in _rows(scene, form=form)]
    (tmp_path / "in").mkdir()
    order = np.random.default_rng(0).permutation(len(rows))
    pq.write_table(pa.Table.from_pylist([rows[k] for k in order[:4]]), tmp_path / "in" / "a.parquet")
    pq.write_table(pa.Table.from_pylist([rows[k] for k in order[4:]]), tmp_path / "in" / "b.parquet")
    funnel, dialogues = built(tmp_path / "out", "magicbrush", tmp_path / "in")
    assert _chains(dialogues) == [3, 3, 3]
    assert funnel.lines[0].reasons == ()


def test_magicbrush_says_which_turns_were_lost(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [*_rows(0, turns=(1, 3)), *_rows(1)]
    for row in rows[2:]:
        row["target_img"] = {"bytes": None, "path": f"there/{row['turn_index']}.png"}
    write(tmp_path / "in" / "there" / "1.png", photo(1, 1, width_px=320, height_px=256))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in" / "a.parquet")
    _funnel, dialogues = built(tmp_path / "out", "magicbrush", tmp_path / "in")
    assert _chains(dialogues) == [1, 1, 1]  # turn 1, turn 3, and the one whose file is there
    with Ledger(ledger_path(tmp_path / "out")) as ledger:
        told = [drop.detail for drop in ledger.drops()]
    assert told[0] == "turn 2: not in the files"
    assert len(told) == 3
    assert "its row holds no bytes; looked for" in told[1]
    assert str(tmp_path / "in" / "there" / "2.png") in told[1]


def test_magicbrush_says_why_a_source_is_not_there(tmp_path):
    (tmp_path / "in").mkdir()
    rows = _rows(0)
    rows[1]["source_img"] = {"bytes": None, "path": None}
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in" / "a.parquet")
    built(tmp_path / "out", "magicbrush", tmp_path / "in")
    with Ledger(ledger_path(tmp_path / "out")) as ledger:
        told = [drop.detail for drop in ledger.drops()]
    assert told[0].endswith("which is not there (its row holds no bytes and names no file)")


def test_a_shuffled_list_of_turns_is_in_order_again(tmp_path):
    folder = magicbrush(tmp_path / "in", num=3)
    sessions = json.loads((folder / "edit_sessions.json").read_text())
    turns = [turn for session in sessions.values() for turn in session]
    np.random.default_rng(1).shuffle(turns)
    (folder / "edit_sessions.json").unlink()
    (folder / "edit_turns.json").write_text(json.dumps(turns))
    _, dialogues = built(tmp_path / "out", "magicbrush", folder)
    assert _chains(dialogues) == [3, 3, 3]


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
