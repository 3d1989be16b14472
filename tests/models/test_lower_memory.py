"""Less memory, the same model: 16 bit, 8 and 4 bit, and networks that are in memory only while they work."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from language_samples import small_tokenizer
from library_llama import llama_of
from transformers import LlamaForCausalLM

from limner.models.adapters import ADAPTER, LoraSizes, adapter_tensors, add_adapter, write_adapter
from limner.models.checkpoint import load_model, save_model
from limner.models.detokenizer_presets import KINDS, with_detokenizer
from limner.models.mllm import causal_mask, position_waves
from limner.models.model import LimnerModel, build_model
from limner.models.presets import TINY, Preset

OFFLOADED = ("vision", "detokenizer", "autoencoder")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("tiny")
    save_model(build_model(TINY, small_tokenizer()), made)
    return made


@torch.no_grad()
def painted(model: LimnerModel, head: str = "flow") -> dict[str, torch.Tensor]:
    """A picture read, told of, painted and decoded, in the model's own number format."""
    side = model.preset.vision.image_size_px
    generator = torch.Generator().manual_seed(3)
    pixels = torch.rand(1, 3, side, side, generator=generator).mul(2).sub(1).to(model.dtype)
    tokens = model.image_tokenizer.encode(pixels)
    language = model.language
    text = language.embed_text(torch.arange(20)[None])
    hidden = language.hidden(torch.cat([text, language.embed_image(tokens), language.embed_slots(1)], dim=1))
    drawn = model.token_heads.of_kind(head).predict(hidden[:, -language.num_image_tokens :], [3])
    drawn = drawn.to(model.dtype)
    condition = None
    if model.detokenizer.reads_condition:
        size_px = model.preset.autoencoder.image_size_px
        condition = model.autoencoder.encode(torch.zeros(1, 3, size_px, size_px, dtype=model.dtype))
    latents = model.detokenizer.sample(drawn, 2, [3], condition_BCHW=condition)
    decoded = model.autoencoder.decode(latents.to(model.dtype))
    logits = language.text_logits(hidden)
    return {"tokens": tokens, "logits": logits, "drawn": drawn, "decoded": decoded}


