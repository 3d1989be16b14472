"""A tiny checkpoint of random weights on disk, whose model always paints; the command line in-process."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from limner.app.cli import main
from limner.chat.generation import read_instruction
from limner.dialogue.parts import Instruction
from limner.models.cache import KeyValueCache
from limner.models.checkpoint import save_model
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer
from limner.perception.face_embedder import FaceEmbedderSizes
from limner.perception.face_finder import FaceFinderSizes
from limner.perception.senses import SensesSizes, WorldSenses
from limner.perception.text_image_score import TextImageScoreSizes
from limner.perception.trait_reader import TraitReaderSizes

SENSES = SensesSizes(
    face_finder=FaceFinderSizes(image_size_px=32, width=8),
    face_embedder=FaceEmbedderSizes(image_size_px=16, widths=(8, 16), dim=16),
    trait_reader=TraitReaderSizes(
        words={"hair": ("red", "blond")}, face_size_px=16, body_size_px=16, widths=(8, 16), dim=16
    ),
    text_image_score=TextImageScoreSizes(
        vocab_size=40, image_size_px=32, widths=(8, 16), text_width=16, text_layers=1, text_heads=2, dim=16
    ),
)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    texts = ["A close-up of Mia.", "The image shows a woman in a garden. She has curly black hair."]
    model = build_model(TINY, train_tokenizer(texts * 4, vocab_size=TINY.language.vocab_size)).eval()
    # Untrained words are noise, and noise seldom says <img>: let every answer begin with it.
    with torch.no_grad():
        hidden = [
            read_instruction(model, KeyValueCache(), Instruction(text=text), encode=None) for text in texts
        ]
        model.language.llm.lm_head.weight.zero_()
        model.language.llm.lm_head.weight[model.tokenizer.image_start_id] = torch.stack(hidden).mean(0)
    folder = tmp_path_factory.mktemp("checkpoint") / "model"
    save_model(model, folder)
    WorldSenses.untrained(SENSES).save(folder / "senses")
    return folder


@pytest.fixture
def limner(capsys, monkeypatch, tmp_path):
    """Run `limner WORDS ...` in an empty folder: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words):
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        told = capsys.readouterr()
        return SimpleNamespace(code=left.value.code or 0, out=told.out, err=told.err)

    return run


@pytest.fixture
def face(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 48, 3), dtype=np.uint8)
    path = tmp_path / "face of a friend.png"
    Image.fromarray(pixels).save(path)
    return path
