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
from vault_rounds import add, conversation, picture, round_in

from limner.app.cli import main
from limner.chat.blobs import Blobs
from limner.chat.import_export import export_conversation
from limner.chat.places import FolderPlace
from limner.chat.records import StoreBusy, StoreFull, StoreReadOnly
from limner.chat.vault import Vault
from limner.chat.vault_check import check_vault, sweep
from limner.chat.vault_room import NAME, RESERVE_BYTES, Room


@pytest.fixture
def vault(tmp_path):
    made = Vault(tmp_path / "store")
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


def test_sweeping_is_refused_where_most_blobs_would_go(vault, capsys):
    of = conversation()
    add(vault, of, new=True, number=1, given=[2, 3])
    with vault.alone() as db:
        for table in ("refs", "rounds", "conversations"):
            db.execute(f"DELETE FROM {table}")
    before = sorted(vault.keep.blobs)
    assert len(before) == 4
    for words, code in ((("check",), 1), (("check", "--sweep"), 2)):
        ended, told, said = run(capsys, words[0], vault.folder, *words[1:])
        assert ended == code
        assert "4 of 4 blobs are needed by no row" in told + said
    assert sorted(vault.keep.blobs) == before
    assert run(capsys, "check", vault.folder, "--sweep-most")[0] == 1  # what was found is still told
    assert list(vault.keep.blobs) == []
    assert run(capsys, "check", vault.folder)[0] == 0


def test_sweeping_beside_whole_conversations_goes_on(vault):
    add(vault, conversation(), new=True, number=1)
    lost = vault.keep.blobs.put(b"left by a kill")
    assert check_vault(vault).unneeded == (lost,)
    assert sweep(vault) == 1


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


def test_a_full_disk_takes_nothing_new_and_gives_everything_back(vault, monkeypatch, caplog):
    disk, of = FullDisk(monkeypatch), conversation()
    first = add(vault, of, new=True, number=1)
    assert not vault.is_full
    disk.is_full = True
    stored, blobs = round_in(of, first, number=2)
    for attempt in (
        lambda: vault.add_rounds([stored], blobs),
        lambda: vault.add_conversation(conversation()),
        lambda: vault.change_conversation("anna", of.id, title="New"),
    ):
        with pytest.raises(StoreFull, match="is full"):
            attempt()
    assert vault.is_full
    records = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(records) == 1, "logged once"
    assert f"({errno.ENOSPC})" in records[0].message
    assert vault.blob("anna", first.picture) == picture(1).to_png()
    vault.delete_round("anna", first.id)
    assert vault.tree("anna", of.id) == []
    disk.is_full = False
    time.sleep(1.1)  # the disk is not looked at at every call
    assert not vault.is_full
    add(vault, of, number=3)
    assert check_vault(vault).problems == ()
    assert (vault.folder / NAME).stat().st_size == RESERVE_BYTES


def test_deleting_on_a_full_disk_uses_the_reserve(vault):
    of = conversation()
    first = add(vault, of, new=True, number=1)
    for number in range(2, 12):
        add(vault, of, first, number=number)
    with vault.alone() as db:
        # SQLite's own way to be full: no page more than there are; lifted when the reserve goes.
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    def fill_up():
        for number in range(20, 80):
            add(vault, of, first, number=number, text="words " * 400)

    with pytest.raises(StoreFull) as told:
        fill_up()
    assert told.value.__cause__.sqlite_errorcode == sqlite3.SQLITE_FULL
    assert not vault._database._writer.in_transaction, "the transaction that failed is over"
    vault.delete_conversation("anna", of.id)
    assert list(vault.keep.blobs) == [] or sweep(vault, even_most=True)
    assert vault.conversations("anna") == []


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
    vault, of = Vault(small_disk / "store"), conversation()
    first = add(vault, of, new=True, number=1)
    for number in range(2, 40):
        add(vault, of, first, number=number, text="words " * 300)
    fill(small_disk)
    with pytest.raises(StoreFull):
        add(vault, of, first, number=99)
    assert vault.is_full
    assert len(vault.tree("anna", of.id)) == 39
    vault.close()
    vault = Vault(small_disk / "store")  # a restarted server, or the command line
    assert vault.is_full
    vault.delete_conversation("anna", of.id)
    assert list(vault.keep.blobs) == []
    (small_disk / "ballast").unlink()
    time.sleep(1.1)
    add(vault, conversation(), new=True, number=1)
    assert check_vault(vault).problems == ()
    vault.close()


