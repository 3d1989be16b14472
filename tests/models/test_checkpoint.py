import json
import shutil
from dataclasses import replace

import pytest
import torch
from language_samples import small_tokenizer
from safetensors.torch import load_file, save_file
from torch import nn

from limner.models.checkpoint import (
    MAX_FILE_BYTES,
    has_component,
    load_component,
    load_manifest,
    load_model,
    read_tensors,
    save_component,
    save_model,
)
from limner.models.model import COMPONENTS, LimnerModel, build_component, build_model
from limner.models.precision import compute_dtype
from limner.models.presets import TINY, Preset


@pytest.fixture(scope="module")
def model() -> LimnerModel:
    torch.manual_seed(0)
    return build_model(TINY, small_tokenizer())


@pytest.mark.parametrize("head_kind", ["flow", "regression"])
def test_a_saved_model_paints_the_same(tmp_path, head_kind: str) -> None:
    torch.manual_seed(0)
    model = build_model(TINY, small_tokenizer(), [head_kind])
    # What is stored is rounded to bfloat16, so round before comparing.
    for network in model.networks().values():
        for tensor in network.state_dict().values():
            if tensor.ndim >= 2 and tensor.is_floating_point():
                tensor.copy_(tensor.bfloat16())
    model.eval()
    save_model(model, tmp_path)
    again = load_model(tmp_path, dtype=torch.float32)
    assert again.head_kinds == (head_kind,)
    assert again.preset == TINY
    assert again.num_parameters == model.num_parameters
    pixels = torch.rand(1, 3, TINY.image_size_px, TINY.image_size_px) * 2 - 1
    with torch.no_grad():
        for one, other in ((model, again), (again, model)):
            tokens = one.image_tokenizer.encode(pixels)
            torch.testing.assert_close(other.image_tokenizer.encode(pixels), tokens)
            hidden = one.language.hidden(one.language.embed_image(tokens))
            torch.testing.assert_close(other.language.hidden(other.language.embed_image(tokens)), hidden)
            drawn = one.token_heads.of_kind().predict(hidden, [3])
            torch.testing.assert_close(other.token_heads.of_kind().predict(hidden, [3]), drawn)
            latents = one.detokenizer.sample(drawn, 2, [3])
            torch.testing.assert_close(other.detokenizer.sample(drawn, 2, [3]), latents)
            torch.testing.assert_close(other.autoencoder.decode(latents), one.autoencoder.decode(latents))


def test_the_folder_has_the_standard_layout(model, tmp_path) -> None:
    (tmp_path / "senses").mkdir()
    (tmp_path / "senses" / "model.safetensors").write_bytes(b"kept")
    save_model(model, tmp_path)
    save_model(model, tmp_path)  # over itself
    assert {path.name for path in tmp_path.iterdir()} == {*COMPONENTS, "tokenizer", "senses", "limner.json"}
    assert (tmp_path / "senses" / "model.safetensors").read_bytes() == b"kept"
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]
    stored = load_file(tmp_path / "language" / "model.safetensors")
    assert stored["llm.lm_head.weight"].dtype == torch.bfloat16
    assert stored["llm.model.norm.weight"].dtype == torch.float32


def test_the_number_format_is_the_hardwares_choice(model, tmp_path) -> None:
    save_model(model, tmp_path)
    assert load_model(tmp_path).dtype == compute_dtype("cpu")
    assert load_model(tmp_path, dtype=torch.bfloat16).dtype == torch.bfloat16


