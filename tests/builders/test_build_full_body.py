"""`limner build full-body`: the personalizer's pictures are kept only where their face is the close-up's."""

import numpy as np
import pytest
from patch_faces import BLUE, GREEN, RED, PatchFaces, portrait

from limner.builders.full_body.job import FullBodyJob
from limner.builders.full_body.prompts import NAME, drawn_prompt, read_prompts
from limner.builders.runner.build import build
from limner.dataset.check import check_dataset
from limner.dataset.reader import DatasetReader
from limner.dataset.writer import DatasetWriter
from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Response, Round
from limner.perception.painters import PaintError


class Patches:
    """Paints the colour of the face that it is given, now and then a wrong one."""

    wrong = 0.0

    def personalize(self, face, prompt, *, size_px, seed):
        assert "{name}" not in prompt
        assert "Ada" not in prompt
        (found,) = PatchFaces().find_faces(face)
        x0, y0, x1, y1 = found.box
        height, width = face.shape[:2]
        colour = face[round((y0 + y1) / 2 * height), round((x0 + x1) / 2 * width)]
        if np.random.default_rng(seed).random() < self.wrong:
            colour = np.array(BLUE)
        return portrait(tuple(colour.tolist()), seed=seed, width_px=size_px, height_px=size_px).pixels


class Refusing:
    def personalize(self, face, prompt, *, size_px, seed):
        raise PaintError("not this one")


class HalfWrong(Patches):
    wrong = 0.5


def named_set(folder, num=4):
    """Two named persons in one picture, then each up close."""
    with DatasetWriter(folder) as writer:
        for seed in range(num):
            both = portrait(RED, GREEN, seed=seed)
            close = [portrait(colour, seed=seed, width_px=64) for colour in (RED, GREEN)]
            rounds = [
                Round(instruction=Instruction(text="Ada and Bob."), response=Response(text="!", picture=both))
            ]
            for name, picture in zip(("Ada", "Bob"), close, strict=True):
                ask = Instruction(text=f"A close-up of {name}.")
                rounds.append(
                    Round(instruction=ask, response=Response(text="!", picture=picture), depends_on=(0,))
                )
            persons = [NamedPerson(name=name, round_index=0) for name in ("Ada", "Bob")]
            writer.write(Dialogue(kind="named", rounds=rounds, persons=persons, truth={"n": seed}))
        lone = Round(instruction=Instruction(text="Ada."), response=Response(text="!", picture=both))
        writer.write(Dialogue(kind="named", rounds=(lone,), truth={}))
        writer.write(Dialogue(kind="edit", rounds=(lone,), truth={}))
    return folder


def built(out, folder, personalizer, **options):
    job = FullBodyJob(
        folder=folder, names={}, make_faces=PatchFaces, make_personalizer=personalizer, size_px=96, **options
    )
    funnel = build(job, out)
    assert list(check_dataset(out)) == []
    return funnel, [record.dialogue for record in DatasetReader(out).records()]


def test_each_person_is_painted_with_the_own_face(tmp_path):
    funnel, dialogues = built(tmp_path / "out", named_set(tmp_path / "in"), Patches)
    assert (funnel.num_sources, funnel.num_kept) == (5, 4)
    for dialogue in dialogues:
        assert dialogue.kind == "full_body"
        assert [round_.depends_on for round_ in dialogue.rounds] == [(), (0,), (0,)]
        assert not dialogue.is_markov
        for name, channel, round_ in zip(("Ada", "Bob"), (0, 1), dialogue.rounds[1:], strict=True):
            (face,) = PatchFaces().find_faces(round_.response.picture.pixels)
            x, y = (round((face.box[k] + face.box[k + 2]) / 2 * 96) for k in (0, 1))
            assert round_.response.picture.pixels[y, x].argmax() == channel
            assert name in round_.instruction.text
        assert min(dialogue.truth["similarities"]) >= PatchFaces.match_floor
    assert dict(funnel.lines[0].reasons) == {"not two persons with a close-up each": 1}


def test_other_faces_are_tried_again_and_then_dropped(tmp_path):
    folder = named_set(tmp_path / "in", num=12)
    once, _ = built(tmp_path / "once", folder, HalfWrong, tries=1)
    often, dialogues = built(tmp_path / "often", folder, HalfWrong, tries=8)
    assert once.num_kept < often.num_kept
    assert dict(once.lines[1].reasons) == {"another face than the close-up's": 12 - once.num_kept}
    for dialogue in dialogues:
        assert min(dialogue.truth["similarities"]) >= PatchFaces.match_floor
    with pytest.raises(ValueError, match="no dialogues of kind 'plain_named'"):
        built(tmp_path / "x", folder, Patches, kind="plain_named")


class Dazzled(PatchFaces):
    def embed(self, crop):
        raise ValueError("The landmarks of a face were not found.")


def test_a_face_that_cannot_be_read_is_none(tmp_path):
    folder = named_set(tmp_path / "in", num=2)
    job = FullBodyJob(folder=folder, names={}, make_faces=Dazzled, make_personalizer=Patches, size_px=96)
    funnel = build(job, tmp_path / "out")
    assert dict(funnel.lines[1].reasons) == {"no face in the close-up": 2}


def test_what_is_refused_is_dropped(tmp_path):
    folder = named_set(tmp_path / "in", num=2)
    job = FullBodyJob(folder=folder, names={}, make_faces=PatchFaces, make_personalizer=Refusing)
    funnel = build(job, tmp_path / "out")
    assert funnel.num_kept == 0
    assert dict(funnel.lines[1].reasons) == {"the personalizer painted nothing": 2}


def test_prompts_vary_and_files_of_them_are_checked(tmp_path):
    drawn = {drawn_prompt(np.random.default_rng(seed)) for seed in range(200)}
    assert len(drawn) > 195
    assert all(one.startswith(NAME) and " a orange" not in one for one in drawn)
    file = tmp_path / "prompts.txt"
    file.write_text("{name} swims.\n\n{name} flies.\n")
    assert read_prompts(file) == ("{name} swims.", "{name} flies.")
    _, dialogues = built(tmp_path / "out", named_set(tmp_path / "in", num=2), Patches, prompts=file)
    said = " ".join(round_.instruction.text for d in dialogues for round_ in d.rounds[1:])
    assert "Ada swims." in said or "Ada flies." in said
    file.write_text("{name} swims.\nnobody\n")
    with pytest.raises(ValueError, match="Line 2"):
        read_prompts(file)
