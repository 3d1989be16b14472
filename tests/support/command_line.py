"""A tiny checkpoint of random weights on disk, whose model always paints; the command line in-process."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from tiny_run import make_checkpoint

from limner.cli.main import main

__all__ = ["checkpoint", "face", "limner"]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint") / "model")


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
