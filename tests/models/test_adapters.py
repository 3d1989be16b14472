"""Adapters: what they train, that merging changes nothing, that peft itself reads the folder, strictness."""

from pathlib import Path

import pytest
import torch
from library_llama import llama_of

from limner.models.adapters import (
    ADAPTER,
    LoraSizes,
    adapter_sizes,
    adapter_tensors,
    add_adapter,
    merge_adapter,
    read_adapter,
    with_adapter,
    write_adapter,
)
from limner.models.causal_lm import last_states
from limner.models.mllm import MultimodalLLM, causal_mask
from limner.models.presets import SKETCH, TINY

SIZES = LoraSizes(rank=4, alpha=8, dropout=0.0)


def _language() -> MultimodalLLM:
    torch.manual_seed(0)
    return MultimodalLLM(TINY.language, TINY.input_resampler).eval()


def _trained() -> MultimodalLLM:
    language = _language()
    add_adapter(language, SIZES)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in language.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn_like(parameter))
    return language.eval()


def _logits(language: MultimodalLLM) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    seen = language.embed_image(torch.randn(1, 16, 16, generator=generator))
    with torch.no_grad():
        ids = torch.arange(9)[None]
        return language.text_logits(language.hidden(torch.cat([language.embed_text(ids), seen], dim=1)))


def test_a_new_adapter_changes_nothing_and_freezes_the_llama() -> None:
    plain, adapted = _language(), _language()
    add_adapter(adapted, SIZES)
    assert torch.equal(_logits(adapted.eval()), _logits(plain))
    trained = {name for name, p in adapted.named_parameters() if p.requires_grad}
    frozen = {name for name, p in adapted.named_parameters() if not p.requires_grad}
    assert {"slots", "input_resampler.query", "llm.lm_head.modules_to_save.default.weight"} <= trained
    assert "llm.model.norm.modules_to_save.default.weight" in trained
    assert all("base_layer" in name or "original_module" in name for name in frozen)
    assert sum("lora_A" in name for name in trained) == 7 * TINY.language.layers


def test_written_read_and_merged_it_answers_the_same(tmp_path: Path) -> None:
    language = _trained()
    expected = _logits(language)
    write_adapter(tmp_path, language, adapter_tensors(language))
    assert adapter_sizes(tmp_path) == SIZES
    fresh = _language()
    add_adapter(fresh, SIZES)
    read_adapter(tmp_path, fresh)
    assert torch.equal(_logits(fresh.eval()), expected)
    used = with_adapter(_language(), tmp_path)
    assert used.state_dict().keys() == _language().state_dict().keys()
    assert isinstance(used, MultimodalLLM)
    torch.testing.assert_close(_logits(used.eval()), expected, atol=1e-5, rtol=1e-5)
    merge_adapter(language)
    torch.testing.assert_close(_logits(language.eval()), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_peft_itself_reads_the_folder(tmp_path: Path) -> None:
    from peft import PeftModel

    language, plain = _trained(), _language()
    write_adapter(tmp_path, language, adapter_tensors(language))
    theirs = PeftModel.from_pretrained(llama_of(TINY.language, plain.llm.state_dict()), str(tmp_path)).eval()
    merge_adapter(language)
    plain.llm.load_state_dict(language.llm.state_dict())  # inside of the LLaMA, which is all that peft knows
    embeds, positions = torch.randn(1, 9, TINY.language.width), torch.arange(9)[None]
    ours = last_states(plain.llm, embeds, positions, causal_mask(9, 0), None)
    found = theirs.get_base_model().model(inputs_embeds=embeds, position_ids=positions).last_hidden_state
    torch.testing.assert_close(found, ours, atol=1e-5, rtol=1e-5)
    plain_states = last_states(_language().llm, embeds, positions, causal_mask(9, 0), None)
    assert float((plain_states - ours).detach().abs().max()) > 0.1


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    language = _trained()
    write_adapter(tmp_path, language, adapter_tensors(language))
    other = _language()
    add_adapter(other, LoraSizes(rank=2, alpha=2))
    with pytest.raises(ValueError, match="has shape"):
        read_adapter(tmp_path, other)
    (tmp_path / "beside.safetensors").unlink()
    with pytest.raises(ValueError, match="lacks beside"):
        with_adapter(_language(), tmp_path)
    with pytest.raises(ValueError, match="already"):
        add_adapter(other, SIZES)
    with pytest.raises(ValueError, match="ties them"):
        add_adapter(MultimodalLLM(SKETCH.language, SKETCH.input_resampler), SIZES)
    assert with_adapter(language, tmp_path / ADAPTER) is language
