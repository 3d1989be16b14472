"""A stage trains on crops where the model reads given pictures at any resolution."""

from dataclasses import replace
from pathlib import Path

import torch

from limner.models.checkpoint import save_component, save_manifest
from limner.models.model import build_component
from limner.models.precision import autocast
from limner.models.presets import TINY
from limner.training.recipe_files import load_recipe
from limner.training.run_context import RunContext
from limner.training.stages.language import LanguageTask
from limner.training.stages.vocabulary import make_vocabulary
from limner.training.state import SampleRng

CROPS = replace(TINY, language=replace(TINY.language, crop_positions=True, upload_crops=True))


def test_a_stage_learns_from_crops(tmp_path: Path) -> None:
    torch.manual_seed(0)
    context = RunContext(out=tmp_path, preset=CROPS, device=torch.device("cpu"), workers=1)
    make_vocabulary(context)
    save_manifest(context.model_folder, CROPS, ("regression", "flow"))
    for name in ("vision", "language", "token_head"):
        save_component(context.model_folder, name, build_component(name, CROPS))
    recipe = load_recipe("stage1").recipe("tiny", "lora64")
    task = recipe.build(context)
    assert isinstance(task, LanguageTask)
    source = task._train["copy"]
    packed = source.batch([0, 1])
    given = sum(len(r.instruction.pictures) for i in (0, 1) for r in source.sample_cache.dialogue(i).rounds)
    assert packed.seen_centres_M2 is not None
    assert len(packed.seen_tokens_MKD) >= 2 * given  # a crop at least, and the whole
    with autocast("cpu"):  # as the loop does: the frozen layers are in the hardware's own format
        total, _ = task.loss(SampleRng(seed=0, step=0, micro=0, accumulation=1), 2)
    total.backward()
    places = task.language.patch_pos_embed
    assert places is not None
    assert places.grad is not None
    assert float(places.grad.abs().sum()) > 0
