"""The store: owners, trees, deletion, blobs, damage, two processes' worth of databases."""

import random
import sqlite3
import threading
import time

import pytest
from store_rounds import add, conversation, picture, round_in

from limner.store.blobs import Blobs, digest_of
from limner.store.fsck import check_store, sweep
from limner.store.places import FolderPlace
from limner.store.records import NotThere, StoredFile, StoredPerson, StoreFailed, new_id
from limner.store.store import Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    yield made
    made.close()


def tree_of(store, of):
    """first -> (second -> third, other): the shape most tests need."""
    first = add(store, of, new=True, number=1)
    second = add(store, of, first, number=2, text="Add a scarf.")
    other = add(store, of, first, number=3, text="Make it night.")
    third = add(store, of, second, number=4, text="A close-up.")
    return first, second, other, third


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def holds(folder, text):
    return [name for name, path in files_of(folder).items() if text.encode() in path.read_bytes()]


def test_a_tree_comes_back_with_depths_siblings_and_paths(store):
    of = conversation()
    first, second, other, third = tree_of(store, of)
    assert [(round_.id, round_.depth) for round_ in store.path("anna", third.id)] == [
        (first.id, 0),
        (second.id, 1),
        (third.id, 2),
    ]
    assert store.round("anna", second.id).siblings == (second.id, other.id)
    assert [round_.depth for round_ in store.tree("anna", of.id)] == [0, 1, 1, 2]
    assert store.conversation("anna", of.id).head == third.id
    assert store.conversation("anna", of.id).num_rounds == 4
    assert store.conversation("anna", of.id).title == "A garden."
    assert store.conversation("anna", of.id).last_picture == third.picture
    assert store.blob("anna", third.picture) == picture(4).to_png()
    assert check_store(store).problems == ()


def test_it_is_all_there_after_closing(tmp_path):
    of = conversation()
    store = Store(tmp_path)
    rounds = tree_of(store, of)
    store.close()
    again = Store(tmp_path)
    assert [round_.id for round_ in again.tree("anna", of.id)] == [round_.id for round_ in rounds]
    again.close()


@pytest.mark.parametrize(
    "id", ["resp_0", "", "../../etc/passwd", "conv_" + "0" * 32, "resp_" + "0" * 32, None]
)
def test_unknown_ids_are_not_there(store, id):
    with pytest.raises(NotThere, match=r"^There is no round .* deleted\.$"):
        store.round("anna", id)


def test_what_another_owner_has_is_not_there(store):
    of = conversation("anna")
    first, *_ = tree_of(store, of)
    for attempt in (
        lambda: store.round("ben", first.id),
        lambda: store.path("ben", first.id),
        lambda: store.tree("ben", of.id),
        lambda: store.conversation("ben", of.id),
        lambda: store.change_conversation("ben", of.id, title="mine"),
        lambda: store.delete_round("ben", first.id),
        lambda: store.delete_conversation("ben", of.id),
        lambda: store.conversations("ben", after=of.id),
        lambda: store.blob("ben", first.picture),
        lambda: store.add_rounds([round_in(conversation("ben", id=of.id))[0]], round_in(of)[1]),
    ):
        with pytest.raises(NotThere):
            attempt()
    assert store.conversations("ben") == []
    assert store.holders("ben", first.picture) == []
    assert len(store.tree("anna", of.id)) == 4


def test_a_round_cannot_follow_one_of_another_conversation(store):
    here, there = conversation(), conversation()
    first = add(store, here, new=True)
    with pytest.raises(NotThere):
        add(store, there, first, new=True)
    with pytest.raises(NotThere):
        store.conversation("anna", there.id)  # nothing half-done


def test_conversations_are_listed_newest_first_in_pages(store):
    made = [
        store.add_conversation(conversation(created=float(index), title=f"{index}")) for index in range(7)
    ]
    newest = [each.title for each in store.conversations("anna", limit=3)]
    assert newest == ["6", "5", "4"]
    rest = store.conversations("anna", limit=9, after=made[4].id)
    assert [each.title for each in rest] == ["3", "2", "1", "0"]
    assert len(list(store.every_conversation("anna"))) == 7


def test_a_title_can_be_changed_and_metadata_too(store):
    of = store.add_conversation(conversation(title="old"))
    changed = store.change_conversation("anna", of.id, title="new")
    assert (changed.title, changed.metadata) == ("new", {})
    changed = store.change_conversation("anna", of.id, metadata={"a": "b"})
    assert (changed.title, changed.metadata) == ("new", {"a": "b"})


