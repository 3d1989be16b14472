import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import seed_x_folder as official
import torch
from diffusers import PixArtTransformer2DModel
from library_llama import llama_of
from peft import PeftModel

import limner
from limner.cli.main import main
from limner.inference.model_folder import fingerprint
from limner.models.adapters import ADAPTER, adapter_sizes
from limner.models.checkpoint import load_component, load_manifest, load_model, read_tensors
from limner.models.conversion.pixart import convert_pixart
from limner.models.conversion.seed_x import convert_seed_x
from limner.models.conversion.source import read_weights
from limner.models.detokenizer import DiTDetokenizer
from limner.models.unet_detokenizer import UNetDetokenizer

AGENT = Path("seed_x_i/agent/pytorch_model.bin")
VISION = Path("QwenViT/qwen_vit_G.pt")
FIRST = Path("seed_detokenizer/first_stage/pytorch_model.bin")
TOKENIZER = Path("cvlm_llama2_tokenizer_100img_and_224loc_addpatch")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return official.write_seed_x(tmp_path_factory.mktemp("seed_x"))


@pytest.fixture(scope="module")
def converted(source, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("made") / "checkpoint"
    return convert_seed_x(source, target, matrix_dtype=torch.float32)


@pytest.fixture
def own(source, tmp_path) -> Path:
    """A copy to spoil, with one detokenizer only."""
    copied = Path(shutil.copytree(source, tmp_path / "source"))
    shutil.rmtree(copied / "seed_detokenizer" / "second_stage")
    return copied


def change(path: Path, edit: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = official.load(path)
    edit(weights)
    official.save(weights, path)


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_a_converted_model_chats(converted) -> None:
    painter = limner.load(converted, device="cpu").with_sampling(max_text_tokens=2, pixel_steps=2)
    conversation = painter.conversation()
    first = conversation.say("the red cat", picture=True)
    assert first.image is not None
    assert first.image.size == (16, 16)
    second = conversation.say("a cat", images=[first.image], picture=True)
    assert second.image is not None
    assert painter.model.head_kinds == ("regression",)
    preset, _ = load_manifest(converted)
    assert (preset.vision.width, preset.vision.mlp_width, preset.vision.num_queries) == (32, 40, 64)


def test_every_weight_arrives(source, converted) -> None:
    model = load_model(converted, dtype=torch.float32)
    agent, language = official.load(source / AGENT), model.language
    torch.testing.assert_close(language.llm.lm_head.weight.data, agent["llm.lm_head.weight"])
    torch.testing.assert_close(language.patch_pos_embed.data, agent["patch_pos_embed"])
    torch.testing.assert_close(language.input_resampler.query.data, agent["input_resampler.query"])
    head = model.token_heads.of_kind()
    torch.testing.assert_close(head.output_resampler.query.data, agent["output_resampler.query"])
    first_slot = model.tokenizer.backend.get_vocab()["<img_00000>"]
    rows = agent["llm.model.embed_tokens.weight"][first_slot : first_slot + official.SLOTS]
    torch.testing.assert_close(language.slots.data, rows)
    vision = official.load(source / VISION)
    torch.testing.assert_close(model.image_tokenizer.vision.proj.data, vision["proj"])
    painter = model.detokenizer
    assert isinstance(painter, UNetDetokenizer)
    torch.testing.assert_close(
        painter.unet.conv_in.weight.data, official.load(source / FIRST)["unet.conv_in.weight"]
    )
    torch.testing.assert_close(model.autoencoder.latent_std, torch.full((4,), 1 / 0.13025))
    # What is black to limner is not zero to the encoder, whose pixels have CLIP's mean and spread.
    zero = model.image_tokenizer.vision(torch.zeros(1, 3, 448, 448))
    torch.testing.assert_close(painter.negative_tokens, zero.reshape(16, 4, -1).mean(1), atol=1e-4, rtol=1e-4)


def test_the_second_stage_is_a_checkpoint_that_shares_the_rest(converted) -> None:
    second = load_model(converted / "unet_stage2", dtype=torch.float32)
    assert second.detokenizer.reads_condition
    assert not load_model(converted, dtype=torch.float32).detokenizer.reads_condition
    assert (converted / "unet_stage2" / "language").is_symlink()
    painter = limner.load(converted / "unet_stage2").with_sampling(max_text_tokens=2, pixel_steps=2)
    assert painter.conversation().say("a cat", picture=True).image is not None


def test_a_fingerprint_sees_through_links(source, converted, tmp_path) -> None:
    """A second stage links to its language model: another one there is another painter."""
    prints = {fingerprint(converted / "unet_stage2"), fingerprint(converted)}
    other = Path(shutil.copytree(converted, tmp_path / "other", symlinks=True))
    assert fingerprint(other / "unet_stage2") in prints
    weights = other / "language" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + b"changed!")
    assert fingerprint(other / "unet_stage2") not in prints


def test_adapters_are_merged(tmp_path) -> None:
    source = official.write_seed_x(tmp_path / "source", lora=True)
    convert_seed_x(source, tmp_path / "made", matrix_dtype=torch.float32)
    convert_seed_x(source, tmp_path / "half", matrix_dtype=torch.float32, lora_alpha=official.RANK / 2)
    agent = official.load(source / AGENT)
    path = "llm.base_model.model.model.layers.1.mlp.down_proj"
    base, a, b = (agent[f"{path}.{name}weight"] for name in ("", "lora_A.default.", "lora_B.default."))
    name = "llm.model.layers.1.mlp.down_proj.weight"
    torch.testing.assert_close(read_tensors(tmp_path / "made" / "language")[name], base + b @ a)
    torch.testing.assert_close(read_tensors(tmp_path / "half" / "language")[name], base + 0.5 * b @ a)
    norm = read_tensors(tmp_path / "made" / "language")["llm.model.norm.weight"]
    torch.testing.assert_close(norm, agent["llm.base_model.model.model.norm.modules_to_save.default.weight"])


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_a_kept_adapter_is_a_peft_folder_that_loads_as_merged(tmp_path) -> None:
    source = official.write_seed_x(tmp_path / "source", lora=True)
    alpha = 2.0 * official.RANK
    merged = convert_seed_x(source, tmp_path / "merged", matrix_dtype=torch.float32, lora_alpha=alpha)
    kept = tmp_path / "kept"
    convert_seed_x(source, kept, matrix_dtype=torch.float32, lora_alpha=alpha, keep_adapter=True)
    sizes = adapter_sizes(kept / ADAPTER)
    assert (sizes.rank, sizes.alpha, sizes.dropout) == (official.RANK, alpha, 0.05)
    agent, path = official.load(source / AGENT), "llm.base_model.model.model"
    base = read_tensors(kept / "language")
    name = "layers.1.mlp.down_proj.weight"
    torch.testing.assert_close(base[f"llm.model.{name}"], agent[f"{path}.{name}"], atol=0, rtol=0)
    assert torch.equal(base["llm.model.norm.weight"], agent[f"{path}.norm.original_module.weight"])
    one, other = (load_model(made, dtype=torch.float32).language for made in (merged, kept))
    found = other.state_dict()
    for key, tensor in one.state_dict().items():
        torch.testing.assert_close(found[key], tensor, atol=1e-5, rtol=1e-5)
    assert (kept / "unet_stage2" / ADAPTER).is_symlink()  # as the language model that it belongs to is
    # peft itself reads the folder on top of the plain LLaMA.
    plain = {k.removeprefix("llm."): v for k, v in base.items() if k.startswith("llm.")}
    adapted = PeftModel.from_pretrained(llama_of(other.sizes, plain), kept / ADAPTER)
    ids = torch.arange(3, 20)[None]
    with torch.no_grad():
        expected = one.text_logits(one.hidden(one.embed_text(ids)))
        torch.testing.assert_close(adapted(ids).logits, expected, atol=1e-4, rtol=1e-4)


def test_an_adapter_is_kept_strictly(own, tmp_path, capsys) -> None:
    rest = official.load(own / AGENT)
    assert run("convert", "seed-x", own, tmp_path / "made", "--adapter", "keep") == 2
    assert "holds no adapters" in capsys.readouterr().err
    agent = official.with_adapters({k: t for k, t in rest.items() if k.startswith("llm.")})
    agent |= {key: tensor for key, tensor in rest.items() if not key.startswith("llm.")}
    path = "llm.base_model.model.model.layers.0"
    wrong = dict(agent)
    del wrong[f"{path}.input_layernorm.original_module.weight"]
    wrong[f"{path}.mlp.up_proj.lora_B.default.weight"] = torch.zeros(96, official.RANK + 1)
    wrong["llm.surplus.weight"] = torch.zeros(1)
    official.save(wrong, own / AGENT)
    assert run("convert", "seed-x", own, tmp_path / "made", "--adapter", "keep") == 2
    told = capsys.readouterr().err
    assert f"missing    {path}.input_layernorm.original_module.weight  64" in told
    assert f"misshapen  {path}.mlp.up_proj.lora_B.default.weight  is 96x5, should be 96x4" in told
    assert "extra      llm.surplus.weight" in told
    official.save({key: t for key, t in agent.items() if "up_proj.lora" not in key}, own / AGENT)
    assert run("convert", "seed-x", own, tmp_path / "made", "--adapter", "keep") == 2
    assert "no adapters on up_proj" in capsys.readouterr().err
    official.save(agent, own / AGENT)
    assert run("convert", "seed-x", own, tmp_path / "made", "--adapter", "keep", "--lora-alpha", 1.5) == 2
    assert "whole alpha" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_uploads_enter_as_crops_unless_told_otherwise(source, converted, tmp_path) -> None:
    assert load_manifest(converted)[0].upload_crop_px == 448
    convert_seed_x(source, tmp_path / "whole", whole_uploads=True)
    assert load_manifest(tmp_path / "whole")[0].upload_crop_px is None


def test_newer_names_and_a_base_in_its_own_folder(own, tmp_path) -> None:
    """peft inserts .base_layer.; and an agent may hold only what was trained."""
    agent = official.with_adapters(
        {key: tensor for key, tensor in official.load(own / AGENT).items() if key.startswith("llm.")}
    )
    rest = {key: tensor for key, tensor in official.load(own / AGENT).items() if not key.startswith("llm.")}
    projections = tuple(f"{name}.weight" for name in official.PROJECTIONS)
    newer = {
        key.replace(".weight", ".base_layer.weight") if key.endswith(projections) else key: tensor
        for key, tensor in agent.items()
    }
    trained = {key: tensor for key, tensor in agent.items() if not key.endswith(projections)}
    made = []
    for number, weights in enumerate((newer, trained)):
        official.save({**weights, **rest}, own / AGENT)
        target = convert_seed_x(own, tmp_path / f"made{number}")
        made.append(read_tensors(target / "language"))
    assert made[0].keys() == made[1].keys()
    assert all(torch.equal(made[1][key], tensor) for key, tensor in made[0].items())


@pytest.mark.parametrize(
    ("file", "missing", "misshapen"),
    [
        (AGENT, "llm.model.norm.weight", "input_resampler.ln_kv.bias"),
        (AGENT, "patch_pos_embed", "llm.model.layers.1.mlp.up_proj.weight"),
        (VISION, "ln_post.bias", "transformer.resblocks.1.mlp.c_proj.bias"),
        (FIRST, "unet.conv_out.bias", "resampler.unet_attnpool.c_proj.weight"),
    ],
)
def test_each_misfit_is_named_and_nothing_is_left(own, tmp_path, capsys, file, missing, misshapen) -> None:
    shape = official.load(own / file)[misshapen].shape

    def spoil(weights: dict[str, torch.Tensor]) -> None:
        del weights[missing]
        weights["surplus.weight"] = torch.zeros(2)
        weights[misshapen] = torch.zeros(shape[0] + 1, *shape[1:])

    change(own / file, spoil)
    assert run("convert", "seed-x", own, tmp_path / "made") == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert f"missing    {missing}  " in told
    assert "extra      surplus.weight  2" in told
    assert f"misshapen  {misshapen}  is" in told
    assert f"should be {'x'.join(map(str, shape))}" in told
    assert str(own / file) in told
    assert {path.name for path in tmp_path.iterdir()} == {"source"}


def test_adapters_are_checked_too(tmp_path, capsys) -> None:
    source = official.write_seed_x(tmp_path / "source", lora=True)
    path = "llm.base_model.model.model.layers"

    def spoil(weights: dict[str, torch.Tensor]) -> None:
        del weights[f"{path}.0.mlp.up_proj.lora_A.default.weight"]
        weights[f"{path}.1.self_attn.q_proj.lora_B.default.weight"] = torch.zeros(64, official.RANK + 1)
        weights[f"{path}.7.self_attn.q_proj.weight"] = torch.zeros(64, 64)

    change(source / AGENT, spoil)
    assert run("convert", "seed-x", source, tmp_path / "made") == 2
    told = capsys.readouterr().err
    assert f"missing    {path}.0.mlp.up_proj.lora_A.default.weight  4x96"[:60] in told
    assert f"misshapen  {path}.1.self_attn.q_proj.lora_B.default.weight  is 64x5, should be 64x4" in told
    assert f"extra      {path}.7.self_attn.q_proj.weight" in told


def test_missing_files_are_all_named(own, tmp_path, capsys) -> None:
    (own / VISION).unlink()
    shutil.rmtree(own / "stable-diffusion-xl-base-1.0" / "vae")
    assert run("convert", "seed-x", own, tmp_path / "made") == 2
    told = capsys.readouterr().err
    assert "qwen_vit_G.pt" in told
    assert "vae" in told
    assert run("convert", "seed-x", tmp_path / "nowhere", tmp_path / "made") == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_hub_name_offline_is_one_sentence(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert run("convert", "seed-x", "nobody/nothing-at-all", tmp_path / "made") == 2
    assert "hub could not be asked" in capsys.readouterr().err


def test_code_in_a_weight_file_is_not_run(own, tmp_path, capsys) -> None:
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"a": Trap()}, own / AGENT)
    assert run("convert", "seed-x", own, tmp_path / "made") == 2
    assert "tensors" in capsys.readouterr().err
    assert not (tmp_path / "sprung").exists()


