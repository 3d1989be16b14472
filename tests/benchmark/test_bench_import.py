"""Sets of real pictures: folders as the public data sets have them, whole, broken and of other kinds."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from real_sets import THINGS, imported, magicbrush, photo, seed_edit, write

from limner.benchmark.conversation import LookCheck, Own, StateCheck
from limner.benchmark.holding import hold
from limner.benchmark.scoring import Scorer
from limner.benchmark.stored_set import StoredSet
from limner.benchmark.summing import by_family
from limner.benchmark.systems.markov import MarkovSystem
from limner.benchmark.systems.oracle import OracleSystem
from limner.benchmark.systems.protocol import SystemAnswer
from limner.builders.edits.sessions import Session, Step, chain_of
from limner.dialogue.parts import Picture

KINDS = {"step_back", "step_back_and", "from_scratch", "from_scratch_and", "before_or_after", "fork"}
COUNTS = ("once", "two times", "three times", "four times"), ("last edit", "2 edits", "3 edits", "4 edits")
ORDINALS = ("first", "second", "third")


def reaching(one):
    """The rounds that come after the chain of edits."""
    return one.rounds[one.facts["edits"] :]


def reasons(out):
    return [json.loads(line) for line in (out / "dropped.jsonl").read_text().splitlines()]


def by_kind(made):
    return {one.name.rsplit("-", 1)[-1]: one for one in made}


@pytest.mark.parametrize(("source", "write_it"), [("magicbrush", magicbrush), ("seed-edit", seed_edit)])
class TestBothSources:
    def test_each_round_that_reaches_back_has_its_exact_picture(self, tmp_path, source, write_it):
        made = imported(source, write_it(tmp_path / "in", num=1), tmp_path / "out")
        found = by_kind(made)
        assert set(found) == KINDS
        k = found["step_back"].facts["edits"]
        states = [photo(0, i) for i in range(k + 1)]
        for one in found.values():
            assert one.rounds[0].pictures == (states[0],)
            assert [round_.target for round_ in one.rounds[:k]] == states[1:]
            for round_ in reaching(one):
                check = round_.scored.check
                assert check.states[check.right] == check.exact == round_.target
                assert set(check.states) < set(states)
                assert round_.scored.chance == pytest.approx(1 / len(check.states))
                if one.family != "fork_picture":
                    assert round_.after == k - 1
                    assert states[-1] not in check.states  # nobody goes back to where they are
            control = one.rounds[k - 1].scored
            assert control.family == "control_edit"
            assert control.check.states[control.check.right] == states[k]

    def test_every_candidate_is_asked_for_once(self, tmp_path, source, write_it):
        for one in imported(source, write_it(tmp_path / "in", num=1), tmp_path / "out"):
            rights = [round_.scored.check.right for round_ in reaching(one)]
            assert rights == list(range(len(reaching(one)[0].scored.check.states)))
            assert len(rights) > 1

    def test_the_words_mean_the_picture(self, tmp_path, source, write_it):
        folder = write_it(tmp_path / "in", num=1)
        for seed in range(3):
            for kind, one in by_kind(imported(source, folder, tmp_path / f"{seed}", seed=seed)).items():
                k = one.facts["edits"]
                for round_ in reaching(one):
                    right = next(i for i in range(k + 1) if photo(0, i) == round_.target)
                    said = round_.say.casefold()
                    if kind.startswith("step_back"):
                        back = next(n for n in range(4) if any(c[n] in said for c in COUNTS)) + 1
                        assert right == k - back + kind.endswith("_and")
                    elif kind.startswith("from_scratch"):
                        base = next((n for n in range(3) if ORDINALS[n] in said), -1) + 1
                        assert ("i gave" in said or "my own" in said) == (base == 0)
                        assert right == base + kind.endswith("_and")
                    elif kind == "fork":
                        assert right == round_.after
                    else:
                        assert THINGS[right - 1 if "after" in said else right] in said
                    if kind.endswith("_and"):
                        assert THINGS[right - 1] in said

    def test_equal_seeds_give_equal_sets_and_other_seeds_others(self, tmp_path, source, write_it):
        folder = write_it(tmp_path / "in", num=4)
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            imported(source, folder, tmp_path / name, seed=seed, per_session=3)
        one, same, other = ((tmp_path / n / "conversations.jsonl").read_text() for n in "abc")
        assert one == same
        assert one != other

    def test_families_are_kept_even_and_numbers_are_kept_to(self, tmp_path, source, write_it):
        folder = write_it(tmp_path / "in", num=6)
        made = imported(source, folder, tmp_path / "a", per_session=2)
        kinds = [one.name.rsplit("-", 1)[-1] for one in made]
        assert len(kinds) == 12
        assert [kinds.count(kind) for kind in KINDS] == [2] * 6
        assert len(imported(source, folder, tmp_path / "b", num=5, per_session=2)) == 5

    def test_a_stored_set_is_what_was_made(self, tmp_path, source, write_it):
        made = imported(source, write_it(tmp_path / "in", num=1), tmp_path / "out", judged=True)
        again = StoredSet.open(tmp_path / "out")
        assert list(again) == list(made)
        assert again.facts["conversations"] == len(again) == 7
        assert again[-1] == made[6]
        assert again[2:4] == list(made)[2:4]
        assert list(again.first(3)) == list(made)[:3]
        assert again.content_hash != again.first(3).content_hash == again.first(3).content_hash
        with pytest.raises(IndexError, match="holds 7 conversations"):
            again[7]
        assert isinstance(by_kind(again)["looked_at"].rounds[-1].scored.check, LookCheck)

    def test_what_only_a_judge_can_tell_is_asked_of_one(self, tmp_path, source, write_it):
        made = imported(source, write_it(tmp_path / "in", num=1), tmp_path / "out", judged=True)
        k = made[0].facts["edits"]
        found = reaching(by_kind(made)["looked_at"])
        assert len(found) == k - 1
        for state, round_ in enumerate(found):
            (_, base), (done, yes), *undone = round_.scored.check.questions
            assert round_.target is None
            assert (base, yes) == (str(state + 1), "yes")
            assert THINGS[k - 1] in done.casefold()
            assert THINGS[k - 1] in round_.say.casefold()
            assert [answer for _, answer in undone] == ["no"] * (k - 1 - state)
            assert round_.scored.check.pictures == tuple(photo(0, i) for i in range(k))


def held(folder, name, file):
    """A picture as the hub's Parquet files hold it."""
    return {"bytes": (folder / "images" / name / file).read_bytes(), "path": None}


