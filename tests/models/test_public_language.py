"""Any causal language model as the language half: converted, equal to its own, cached, adapted, split."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from public_language import PUBLIC, write_public
from torch import distributed as dist
from torch.testing._internal.distributed.fake_pg import FakeStore
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

import limner
from limner.cli.main import main
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.models.adapters import LoraSizes, add_adapter, merge_adapter
from limner.models.cache import KeyValueCache
from limner.models.checkpoint import (
    load_component,
    load_manifest,
    load_model,
    read_tensors,
    save_component,
    save_manifest,
)
from limner.models.conversion.language import convert_language
from limner.models.filling import copy_into
from limner.models.footprint import cache_bytes
from limner.models.mllm import MultimodalLLM
from limner.models.model import build_component
from limner.models.packing import loss, pack
from limner.models.presets import TINY
from limner.models.prompt import segments
from limner.models.token_head import RegressionHead
from limner.models.tokenizer import TextTokenizer
from limner.training.language_network import build_language, fill_language
from limner.training.processes import Processes, Whole, split_blocks
from limner.training.run import run_recipe
from limner.training.run_context import RunContext
from limner.training.run_options import RunOptions

LORA = LoraSizes(rank=4, alpha=4, dropout=0.0)
TEMPLATE = {"qwen3": "chatml", "llama3": "llama3", "gemma": "gemma", "gemma3": "gemma"}


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Path:
    """Every public model, and a base checkpoint that draws."""
    place = tmp_path_factory.mktemp("public")
    torch.manual_seed(0)
    save_manifest(place / "base", TINY, ("regression", "flow"))
    for name in ("vision", "detokenizer", "autoencoder"):
        save_component(place / "base", name, build_component(name, TINY))
    for name in PUBLIC:
        write_public(place / "public" / name, name)
        convert_language(
            place / "public" / name, place / name, base=place / "base", matrix_dtype=torch.float32
        )
    return place


def language_of(places: Path, name: str) -> MultimodalLLM:
    preset, _ = load_manifest(places / name)
    made = MultimodalLLM(preset.language, preset.input_resampler)
    return load_component(places / name, "language", made).eval()


@pytest.mark.parametrize("name", PUBLIC)
def test_it_computes_what_the_public_model_computes(places, name) -> None:
    public = AutoModelForCausalLM.from_pretrained(places / "public" / name).eval()
    language = language_of(places, name)
    ids = torch.randint(0, public.config.vocab_size - 5, (2, 40))
    with torch.no_grad():
        expected = public(ids).logits
        found = language.text_logits(language.hidden(language.embed_text(ids)))
    assert language.sizes.vocab_size > public.config.vocab_size - 5
    known = public.config.vocab_size - 5
    torch.testing.assert_close(found[..., :known], expected[..., :known], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", PUBLIC)
def test_one_forward_equals_cached_pieces(places, name) -> None:
    language = language_of(places, name)
    pieces = [
        language.embed_text(torch.randint(0, 300, (1, 9))),
        language.embed_image(torch.randn(1, 16, 16)),
        language.embed_slots(1),
        language.embed_text(torch.randint(0, 300, (1, 1))),
    ]
    cache = KeyValueCache()
    with torch.no_grad():
        whole = language.hidden(torch.cat(pieces, dim=1))
        parts = [language.hidden(piece, cache=cache) for piece in pieces]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-4, rtol=1e-4)
    assert cache.num_bytes == 2 * cache_bytes(language.sizes, cache.length)  # float32, of the keys' own width


@pytest.mark.parametrize("name", PUBLIC)
def test_adapters_train_and_leave_queries_norms_alone(places, name) -> None:
    torch.manual_seed(0)
    language = language_of(places, name)
    add_adapter(language, LORA)
    trained = {n: p for n, p in language.named_parameters() if p.requires_grad}
    assert not any("q_norm" in n or "k_norm" in n for n in trained)
    adapted = {n.split(".lora_A")[0] for n in trained if ".lora_A." in n}
    frozen_matrices = [n for n, p in language.llm.named_parameters() if "layers" in n and p.ndim == 2]
    assert len(adapted) == sum(".base_layer.weight" in n for n in frozen_matrices) or name == "gpt2"
    assert len(adapted) >= 8
    tokenizer = TextTokenizer.load(places / name / "tokenizer")
    picture = Picture(np.zeros((16, 16, 3), np.uint8))
    said = Round(
        instruction=Instruction(text="A close-up of Clara."), response=Response(text="Here.", picture=picture)
    )
    packed = pack([[segments(said, tokenizer)] * 2], {picture.digest: torch.randn(16, 16)}, 16)
    head = RegressionHead(load_manifest(places / name)[0].output_resampler)
    optimizer = torch.optim.Adam(trained.values(), lr=3e-3)
    losses = []
    for _ in range(4):
        value, _ = loss(language, head, packed)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(value.detach()))
    assert losses[-1] < losses[0]
    ids = torch.randint(0, 300, (1, 12))
    with torch.no_grad():
        before = language.text_logits(language.hidden(language.embed_text(ids)))
        merge_adapter(language)
        after = language.text_logits(language.hidden(language.embed_text(ids)))
    torch.testing.assert_close(after, before, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_template_is_the_vocabularys_own(places, name) -> None:
    tokenizer = TextTokenizer.load(places / name / "tokenizer")
    assert tokenizer.template.name == TEMPLATE.get(name, "inst")
    texts = ["a  b", "Clara", " leading", "é日本😀", "<|im_start|>system\n<bos></s><img>[INST]<loc-3>"]
    for text in texts:
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        assert tokenizer.special_ids.isdisjoint(ids)
    shown = tokenizer.backend.decode(
        [*tokenizer.opening_ids, *tokenizer.encode("Hi"), *tokenizer.turning_ids], skip_special_tokens=False
    )
    expected = {
        "chatml": "\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
        "llama3": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "gemma": "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n",
    }
    if tokenizer.template.name in expected:
        assert shown == expected[tokenizer.template.name]
    public = PreTrainedTokenizerFast.from_pretrained(places / "public" / name)
    sample = "A close-up of Clara in a park."
    assert tokenizer.encode(sample) == public.encode(sample, add_special_tokens=False)


@pytest.mark.parametrize("name", ["qwen3", "gemma"])
def test_a_converted_model_chats_and_comes_back(places, name, tmp_path) -> None:
    painter = limner.load(places / name).with_sampling(max_text_tokens=3, pixel_steps=1)
    talk = painter.conversation(seed=1)
    talk.say("A cat.", picture=True)
    reply = talk.say("Another.", picture=True)
    assert reply.image.size == (32, 32)
    model = load_model(places / name, dtype=torch.float32)
    save_component(tmp_path, "language", model.language)
    again = MultimodalLLM(model.preset.language, model.preset.input_resampler)
    load_component(tmp_path, "language", again)
    found, stored = again.state_dict(), model.language.state_dict()
    for key, tensor in stored.items():
        torch.testing.assert_close(found[key].float(), tensor.float(), atol=1e-2, rtol=1e-2)


def test_align_tokens_starts_from_there(places, tmp_path, monkeypatch, pytestconfig) -> None:
    monkeypatch.chdir(pytestconfig.rootpath)
    before = read_tensors(places / "qwen3" / "language")
    for variant in ("frozen", "lora64"):
        options = RunOptions(
            scale="tiny",
            variant=variant,
            steps=2,
            out=tmp_path,
            base=places / "qwen3",
            device="cpu",
            workers=1,
        )
        run_recipe("align_tokens", options)
        if variant == "frozen":
            after = read_tensors(tmp_path / "model" / "language")
            moved = {
                name for name, tensor in after.items() if not torch.equal(tensor, before[name].bfloat16())
            }
            assert "slots" in moved
            assert not any(name.startswith("llm.") and after[name].ndim == 2 for name in moved)
    assert (tmp_path / "model" / "adapter" / "adapter_config.json").is_file()
    assert load_manifest(tmp_path / "model")[0].language.public_config


@pytest.fixture
def team() -> Iterator[Processes]:
    dist.init_process_group("fake", store=FakeStore(), rank=1, world_size=2)
    yield Processes(rank=1, size=2, device=torch.device("cpu"))
    dist.destroy_process_group()


@pytest.mark.parametrize("name", PUBLIC)
def test_two_processes_split_it_layer_by_layer(places, name, team, tmp_path) -> None:
    (tmp_path / "model").symlink_to(places / name)
    preset, _ = load_manifest(places / name)
    context = RunContext(out=tmp_path, preset=preset, device=team.device, processes=team)
    alone = build_language(replace(context, processes=None), LORA)
    assert len(split_blocks(alone)) == preset.language.layers
    split = build_language(context, LORA, later=True)
    Whole(split, team)
    fill_language(context, split)
    for (key, own), whole in zip(split.named_parameters(), alone.parameters(), strict=True):
        expected = torch.empty_like(own)
        copy_into(expected, whole)
        assert torch.equal(own.to_local(), expected.to_local()), key  # type: ignore[attr-defined]


def test_sizes_that_a_window_limits(places) -> None:
    assert load_manifest(places / "gemma3")[0].language.context_tokens == 512
    assert load_manifest(places / "qwen3")[0].language.context_tokens == 1024


def test_what_is_no_language_model_is_told(places, tmp_path, capsys) -> None:
    def told(*words: object) -> str:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        assert ended.value.code == 2
        return " ".join(capsys.readouterr().err.split())

    folder = write_public(tmp_path / "there", "qwen3")
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"qwen3"', '"nothing_known"'))
    assert "no causal language model" in told("convert", "language", folder, tmp_path / "made")
    for kind in ("mamba", "qwen3_next"):  # all of its layers, some of them
        values = AutoConfig.for_model(kind, hidden_size=48, num_hidden_layers=4, vocab_size=400).to_dict()
        (folder / "config.json").write_text(json.dumps(values, default=str))
        assert "instead of attending" in told("convert", "language", folder, tmp_path / "made")
    (folder / "config.json").write_text(config)
    assert "needs" in told("convert", "language", folder, tmp_path / "made", "--template", "gemma")
    assert "at most" in told("convert", "language", folder, tmp_path / "made", "--context", 9999)
    (folder / "tokenizer.json").unlink()
    assert "no tokenizer.json" in told("convert", "language", folder, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_split_blocks_says_when_there_are_none() -> None:
    from transformers import PretrainedConfig, PreTrainedModel

    class Odd(PreTrainedModel):
        config_class = PretrainedConfig

        def __init__(self) -> None:
            super().__init__(PretrainedConfig())
            self.layers = torch.nn.ModuleList(torch.nn.Linear(2, 2) for _ in range(2))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        odd = Odd()
    with pytest.raises(ValueError, match="no layers"):
        split_blocks(odd)
