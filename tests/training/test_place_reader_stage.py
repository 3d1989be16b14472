"""The stage that teaches the look at the whole picture alone: it learns, tells what it reads, and leaves an
encoder that goes on from one without it.
"""

from __future__ import annotations

from pathlib import Path

import torch

from limner.models.checkpoint import read_tensors
from limner.models.presets import PRESETS
from limner.training.run_context import RunContext
from limner.training.stages.place_reader import PlaceReaderStage
from limner.training.state import SampleRng


def test_it_learns_and_leaves_an_encoder(tmp_path: Path) -> None:
    torch.manual_seed(0)
    context = RunContext(out=tmp_path, preset=PRESETS["sketch"], device=torch.device("cpu"))
    task = PlaceReaderStage(kept=4, new=4, ahead=0, held_out=4)(context)
    learned = [weight for weight in task.network.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(learned, lr=1e-3)
    losses = []
    for _ in range(10):
        loss, metrics = task.loss(SampleRng(seed=0, step=0), 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(metrics["token_error"]))
    assert losses[-1] < 0.9 * losses[0]
    told = task.validate()
    assert {"layout", "cut", "mirror", "setting", "style", "zoom"} <= told.keys()
    assert 0.0 <= told["words"] <= 1.0
    task.write()
    stored = read_tensors(tmp_path / "model" / "vision")
    assert stored["vision.place_reader.out.weight"].dtype == torch.int8
