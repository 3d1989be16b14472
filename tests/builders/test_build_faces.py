"""`limner build faces`: three stages and two augmentations from folders of portraits, whole and broken."""

import json
from collections import Counter

import numpy as np
import pytest
from patch_faces import ADAPTERS, BLUE, GREEN, RED, PatchFaces, people, portrait

from limner.builders.faces import phrases
from limner.builders.faces.framing import largest_square
from limner.builders.faces.identity import by_folder, clustered
from limner.builders.faces.job import FacesJob
from limner.builders.faces.parts import PARTS
from limner.builders.runner.build import build
from limner.dataset.check import check_dataset
from limner.dataset.reader import DatasetReader
from limner.dialogue.parts import Picture

ALL = tuple(PARTS)


def built(out, folder, parts=ALL, **options):
    funnel = build(FacesJob(folder=folder, parts=parts, **{**ADAPTERS, **options}), out)
    assert list(check_dataset(out)) == []
    return funnel, [record.dialogue for record in DatasetReader(out).records()]


def colour_of(picture):
    (face,) = PatchFaces().find_faces(picture.pixels)
    x0, y0, x1, y1 = face.box
    size = picture.height_px
    return picture.pixels[round((y0 + y1) / 2 * size), round((x0 + x1) / 2 * size)].argmax()


def test_every_stage_shows_the_right_pictures(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 3), bob=(GREEN, 2), cy=(BLUE, 1))
    _, dialogues = built(tmp_path / "out", folder)
    kinds = Counter(dialogue.kind for dialogue in dialogues)
    assert kinds == {"copy": 6, "face_to_image": 6, "paired": 5, "text_to_image": 6, "crop": 6}
    for dialogue in dialogues:
        (round_,) = dialogue.rounds
        given, answer, truth = round_.instruction.pictures, round_.response.picture, dialogue.truth
        person = {"ada": 0, "bob": 1, "cy": 2}[truth["person"]]
        assert colour_of(answer) == person
        if dialogue.kind == "text_to_image":
            assert given == ()
        else:
            assert colour_of(given[0]) == person
        if dialogue.kind == "copy":
            assert given == (answer,)
        if dialogue.kind in ("face_to_image", "paired"):
            assert (given[0].pixels[0] == 255).all()
            assert "a person of 64 px." in round_.instruction.text.casefold()
            assert (truth["portrait"] == truth["face_from"]) == (dialogue.kind == "face_to_image")
        if dialogue.kind == "crop":
            assert (answer.pixels[:, 0] == 255).all()
    targets = [d.truth["portrait"] for d in dialogues if d.kind == "paired"]
    assert len(set(targets)) == len(targets)  # each portrait is predicted once from another


def test_broken_portraits_give_reasons_and_the_rest_is_built(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 3), bob=(GREEN, 1), none=(BLUE, 1))
    (folder / "ada" / "1.png").write_bytes(b"no picture")
    (folder / "ada" / "empty.jpg").write_bytes(b"")
    (folder / "ada" / "tiny.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "ada" / "two.png").write_bytes(portrait(RED, GREEN, seed=9).to_png())
    (folder / "ada" / "stray.png").write_bytes(portrait(BLUE, seed=10).to_png())
    (folder / "none" / "0.png").write_bytes(portrait(seed=11).to_png())
    (folder / "ada" / ".hidden.png").write_bytes(b"no picture")
    (folder / "ada" / "notes.md").write_text("no portrait")
    funnel, dialogues = built(tmp_path / "out", folder, parts=("stage1",))
    assert sorted(d.truth["portrait"] for d in dialogues) == ["ada/0.png", "ada/2.png", "bob/0.png"]
    reasons = {reason: num for line in funnel.lines for reason, num in line.reasons}
    assert reasons == {
        "portrait that cannot be read": 3,
        "several faces": 1,
        "no face": 1,
        "another face than the folder's": 1,
    }


def test_small_faces_are_left_out(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 2))
    (folder / "ada" / "0.png").write_bytes(portrait(RED, side_px=30).to_png())
    funnel, dialogues = built(tmp_path / "out", folder, parts=("stage1",), smallest_px=24)
    assert [dialogue.truth["portrait"] for dialogue in dialogues] == ["ada/0.png"]
    assert dict(funnel.lines[0].reasons) == {"small face": 1}


