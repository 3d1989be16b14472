"""The stage that teaches the second look alone: it learns, tells what it reads, and leaves an encoder."""

from __future__ import annotations

from pathlib import Path

import torch

from limner.models.checkpoint import read_tensors
from limner.models.presets import PRESETS
from limner.training.run_context import RunContext
from limner.training.stages.face_reader import FaceReaderStage
from limner.training.state import SampleRng


def test_it_learns_and_leaves_an_encoder(tmp_path: Path) -> None:
    torch.manual_seed(0)
    context = RunContext(out=tmp_path, preset=PRESETS["sketch"], device=torch.device("cpu"))
    task = FaceReaderStage(kept=4, new=4, held_out=4)(context)
    learned = [weight for weight in task.network.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(learned, lr=1e-3)
    losses = []
    for _ in range(6):
        loss, metrics = task.loss(SampleRng(seed=0, step=0), 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(metrics["person_error"]))
    assert losses[-1] < 0.9 * losses[0]
    told = task.validate()
    assert 0.0 <= told["words"] <= 1.0
    assert "clear_eye_spacing" in told
    task.write()
    stored = read_tensors(tmp_path / "model" / "vision")
    assert stored["vision.face_reader.out.weight"].dtype == torch.int8