def test_large_components_travel_in_shards(tmp_path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(*(nn.Linear(1024, 1024) for _ in range(20)))
    save_component(tmp_path, "big", network)
    files = sorted((tmp_path / "big").glob("*.safetensors"))
    assert len(files) == 4
    assert all(path.stat().st_size <= MAX_FILE_BYTES for path in files)
    again = load_component(tmp_path, "big", nn.Sequential(*(nn.Linear(1024, 1024) for _ in range(20))))
    torch.testing.assert_close(again[7].weight, network[7].weight.bfloat16().float(), atol=0, rtol=0)
    files[1].unlink()
    with pytest.raises(ValueError, match="model-00002-of-00004"):
        read_tensors(tmp_path / "big")


def test_an_index_cannot_lead_out_of_its_folder(tmp_path) -> None:
    save_file({"weight": torch.zeros(1)}, tmp_path / "outside.safetensors")
    (tmp_path / "part").mkdir()
    index = {"weight_map": {"weight": "../outside.safetensors"}}
    (tmp_path / "part" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match="not beside it"):
        read_tensors(tmp_path / "part")


def test_differences_are_named(model, tmp_path) -> None:
    save_component(tmp_path, "token_head", model.token_heads)
    path = tmp_path / "token_head" / "model.safetensors"
    tensors = load_file(path)
    tensors["surplus"] = tensors.pop("flow.places")
    save_file(tensors, path)
    with pytest.raises(ValueError, match=r"missing flow\.places; unexpected surplus"):
        load_component(tmp_path, "token_head", build_component("token_head", TINY))
    tensors["flow.places"] = tensors.pop("surplus")[:3]
    save_file(tensors, path)
    with pytest.raises(ValueError, match=r"flow.places has shape \(3, 32\), the preset wants \(16, 32\)"):
        load_component(tmp_path, "token_head", build_component("token_head", TINY))
    path.write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="not a readable safetensors file"):
        load_component(tmp_path, "token_head", build_component("token_head", TINY))


def _tied() -> Preset:
    return replace(TINY, language=replace(TINY.language, tie_embeddings=True))


def test_tied_embeddings_are_stored_once(tmp_path) -> None:
    torch.manual_seed(0)
    model = build_model(_tied(), small_tokenizer())
    save_model(model, tmp_path)
    path = tmp_path / "language" / "model.safetensors"
    stored = load_file(path)
    assert model.language.state_dict().keys() - stored.keys() == {"llm.lm_head.weight"}
    twice = tmp_path / "twice"
    shutil.copytree(tmp_path, twice, ignore=shutil.ignore_patterns("twice"))
    save_file(
        {**stored, "llm.lm_head.weight": stored["llm.model.embed_tokens.weight"].clone()},
        twice / "language" / "model.safetensors",
    )
    for folder in (tmp_path, twice):  # folders of old hold both
        llm = load_model(folder, dtype=torch.float32).language.llm
        assert llm.lm_head.weight is llm.model.embed_tokens.weight
        torch.testing.assert_close(
            llm.lm_head.weight.data, stored["llm.model.embed_tokens.weight"].float(), atol=0, rtol=0
        )
        filled = load_component(folder, "language", build_component("language", _tied()))
        assert torch.equal(filled.state_dict()["llm.lm_head.weight"], llm.lm_head.weight)


def test_tied_embeddings_that_differ_or_lack_are_refused(tmp_path) -> None:
    torch.manual_seed(0)
    tied = build_component("language", _tied())
    save_component(tmp_path, "language", build_component("language", TINY))  # both, drawn apart
    with pytest.raises(ValueError, match=r"lm_head.weight and llm.model.embed_tokens.weight differ"):
        load_component(tmp_path, "language", tied)
    save_component(tmp_path, "language", tied)
    with pytest.raises(ValueError, match=r"missing llm.lm_head.weight; unexpected nothing"):
        load_component(tmp_path, "language", build_component("language", TINY))
    path = tmp_path / "language" / "model.safetensors"
    tensors = load_file(path)
    del tensors["llm.model.embed_tokens.weight"]
    save_file(tensors, path)
    with pytest.raises(ValueError, match=r"missing llm.lm_head.weight, llm.model.embed_tokens.weight;"):
        load_component(tmp_path, "language", tied)


def test_components_may_come_one_by_one(model, tmp_path) -> None:
    assert not has_component(tmp_path, "language")
    save_component(tmp_path, "language", model.language)
    assert has_component(tmp_path, "language")
    with pytest.raises(ValueError, match="no limner checkpoint"):
        load_model(tmp_path)
    with pytest.raises(ValueError, match="There are no weights"):
        load_component(tmp_path, "vision", model.image_tokenizer)


def test_a_foreign_version_is_refused(model, tmp_path) -> None:
    save_model(model, tmp_path)
    manifest = json.loads((tmp_path / "limner.json").read_text())
    (tmp_path / "limner.json").write_text(json.dumps({**manifest, "format_version": 99}))
    with pytest.raises(ValueError, match="format version 99"):
        load_manifest(tmp_path)
    (tmp_path / "limner.json").write_text("{")
    with pytest.raises(ValueError, match="not readable JSON"):
        load_manifest(tmp_path)
    with pytest.raises(ValueError, match="no component 'ears'"):
        build_component("ears", TINY)
