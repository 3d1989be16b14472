"""Public checkpoints under the names that they are published with: number formats, shards, both kinds of
file, parts from elsewhere, and a hub from which only what is needed is fetched.
"""

import re
import shutil
from pathlib import Path

import pytest
import seed_x_folder as official
import torch
from diffusers import AutoencoderKL, PixArtTransformer2DModel
from huggingface_hub.utils import filter_repo_objects  # type: ignore[attr-defined]

from limner.cli.main import main
from limner.models.checkpoint import read_tensors
from limner.models.conversion.pixart import convert_pixart
from limner.models.conversion.seed_x import convert_seed_x
from limner.models.conversion.source import read_weights
from limner.models.conversion.weight_files import needed

FIRST = Path("seed_detokenizer/first_stage")


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory) -> Path:
    return official.write_pixart(tmp_path_factory.mktemp("pixart"))


@pytest.fixture(scope="module")
def seed_x(tmp_path_factory) -> Path:
    return official.write_seed_x(tmp_path_factory.mktemp("seed_x"))


@pytest.fixture(scope="module")
def plain(pipeline, tmp_path_factory) -> Path:
    return convert_pixart(pipeline, tmp_path_factory.mktemp("made") / "plain", matrix_dtype=torch.float32)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["model.fp16.safetensors", "config.json"], ["model.fp16.safetensors"]),
        (["pytorch_model.bin", "model.fp16.safetensors"], ["pytorch_model.bin"]),
        (["model.fp16.safetensors", "model.safetensors"], ["model.safetensors"]),
        (
            ["diffusion_pytorch_model.non_ema.bin", "diffusion_pytorch_model.bin"],
            ["diffusion_pytorch_model.bin"],
        ),
        (
            [
                "model.safetensors.index.fp16.json",
                "model.fp16-00001-of-00002.safetensors",
                "model.fp16-00002-of-00002.safetensors",
                "model-00001-of-00002.safetensors",
            ],
            [
                "model.safetensors.index.fp16.json",
                "model.fp16-00001-of-00002.safetensors",
                "model.fp16-00002-of-00002.safetensors",
            ],
        ),
        (
            ["pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin", "optimizer.bin"],
            ["pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin"],
        ),
        (["training_args.bin", "README.md"], []),
    ],
)
def test_the_files_that_hold_the_weights(there, expected) -> None:
    assert needed(there) == expected


