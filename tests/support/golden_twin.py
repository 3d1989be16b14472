"""A golden file made without limner: SEED-X's arithmetic in plain torch, from a dictionary of weights.

Written from the facts alone, one function a module, so that `limner verify` has something independent to be
held against where the reference file is not at hand.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

Weights = dict[str, Tensor]

LLM = {
    "vocab_size": 150,
    "hidden_size": 48,
    "intermediate_size": 72,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
}
VIT = {
    "image_size": 60,
    "patch_size": 6,
    "width": 24,
    "layers": 2,
    "heads": 2,
    "mlp_ratio": 1.5,
    "n_queries": 64,
    "output_dim": 256,
}
INPUT = {"grid_size": 4, "embed_dim": 48, "num_heads": 4, "kv_dim": 256}
OUTPUT = {"grid_size": 4, "embed_dim": 256, "num_heads": 8, "kv_dim": 48}
DETOKENIZER = {
    "dim": 24,
    "depth": 2,
    "dim_head": 10,
    "heads": 3,
    "num_queries": 5,
    "embedding_dim": 256,
    "output1_dim": 7,
    "output2_dim": 11,
    "ff_mult": 2,
}
IDS = {"bos": 1, "eos": 2, "pad": 0, "<img>": 90, "</img>": 91, "<img_00000>": 100}
SLOTS = INPUT["grid_size"] ** 2


def write_golden(path: Path, seed: int = 0) -> None:
    """A file of random weights, inputs and what the twin makes of them."""
    torch.manual_seed(seed)
    weights = random_weights()
    io = inputs()
    io |= outputs(weights, io)
    sizes = {
        "llm": LLM,
        "vit": VIT,
        "input_resampler": INPUT,
        "output_resampler": OUTPUT,
        "detokenizer_resampler": DETOKENIZER,
        "token_ids": IDS,
    }
    metadata = {name: json.dumps(value) for name, value in sizes.items()} | {"loss": "1 CE + 6 MSE"}
    tensors = {**weights, **{f"io.{name}": tensor for name, tensor in io.items()}}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata=metadata)


def inputs() -> Weights:
    """Two pictures shown, at different places of a larger one, and a third to be painted."""
    slots = list(range(IDS["<img_00000>"], IDS["<img_00000>"] + SLOTS))
    picture = [IDS["<img>"], *slots, IDS["</img>"]]
    prompt = [IDS["bos"], 7, 8, *picture, *picture, 9, 10]
    answer = [11, 12, IDS["<img>"]]
    train = [*prompt, *answer, *slots, IDS["</img>"], IDS["eos"]]
    opened = [*prompt, *answer]
    labels = [-100] * len(train)
    labels[len(prompt) : len(opened)] = answer
    labels[-1] = IDS["eos"]
    is_slot = [index in slots for index in train]
    shown = [flag and place < len(prompt) for place, flag in enumerate(is_slot)]
    painted = [flag and place >= len(prompt) for place, flag in enumerate(is_slot)]
    return {
        "image": torch.randn(2, 3, VIT["image_size"], VIT["image_size"]),
        "train_image_embeds": torch.randn(3, VIT["n_queries"], VIT["output_dim"]),
        "patch_positions": torch.tensor([[0.25, 0.5], [0.75, 0.5], [0.5, 0.5]]),
        "train_embeds_cmp_mask": torch.tensor([True, True, False]),
        "train_embeds_gen_mask": torch.tensor([False, False, True]),
        "train_input_ids": torch.tensor([train]),
        "train_labels": torch.tensor([labels]),
        "train_ids_cmp_mask": torch.tensor([shown]),
        "train_ids_gen_mask": torch.tensor([painted]),
        "prompt_ids": torch.tensor([opened]),
        "prompt_cmp_mask": torch.tensor([shown[: len(opened)]]),
    }


def outputs(w: Weights, io: Weights) -> Weights:
    """What SEED-X computes of the inputs."""
    features = vision(w, io["image"])
    pooled = F.avg_pool1d(features.mT, 4, 4).mT
    shown = io["train_image_embeds"][:2]
    places = torch.cat([io["patch_positions"], 1 - io["patch_positions"]], 1)[:2] / 2
    read = resampler(w, "agent.input_resampler.", INPUT, shown)
    read = read + (places @ w["agent.patch_pos_embed"])[:, None]
    table = w["agent.llm.model.embed_tokens.weight"]

    embeds = table[io["train_input_ids"]]
    embeds[io["train_ids_cmp_mask"]] = read.reshape(-1, LLM["hidden_size"])
    hidden = llama(w, embeds)
    logits = hidden @ w["agent.llm.lm_head.weight"].T
    text = F.cross_entropy(logits[0, :-1], io["train_labels"][0, 1:], ignore_index=-100)
    made = resampler(w, "agent.output_resampler.", OUTPUT, hidden[io["train_ids_gen_mask"]][None])
    target = F.avg_pool1d(io["train_image_embeds"][2:].mT, 4, 4).mT
    picture = (made - target).square().mean()

    prompt = table[io["prompt_ids"]]
    prompt[io["prompt_cmp_mask"]] = read.reshape(-1, LLM["hidden_size"])
    slots = table[IDS["<img_00000>"] : IDS["<img_00000>"] + SLOTS][None]
    at_slots = llama(w, torch.cat([prompt, slots], 1))[:, -SLOTS:]
    generated = resampler(w, "agent.output_resampler.", OUTPUT, at_slots)
    prompt_embeds, pooled_embeds = perceiver(w, generated)
    return {
        "vit_features": features,
        "input_resampler_64": resampler(w, "agent.input_resampler.", INPUT, features),
        "input_resampler_16": resampler(w, "agent.input_resampler.", INPUT, pooled),
        "loss_lm_loss": text[None],
        "loss_rec_loss": picture[None],
        "loss_total_loss": (text + 6 * picture)[None],
        "generated_image_features": generated,
        "detokenizer_prompt_embeds": prompt_embeds,
        "detokenizer_pooled_embeds": pooled_embeds,
    }


def random_weights() -> Weights:
    """Weights under SEED-X's names."""
    w: Weights = {}

    def linear(name: str, out: int, into: int, *, bias: bool = True) -> None:
        w[f"{name}.weight"] = torch.randn(out, into) / into**0.5
        if bias:
            w[f"{name}.bias"] = torch.randn(out) * 0.1

    def norm(name: str, width: int) -> None:
        w[f"{name}.weight"] = 1 + 0.1 * torch.randn(width)
        w[f"{name}.bias"] = 0.1 * torch.randn(width)

    def cross_attention(prefix: str, queries: int, width: int, into: int) -> None:
        w[f"{prefix}query"] = torch.randn(queries, width)
        w[f"{prefix}pos_embed"] = torch.randn(queries, width)
        linear(f"{prefix}kv_proj", width, into, bias=False)
        w[f"{prefix}attn.in_proj_weight"] = torch.randn(3 * width, width) / width**0.5
        w[f"{prefix}attn.in_proj_bias"] = torch.randn(3 * width) * 0.1
        linear(f"{prefix}attn.out_proj", width, width)
        norm(f"{prefix}ln_q", width)
        norm(f"{prefix}ln_kv", width)

    width, patch = VIT["width"], VIT["patch_size"]
    w["vit.conv1.weight"] = torch.randn(width, 3, patch, patch) / patch
    w["vit.positional_embedding"] = torch.randn(VIT["n_queries"], width)
    norm("vit.ln_pre", width)
    for layer in range(VIT["layers"]):
        block = f"vit.transformer.resblocks.{layer}"
        norm(f"{block}.ln_1", width)
        norm(f"{block}.ln_2", width)
        linear(f"{block}.attn.in_proj", 3 * width, width)
        linear(f"{block}.attn.out_proj", width, width)
        linear(f"{block}.mlp.c_fc", int(width * VIT["mlp_ratio"]), width)
        linear(f"{block}.mlp.c_proj", width, int(width * VIT["mlp_ratio"]))
    cross_attention("vit.attn_pool.", VIT["n_queries"], VIT["output_dim"], width)
    norm("vit.ln_post", VIT["output_dim"])
    w["vit.proj"] = torch.randn(VIT["output_dim"], VIT["output_dim"]) / VIT["output_dim"] ** 0.5

    for name, sizes in (("input_resampler", INPUT), ("output_resampler", OUTPUT)):
        cross_attention(f"agent.{name}.", sizes["grid_size"] ** 2, sizes["embed_dim"], sizes["kv_dim"])
    hidden, ffn = LLM["hidden_size"], LLM["intermediate_size"]
    w["agent.patch_pos_embed"] = torch.randn(4, hidden)
    w["agent.llm.model.embed_tokens.weight"] = torch.randn(LLM["vocab_size"], hidden)
    linear("agent.llm.lm_head", LLM["vocab_size"], hidden, bias=False)
    w["agent.llm.model.norm.weight"] = 1 + 0.1 * torch.randn(hidden)
    for layer in range(LLM["num_hidden_layers"]):
        block = f"agent.llm.model.layers.{layer}"
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            linear(f"{block}.self_attn.{name}", hidden, hidden, bias=False)
        linear(f"{block}.mlp.gate_proj", ffn, hidden, bias=False)
        linear(f"{block}.mlp.up_proj", ffn, hidden, bias=False)
        linear(f"{block}.mlp.down_proj", hidden, ffn, bias=False)
        for name in ("input_layernorm", "post_attention_layernorm"):
            w[f"{block}.{name}.weight"] = 1 + 0.1 * torch.randn(hidden)
        w[f"{block}.self_attn.rotary_emb.inv_freq"] = _frequencies()

    d, prefix = DETOKENIZER, "detokenizer.resampler."
    inner = d["heads"] * d["dim_head"]
    w[f"{prefix}latents"] = torch.randn(1, d["num_queries"], d["dim"])
    linear(f"{prefix}proj_in", d["dim"], d["embedding_dim"])
    for layer in range(d["depth"]):
        block = f"{prefix}layers.{layer}"
        norm(f"{block}.0.norm1", d["dim"])
        norm(f"{block}.0.norm2", d["dim"])
        linear(f"{block}.0.to_q", inner, d["dim"], bias=False)
        linear(f"{block}.0.to_kv", 2 * inner, d["dim"], bias=False)
        linear(f"{block}.0.to_out", d["dim"], inner, bias=False)
        norm(f"{block}.1.0", d["dim"])
        linear(f"{block}.1.1", d["dim"] * d["ff_mult"], d["dim"], bias=False)
        linear(f"{block}.1.3", d["dim"], d["dim"] * d["ff_mult"], bias=False)
    norm(f"{prefix}norm_out", d["dim"])
    linear(f"{prefix}unet_proj_1", d["output1_dim"], d["dim"])
    linear(f"{prefix}unet_proj_2", d["output2_dim"], d["dim"])
    w[f"{prefix}unet_attnpool.positional_embedding"] = torch.randn(d["num_queries"] + 1, d["dim"])
    for name in ("q_proj", "k_proj", "v_proj"):
        linear(f"{prefix}unet_attnpool.{name}", d["dim"], d["dim"])
    linear(f"{prefix}unet_attnpool.c_proj", d["output2_dim"], d["dim"])
    return w


