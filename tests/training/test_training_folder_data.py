"""Data sets as the builders write them, trained on with no step between."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from limner.dataset.writer import DatasetWriter
from limner.dialogue.parts import Dialogue, Instruction, Picture, Response, Round
from limner.models.checkpoint import load_manifest, read_tensors, save_component, save_manifest
from limner.models.detokenizer_presets import with_detokenizer
from limner.models.model import build_component
from limner.models.presets import TINY
from limner.training.data_words import read_assignments
from limner.training.folder_data import FolderPictures, folder_dialogues
from limner.training.recipe_files import load_recipe
from limner.training.run import run_recipe
from limner.training.run_context import RunContext
from limner.training.run_options import RunOptions
from limner.training.stages.detokenizer import DetokenizerStage
from limner.training.stages.vocabulary import make_vocabulary


def _picture(number: int, width: int = 40) -> Picture:
    return Picture(np.random.default_rng(number).integers(0, 255, (32, width, 3), dtype=np.uint8))


def _dialogue(number: int) -> Dialogue:
    asked = Instruction(text=f"Copy picture {number}.", pictures=(_picture(number),))
    return Dialogue(
        rounds=(Round(instruction=asked, response=Response(text="Here.", picture=_picture(number))),),
        kind="mine",
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("set")
    with DatasetWriter(place) as writer:
        for number in range(30):
            writer.write(_dialogue(number))
    return place


def test_a_tenth_at_most_is_held_out_and_always_the_same(folder: Path) -> None:
    train, test = (folder_dialogues("copy", folder, split, 100) for split in ("train", "test"))
    assert (len(train), len(test)) == (27, 3)
    assert not set(train.rows) & set(test.rows)
    assert folder_dialogues("copy", folder, "test", 100).rows == test.rows
    assert train.dialogue(0) == _dialogue(train.rows[0])
    assert min(train.lengths) > 500  # two pictures and a painted one again count


def test_pictures_are_squares_each_once(folder: Path) -> None:
    pictures = FolderPictures(data=folder_dialogues("people", folder, "train", 1))
    assert len(pictures) == 29
    rows = pictures.draw(np.random.default_rng(0), 5)
    pixels = pictures.pixels(rows, 32, torch.device("cpu"))
    assert pixels.shape == (5, 3, 32, 32)
    assert float(pixels[:, :, 0].min()) == 1.0  # white above a wide picture


def test_edits_are_pairs_of_a_painted_picture_and_the_one_before_it(tmp_path: Path) -> None:
    given, first, second, other = (_picture(number) for number in range(4))
    asked = Instruction(text="Draw.", pictures=(given,))
    rounds = (
        Round(instruction=asked, response=Response(text="", picture=first)),
        Round(instruction=Instruction(text="Who?"), response=Response(text="Mia.")),
        Round(instruction=Instruction(text="A hat."), response=Response(text="Yes.", picture=second)),
    )
    chain = Dialogue(rounds=rounds, kind="edited")
    drawn = Round(instruction=Instruction(text="Draw."), response=Response(text="", picture=other))
    fresh = Dialogue(rounds=(drawn,), kind="edited")
    with DatasetWriter(tmp_path) as writer:
        for number in range(12):
            writer.write(replace(fresh if number % 2 else chain, truth={"number": number}))
    data = folder_dialogues("edited", tmp_path, "train", 1)
    pictures = FolderPictures(data=data, edits=True)
    chains = sum(len(pairs) > 0 for pairs in data.edits)
    assert len(pictures) == 4 * chains
    found = [digest for _, digest in pictures.places[:4]]
    assert found == [given.digest, first.digest, first.digest, second.digest]
    alone = replace(data, edits=tuple(() for _ in data.edits))
    with pytest.raises(ValueError, match="no edits"):
        FolderPictures(data=alone, edits=True)


def test_a_second_stage_is_widened_and_trained_on_edits(folder: Path, tmp_path: Path) -> None:
    """As at full scale: the checkpoint itself paints with stage 1, and a folder holds the edits."""
    torch.manual_seed(0)
    start = tmp_path / "start"
    stage_one = with_detokenizer(TINY, "unet_stage1")
    context = RunContext(out=tmp_path / "made", preset=stage_one, device=torch.device("cpu"))
    make_vocabulary(context)
    context.model_folder.rename(start)
    save_manifest(start, stage_one, ("regression",))
    for name in ("vision", "autoencoder", "detokenizer"):
        save_component(start, name, build_component(name, stage_one))
    options = RunOptions(scale="tiny", steps=1, out=tmp_path / "run", device="cpu", base=start)
    run_recipe("detokenizer_unet_stage2", replace(options, data=(f"edited={folder}",)))
    made = tmp_path / "run" / "model_unet_stage2"
    assert load_manifest(made)[0].detokenizer.reads_condition
    before = read_tensors(start / "detokenizer")["unet.conv_in.weight"]
    after = read_tensors(made / "detokenizer")["unet.conv_in.weight"]
    assert after.shape[1] == 2 * before.shape[1]
    torch.testing.assert_close(after[:, : before.shape[1]].float(), before.float(), atol=0.01, rtol=0.05)
    with pytest.raises(ValueError, match="paints with a UNet"):
        DetokenizerStage()(replace(context, out=tmp_path / "run", preset=stage_one))


def test_words_of_data_are_checked(folder: Path, tmp_path: Path) -> None:
    assert read_assignments([f"copy={folder}", "named=world"]) == {"copy": folder, "named": None}
    for word, told in (("copy", "NAME=FOLDER"), (f"copy={tmp_path}", "holds no data set")):
        with pytest.raises(ValueError, match=told):
            read_assignments([word])
    with pytest.raises(ValueError, match="twice"):
        read_assignments([f"copy={folder}"] * 2)


def test_a_folder_trains_stage_1_and_the_detokenizer(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    start = tmp_path / "start"
    context = RunContext(out=tmp_path / "made", preset=TINY, device=torch.device("cpu"))
    make_vocabulary(context)
    context.model_folder.rename(start)
    save_manifest(start, TINY, ("regression", "flow"))
    for name in ("vision", "language", "token_head", "autoencoder"):
        save_component(start, name, build_component(name, TINY))
    options = RunOptions(scale="tiny", steps=2, out=tmp_path / "run", device="cpu", base=start)
    numbers = run_recipe(
        "stage1", replace(options, variant="lora64", data=(f"copy={folder}",), micro_batch=2)
    )
    assert all(name.startswith("copy.") for name in numbers)
    assert (tmp_path / "run" / "model" / "adapter" / "adapter_config.json").is_file()
    base = (start / "language" / "model.safetensors").read_bytes()
    assert (tmp_path / "run" / "model" / "language" / "model.safetensors").read_bytes() == base
    numbers = run_recipe("detokenizer_human", replace(options, data=(f"people={folder}",)))
    assert np.isfinite(numbers["psnr_db"])
    with pytest.raises(ValueError, match="no data named faces"):
        run_recipe("stage2", replace(options, data=(f"faces={folder}",)))
    with pytest.raises(ValueError, match="has no variants"):
        run_recipe("detokenizer_natural", replace(options, variant="lora64"))
    assert load_recipe("stage1")