def test_text_never_becomes_a_special_token_and_comes_back(converted) -> None:
    tokenizer = load_model(converted).tokenizer
    vocabulary = tokenizer.backend.get_vocab()
    # "the" cannot be reached by joining two pieces ("▁t" and "he" outrank it), as in SentencePiece.
    assert tokenizer.encode("a red") == [vocabulary["▁a"], vocabulary["▁red"]]
    for text in (
        "the red cat",
        "<s></s><img><img_00000><loc-3>",
        "ünï ☃\n  two",
        " ahead",
        "<0x0A>",
        "a ▁ b",
    ):
        ids = tokenizer.encode(text)
        assert tokenizer.special_ids.isdisjoint(ids)
        assert tokenizer.decode(ids).replace("▁", " ") == text.replace("▁", " ")
    assert {
        vocabulary["<img_00000>"],
        vocabulary["<img_00099>"],
        vocabulary["<unk>"],
    } <= tokenizer.special_ids
    assert tokenizer.vocab_size == len(vocabulary) == load_manifest(converted)[0].language.vocab_size


def test_sixteen_bits_stay_and_thirty_two_are_halved(own, tmp_path) -> None:
    change(own / VISION, lambda w: w.update({key: tensor.half() for key, tensor in w.items()}))
    convert_seed_x(own, tmp_path / "made")
    assert read_tensors(tmp_path / "made" / "vision")["vision.proj"].dtype == torch.float16
    assert read_tensors(tmp_path / "made" / "vision")["vision.ln_post.bias"].dtype == torch.float32
    assert read_tensors(tmp_path / "made" / "language")["llm.lm_head.weight"].dtype == torch.bfloat16