def error(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """As a share of the spread."""
    return float((found.float() - wanted.float()).std() / wanted.float().std())


def with_library_autoencoder(preset: Preset) -> Preset:
    return replace(preset, autoencoder=replace(preset.autoencoder, library=True, norm_groups=4))


@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_bits_paint_about_the_same(kind: str) -> None:
    torch.manual_seed(0)
    preset = with_library_autoencoder(TINY) if kind == "dit" else with_detokenizer(TINY, kind)
    model = build_model(preset, small_tokenizer(), ["regression"]).eval()
    full = painted(model, "regression")
    half = painted(model.to("cpu", torch.bfloat16), "regression")
    assert all(value.dtype == torch.bfloat16 for value in half.values())
    assert error(half["tokens"], full["tokens"]) < 0.03
    assert error(half["logits"], full["logits"]) < 0.05


def test_rotary_angles_are_transformers_own_in_sixteen_bits(folder, tmp_path) -> None:
    """transformers keeps the frequencies in float32 in every format; cast, far positions turn wrongly."""
    moved = build_model(TINY, small_tokenizer()).to("cpu", torch.bfloat16)
    loaded = load_model(folder, dtype=torch.bfloat16)
    llama_of(TINY.language, loaded.language.llm.state_dict()).save_pretrained(tmp_path / "llama")
    own = LlamaForCausalLM.from_pretrained(tmp_path / "llama", dtype=torch.bfloat16)
    for model in (moved, loaded):
        frequencies = model.language.llm.model.rotary_emb.inv_freq
        assert frequencies.dtype == own.model.rotary_emb.inv_freq.dtype == torch.float32
        assert torch.equal(frequencies, own.model.rotary_emb.inv_freq)
    embeds = loaded.language.embed_text(torch.arange(24)[None])
    far = torch.arange(400, 424)[None]
    loaded.language.copy = None  # transformers has none
    ours = loaded.language.hidden(embeds, far)
    sizes, place_map = TINY.language, loaded.language.position_map
    assert place_map is not None
    waves = position_waves(far, sizes.position_waves, longest=2.0 * sizes.context_tokens)
    entering = embeds + waves.to(embeds.dtype) @ place_map
    mask = causal_mask(24, 0)
    theirs = own.model(inputs_embeds=entering, position_ids=far, attention_mask=mask).last_hidden_state
    assert torch.equal(ours, theirs)


def test_statistics_and_sines_stay_float32(folder) -> None:
    model = load_model(folder, dtype=torch.bfloat16)
    for network in model.networks().values():
        buffers = dict(network.named_buffers())
        assert {b.dtype for b in buffers.values() if b.is_floating_point()} <= {torch.float32}
        assert {p.dtype for p in network.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize(("kind", "most", "share"), [("int8", 0.02, 0.26), ("4bit", 0.15, 0.15)])
def test_squeezed_projections_answer_about_the_same(folder, kind: str, most: float, share: float) -> None:
    pytest.importorskip("bitsandbytes")
    full = load_model(folder, dtype=torch.float32)
    squeezed = load_model(folder, dtype=torch.float32, quantize=kind)
    wanted, found = painted(full), painted(squeezed)
    assert torch.equal(found["tokens"], wanted["tokens"])  # the encoder is as it was
    assert 0 < error(found["logits"], wanted["logits"]) < most
    assert squeezed.num_parameters == full.num_parameters

    def projections(model: LimnerModel) -> int:
        weights = model.language.llm.model.layers.named_parameters()
        return sum(w.numel() * w.element_size() for name, w in weights if "proj" in name)

    assert projections(squeezed) <= share * projections(full)
    unsqueezed = {n: w for n, w in squeezed.language.named_parameters() if "_proj.weight" not in n}
    assert {w.dtype for w in unsqueezed.values()} == {torch.float32}


def test_an_adapter_is_merged_before_squeezing(folder, tmp_path) -> None:
    pytest.importorskip("bitsandbytes")
    shutil.copytree(folder, tmp_path / "model")
    made = load_model(folder, dtype=torch.float32).language
    add_adapter(made, LoraSizes(rank=4, alpha=4))
    with torch.no_grad():
        for name, weight in made.llm.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.2)
    (tmp_path / "model" / ADAPTER).mkdir()
    write_adapter(tmp_path / "model" / ADAPTER, made, adapter_tensors(made))
    wanted = painted(load_model(tmp_path / "model", dtype=torch.float32))["logits"]
    found = painted(load_model(tmp_path / "model", dtype=torch.float32, quantize="int8"))["logits"]
    assert error(found, wanted) < 0.03
    assert error(painted(load_model(folder, dtype=torch.float32))["logits"], wanted) > 0.1


def test_networks_take_turns(folder) -> None:
    wanted = painted(load_model(folder, dtype=torch.float32))
    model = load_model(folder, dtype=torch.float32, offload=True)
    assert model.turns is not None
    assert model.turns.awake is None
    matrices = {name: [w for w in model.networks()[name].parameters() if w.ndim >= 2] for name in OFFLOADED}

    def awake() -> set[str]:
        """Those whose matrices are in the format of computing, not as stored (bfloat16)."""
        return {name for name, weights in matrices.items() if weights[-1].dtype == torch.float32}

    assert awake() == set()
    for _ in range(2):
        found = painted(model)
        assert all(torch.equal(found[name], value) for name, value in wanted.items())
        assert awake() == {model.turns.awake} == {"autoencoder"}
    side = TINY.vision.image_size_px
    with torch.inference_mode():  # as chat does; what is woken there works outside too
        model.image_tokenizer.encode(torch.zeros(1, 3, side, side))
    assert awake() == {"vision"}
    model.image_tokenizer.encode(torch.zeros(1, 3, side, side))
    with pytest.raises(ValueError, match="offload"):
        model.to("cpu")


_SLEEPING = """
import sys
from pathlib import Path
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from limner.models.offload import TakingTurns

def stored(name, count):
    network = nn.Sequential(*(nn.Linear(2048, 2048, bias=False) for _ in range(count)))
    path = Path(sys.argv[1]) / f"{name}.safetensors"
    save_file({key: tensor.bfloat16() for key, tensor in network.state_dict().items()}, path)
    network.load_state_dict(load_file(path), assign=True)
    return network.requires_grad_(False)

def own_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

networks = {"large": stored("large", 8), "small": stored("small", 1)}
TakingTurns(networks, torch.device("cpu"), torch.float32)
asleep = own_mb()
networks["large"](torch.ones(1, 2048))
awake = own_mb()
networks["small"](torch.ones(1, 2048))
print(awake - asleep, own_mb() - asleep)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_network_that_sleeps_takes_no_memory_of_the_process(tmp_path) -> None:
    # A process of its own: one that has run other tests has room to spare that nothing shows.
    command = [sys.executable, "-c", _SLEEPING, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    awake_mb, after_mb = (float(word) for word in told.stdout.split())
    assert awake_mb > 100  # 128 MiB of float32
    assert after_mb < 60


def test_other_ways_to_squeeze_are_refused(folder) -> None:
    with pytest.raises(ValueError, match="int8 or 4bit"):
        load_model(folder, quantize="2bit")
