"""`limner build edits|faces|questions|full-body` as one types them: sets that are sound, mistakes in one
sentence.
"""

import json

import pytest
from real_sets import photo, seed_edit

from limner.cli.main import main
from limner.dataset.reader import DatasetReader


def run(*words):
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return end.value.code or 0


def test_edits_with_an_editor_of_ones_own_and_questions(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inverting.py").write_text(
        "class Editor:\n    def edit(self, pixels, instruction, *, seed):\n        return 255 - pixels\n"
    )
    folder = seed_edit(tmp_path / "in", num=3)
    words = ("build", "edits", folder, "--out", tmp_path / "edits", "--editor", "inverting:Editor")
    assert run(*words, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["num_sources"] == 3
    kinds = DatasetReader(tmp_path / "edits").kinds()
    assert kinds["edit"] == 3
    assert kinds["rollback"] == 9
    targets = {record.truth.get("target") for record in DatasetReader(tmp_path / "edits").records()}
    assert "editor" in targets
    assert run("dataset", "check", tmp_path / "edits") == 0

    (tmp_path / "one.png").write_bytes(photo(0, 1).to_png())
    (tmp_path / "asked.jsonl").write_text(json.dumps({"image": "one.png", "data": ["What?", "A bar."]}))
    assert run("build", "questions", tmp_path / "asked.jsonl", "--out", tmp_path / "questions") == 0
    assert len(DatasetReader(tmp_path / "questions")) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("edits", "none", "--out", "x"), "There is nothing at none"),
        (("edits", ".", "--out", "x", "--editor", "nobody"), "--editor nobody is not known"),
        (("edits", ".", "--out", "x", "--editor", "nobody:Editor"), "cannot be imported"),
        (("edits", ".", "--out", "x", "--field", "quality"), "no NAME=VALUE"),
        (("faces", ".", "--out", "x", "--parts", "stage9"), "no part 'stage9'"),
        (("faces", ".", "--out", "x"), "holds no pictures"),
        (("full-body", ".", "--out", "x", "--personalizer", "pipeline"), "pipeline=FOLDER"),
        (("questions", "asked.txt", "--out", "x"), "asked.txt"),
    ],
)
def test_mistakes_are_told_in_one_sentence(tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    if words[0] == "edits" and words[1] == ".":
        seed_edit(tmp_path, num=1)
    if words[0] == "full-body":
        from limner.builders.world import KINDS
        from limner.dataset.writer import DatasetWriter

        with DatasetWriter(tmp_path) as writer:
            writer.write(KINDS["plain_named"](0, "train", 64))
        words = (*words, "--kind", "plain_named")
    assert run("build", *words) == 2
    assert told in " ".join(capsys.readouterr().err.split())