def test_a_deleted_round_leaves_its_children_and_none_of_its_content(store):
    of = conversation()
    first, second, _, third = tree_of(store, of)
    assert holds(store.folder, "Add a scarf.")
    store.delete_round("anna", second.id)
    with pytest.raises(NotThere):
        store.round("anna", second.id)
    with pytest.raises(NotThere):
        store.blob("anna", second.picture)
    assert [round_.id for round_ in store.path("anna", third.id)] == [first.id, third.id]
    assert store.round("anna", third.id).parent == first.id
    assert holds(store.folder, "Add a scarf.") == []
    assert not store.keep.blobs.has(second.picture)
    assert not store.keep.blobs.has(second.state.tokens)
    findings = check_store(store)
    assert findings.problems == ()
    assert findings.unneeded == ()


def test_a_blob_stays_while_anything_needs_it(store):
    of, other = conversation(), conversation("ben")
    first = add(store, of, new=True, number=5)
    twin = add(store, other, new=True, number=5)
    assert first.picture == twin.picture
    store.delete_round("anna", first.id)
    assert store.blob("ben", twin.picture)
    with pytest.raises(NotThere):
        store.blob("anna", twin.picture)
    store.delete_conversation("ben", other.id)
    assert list(store.keep.blobs) == []


def test_a_deleted_conversation_leaves_nothing(store):
    of = conversation()
    rounds = tree_of(store, of)
    assert sorted(store.delete_conversation("anna", of.id)) == sorted(round_.id for round_ in rounds)
    assert store.conversations("anna") == []
    assert list(store.keep.blobs) == []
    for text in ("A garden.", "Add a scarf.", "Make it night."):
        assert holds(store.folder, text) == []
    with pytest.raises(NotThere):
        add(store, of, new=True)  # it does not come back


def test_a_round_whose_parent_was_deleted_meanwhile_follows_the_one_before(store):
    of = conversation()
    first, second, *_ = tree_of(store, of)
    late, blobs = round_in(of, second, number=9)
    store.delete_round("anna", second.id)
    assert store.add_rounds([late], blobs)[0].parent == first.id


def test_a_round_without_its_blobs_is_refused_and_changes_nothing(store):
    of = conversation()
    stored, blobs = round_in(of)
    with pytest.raises(ValueError, match="give its bytes too"):
        store.add_rounds([stored], blobs[:1], new_conversation=of)
    assert store.conversations("anna") == []


def test_files_and_people_are_kept_per_owner(store):
    data = picture(1).to_png()
    file = StoredFile(
        id=new_id("file"), owner="anna", name="a.png", purpose="vision", digest=digest_of(data),
        num_bytes=len(data), created=1.0,
    )  # fmt: skip
    store.add_own(file, [data])
    assert store.own(StoredFile, "anna", file.id) == file
    assert store.all_own(StoredFile, "ben") == []
    with pytest.raises(NotThere):
        store.own(StoredFile, "ben", file.id)
    with pytest.raises(NotThere):
        store.delete_own(StoredFile, "ben", file.id)
    store.delete_own(StoredFile, "anna", file.id)
    assert store.all_own(StoredFile, "anna") == []
    assert list(store.keep.blobs) == []


def test_deleting_a_person_reaches_the_rounds_painted_from_the_face(store):
    of, png = conversation(), picture(7).to_png()
    digest = digest_of(png)
    kind = {"owner": "anna", "created": 1.0}
    person = StoredPerson(id=new_id("person"), name="Mia", picture=digest, file=digest, note="yes", **kind)
    file = StoredFile(id=new_id("file"), name="f", purpose="v", digest=digest, num_bytes=1, **kind)
    store.add_own(file, [png])
    store.add_own(person, [png])
    first = add(store, of, new=True, number=1)
    shown = add(store, of, first, number=2, given=[7])
    after = add(store, of, shown, number=3)
    beside = add(store, of, first, number=4)
    assert set(store.delete_person("anna", person.id)) == {shown.id, after.id}
    assert [round_.id for round_ in store.tree("anna", of.id)] == [first.id, beside.id]
    assert not store.keep.blobs.has(digest)
    assert store.all_own(StoredFile, "anna") == store.all_own(StoredPerson, "anna") == []


# Damage


def test_the_check_finds_what_is_wrong(store):
    of = conversation()
    first, second, other, _ = tree_of(store, of)
    blobs = files_of(store.folder)
    blobs[f"blobs/{first.picture[:2]}/{first.picture}"].write_bytes(b"something else")
    blobs[f"blobs/{second.picture[:2]}/{second.picture}"].unlink()
    with store.alone() as db:
        db.execute(
            "UPDATE rounds SET body = replace(body, 'Make it night.', 'Make it day.') WHERE id = ?",
            (other.id,),
        )
    problems = " ".join(check_store(store).problems)
    assert f"{first.picture} of the store is damaged" in problems
    assert f"lacks the blob {second.picture}" in problems
    assert f"{other.id} is not what its node id says" in problems
    assert len(check_store(store).problems) == 3
    with pytest.raises(ValueError, match="damaged; restore the store from a backup"):
        store.blob("anna", first.picture)