def test_heads_that_no_shape_tells(own, tmp_path, capsys) -> None:
    sizes = tmp_path / "sizes.json"
    sizes.write_text(json.dumps({"input_resampler": {"num_heads": 5}}))
    assert run("convert", "seed-x", own, tmp_path / "made", "--sizes", sizes) == 2
    assert "cannot have 5 heads" in capsys.readouterr().err
    sizes.write_text(json.dumps({"input_resampler": {"num_heads": 4}, "vit": {"heads": 8}}))
    assert run("convert", "seed-x", own, tmp_path / "made", "--sizes", sizes) == 0
    preset, _ = load_manifest(tmp_path / "made")
    assert (preset.input_resampler.heads, preset.vision.heads, preset.output_resampler.heads) == (4, 8, 32)


def test_an_existing_folder_is_left_alone(source, converted, capsys) -> None:
    before = sorted(converted.rglob("*"))
    assert run("convert", "seed-x", source, converted) == 2
    assert "already" in capsys.readouterr().err
    assert sorted(converted.rglob("*")) == before


def test_pixart_takes_the_detokenizers_place(converted, tmp_path) -> None:
    source = official.write_pixart(tmp_path / "pixart")
    target = convert_pixart(source, tmp_path / "made", base=converted, matrix_dtype=torch.float32)
    model = load_model(target, dtype=torch.float32)
    public = read_weights(source / "transformer")
    kept = model.detokenizer.transformer
    torch.testing.assert_close(kept.proj_out.weight.data[:4], public["proj_out.weight"][:4])
    torch.testing.assert_close(kept.proj_out.weight.data[4:8], public["proj_out.weight"][8:12])
    torch.testing.assert_close(
        kept.caption_projection.linear_1.weight.data, public["caption_projection.linear_1.weight"]
    )
    painter = limner.load(target).with_sampling(max_text_tokens=2, pixel_steps=2)
    assert painter.conversation().say("a cat", picture=True).image.size == (16, 16)
    alone = convert_pixart(source, tmp_path / "alone")
    assert {path.name for path in alone.iterdir()} == {"detokenizer", "autoencoder", "limner.json"}