class TestMagicBrush:
    @pytest.mark.parametrize(("edits", "family"), [(2, "instead_of"), (3, "step_back")])
    def test_edits_beside_the_row_are_looked_at_with_their_own_picture(self, tmp_path, edits, family):
        folder = magicbrush(tmp_path / "in", edits=edits, num=1, branch=True)
        made = imported("magicbrush", folder, tmp_path / "out", judged=True)
        round_ = reaching(by_kind(made)["looked_at"])[0]
        assert round_.scored.family == family
        assert round_.target == photo(0, 1, extra=True)
        assert '"Paint the floor black."' in round_.say
        questions = round_.scored.check.questions
        assert [answer for _, answer in questions] == ["2", "yes", *["no"] * (edits - 1)]

    def test_a_flat_list_of_turns_is_the_same(self, tmp_path):
        folder = magicbrush(tmp_path / "in")
        one = list(imported("magicbrush", folder, tmp_path / "a"))
        sessions = json.loads((folder / "edit_sessions.json").read_text())
        (folder / "edit_turns.json").write_text(json.dumps([t for turns in sessions.values() for t in turns]))
        (folder / "edit_sessions.json").unlink()
        assert list(imported("magicbrush", folder, tmp_path / "b")) == one

    def test_parquet_files_of_the_hub_give_the_same_rounds(self, tmp_path):
        folder = magicbrush(tmp_path / "in")
        one = list(imported("magicbrush", folder, tmp_path / "a"))
        rows = [
            {
                "img_id": name,
                "turn_index": k,
                "source_img": {
                    "bytes": (folder / "images" / name / turn["input"]).read_bytes(),
                    "path": None,
                },
                "mask_img": {"bytes": b"", "path": None},
                "instruction": turn["instruction"],
                "target_img": {
                    "bytes": (folder / "images" / name / turn["output"]).read_bytes(),
                    "path": None,
                },
            }
            for name, turns in json.loads((folder / "edit_sessions.json").read_text()).items()
            for k, turn in enumerate(turns, start=1)
        ]
        hub = tmp_path / "hub" / "data"
        hub.mkdir(parents=True)
        for index, part in enumerate((rows[:4], rows[4:])):  # a session goes on in the next file
            pq.write_table(pa.Table.from_pylist(part), hub / f"dev-{index:05d}.parquet")
        (hub / "dev-00009.parquet").write_bytes(b"no parquet")
        other = list(imported("magicbrush", tmp_path / "hub", tmp_path / "b"))
        assert [x.rounds for x in other] == [x.rounds for x in one]
        assert reasons(tmp_path / "b")[0]["name"] == "dev-00009.parquet"

    def test_missing_and_broken_pictures_are_told_and_the_rest_is_used(self, tmp_path):
        folder = magicbrush(tmp_path / "in", num=5, edits=4)
        images = folder / "images"
        (images / "4000" / "4000-output4.png").write_bytes(b"no picture")
        (images / "4001" / "4001-output1.png").unlink()
        (images / "4002" / "4002-input.png").unlink()
        write(images / "4003" / "4003-output3.png", photo(3, 3, width_px=300))
        made = imported("magicbrush", folder, tmp_path / "out")
        assert {(one.name.split("-")[1], one.facts["edits"]) for one in made} == {
            ("4000", 3),
            ("4003", 2),
            ("4004", 4),
        }
        told = {(one["name"], one["part"]): one["reason"] for one in reasons(tmp_path / "out")}
        assert "not a readable picture" in told["magicbrush-4000", "step 4"]
        assert "No such file" in told["magicbrush-4001", "step 1"]
        assert "which is not there" in told["magicbrush-4001", "step 2"]
        assert "No such file" in told["magicbrush-4002", "session"]
        assert "another shape" in told["magicbrush-4003", "step 3"]

    def test_names_cannot_lead_out_of_the_folder(self, tmp_path):
        folder = magicbrush(tmp_path / "in", num=1, edits=2)
        write(tmp_path / "secret.png", photo(9, 0))
        sessions = json.loads((folder / "edit_sessions.json").read_text())
        sessions["../.."] = [dict(sessions["4000"][0], input="../../../secret.png")]
        sessions["4001"] = "nonsense"
        sessions["4002"] = [{"input": 3}]
        (folder / "edit_sessions.json").write_text(json.dumps(sessions))
        made = imported("magicbrush", folder, tmp_path / "out")
        assert {one.name.split("-")[1] for one in made} == {"4000"}
        stored = [Picture.from_file(path) for path in (tmp_path / "out" / "pictures").iterdir()]
        assert photo(9, 0) not in stored


