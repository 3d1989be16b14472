"""Checkpoints of before a network had some part: training goes on from them, and the part begins anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from language_samples import small_tokenizer

from limner.models.mllm import MultimodalLLM
from limner.models.presets import TINY
from limner.models.token_head import build_token_heads
from limner.training.components import read_heads, write_component
from limner.training.language_network import build_language
from limner.training.run_context import RunContext

BEFORE = replace(
    TINY,
    language=replace(TINY.language, copy_width=0, token_skip=False),
    token_head=replace(TINY.token_head, slot_spread=False),
)


def test_a_checkpoint_of_before_leaves_new_parts_as_they_begin(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = RunContext(out=tmp_path, preset=BEFORE, device=torch.device("cpu"))
    language = MultimodalLLM(BEFORE.language, BEFORE.input_resampler)
    heads = build_token_heads(BEFORE)
    small_tokenizer().save(before.model_folder / "tokenizer")
    write_component(before, "language", language)
    write_component(before, "token_head", heads)

    now = RunContext(out=tmp_path, preset=TINY, device=torch.device("cpu"))
    read, read_head = build_language(now, None), read_heads(now, build_token_heads(TINY))
    assert read.copy is not None
    assert read.copy.is_new
    assert read.token_skip is not None
    assert float(read.token_skip.weight.detach().abs().sum()) > 0
    stored = language.state_dict()
    for name, weight in read.state_dict().items():
        if name in stored:
            torch.testing.assert_close(weight, stored[name].bfloat16().float(), atol=0.01, rtol=0.01)
    for name, weight in heads.state_dict().items():
        torch.testing.assert_close(read_head.state_dict()[name], weight, atol=0.01, rtol=0.01)

    write_component(now, "language", read)
    again = build_language(now, None)
    assert again.copy is not None
    torch.testing.assert_close(again.copy.o_proj.weight, read.copy.o_proj.weight, atol=0.01, rtol=0.01)