def test_a_converted_pixart_starts_as_the_public_one_without_its_variance(tmp_path) -> None:
    source = official.write_pixart(tmp_path / "pixart")
    target = convert_pixart(source, tmp_path / "made", base=None, matrix_dtype=torch.float32)
    preset, _ = load_manifest(target)
    assert preset.vision.output_dim != official.DIM  # so the adapter's first layer starts anew
    made = DiTDetokenizer(preset.detokenizer)
    load_component(target, "detokenizer", made).eval()
    public = PixArtTransformer2DModel.from_pretrained(source / "transformer").eval()
    latents, tokens = torch.randn(1, 4, 8, 8), torch.randn(1, 64, 4096)
    with torch.no_grad():
        found = made.velocity(latents, torch.tensor([0.75]), tokens)
        public.caption_projection.linear_1 = made.transformer.caption_projection.linear_1
        expected = public(
            latents,
            encoder_hidden_states=tokens + made.token_positions,
            timestep=torch.tensor([250.0]),
            added_cond_kwargs={"resolution": None, "aspect_ratio": None},
            return_dict=False,
        )[0].chunk(2, dim=1)[0]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_pixart_that_does_not_fit_is_told(tmp_path, capsys) -> None:
    source = official.write_pixart(tmp_path / "pixart")
    weights = read_weights(source / "transformer")
    del weights["pos_embed.proj.bias"]
    weights["surplus"] = torch.zeros(1)
    weights["scale_shift_table"] = torch.zeros(2, 17)
    (source / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save(weights, source / "transformer" / "pytorch_model.bin")
    assert run("convert", "pixart", source, tmp_path / "made") == 2
    told = capsys.readouterr().err
    assert "missing    pos_embed.proj.bias  16" in told
    assert "extra      surplus  1" in told
    assert "misshapen  scale_shift_table  is 2x17, should be 2x16" in told
    assert not (tmp_path / "made").exists()
