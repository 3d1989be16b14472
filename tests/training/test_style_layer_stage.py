"""The stage that teaches styles: it learns, tells each style, and leaves a detokenizer that only differs in
them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from limner.models.checkpoint import read_tensors
from limner.models.model import build_detokenizer
from limner.models.presets import PRESETS
from limner.training.components import write_component
from limner.training.run_context import RunContext
from limner.training.stages.style_layer import StyleLayerStage, token_of
from limner.training.state import SampleRng


def test_it_learns_and_leaves_the_rest_of_the_detokenizer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    preset = PRESETS["sketch"]
    former = replace(preset, detokenizer=replace(preset.detokenizer, style=None))
    device = torch.device("cpu")
    write_component(
        RunContext(out=tmp_path, preset=former, device=device), "detokenizer", build_detokenizer(former)
    )
    before = read_tensors(tmp_path / "model" / "detokenizer")
    context = RunContext(out=tmp_path, preset=preset, device=device)
    task = StyleLayerStage(kept=4, new=1, ahead=2, held_out=1)(context)
    optimizer = torch.optim.Adam(task.network.parameters(), lr=1e-3)
    losses = []
    for _ in range(14):
        loss, _ = task.loss(SampleRng(seed=0, step=0), 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
    assert {"styles_db", "pencil_sketch_db", "comic_db", "comic_plain_db"} <= task.validate().keys()
    task.write()
    after = read_tensors(tmp_path / "model" / "detokenizer")
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    torch.testing.assert_close(after["frame.style.plain"].float(), token_of("storybook"), rtol=0, atol=0.02)