def test_captions_from_beside_the_portraits(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 3))
    (folder / "ada" / "0.txt").write_text("A woman in a red coat\n")
    line = {"image": "ada/1.png", "caption": "Olivia waves from a boat."}
    (folder / "captions.jsonl").write_text(f"not json\n{json.dumps(line)}\n")
    funnel, dialogues = built(tmp_path / "out", folder, parts=("stage2", "stage1"), make_captioner=None)
    assert Counter(d.kind for d in dialogues) == {"face_to_image": 2, "copy": 3}
    told = {d.truth["portrait"]: d.rounds[0].instruction.text for d in dialogues if d.kind != "copy"}
    assert "red coat." in told["ada/0.png"]
    assert "Olivia waves from a boat." in told["ada/1.png"]
    assert dict(funnel.lines[2].reasons) == {"no caption beside the portrait": 1}


def test_captions_of_other_editors(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 2))
    (folder / "ada" / "0.txt").write_text("Ada smiles.", encoding="utf-8-sig")
    listed = [{"image": "ada/1.png", "caption": "Half \ud83d."}]
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, listed)))
    funnel, dialogues = built(tmp_path / "out", folder, parts=("augment1",), make_captioner=None)
    assert [d.truth["caption"] for d in dialogues] == ["Ada smiles."]
    assert dict(funnel.lines[2].reasons) == {"no caption beside the portrait": 1}


def test_persons_are_told_apart_without_folders(tmp_path):
    folder = people(tmp_path / "people", ada=(RED, 4), bob=(GREEN, 3), cy=(BLUE, 2))
    flat = tmp_path / "flat"
    flat.mkdir()
    paths = sorted(folder.rglob("*.png"))
    for index in np.random.default_rng(0).permutation(len(paths)):
        paths[index].rename(flat / f"{index}-{paths[index].parent.name}.png")
    (flat / "broken.png").write_bytes(b"")
    found = clustered(flat, PatchFaces(), tmp_path / "cache.npz", floor=0.9)
    groups = [{path.stem.split("-")[-1] for path in group} for group in found.values()]
    assert sorted(map(sorted, groups)) == [["ada"], ["bob"], ["broken"], ["cy"]]
    again = clustered(flat, Blind(), tmp_path / "cache.npz", floor=0.9)  # all from the cache
    assert again == found
    _, dialogues = built(tmp_path / "out", flat, parts=("stage3",), cluster=tmp_path / "cache.npz")
    assert len(dialogues) == 9
    for dialogue in dialogues:
        names = [dialogue.truth[key].split("-")[-1] for key in ("portrait", "face_from")]
        assert names[0] == names[1]


def test_another_reader_looks_anew_and_a_broken_cache_is_made_again(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 2), bob=(GREEN, 2))
    cache = tmp_path / "cache.npz"
    blind = {**ADAPTERS, "make_faces": Sleepy, "names": {"faces": "sleepy"}}
    funnel = build(FacesJob(folder=folder, parts=("stage3",), cluster=cache, **blind), tmp_path / "out")
    assert funnel.num_kept == 0
    _, dialogues = built(tmp_path / "out", folder, parts=("stage3",), cluster=cache)
    assert len(dialogues) == 4
    cache.write_bytes(cache.read_bytes()[:-30])
    assert len(clustered(folder, PatchFaces(), cache, floor=0.9)) == 2


class Sleepy(PatchFaces):
    def find_faces(self, pixels):
        return ()


class Dazzled(PatchFaces):
    """Cannot read a green face, as readers that look for its landmarks again."""

    def embed(self, crop):
        if crop[crop.shape[0] // 2, crop.shape[0] // 2].argmax() == 1:
            raise ValueError("The landmarks of a face were not found.")
        return super().embed(crop)


def test_a_face_that_cannot_be_read_takes_no_other_portrait_along(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 3), bob=(GREEN, 2))
    (folder / "ada" / "odd.png").write_bytes(portrait(GREEN, seed=9).to_png())
    funnel, dialogues = built(tmp_path / "out", folder, parts=("stage1",), make_faces=Dazzled)
    assert [d.truth["portrait"] for d in dialogues] == [f"ada/{place}.png" for place in range(3)]
    assert dict(funnel.lines[1].reasons) == {"face cannot be read": 3}


