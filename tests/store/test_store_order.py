"""Clocks order nothing, rows say what they should read like, and stores of earlier versions are opened."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from store_rounds import add, conversation, round_in

from limner.cli.main import main
from limner.store.blobs import digest_of
from limner.store.fsck import check_store
from limner.store.migrations import STEPS, VERSION
from limner.store.records import Damaged, StoredFile, StoredPerson, new_id
from limner.store.store import Store

EARLIER = Path(__file__).parent / "earlier"


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    yield made
    made.close()


def add_at(store, of, parent, created, **more):
    stored, blobs = round_in(of, parent, **more)
    return store.add_rounds([replace(stored, created=created)], blobs)[0]


def test_a_clock_that_was_ahead_or_steps_back_changes_no_order(store):
    of = store.add_conversation(conversation(created=2e9))
    first = add_at(store, of, None, 2e9, number=1)
    second = add_at(store, of, first, 1e9, number=2)
    third = add_at(store, of, first, 5e8, number=3)
    found = store.conversation("anna", of.id)
    assert (found.head, found.last_picture) == (third.id, third.picture)
    assert [round_.id for round_ in store.tree("anna", of.id)] == [first.id, second.id, third.id]
    assert third.siblings == (second.id, third.id)
    assert [each.id for each in store.children("anna", of.id, first.id)] == [second.id, third.id]
    later = store.add_conversation(conversation(created=1.0))
    assert [each.id for each in store.conversations("anna")] == [later.id, of.id]
    assert [each.id for each in store.conversations("anna", after=later.id)] == [of.id]


def test_files_are_listed_as_they_were_added(store):
    ids = []
    for created in (3.0, 2.0, 1.0):
        digest = digest_of(b"f")
        file = StoredFile(
            id=new_id("file"),
            owner="anna",
            name="f",
            purpose="v",
            digest=digest,
            num_bytes=1,
            created=created,
        )
        ids.append(store.add_own(file, [b"f"]).id)
    assert [file.id for file in store.all_own(StoredFile, "anna")] == ids


def test_replicas_whose_clocks_disagree_agree_on_the_order(tmp_path):
    one, two = (Store(tmp_path / name, blobs_url=f"file://{tmp_path}/shared") for name in ("one", "two"))
    of = one.add_conversation(conversation(created=9e9))
    first = add_at(one, of, None, 9e9, number=1)
    second = add_at(two, of, first, 1.0, number=2)
    third = add_at(one, of, second, 5.0, number=3)
    for store in (one, two):
        assert store.conversation("anna", of.id).head == third.id
        assert [round_.id for round_ in store.tree("anna", of.id)] == [first.id, second.id, third.id]
        store.close()


@pytest.mark.parametrize("table", ["rounds", "conversations"])
def test_a_row_that_was_altered_is_not_gone_on_from(store, table):
    of = store.add_conversation(conversation(seed=5))
    first = add(store, of, number=1)
    with store.alone() as db:
        what = ("[1, 2]", "[1, 3]") if table == "rounds" else ('"seed": 5', '"seed": 7')
        db.execute(f"UPDATE {table} SET body = replace(body, ?, ?)", what)
        assert db.execute("SELECT changes()").fetchone() == (1,)
    with pytest.raises(Damaged, match="is not what was written"):
        store.path("anna", first.id) if table == "rounds" else store.conversation("anna", of.id)
    assert len(check_store(store).problems) == 1


def test_a_round_whose_past_is_missing_is_not_gone_on_from(store):
    of = store.add_conversation(conversation())
    first = add(store, of, number=1)
    second = add(store, of, first, number=2)
    with sqlite3.connect(store.folder / "limner.sqlite") as db:
        db.execute("UPDATE rounds SET parent = ? WHERE id = ?", ("resp_" + "0" * 32, second.id))
    db.close()
    for read in (lambda: store.path("anna", second.id), lambda: store.tree("anna", of.id)):
        with pytest.raises(Damaged, match="is missing from the store"):
            read()


# Versions


@pytest.fixture
def earlier(tmp_path):
    return Path(shutil.copytree(EARLIER / "store-1", tmp_path / "earlier"))


def migrate(folder):
    with pytest.raises(SystemExit) as ended:
        main(["store", "migrate", str(folder)])
    return ended.value.code or 0


def test_a_store_of_version_1_is_refused_with_the_command_that_mends_it(earlier):
    before = (earlier / "limner.sqlite").read_bytes()
    for read_only in (False, True):
        with pytest.raises(ValueError, match=rf"has version 1.* limner store migrate {earlier}"):
            Store(earlier, read_only=read_only)
    assert (earlier / "limner.sqlite").read_bytes() == before


def test_a_store_of_version_1_is_brought_up_to_date(earlier, capsys):
    assert migrate(earlier) == 0
    assert f"has version {VERSION}" in " ".join(capsys.readouterr().out.split())
    assert migrate(earlier) == 0  # nothing left to do
    store = Store(earlier)
    assert check_store(store).problems == ()
    ahead, later = "conv_" + "a" * 32, "conv_" + "b" * 32
    ids = [f"resp_{number:032x}" for number in range(1, 8)]
    assert [each.id for each in store.conversations("anna")] == [later, ahead]
    assert [round_.id for round_ in store.tree("anna", ahead)] == [ids[0], ids[1], ids[3]]
    assert store.conversation("anna", ahead).head == ids[3]  # said last, though the clock had stepped back
    assert [round_.text_in for round_ in store.path("anna", ids[4])] == [
        "The image shows Mia.",
        "A close-up of Mia.",
    ]
    assert store.blob("anna", store.round("anna", ids[4]).pictures_in[0]).startswith(b"\x89PNG")
    assert store.all_own(StoredFile, "anna")[0].name == "mia.png"
    assert store.all_own(StoredPerson, "anna")[0].note == "She said yes."
    assert store.conversation("ben", "conv_" + "e" * 32).num_rounds == 1
    add(store, store.conversation("anna", later), store.round("anna", ids[4]), number=8)
    assert store.conversation("anna", later).num_rounds == 3
    assert check_store(store).problems == ()
    store.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(earlier, monkeypatch):
    steps = (*STEPS[:-1], f"{STEPS[-1]}; CREATE TABLE rounds(id TEXT)")
    monkeypatch.setattr("limner.store.migrations.STEPS", steps)
    assert migrate(earlier) == 2
    with sqlite3.connect(earlier / "limner.sqlite") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert "number" not in {row[1] for row in db.execute("PRAGMA table_info(rounds)")}
    db.close()
    monkeypatch.undo()
    assert migrate(earlier) == 0
