"""The stage of the flow head: slots computed once are what the model says, and nothing else learns."""

import numpy as np
import pytest
import torch

from limner.models.checkpoint import save_component, save_manifest
from limner.models.model import build_component
from limner.models.packing import SLOT, packed_hidden
from limner.models.presets import TINY
from limner.models.token_head import RegressionHead, build_token_head
from limner.training.components import frozen_encoder, text_tokenizer
from limner.training.kinds import kind_laid_out
from limner.training.language_network import build_language
from limner.training.recipe_files import load_recipe
from limner.training.run_context import RunContext
from limner.training.slot_cache import slot_cache
from limner.training.stages.flow_head import FlowHeadTask
from limner.training.stages.vocabulary import make_vocabulary
from limner.training.state import SampleRng

DEVICE = torch.device("cpu")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    torch.manual_seed(0)
    context = RunContext(out=tmp_path_factory.mktemp("run"), preset=TINY, device=DEVICE, workers=1)
    make_vocabulary(context)
    save_manifest(context.model_folder, TINY, ("regression", "flow"))
    for name in ("vision", "language", "token_head"):
        save_component(context.model_folder, name, build_component(name, TINY))
    return context


def test_slots_are_what_the_language_model_says_and_are_kept(context: RunContext) -> None:
    language, encoder = build_language(context, None).eval(), frozen_encoder(context)
    source = kind_laid_out(context, text_tokenizer(context), "named", 3, "train", held_out=1)
    folder = context.cache_folder / "slots"
    made = slot_cache(source, language, encoder, folder, DEVICE, most_pictures=100, tokens_in_batch=1)
    pictures = 0
    with torch.no_grad():
        for index in range(3):
            batch = source.batch([index])
            shape = (batch.num_painted, TINY.num_image_tokens, -1)
            expected = packed_hidden(language, batch)[batch.kinds_BN == SLOT].reshape(shape)
            for hidden_KW, tokens_KD in zip(expected, batch.painted_tokens_TKD, strict=True):
                same = np.flatnonzero((np.abs(made.tokens_TKD - tokens_KD.numpy()) < 2e-2).all(axis=(1, 2)))
                assert len(same) >= 1
                near = np.abs(made.hidden_TKW[same] - hidden_KW.numpy()).max(axis=(1, 2))
                assert near.min() < 2e-2
            pictures += batch.num_painted
    assert len(made) == pictures

    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    slot_cache(source, language, encoder, folder, DEVICE, most_pictures=100, tokens_in_batch=1)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    with torch.no_grad():
        next(language.parameters()).add_(0.5)
    other = slot_cache(source, language, encoder, folder, DEVICE, most_pictures=100, tokens_in_batch=1)
    assert len(list(folder.iterdir())) == 2 * len(before)
    assert np.abs(np.asarray(other.hidden_TKW) - made.hidden_TKW).max() > 0.01


def test_every_other_history_is_the_models_own(context: RunContext) -> None:
    language, encoder = build_language(context, None).eval(), frozen_encoder(context)
    head = build_token_head(TINY, "regression")
    assert isinstance(head, RegressionHead)
    source = kind_laid_out(context, text_tokenizer(context), "rollback", 4, "train", held_out=1)
    folder = context.cache_folder / "slots"
    true, own = (
        slot_cache(
            source, language, encoder, folder, DEVICE, most_pictures=999, tokens_in_batch=1, own_history=one
        )
        for one in (None, head)
    )
    assert len(true) == len(own)
    moved_T = np.abs(true.hidden_TKW[:].astype(np.float32) - own.hidden_TKW).max(axis=(1, 2)) > 1e-3
    assert 0 < moved_T.mean() < 1
    assert not moved_T[0]  # nothing stands before a first picture


def test_only_so_many_pictures_are_kept(context: RunContext) -> None:
    language, encoder = build_language(context, None).eval(), frozen_encoder(context)
    source = kind_laid_out(context, text_tokenizer(context), "named", 3, "train", held_out=1)
    folder = context.cache_folder / "slots"
    few = slot_cache(source, language, encoder, folder, DEVICE, most_pictures=1, tokens_in_batch=1)
    assert 1 <= len(few) < 6  # one dialogue, whole


def test_a_kind_that_paints_nothing_is_refused(context: RunContext) -> None:
    language, encoder = build_language(context, None).eval(), frozen_encoder(context)
    source = kind_laid_out(context, text_tokenizer(context), "drill", 2, "train", held_out=1)
    with pytest.raises(ValueError, match="'drill' paints a picture; leave it out"):
        slot_cache(
            source, language, encoder, context.cache_folder, DEVICE, most_pictures=9, tokens_in_batch=99
        )


def test_the_stage_starts_from_a_fitted_guess_and_moves_the_flow_alone(context: RunContext) -> None:
    task = load_recipe("flow_head").recipe("tiny").build(context)
    assert isinstance(task, FlowHeadTask)
    numbers = task.validate()
    assert float(task.heads.flow.guess.weight.detach().abs().sum()) > 0
    # Fitted to few pictures, it must still know more of held-out ones than a regression that never learned.
    assert numbers["error_typical"] < numbers["error_regression"]
    regression = {name: value.clone() for name, value in task.heads.regression.state_dict().items()}
    flow = {name: value.clone() for name, value in task.network.state_dict().items()}
    optimizer = torch.optim.AdamW(task.network.parameters(), lr=1e-2)
    for step in range(2):
        total, _ = task.loss(SampleRng(seed=0, step=step), 4)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    assert all(torch.equal(task.heads.regression.state_dict()[name], v) for name, v in regression.items())
    assert not all(torch.equal(task.network.state_dict()[name], v) for name, v in flow.items())
    assert all(weight.grad is None for weight in task.heads.regression.parameters())