def test_a_store_on_a_read_only_disk_is_listed_checked_and_exported(
    small_disk, capsys, tmp_path, tiny_painter
):
    folder, of = small_disk / "store", conversation(title="The garden")
    folder.mkdir()
    vault = Vault(folder)
    from limner.chat.conversation_service import ConversationService

    service = ConversationService(
        tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=1), vault
    )
    of = service.ask(owner="anna", text="A garden.", picture=True).result().conversation
    # The log of a killed server counts as well: copy the files before they are closed.
    killed = small_disk / "killed"
    killed.mkdir()
    for name in ("limner.sqlite", "limner.sqlite-wal"):
        (killed / name).write_bytes((folder / name).read_bytes())
    (killed / "blobs").symlink_to(folder / "blobs")
    service.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for store in (folder, killed):
        code, told, said = run(capsys, "list", store)
        assert (code, told) == (0, f"{of} 1 anna A garden.")
        assert "is read-only" in said
        assert run(capsys, "check", store)[1].endswith("no problems.")
        assert run(capsys, "export", store, of, "--out", tmp_path / "out.limner")[0] == 0
        for words in (("delete", store, of, "--yes"), ("check", store, "--sweep")):
            code, _, said = run(capsys, *words)
            assert code == 2
            assert "can only be read" in said or "cannot be written to" in said
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


# Read only


def test_a_vault_that_only_reads_writes_nothing(vault, tiny_painter):
    of = conversation()
    first = add(vault, of, new=True, number=1)
    reader = Vault(vault.folder, read_only=True)
    assert [round_.id for round_ in reader.tree("anna", of.id)] == [first.id]
    second = add(vault, of, first, number=2)
    assert reader.conversation("anna", of.id).head == second.id, "it sees what others write"
    for attempt in (
        lambda: add(reader, of, first, number=3),
        lambda: reader.delete_round("anna", first.id),
        lambda: reader.delete_conversation("anna", of.id),
    ):
        with pytest.raises(StoreReadOnly, match="opened to be read"):
            attempt()
    assert check_vault(reader).problems == ()
    reader.close()
    with pytest.raises(ValueError, match="tokens"):
        export_conversation(vault, "anna", of.id)  # of made-up bytes


# Another process's lock


@pytest.fixture
def locked(vault):
    """The vault while another connection holds the write lock; the lock's end."""
    other = sqlite3.connect(vault.folder / "limner.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield lambda: other.execute("ROLLBACK")
    other.close()


def test_reads_and_opening_do_not_wait_for_another_process(vault, locked, monkeypatch):
    monkeypatch.setattr("limner.chat.vault_schema.WRITE_WAIT_S", 60.0)
    waiting = threading.Thread(target=vault.add_conversation, args=(conversation(),))
    waiting.start()
    time.sleep(0.1)
    assert vault.conversations("anna") == []  # while another thread waits for the lock
    Vault(vault.folder).close()
    assert waiting.is_alive()
    locked()
    waiting.join()
    assert len(vault.conversations("anna")) == 1


def test_a_write_waits_within_a_bound(vault, locked, monkeypatch):
    monkeypatch.setattr("limner.chat.vault_schema.WRITE_WAIT_S", 0.3)
    start = time.monotonic()
    for _ in range(3):
        with pytest.raises(StoreBusy, match="try again"):
            vault.add_conversation(conversation())
    assert time.monotonic() - start < 20
    locked()
    vault.add_conversation(conversation())


def test_deleting_does_not_wait_for_a_reader(vault):
    of = conversation()
    first = add(vault, of, new=True, number=1, text="Nobody may read this again.")
    reader = sqlite3.connect(vault.folder / "limner.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM rounds").fetchone()
    start = time.monotonic()
    vault.delete_round("anna", first.id)
    assert time.monotonic() - start < 20
    log = vault.folder / "limner.sqlite-wal"
    reader.close()
    until = time.monotonic() + 60
    while log.stat().st_size and time.monotonic() < until:
        time.sleep(0.05)
    assert log.stat().st_size == 0, "what was deleted leaves the log once the reader is gone"
    assert b"Nobody may read" not in (vault.folder / "limner.sqlite").read_bytes()
