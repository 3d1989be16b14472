"""A full disk, another process's lock, a read-only store, a lost database, bytes that rot on disk."""

import contextlib
import errno
import logging
import os
import sqlite3
import subprocess
import threading
import time

import pytest
from store_rounds import add, conversation, picture, round_in

from limner.cli.main import main
from limner.service.import_export import export_conversation
from limner.store.blobs import Blobs
from limner.store.fsck import check_store, sweep
from limner.store.places import FolderPlace
from limner.store.records import StoreBusy, StoreFull, StoreReadOnly
from limner.store.reserve import NAME, RESERVE_BYTES, Room
from limner.store.store import Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    yield made
    made.close()


def run(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["store", *map(str, words)])
    told = capsys.readouterr()
    return ended.value.code or 0, " ".join(told.out.split()), " ".join(told.err.split())


# Bytes that rot


@pytest.mark.parametrize("damage", [b"", b"something else", None])
def test_bytes_that_were_damaged_on_disk_are_whole_after_being_put_again(tmp_path, damage):
    blobs = Blobs(FolderPlace(tmp_path), "blobs")
    digest = blobs.put(b"the bytes")
    path = tmp_path / "blobs" / digest[:2] / digest
    data = b"the_bytes" if damage is None else damage
    path.write_bytes(data)
    assert blobs.put(b"the bytes") == digest
    assert blobs.get(digest) == b"the bytes"


# A lost database


def test_sweeping_is_refused_where_most_blobs_would_go(store, capsys):
    of = conversation()
    add(store, of, new=True, number=1, given=[2, 3])
    with store.alone() as db:
        for table in ("refs", "rounds", "conversations"):
            db.execute(f"DELETE FROM {table}")
    before = sorted(store.keep.blobs)
    assert len(before) == 4
    for words, code in ((("check",), 1), (("check", "--sweep"), 2)):
        ended, told, said = run(capsys, words[0], store.folder, *words[1:])
        assert ended == code
        assert "4 of 4 blobs are needed by no row" in told + said
    assert sorted(store.keep.blobs) == before
    assert run(capsys, "check", store.folder, "--sweep-most")[0] == 1  # what was found is still told
    assert list(store.keep.blobs) == []
    assert run(capsys, "check", store.folder)[0] == 0


def test_sweeping_beside_whole_conversations_goes_on(store):
    add(store, conversation(), new=True, number=1)
    lost = store.keep.blobs.put(b"left by a kill")
    assert check_store(store).unneeded == (lost,)
    assert sweep(store) == 1


# A full disk


class FullDisk:
    """Every write of a blob, and the reserve, fail as on a full disk while `is_full`."""

    def __init__(self, monkeypatch):
        self.is_full = False
        for name in ("fsync", "posix_fallocate"):
            monkeypatch.setattr(os, name, self.failing(getattr(os, name)))

    def failing(self, act):
        def acting(*arguments):
            if self.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return act(*arguments)

        return acting


def test_a_full_disk_takes_nothing_new_and_gives_everything_back(store, monkeypatch, caplog):
    disk, of = FullDisk(monkeypatch), conversation()
    first = add(store, of, new=True, number=1)
    assert not store.is_full
    disk.is_full = True
    stored, blobs = round_in(of, first, number=2)
    for attempt in (
        lambda: store.add_rounds([stored], blobs),
        lambda: store.add_conversation(conversation()),
        lambda: store.change_conversation("anna", of.id, title="New"),
    ):
        with pytest.raises(StoreFull, match="is full"):
            attempt()
    assert store.is_full
    records = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(records) == 1, "logged once"
    assert f"({errno.ENOSPC})" in records[0].message
    assert store.blob("anna", first.picture) == picture(1).to_png()
    store.delete_round("anna", first.id)
    assert store.tree("anna", of.id) == []
    disk.is_full = False
    time.sleep(1.1)  # the disk is not looked at at every call
    assert not store.is_full
    add(store, of, number=3)
    assert check_store(store).problems == ()
    assert (store.folder / NAME).stat().st_size == RESERVE_BYTES


def test_deleting_on_a_full_disk_uses_the_reserve(store):
    of = conversation()
    first = add(store, of, new=True, number=1)
    for number in range(2, 12):
        add(store, of, first, number=number)
    with store.alone() as db:
        # SQLite's own way to be full: no page more than there are; lifted when the reserve goes.
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    def fill_up():
        for number in range(20, 80):
            add(store, of, first, number=number, text="words " * 400)

    with pytest.raises(StoreFull) as told:
        fill_up()
    assert told.value.__cause__.sqlite_errorcode == sqlite3.SQLITE_FULL
    assert not store._database._writer.in_transaction, "the transaction that failed is over"
    store.delete_conversation("anna", of.id)
    assert list(store.keep.blobs) == [] or sweep(store, even_most=True)
    assert store.conversations("anna") == []


def test_what_deletes_is_tried_again_without_the_reserve(tmp_path):
    room = Room(tmp_path)
    room.require()
    assert (tmp_path / NAME).exists()

    def delete():
        if (tmp_path / NAME).exists():
            raise StoreFull("full")
        return "deleted"

    assert room.freeing(delete) == "deleted"
    with pytest.raises(StoreFull):
        room.taking(lambda: "taken")
    time.sleep(1.1)
    assert room.taking(lambda: "taken") == "taken"
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def can_mount(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "limner-test", small], capture_output=True, check=False
    )
    return small if done.returncode == 0 else None