def test_sweeping_removes_only_what_nothing_needs(store):
    of = conversation()
    tree_of(store, of)
    lost = store.keep.blobs.put(b"put, but killed before its row")
    assert check_store(store).unneeded == (lost,)
    assert check_store(store).problems == ()
    assert sweep(store) == 1
    assert check_store(store).unneeded == ()
    assert check_store(store).problems == ()


def test_a_file_in_the_way_a_strange_database_and_another_version_say_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file; a store needs a folder"):
        Store(tmp_path / "file")
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "limner.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreFailed, match="cannot be used"):
        Store(tmp_path / "strange")
    Store(tmp_path / "new").close()
    connection = sqlite3.connect(tmp_path / "new" / "limner.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ValueError, match="has version 99"):
        Store(tmp_path / "new")


def test_unwritten_bytes_never_stand_under_a_final_name(tmp_path, monkeypatch):
    blobs = Blobs(FolderPlace(tmp_path), "blobs")

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        FolderPlace(tmp_path).write("here/a", b"bytes")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(ValueError, match="is not a digest"):
        blobs.get("../limner.sqlite")


# Several processes' worth


def test_two_stores_on_one_folder_see_each_other_at_once(tmp_path):
    one, two, of = Store(tmp_path), Store(tmp_path), conversation()
    first = add(one, of, new=True)
    second = add(two, of, first, number=2)
    assert [round_.id for round_ in one.tree("anna", of.id)] == [first.id, second.id]
    mark = one.gone_since(0)[1]
    two.delete_round("anna", first.id)
    assert one.gone_since(mark)[0] == [(first.id, of.id)]
    one.close()
    two.close()


def test_many_threads_write_at_once_and_nothing_is_lost(tmp_path):
    stores = [Store(tmp_path), Store(tmp_path)]
    of = conversation()
    root = add(stores[0], of, new=True)
    kept: list[str] = []

    def write(store, start):
        for number in range(start, start + 5):
            kept.append(add(store, of, root, number=number).id)

    threads = [threading.Thread(target=write, args=(stores[n % 2], 10 * n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept) == sorted(round_.id for round_ in stores[0].tree("anna", of.id) if round_.parent)
    assert len(kept) == 20
    assert check_store(stores[1]).problems == ()
    for store in stores:
        store.close()


def test_adding_and_deleting_equal_content_at_once_never_loses_a_needed_blob(tmp_path):
    adder, deleter, of = Store(tmp_path), Store(tmp_path), conversation()
    add(adder, of, new=True, number=100)
    done = threading.Event()

    def delete():
        while not done.is_set():
            for round_ in deleter.tree("anna", of.id):
                if round_.seed == 1:
                    deleter.delete_round("anna", round_.id)

    thread = threading.Thread(target=delete)
    thread.start()
    for _ in range(25):
        add(adder, of, number=1)  # the same picture each time
    done.set()
    thread.join()
    findings = check_store(adder)
    assert findings.problems == ()
    adder.close()
    deleter.close()


@pytest.fixture(params=["file", "memory"])
def shared(request, tmp_path):
    if request.param == "file":
        yield f"file://{tmp_path}/shared"
        return
    import fsspec

    name = f"limner-{tmp_path.name}-{time.time_ns()}"
    yield f"memory://{name}"
    fsspec.filesystem("memory").rm(f"/{name}", recursive=True)


@pytest.fixture
def replicas(shared, tmp_path):
    stores = [Store(tmp_path / name, blobs_url=shared) for name in ("one", "two")]
    yield stores
    for store in stores:
        store.close()


def test_a_replica_with_another_database_goes_on_with_a_conversation(replicas):
    one, two = replicas
    of = conversation()
    first, second, other, third = tree_of(one, of)
    assert [round_.id for round_ in two.path("anna", third.id)] == [first.id, second.id, third.id]
    assert two.blob("anna", second.picture) == picture(2).to_png()
    fourth = add(two, of, third, number=8)
    assert one.round("anna", fourth.id).depth == 3
    assert [each.id for each in two.conversations("anna")] == [of.id]
    assert {round_.id for round_ in one.tree("anna", of.id)} == {
        first.id, second.id, other.id, third.id, fourth.id,
    }  # fmt: skip
    one.change_conversation("anna", of.id, title="Renamed")
    one.change_conversation("anna", of.id, favourites=lambda before: (*before, first.id))
    changed = two.conversation("anna", of.id)
    assert (changed.title, changed.favourites) == ("Renamed", (first.id,))
    assert [round_.id for round_ in two.finder.pictures("anna", favourites=True)] == [first.id]
    with pytest.raises(NotThere):
        two.round("ben", first.id)
    for store in replicas:
        assert check_store(store).problems == ()


def test_deletion_reaches_the_other_replica(replicas):
    one, two = replicas
    of = conversation()
    first, second, _, third = tree_of(one, of)
    two.tree("anna", of.id)
    one.delete_round("anna", second.id)
    with pytest.raises(NotThere):
        two.round("anna", second.id)
    assert [round_.id for round_ in two.path("anna", third.id)] == [first.id, third.id]
    assert not two.keep.blobs.has(second.picture)
    late = add(two, of, second, number=9)  # asked before the deletion was known
    assert late.parent == first.id
    assert one.round("anna", late.id).parent == first.id
    two.delete_conversation("anna", of.id)
    with pytest.raises(NotThere):
        one.conversation("anna", of.id)
    assert one.conversations("anna") == []
    with pytest.raises(NotThere):
        add(one, of, first)
    assert list(one.keep.blobs) == []
    for store in replicas:
        assert check_store(store).problems == ()


def test_a_picture_is_found_before_anything_else_was_asked_for(replicas):
    one, two = replicas
    of = conversation()
    first = add(one, of, new=True, number=1)
    with pytest.raises(NotThere):
        two.blob("ben", first.picture)
    assert two.blob("anna", first.picture) == picture(1).to_png()
    one.delete_round("anna", first.id)
    with pytest.raises(NotThere):
        two.blob("anna", first.picture)


def test_a_blob_that_only_the_other_replica_knows_a_need_for_stays(replicas):
    one, two = replicas
    here, there = conversation("anna"), conversation("ben")
    mine = add(one, here, new=True, number=1)
    theirs = add(two, there, new=True, number=1)
    one.delete_round("anna", mine.id)
    assert two.blob("ben", theirs.picture) == picture(1).to_png()
    two.delete_round("ben", theirs.id)
    assert list(two.keep.blobs) == []


def test_files_are_found_and_forgotten_by_the_other_replica(replicas):
    one, two = replicas
    data = b"a file"
    file = StoredFile(
        id=new_id("file"),
        owner="anna",
        name="a",
        purpose="v",
        digest=digest_of(data),
        num_bytes=6,
        created=1.0,
    )
    one.add_own(file, [data])
    assert two.all_own(StoredFile, "anna") == [file]
    assert two.blob("anna", file.digest) == data
    two.delete_own(StoredFile, "anna", file.id)
    assert one.all_own(StoredFile, "anna") == []


def test_where_blobs_lie_is_decided_once(tmp_path):
    Store(tmp_path / "a", blobs_url=f"file://{tmp_path}/shared").close()
    again = Store(tmp_path / "a")
    assert again.blobs_url == f"file://{tmp_path}/shared"
    with pytest.raises(ValueError, match="may be elsewhere"):
        sweep(again)
    again.close()
    with pytest.raises(ValueError, match="keeps its blobs at"):
        Store(tmp_path / "a", blobs_url=f"file://{tmp_path}/other")
    plain = Store(tmp_path / "b")
    add(plain, conversation(), new=True)
    plain.close()
    with pytest.raises(ValueError, match="keeps its blobs in itself"):
        Store(tmp_path / "b", blobs_url=f"file://{tmp_path}/shared")
    with pytest.raises(ValueError, match="cannot be used as a store"):
        Store(tmp_path / "c", blobs_url="nonsense://here")


class PlainTree:
    """What a store must agree with: rounds and their parents in a dictionary."""

    def __init__(self):
        self.parents: dict[str, str | None] = {}

    def delete(self, id):
        before = self.parents.pop(id)
        self.parents = {child: before if parent == id else parent for child, parent in self.parents.items()}


@pytest.mark.parametrize("seed", range(2))
def test_a_random_walk_over_two_replicas_agrees_with_a_plain_tree(replicas, seed):
    chance, plain, of = random.Random(seed), PlainTree(), conversation()
    replicas[0].add_conversation(of)
    for step in range(20):
        store, other = chance.sample(replicas, 2)
        known = sorted(plain.parents)
        if known and chance.random() < 0.35:
            gone = chance.choice(known)
            store.delete_round("anna", gone)
            plain.delete(gone)
        else:
            parent = store.round("anna", chance.choice(known)) if known and chance.random() < 0.8 else None
            added = add(store, of, parent, number=step % 4)
            plain.parents[added.id] = None if parent is None else parent.id
        assert {round_.id: round_.parent for round_ in other.tree("anna", of.id)} == plain.parents
    for store in replicas:
        findings = check_store(store)
        assert findings.problems == findings.unneeded == ()