class TestSeedEdit:
    @pytest.mark.parametrize("root", ["data", "images/data", "multi_turn_editing/images", ""])
    def test_pictures_are_found_whatever_their_root_is(self, tmp_path, root):
        assert len(imported("seed-edit", seed_edit(tmp_path / "in", root=root), tmp_path / "out")) == 18

    def test_broken_lines_are_told_and_survived(self, tmp_path):
        folder = seed_edit(tmp_path / "in", num=1)
        file = folder / "multi_turn_editing" / "annotations" / "split_0001.jsonl"
        lines = [
            "{",
            "[]",
            '{"source_image": "a"}',
            '{"source_image": "/etc/passwd", "edit_image_1": "../x"}',
        ]
        file.write_bytes("\n".join([*lines, file.read_text()]).encode() + b"\xff\n")
        assert len(imported("seed-edit", folder, tmp_path / "out")) == 6
        told = [one["reason"] for one in reasons(tmp_path / "out")]
        assert told[:3] == ["it is no JSON", "it has no source_image", told[2]]
        assert "not a record of part 3" in told[2]
        assert told[3].startswith("the picture /etc/passwd is missing (looked for ")
        assert told[4] == "it is no JSON"


class TestRefusals:
    @pytest.mark.parametrize("source", ["magicbrush", "seed-edit"])
    def test_other_folders_are_told_and_nothing_is_left(self, tmp_path, source):
        for folder in (tmp_path / "none", tmp_path):
            with pytest.raises(ValueError, match=r"There is no folder|holds no"):
                imported(source, folder, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_folder_in_use_is_not_touched(self, tmp_path):
        write(tmp_path / "out" / "mine.txt", b"mine")
        with pytest.raises(ValueError, match="is not empty"):
            imported("magicbrush", magicbrush(tmp_path / "in"), tmp_path / "out")

    def test_sessions_that_cannot_be_asked_about_say_why(self, tmp_path):
        folder = magicbrush(tmp_path / "in", num=1, edits=1)
        with pytest.raises(ValueError, match="reaching back needs two"):
            imported("magicbrush", folder, tmp_path / "a")
        folder = magicbrush(tmp_path / "in", num=1, edits=3)
        write(folder / "images" / "4000" / "4000-output2.png", photo(0, 1))
        with pytest.raises(ValueError, match="pictures 1 and 2 look alike"):
            imported("magicbrush", folder, tmp_path / "b")
        folder = magicbrush(tmp_path / "in", num=1, edits=3)
        listing = folder / "edit_sessions.json"
        listing.write_text(listing.read_text().replace("add a dog", "add a hat"))
        with pytest.raises(ValueError, match="says one thing twice"):
            imported("magicbrush", folder, tmp_path / "c")

    def test_an_unfinished_or_changed_set_is_refused(self, tmp_path):
        imported("magicbrush", magicbrush(tmp_path / "in", num=1), tmp_path / "out")
        victim = next((tmp_path / "out" / "pictures").iterdir())
        write(victim, photo(7, 0))
        with pytest.raises(ValueError, match="is not what its name says"):
            list(StoredSet.open(tmp_path / "out"))
        (tmp_path / "out" / "set.json").write_text('{"format": 99}')
        with pytest.raises(ValueError, match="another format"):
            StoredSet.open(tmp_path / "out")
        (tmp_path / "out" / "set.json").unlink()
        with pytest.raises(ValueError, match="no finished set"):
            StoredSet.open(tmp_path / "out")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    return imported("seed-edit", seed_edit(folder / "in", num=2), folder / "out", per_session=6)


class TestScale:
    """The ends of the scale on real pictures, with the same scorer as for the world."""

    def rates(self, system, made):
        scorer = Scorer(judge=None)  # no faces are looked at here
        rows = [row for one in made for row in scorer.rows(one, hold(system, one))]
        found = by_family(rows)
        return {
            family: {m: np.mean([r.value for r in of if r.metric == m]) for m in ("accuracy", "score")}
            for family, of in found.items()
            if family != "overall"
        }

    def test_the_oracle_is_at_the_ceiling(self, made):
        for family, found in self.rates(OracleSystem(), made).items():
            assert found == {"accuracy": 1, "score": 1}, family

    def test_whoever_is_blind_to_the_history_scores_exactly_chance(self, made):
        for system in (MarkovSystem(), Repeating()):
            found = self.rates(system, made)
            found.pop("control_edit")
            assert set(found) == {"step_back", "from_scratch", "before_or_after", "fork_picture"}
            for family, of in found.items():
                assert of["score"] == pytest.approx(0, abs=1e-9), (type(system), family)


class Repeating:
    """Edits without fault and, where it is asked to go back, shows the last picture again."""

    name = "repeating"

    def begin(self, conversation):
        return RepeatingSession(conversation, [])


class RepeatingSession:
    def __init__(self, conversation, line):
        self.conversation, self.line = conversation, line

    def say(self, text, pictures):
        index = self.conversation.round_after(self.line[-1] if self.line else -1, text)
        goes_back = index >= self.conversation.facts["edits"]
        shown = self.conversation.rounds[self.line[-1] if goes_back else index].target
        self.line.append(index)
        return SystemAnswer(text="", picture=shown, id=str(index))

    def fork(self, id):
        return RepeatingSession(self.conversation, list(self.conversation.line_to(int(id))))


def test_the_longest_row_is_found_in_a_tree_of_edits(tmp_path):
    pictures = {key: photo(0, k, extra=extra).to_png() for key, k, extra in TREE}
    steps = [("a", "b"), ("a", "x"), ("b", "c"), ("x", "y"), ("c", "d"), ("q", "z")]
    session = Session(
        name="s",
        steps=tuple(Step(source=one, instruction=f"{one}{other}", target=other) for one, other in steps),
        pictures=pictures,
    )
    chain, dropped = chain_of(session, 512)
    assert chain.states == tuple(photo(0, k) for k in range(4))
    assert chain.instructions == ("ab", "bc", "cd")
    assert [(index, words) for index, words, _ in chain.branches] == [(0, "ax")]
    assert [one.part for one in dropped] == ["step 6"]
    small, _ = chain_of(session, 40)
    assert [(state.width_px, state.height_px) for state in small.states] == [(40, 32)] * 4


TREE = [("a", 0, False), ("b", 1, False), ("c", 2, False), ("d", 3, False), ("x", 0, True), ("y", 1, True)]


def test_own_pictures_keep_their_round_in_a_stored_check():
    from limner.benchmark.stored_set import _packed, _unpacked

    states = StateCheck(states=(Own(round=3), Own(round=0)), right=1).states
    assert _unpacked(json.loads(json.dumps(_packed(states, Path()))), str) == states
