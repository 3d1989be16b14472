"""A round answered while the store cannot be written is held, and given to whoever asks for it again."""

import sqlite3
import time

import pytest
from waiting import until

from limner.service.conversation_service import ConversationService, Wish
from limner.store.fsck import check_store
from limner.store.records import StoreBusy, StoreFull
from limner.store.store import Store


@pytest.fixture
def service(tiny_painter, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.store.schema.WRITE_WAIT_S", 0.3)
    painter = tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=1)
    made = ConversationService(painter, Store(tmp_path / "store"))
    yield made
    made.close()


@pytest.fixture
def lock(service):
    other = sqlite3.connect(service.store.folder / "limner.sqlite", isolation_level=None)
    yield other
    other.close()


def ask(service, text="A garden.", **more):
    return service.ask(Wish(owner="anna", text=text, picture=True, **more))


def test_a_round_that_cannot_be_written_is_not_painted_twice(service, lock):
    first = ask(service).result()
    lock.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    asked = ask(service, "Make it night.", previous=first.id)
    with pytest.raises(StoreBusy):
        asked.result()
    assert time.monotonic() - start < 5
    assert [round_.id for round_ in service.tree("anna", first.conversation)] == [first.id]
    with pytest.raises(StoreBusy):
        ask(service, "Make it night.", previous=first.id).result()  # still locked, and still held
    lock.execute("ROLLBACK")
    until(lambda: not service.engine.stats.num_running)  # a round is counted after it is told
    num_painted = service.engine.stats.num_rounds
    other = ask(service, "Make it day.", previous=first.id).result()
    again = ask(service, "Make it night.", previous=first.id).result()
    assert again.id == asked.id
    assert service.engine.stats.num_rounds == num_painted + 1, "only the other wish was painted"
    assert ask(service, "Make it night.", previous=first.id).result().id not in (again.id, other.id)
    assert check_store(service.store).problems == ()


def test_a_new_conversation_is_held_too_and_others_do_not_get_it(service, lock):
    lock.execute("BEGIN IMMEDIATE")
    asked = ask(service)
    with pytest.raises(StoreBusy):
        asked.result()
    lock.execute("ROLLBACK")
    assert service.ask(Wish(owner="ben", text="A garden.", picture=True)).result().id != asked.id
    found = ask(service).result()
    assert (found.id, found.conversation) == (asked.id, asked.conversation)


def test_on_a_full_disk_nothing_is_painted(service, monkeypatch):
    first = ask(service).result()
    until(lambda: service.engine.stats.num_rounds == 1)  # counted after the result is there
    monkeypatch.setattr("limner.store.store.Store.is_full", True)
    with pytest.raises(StoreFull):
        ask(service, "Make it night.", previous=first.id)
    assert ask(service, "Make it night.", previous=first.id, keep=False).result().kept is False
    monkeypatch.undo()
    until(lambda: service.engine.stats.num_rounds == 2)