@pytest.mark.parametrize(
    ("how", "pattern"),
    [
        ({"variant": "fp16"}, "diffusion_pytorch_model.fp16.safetensors"),
        ({"safe_serialization": False}, "diffusion_pytorch_model.bin"),
        ({"variant": "fp16", "safe_serialization": False}, "diffusion_pytorch_model.fp16.bin"),
        ({"max_shard_size": "20KB"}, "diffusion_pytorch_model-0000.-of-0000..safetensors"),
        (
            {"max_shard_size": "20KB", "safe_serialization": False},
            "diffusion_pytorch_model-0000.-of-0000..bin",
        ),
        ({"max_shard_size": "20KB", "variant": "fp16"}, "diffusion_pytorch_model.*fp16.*safetensors"),
    ],
)
def test_every_published_name_is_read(pipeline, plain, tmp_path, how, pattern) -> None:
    for part, kind in (("transformer", PixArtTransformer2DModel), ("vae", AutoencoderKL)):
        kind.from_pretrained(pipeline / part).save_pretrained(tmp_path / "named" / part, **how)
    names = [path.name for path in (tmp_path / "named" / "transformer").iterdir()]
    assert sum(bool(re.fullmatch(pattern, name)) for name in names) >= (2 if "max_shard_size" in how else 1)
    assert "diffusion_pytorch_model.safetensors" not in names
    made = convert_pixart(tmp_path / "named", tmp_path / "made", matrix_dtype=torch.float32)
    for part in ("detokenizer", "autoencoder"):
        expected = read_tensors(plain / part)
        found = read_tensors(made / part)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_the_autoencoder_may_come_from_another_repository(pipeline, plain, tmp_path) -> None:
    alone = Path(shutil.copytree(pipeline / "transformer", tmp_path / "alone"))  # a transformer at the top
    (tmp_path / "bare").mkdir()
    shutil.copytree(pipeline / "transformer", tmp_path / "bare" / "transformer")
    for number, (source, vae) in enumerate(
        ((tmp_path / "bare", pipeline), (alone, pipeline / "vae"), (pipeline, pipeline / "vae"))
    ):
        assert not run(
            "convert", "pixart", source, tmp_path / f"made{number}", "--vae", vae, "--dtype", "float32"
        )
        found, expected = (read_tensors(made / "autoencoder") for made in (tmp_path / f"made{number}", plain))
        assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_what_is_missing_is_told_with_its_remedy(pipeline, tmp_path, capsys) -> None:
    (tmp_path / "bare").mkdir()
    shutil.copytree(pipeline / "transformer", tmp_path / "bare" / "transformer")
    assert run("convert", "pixart", tmp_path / "bare", tmp_path / "made") == 2
    assert "--vae" in capsys.readouterr().err
    (tmp_path / "original").mkdir()
    original = tmp_path / "original" / "PixArt-Sigma-XL-2-1024-MS.pth"
    torch.save({"x_embedder.proj.bias": torch.zeros(2)}, original)
    for source in (original, original.parent):
        assert run("convert", "pixart", source, tmp_path / "made") == 2
        assert "convert it with diffusers' script" in " ".join(capsys.readouterr().err.split())
    assert run("convert", "pixart", pipeline, tmp_path / "made", "--revision", "main") == 2
    assert "no revision" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "made").exists()


def test_a_detokenizer_of_what_was_trained_on_top(seed_x, tmp_path, capsys) -> None:
    """SEED-X trains the resampler, and of SDXL's UNet what reads it."""
    source = Path(shutil.copytree(seed_x, tmp_path / "source"))
    shutil.rmtree(source / "seed_detokenizer" / "second_stage")
    whole = official.load(source / FIRST / "pytorch_model.bin")
    sdxl = read_weights(source / "stable-diffusion-xl-base-1.0" / "unet")
    read_by = ("attn2.to_k", "attn2.to_v", "resampler.")
    trained = {name: tensor for name, tensor in whole.items() if any(part in name for part in read_by)}
    official.save(trained, source / FIRST / "pytorch_model.bin")
    made = read_tensors(convert_seed_x(source, tmp_path / "made", matrix_dtype=torch.float32) / "detokenizer")
    for name, tensor in made.items():
        if name in trained:
            assert torch.equal(tensor, trained[name]), name
        elif name.startswith("unet."):
            assert torch.equal(tensor, sdxl[name.removeprefix("unet.")]), name
    # What one block has, all must have: SDXL's must not fill a hole.
    gone = next(name for name in trained if name.startswith("unet.mid_block"))
    official.save({n: t for n, t in trained.items() if n != gone}, source / FIRST / "pytorch_model.bin")
    assert run("convert", "seed-x", source, tmp_path / "again") == 2
    assert f"missing    {gone}" in capsys.readouterr().err


def test_seed_x_under_other_names(seed_x, tmp_path) -> None:
    from safetensors.torch import save_file

    source = Path(shutil.copytree(seed_x, tmp_path / "source"))
    for folder in ("seed_x_i/agent", FIRST, "seed_detokenizer/second_stage"):
        old = source / folder / "pytorch_model.bin"
        save_file(official.load(old), source / folder / "model.fp16.safetensors")
        old.unlink()
    encoder = source / "QwenViT" / "qwen_vit_G.pt"
    save_file(official.load(encoder), source / "QwenViT" / "model.safetensors")
    encoder.unlink()
    made, expected = (
        convert_seed_x(folder, tmp_path / name, matrix_dtype=torch.float32)
        for folder, name in ((source, "made"), (seed_x, "plain"))
    )
    for part in ("language", "vision", "detokenizer"):
        found = read_tensors(made / part)
        assert all(torch.equal(found[name], t) for name, t in read_tensors(expected / part).items())