@pytest.fixture
def small_disk(tmp_path):
    if os.name != "posix" or os.geteuid() != 0 or (small := can_mount(tmp_path)) is None:
        pytest.skip("only root can mount a small disk")
    yield small
    subprocess.run(["umount", "-l", small], check=True)


def fill(disk):
    with (disk / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def test_a_disk_without_a_byte_is_read_and_emptied(small_disk, caplog):
    store, of = Store(small_disk / "store"), conversation()
    first = add(store, of, new=True, number=1)
    for number in range(2, 40):
        add(store, of, first, number=number, text="words " * 300)
    fill(small_disk)
    with pytest.raises(StoreFull):
        add(store, of, first, number=99)
    assert store.is_full
    assert len(store.tree("anna", of.id)) == 39
    store.close()
    store = Store(small_disk / "store")  # a restarted server, or the command line
    assert store.is_full
    store.delete_conversation("anna", of.id)
    assert list(store.keep.blobs) == []
    (small_disk / "ballast").unlink()
    time.sleep(1.1)
    add(store, conversation(), new=True, number=1)
    assert check_store(store).problems == ()
    store.close()


def test_a_store_on_a_read_only_disk_is_listed_checked_and_exported(
    small_disk, capsys, tmp_path, tiny_painter
):
    folder, of = small_disk / "store", conversation(title="The garden")
    folder.mkdir()
    store = Store(folder)
    from limner.service.conversation_service import ConversationService, Wish

    service = ConversationService(
        tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=1), store
    )
    of = service.ask(Wish(owner="anna", text="A garden.", picture=True)).result().conversation
    # The log of a killed server counts as well: copy the files before they are closed.
    killed = small_disk / "killed"
    killed.mkdir()
    for name in ("limner.sqlite", "limner.sqlite-wal"):
        (killed / name).write_bytes((folder / name).read_bytes())
    (killed / "blobs").symlink_to(folder / "blobs")
    service.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for place in (folder, killed):
        code, told, said = run(capsys, "list", place)
        assert (code, told) == (0, f"{of} 1 anna A garden.")
        assert "is read-only" in said
        assert run(capsys, "check", place)[1].endswith("no problems.")
        assert run(capsys, "export", place, of, "--out", tmp_path / "out.limner")[0] == 0
        for words in (("delete", place, of, "--yes"), ("check", place, "--sweep")):
            code, _, said = run(capsys, *words)
            assert code == 2
            assert "can only be read" in said or "cannot be written to" in said
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


# Read only


def test_a_store_that_only_reads_writes_nothing(store, tiny_painter):
    of = conversation()
    first = add(store, of, new=True, number=1)
    reader = Store(store.folder, read_only=True)
    assert [round_.id for round_ in reader.tree("anna", of.id)] == [first.id]
    second = add(store, of, first, number=2)
    assert reader.conversation("anna", of.id).head == second.id, "it sees what others write"
    for attempt in (
        lambda: add(reader, of, first, number=3),
        lambda: reader.delete_round("anna", first.id),
        lambda: reader.delete_conversation("anna", of.id),
    ):
        with pytest.raises(StoreReadOnly, match="opened to be read"):
            attempt()
    assert check_store(reader).problems == ()
    reader.close()
    with pytest.raises(ValueError, match="tokens"):
        export_conversation(store, "anna", of.id)  # of made-up bytes


# Another process's lock


@pytest.fixture
def locked(store):
    """The store while another connection holds the write lock; the lock's end."""
    other = sqlite3.connect(store.folder / "limner.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield lambda: other.execute("ROLLBACK")
    other.close()


def test_reads_and_opening_do_not_wait_for_another_process(store, locked, monkeypatch):
    monkeypatch.setattr("limner.store.schema.WRITE_WAIT_S", 60.0)
    waiting = threading.Thread(target=store.add_conversation, args=(conversation(),))
    waiting.start()
    time.sleep(0.1)
    assert store.conversations("anna") == []  # while another thread waits for the lock
    Store(store.folder).close()
    assert waiting.is_alive()
    locked()
    waiting.join()
    assert len(store.conversations("anna")) == 1


def test_a_write_waits_within_a_bound(store, locked, monkeypatch):
    monkeypatch.setattr("limner.store.schema.WRITE_WAIT_S", 0.3)
    start = time.monotonic()
    for _ in range(3):
        with pytest.raises(StoreBusy, match="try again"):
            store.add_conversation(conversation())
    assert time.monotonic() - start < 20
    locked()
    store.add_conversation(conversation())


def test_deleting_does_not_wait_for_a_reader(store):
    of = conversation()
    first = add(store, of, new=True, number=1, text="Nobody may read this again.")
    reader = sqlite3.connect(store.folder / "limner.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM rounds").fetchone()
    start = time.monotonic()
    store.delete_round("anna", first.id)
    assert time.monotonic() - start < 20
    log = store.folder / "limner.sqlite-wal"
    reader.close()
    until = time.monotonic() + 60
    while log.stat().st_size and time.monotonic() < until:
        time.sleep(0.05)
    assert log.stat().st_size == 0, "what was deleted leaves the log once the reader is gone"
    assert b"Nobody may read" not in (store.folder / "limner.sqlite").read_bytes()