def vision(w: Weights, pixels: Tensor) -> Tensor:
    """Qwen-VL's encoder."""
    patch, heads, width = VIT["patch_size"], VIT["heads"], VIT["width"]
    grid = VIT["image_size"] // patch
    cut = pixels.unfold(2, patch, patch).unfold(3, patch, patch)  # batch, 3, rows, columns, patch, patch
    cut = cut.permute(0, 2, 3, 1, 4, 5).reshape(len(pixels), grid * grid, -1)
    x = cut @ w["vit.conv1.weight"].reshape(width, -1).T
    x = _norm(w, "vit.ln_pre", x + _stretched(w["vit.positional_embedding"], grid * grid), 1e-6)
    for layer in range(VIT["layers"]):
        block = f"vit.transformer.resblocks.{layer}"
        fused = _linear(w, f"{block}.attn.in_proj", _norm(w, f"{block}.ln_1", x, 1e-6))
        by_head = fused.reshape(*fused.shape[:2], heads, 3, width // heads)  # q, k, v within each head
        q, k, v = (by_head[..., part, :].transpose(1, 2) for part in range(3))
        x = x + _linear(w, f"{block}.attn.out_proj", _attend(q, k, v))
        inner = _linear(w, f"{block}.mlp.c_fc", _norm(w, f"{block}.ln_2", x, 1e-6))
        x = x + _linear(w, f"{block}.mlp.c_proj", 0.5 * inner * (1 + torch.erf(inner / 2**0.5)))
    sizes = {"num_heads": VIT["output_dim"] // 128, "embed_dim": VIT["output_dim"]}
    x = resampler(w, "vit.attn_pool.", sizes, x, eps=1e-6)
    return _norm(w, "vit.ln_post", x, 1e-6) @ w["vit.proj"]


def resampler(w: Weights, prefix: str, sizes: dict[str, int], x: Tensor, eps: float = 1e-5) -> Tensor:
    """Learned queries look at x."""
    values = _norm(w, f"{prefix}ln_kv", x @ w[f"{prefix}kv_proj.weight"].T, eps)
    keys = values + _stretched(w[f"{prefix}pos_embed"], x.shape[1])
    queries = _norm(w, f"{prefix}ln_q", w[f"{prefix}query"], eps) + w[f"{prefix}pos_embed"]
    parts = zip(
        (queries[None].expand(len(x), -1, -1), keys, values),
        w[f"{prefix}attn.in_proj_weight"].chunk(3),
        w[f"{prefix}attn.in_proj_bias"].chunk(3),
        strict=True,
    )
    q, k, v = (_heads(part @ weight.T + bias, sizes["num_heads"]) for part, weight, bias in parts)
    return _linear(w, f"{prefix}attn.out_proj", _attend(q, k, v))


def llama(w: Weights, x: Tensor) -> Tensor:
    """Last hidden states after the final norm."""
    heads, length = LLM["num_attention_heads"], x.shape[1]
    angles = torch.arange(length)[:, None] * _frequencies()
    cos, sin = (torch.cat([wave, wave], -1) for wave in (angles.cos(), angles.sin()))
    hidden_later = torch.full((length, length), -torch.inf).triu(1)

    def rms(name: str, t: Tensor) -> Tensor:
        scale = (t.square().mean(-1, keepdim=True) + LLM["rms_norm_eps"]).rsqrt()
        return t * scale * w[f"{name}.weight"]

    def turned(t: Tensor) -> Tensor:
        first, second = t.chunk(2, -1)
        return t * cos + torch.cat([-second, first], -1) * sin

    for layer in range(LLM["num_hidden_layers"]):
        block = f"agent.llm.model.layers.{layer}"
        y = rms(f"{block}.input_layernorm", x)
        q, k, v = (_heads(y @ w[f"{block}.self_attn.{n}_proj.weight"].T, heads) for n in "qkv")
        x = x + _attend(turned(q), turned(k), v, hidden_later) @ w[f"{block}.self_attn.o_proj.weight"].T
        y = rms(f"{block}.post_attention_layernorm", x)
        gate = y @ w[f"{block}.mlp.gate_proj.weight"].T
        up = y @ w[f"{block}.mlp.up_proj.weight"].T
        x = x + (gate / (1 + torch.exp(-gate)) * up) @ w[f"{block}.mlp.down_proj.weight"].T
    return rms("agent.llm.model.norm", x)


def perceiver(w: Weights, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """The resampler before SDXL."""
    prefix, heads = "detokenizer.resampler.", DETOKENIZER["heads"]
    x = _linear(w, f"{prefix}proj_in", tokens)
    latents = w[f"{prefix}latents"].expand(len(tokens), -1, -1)
    for layer in range(DETOKENIZER["depth"]):
        block = f"{prefix}layers.{layer}"
        own = _norm(w, f"{block}.0.norm2", latents, 1e-5)
        seen = torch.cat([_norm(w, f"{block}.0.norm1", x, 1e-5), own], 1)
        k, v = (seen @ w[f"{block}.0.to_kv.weight"].T).chunk(2, -1)
        q = own @ w[f"{block}.0.to_q.weight"].T
        out = _attend(_heads(q, heads), _heads(k, heads), _heads(v, heads))
        latents = latents + out @ w[f"{block}.0.to_out.weight"].T
        inner = _norm(w, f"{block}.1.0", latents, 1e-5) @ w[f"{block}.1.1.weight"].T
        latents = latents + F.gelu(inner) @ w[f"{block}.1.3.weight"].T
    y = _norm(w, f"{prefix}norm_out", latents, 1e-5)
    prompt = torch.cat([_linear(w, f"{prefix}unet_proj_{n}", y) for n in (1, 2)], -1)
    pool = f"{prefix}unet_attnpool"
    z = torch.cat([y.mean(1, keepdim=True), y], 1) + w[f"{pool}.positional_embedding"]
    q, k, v = (_heads(_linear(w, f"{pool}.{name}_proj", z), heads) for name in "qkv")
    return prompt, _linear(w, f"{pool}.c_proj", _attend(q, k, v)[:, 0])


def _frequencies() -> Tensor:
    width = LLM["hidden_size"] // LLM["num_attention_heads"]
    return 1.0 / 10000 ** (torch.arange(0, width, 2) / width)


def _linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _norm(w: Weights, name: str, x: Tensor, eps: float) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    spread = (centred.square().mean(-1, keepdim=True) + eps).sqrt()
    return centred / spread * w[f"{name}.weight"] + w[f"{name}.bias"]


def _heads(x: Tensor, heads: int) -> Tensor:
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def _attend(q: Tensor, k: Tensor, v: Tensor, added: Tensor | float = 0.0) -> Tensor:
    scores = q @ k.mT / math.sqrt(q.shape[-1]) + added
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def _stretched(positions: Tensor, count: int) -> Tensor:
    side, wanted = math.isqrt(len(positions)), math.isqrt(count)
    if side == wanted:
        return positions
    image = positions.T.reshape(1, -1, side, side)
    image = F.interpolate(image, size=(wanted, wanted), mode="bicubic", align_corners=False)
    return image.flatten(2)[0].T
