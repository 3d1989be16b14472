"""Raw material to trained recipes as one types it: what each builder wrote trains, with no step between."""

import json

import pytest
from real_sets import seed_edit

from limner.builders.world import KINDS
from limner.cli.main import main

PAINTER = """
import cv2

class Painter:
    def personalize(self, face, prompt, *, size_px, seed):
        return cv2.resize(face, (size_px, size_px))
"""


def run(*words):
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    assert not end.value.code


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A folder with a set of each builder: films, portraits, edits and questions are its raw material."""
    place = tmp_path_factory.mktemp("raw")
    (place / "mine.py").write_text(PAINTER)
    seed_edit(place / "seed-edit", num=3, edits=2)
    asked = []
    for number in range(3):
        folder = place / "portraits" / f"p{number}"
        folder.mkdir(parents=True)
        (round_,) = KINDS["paired"](number, "train", 128).rounds
        for name, picture in (("a", round_.instruction.pictures[0]), ("b", round_.response.picture)):
            (folder / f"{name}.png").write_bytes(picture.to_png())
            (folder / f"{name}.txt").write_text("A person in the park.")
        asked.append({"image": f"p{number}/a.png", "data": ["Who is it?", "A person."]})
    (place / "portraits" / "asked.json").write_text(json.dumps(asked))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        run("world", "film", "--num", 6, "--seed", 5, "--size", 128, "--out", "films")
        run("build", "video", "films", "--out", "named", "--size", 64)
        run(
            "build",
            "full-body",
            "named",
            "--out",
            "full_body",
            "--personalizer",
            "mine:Painter",
            "--size",
            64,
        )
        run("build", "edits", "seed-edit", "--out", "rollback", "--size", 64)
        for part, kind in (("stage1", "copy"), ("stage3", "paired"), ("augment1,augment2", "augmented")):
            run(
                "build", "faces", "portraits", "--out", kind, "--parts", part, "--size", 64, "--face-size", 64
            )
        run("build", "questions", "portraits/asked.json", "--out", "question", "--size", 64)
    return place


@pytest.mark.parametrize(
    ("recipe", "given"),
    [
        (
            "multi_round",
            {
                "named": "named",
                "full_body": "full_body",
                "rollback": "rollback",
                "text_to_image": "augmented",
                "crop": "augmented",
                "question": "question",
            },
        ),
        ("stage1", {"copy": "copy"}),
        ("stage3", {"paired": "paired", "named": "named"}),
        ("detokenizer_human", {"people": "named"}),
    ],
)
def test_what_builders_wrote_trains(sets, checkpoint, tmp_path, monkeypatch, capsys, recipe, given):
    data = [word for name, folder in given.items() for word in ("--data", f"{name}={sets / folder}")]
    words = ("train", recipe, "--scale", "tiny", "--steps", 2, "--device", "cpu", "--base", checkpoint)
    run(*words, *data, "--out", tmp_path / "run")
    told = capsys.readouterr().out
    if recipe == "multi_round":
        # Whose close-up it is, is measured too where both fit the tiny context.
        assert "named.error_regression" in told
    finished = json.loads((tmp_path / "run" / "stages" / recipe / "finished.json").read_text())
    assert finished["steps"] == 2