class Blind:
    def find_faces(self, pixels):
        raise AssertionError("a known portrait is looked at again")


def test_a_lone_portrait_has_no_pair_and_says_so(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 1), bob=(GREEN, 2))
    funnel, dialogues = built(tmp_path / "out", folder, parts=("stage3",))
    assert {d.truth["person"] for d in dialogues} == {"bob"}
    assert dict(funnel.lines[3].reasons) == {"only one portrait of this person": 1}


def test_killed_between_and_other_options(tmp_path):
    folder = people(tmp_path / "in", ada=(RED, 2))
    built(tmp_path / "out", folder, parts=("stage1",))
    _, dialogues = built(tmp_path / "out", people(tmp_path / "in", bob=(GREEN, 2)), parts=("stage1",))
    assert [d.truth["person"] for d in dialogues] == ["ada", "ada", "bob", "bob"]  # new persons are added
    with pytest.raises(ValueError, match="size_px"):
        built(tmp_path / "out", folder, parts=("stage1",), size_px=64)
    with pytest.raises(ValueError, match="no part 'stage4'"):
        built(tmp_path / "x", folder, parts=("stage4",))
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match="holds no pictures"):
        by_folder(tmp_path / "none")


@pytest.mark.parametrize("box", [(0.0, 0.1, 0.2, 0.6), (0.8, 0.1, 1.0, 0.6), (0.45, 0.0, 0.55, 1.0)])
def test_the_square_holds_the_face(box):
    pixels = np.zeros((60, 200, 3), np.uint8)
    x0, y0, x1, y1 = (round(side * (200 if index % 2 == 0 else 60)) for index, side in enumerate(box))
    pixels[y0:y1, x0:x1] = 255
    square, moved = largest_square(pixels, box)
    assert square.shape == (60, 60, 3)
    x0, y0, x1, y1 = (round(side * 60) for side in moved)
    assert square[y0:y1, x0:x1].all()
    assert square.sum() == pixels.sum()
    with pytest.raises(ValueError, match="more than the picture's 60 px"):
        largest_square(pixels, (0.1, 0.1, 0.9, 0.9))


def test_the_square_holds_the_hair_where_the_photo_has_it():
    pixels = np.zeros((2000, 1000, 3), np.uint8)
    pixels[300:700, 300:700] = 1
    square, moved = largest_square(pixels, (0.3, 0.15, 0.7, 0.35))
    assert moved[1] * 1000 == pytest.approx(240)  # 0.6 of the face above it
    assert square[240:640, 300:700].all()
    square, moved = largest_square(pixels, (0.3, 0.02, 0.7, 0.22))
    assert moved[1] * 1000 == pytest.approx(40)  # all that there is
    square, moved = largest_square(pixels, (0.1, 0.5, 0.9, 0.9))  # a close-up: no room for everything
    assert moved[1] * 1000 == pytest.approx(200)
    assert moved[3] == 1


def test_heads_are_cut_from_the_whole_photo(tmp_path):
    folder = tmp_path / "in" / "ada"
    folder.mkdir(parents=True)
    pixels = np.full((300, 120, 3), 100, np.uint8)
    pixels[60:150, 15:105] = RED  # so large that the square cannot show what is above and below it
    (folder / "0.png").write_bytes(Picture(pixels).to_png())
    _, (dialogue,) = built(tmp_path / "out", tmp_path / "in", parts=("augment2",))
    given, head = dialogue.rounds[0].instruction.pictures[0], dialogue.rounds[0].response.picture
    assert given.height_px == 120
    gray = (np.abs(head.pixels.astype(int) - 100).max(-1) < 6).any(1)
    assert np.flatnonzero(gray)[0] < head.height_px * 0.1  # what lies above and below the face in the photo
    assert np.flatnonzero(gray)[-1] > head.height_px * 0.9
    assert dialogue.truth["scores"]["head"]["at_edge"] < 0.55


def test_captions_stay_english():
    rng = np.random.default_rng(0)
    said = {phrases.face_to_image(rng, "A man on a horse")[0] for _ in range(200)}
    assert "Generate a man on a horse. Please keep the face identical" in said
    said = {phrases.text_to_image(rng, "Olivia and Julian look at a laptop.")[0] for _ in range(200)}
    assert "Generate this: Olivia and Julian look at a laptop." in said
    assert not any("olivia" in one for one in said)