class Hub:
    """A hub that has one repository, a folder here; what is fetched from it lies in another."""

    def __init__(self, repository: Path, cache: Path) -> None:
        self.repository, self.cache, self.revisions = repository, cache, set()

    def list_repo_files(self, repo_id, *, revision=None):
        self.revisions.add(revision)
        files = (path for path in self.repository.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.repository)) for path in files)

    def snapshot_download(self, repo_id, *, revision=None, allow_patterns=None):
        self.revisions.add(revision)
        for name in filter_repo_objects(self.list_repo_files(repo_id), allow_patterns=allow_patterns):
            target = self.cache / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.repository / name, target)
        return str(self.cache)

    def hf_hub_download(self, repo_id, filename, *, revision=None):
        return str(self.repository / filename)

    @property
    def fetched(self) -> set[str]:
        return {str(path.relative_to(self.cache)) for path in self.cache.rglob("*") if path.is_file()}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    def of(repository: Path) -> Hub:
        made = Hub(repository, tmp_path / "cache")
        for name in ("list_repo_files", "snapshot_download", "hf_hub_download"):
            monkeypatch.setattr(f"huggingface_hub.{name}", getattr(made, name))
        return made

    return of


def test_a_hub_gives_only_what_is_needed(pipeline, tmp_path, hub) -> None:
    whole = Path(shutil.copytree(pipeline, tmp_path / "whole"))
    shutil.copytree(whole / "transformer", whole / "text_encoder")
    torch.save({}, whole / "transformer" / "diffusion_pytorch_model.bin")
    torch.save({}, whole / "original.pth")
    made = hub(whole)
    assert not run("convert", "pixart", "someone/PixArt", tmp_path / "made", "--revision", "refs/pr/3")
    name = "diffusion_pytorch_model.safetensors"
    expected = {f"{part}/{file}" for part in ("transformer", "vae") for file in ("config.json", name)}
    assert made.fetched == expected
    assert made.revisions == {"refs/pr/3", None}  # None: the stand-in asking itself


def test_of_seed_x_one_variant_and_of_shards_those_that_matter(seed_x, tmp_path, hub) -> None:
    whole = Path(shutil.copytree(seed_x, tmp_path / "whole"))
    shutil.copytree(whole / "seed_x_i", whole / "seed_x")
    made = hub(whole)
    assert not run("convert", "seed-x", "AILab-CVC/SEED-X-17B", tmp_path / "made", "--variant", "seed_x")
    assert {name.split("/")[0] for name in made.fetched} == {
        "cvlm_llama2_tokenizer_100img_and_224loc_addpatch",
        "seed_x",
        "seed_detokenizer",
        "QwenViT",
        "stable-diffusion-xl-base-1.0",
    }


def test_of_qwen_vls_shards_only_the_encoders(seed_x, tmp_path, hub) -> None:
    import json

    chat = tmp_path / "qwen"
    chat.mkdir()
    encoder = official.load(seed_x / "QwenViT" / "qwen_vit_G.pt")
    shards = ("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin")
    visual = {f"transformer.visual.{name}": tensor for name, tensor in encoder.items()}
    torch.save({"transformer.h.0.ln_1.weight": torch.zeros(2)}, chat / shards[0])
    torch.save(visual, chat / shards[1])
    places = {"transformer.h.0.ln_1.weight": shards[0], **dict.fromkeys(visual, shards[1])}
    (chat / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    made = hub(chat)
    convert_seed_x(seed_x, tmp_path / "made", vision="Qwen/Qwen-VL-Chat@main", matrix_dtype=torch.float32)
    assert made.fetched == {"pytorch_model.bin.index.json", shards[1]}
    assert "main" in made.revisions
    found = read_tensors(tmp_path / "made" / "vision")
    assert all(torch.equal(found[f"vision.{name}"], tensor) for name, tensor in encoder.items())
