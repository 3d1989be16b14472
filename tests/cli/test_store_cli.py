"""`limner store`: what it prints, what it leaves, and one sentence for every mistake."""

import pytest
from store_rounds import add, conversation

import limner
from limner.cli.main import main
from limner.models.checkpoint import save_model
from limner.store.blobs import digest_of
from limner.store.records import StoredFile, new_id
from limner.store.store import Store


@pytest.fixture
def filled(tmp_path):
    store, of = Store(tmp_path / "store"), conversation("anna", title="The garden")
    first = add(store, of, new=True, number=1)
    add(store, of, first, number=2)
    yield store, of, first
    store.close()


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["store", *map(str, arguments)])
    told = capsys.readouterr()
    return ended.value.code or 0, told.out.strip(), " ".join(told.err.split())


def test_list_and_check_say_what_there_is(filled, capsys):
    store, of, _ = filled
    code, told, _ = run(capsys, "list", store.folder)
    assert (code, told) == (0, f"{of.id}    2  anna  The garden")
    code, told, _ = run(capsys, "check", store.folder)
    assert (code, told) == (0, "1 conversations, 2 rounds, 4 blobs: no problems.")


def test_check_finds_damage_and_sweeps_leftovers(filled, capsys):
    store, _, first = filled
    store.keep.blobs.put(b"left over")
    assert "5 blobs, 1 of them not needed: no problems." in run(capsys, "check", store.folder)[1]
    assert "1 leftovers removed: no problems." in run(capsys, "check", store.folder, "--sweep")[1]
    (store.folder / "blobs" / first.picture[:2] / first.picture).write_bytes(b"damage")
    code, told, _ = run(capsys, "check", store.folder)
    assert code == 1
    assert f"The blob {first.picture} of the store is damaged" in told
    assert "1 problem." in told


def test_a_lost_database_is_told_of_and_nothing_is_swept(filled, capsys):
    store, _, _ = filled
    store.close()
    kept = store.folder.with_name("kept")
    kept.mkdir()
    for file in store.folder.glob("limner.sqlite*"):
        file.rename(kept / file.name)
    for words in (("check",), ("check", "--sweep"), ("list",), ("migrate",)):
        code, told, wrong = run(capsys, words[0], store.folder, *words[1:])
        assert (code, told) == (1, "")
        assert "4 blobs lie in" in wrong
        assert "limner.sqlite is gone; restore it from a backup." in wrong
    Store(store.folder).close()  # a server begins a new one
    code, told, _ = run(capsys, "check", store.folder)
    assert code == 1
    assert "4 of 4 blobs are needed by no row" in told
    assert run(capsys, "check", store.folder, "--sweep")[0] == 2
    assert len(list(store.folder.glob("blobs/*/*"))) == 4
    for file in kept.iterdir():
        file.replace(store.folder / file.name)
    assert run(capsys, "check", store.folder)[1].endswith("4 blobs: no problems.")


def test_delete_asks_first_and_takes_every_kind_of_id(filled, capsys, monkeypatch):
    store, of, first = filled
    monkeypatch.setattr("typer.confirm", lambda question: False)
    assert run(capsys, "delete", store.folder, first.id)[0] == 130
    assert store.round("anna", first.id)
    assert run(capsys, "delete", store.folder, first.id, "--yes") == (0, "", f"{first.id} is deleted")
    assert len(store.tree("anna", of.id)) == 1
    file = StoredFile(
        id=new_id("file"),
        owner="ben",
        name="f",
        purpose="v",
        digest=digest_of(b"f"),
        num_bytes=1,
        created=1.0,
    )
    store.add_own(file, [b"f"])
    assert run(capsys, "delete", store.folder, file.id, "--yes")[0] == 0
    assert run(capsys, "delete", store.folder, of.id, "--yes", "--owner", "anna")[0] == 0
    assert list(store.keep.blobs) == []


def test_export_and_import_round_trip_without_a_server(filled, capsys, tmp_path, tiny_painter):
    save_model(tiny_painter.model, tmp_path / "model")
    painter = limner.load(tmp_path / "model", device="cpu")
    painter = painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=1)
    talk = painter.conversation()
    talk.say("A garden.", picture=True)
    talk.save(tmp_path / "talk")
    store, _, _ = filled
    code, told, _ = run(
        capsys, "import", store.folder, tmp_path / "talk", "--owner", "ben", "--model", tmp_path / "model"
    )
    assert code == 0
    assert store.conversation("ben", told).title == "A garden."
    code, _, said = run(capsys, "export", store.folder, told, "--out", tmp_path / "again")
    assert code == 0
    assert f"{tmp_path}/again" in said.replace(" ", "")
    again = limner.open_conversation(tmp_path / "again", painter)
    assert again.head == talk.head


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "{}/nowhere"], "There is no store at"),
        (
            ["export", "{}/store", "conv_0", "--out", "{}/x"],
            "There is no conversation, round, file or person",
        ),
        (
            ["export", "{}/store", "conv_0", "--out", "{}/x", "--owner", "a"],
            "There is no conversation 'conv_0'",
        ),
        (["import", "{}/store", "{}/nothing"], "There is no conversation at"),
        (["delete", "{}/store", "resp_0", "--yes"], "There is no conversation, round, file or person"),
        (["delete", "{}/store", "x", "--yes", "--owner", "anna"], "not an id"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(filled, capsys, tmp_path, arguments, message):
    code, told, said = run(capsys, *(argument.replace("{}", str(tmp_path)) for argument in arguments))
    assert (code, told) == (2, "")
    assert message in said
    assert said.startswith("limner: ")
    assert not (tmp_path / "nowhere").exists()
    assert len(filled[0].tree("anna", filled[1].id)) == 2
