"""Parity with SEED-X: a file of its weights, inputs and outputs, against the same modules of limner.

Knows the file's names: `vit.*`, `agent.*` and `detokenizer.resampler.*` are weights under SEED-X's own
state-dict names, `io.*` what went in and came out, the metadata has the sizes. Knows nothing about real
checkpoints (`models/conversion`). Everything is built from the sizes in the file and computed in float32.

What the outputs came from, where names do not tell:
- the prompt's pictures are the training pictures that `embeds_cmp_mask` marks, not those of `vit_features`;
- each picture's tokens get `patch_pos_embed` for its place in `patch_positions`;
- the output resampler reads the last hidden states (after the final norm) at the 64 slots themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from limner.models.cache import KeyValueCache
from limner.models.conversion.fit import check_fit
from limner.models.conversion.llama_config import ROPE_BUFFER, check_rope, language_sizes
from limner.models.mllm import MultimodalLLM
from limner.models.packing import NO_LABEL, SEEN, SLOT, PackedBatch, loss
from limner.models.sdxl_resampler import SDXLResampler
from limner.models.sizes import ResamplerSizes, VisionSizes
from limner.models.token_head import RegressionHead
from limner.models.unet_sizes import SDXLResamplerSizes
from limner.models.vision import QwenVisionTransformer, pool_tokens

LIMIT: Final = 1e-4
POOL_HEAD_WIDTH: Final = 128  # of Qwen-VL's attention pool
RESAMPLED: Final = "input_resampler_"  # and the number of tokens read
INPUTS: Final = frozenset(
    {
        "image",
        "patch_positions",
        "prompt_cmp_mask",
        "prompt_ids",
        "train_embeds_cmp_mask",
        "train_embeds_gen_mask",
        "train_ids_cmp_mask",
        "train_ids_gen_mask",
        "train_image_embeds",
        "train_input_ids",
        "train_labels",
    }
)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One stored output against ours: the worst absolute difference (NaN counts as infinite)."""

    item: str
    worst: float

    @property
    def holds(self) -> bool:
        return self.worst <= LIMIT


@dataclass(frozen=True, kw_only=True)
class Golden:
    """An opened file: sizes by module, weights and `io` tensors, in float32 unless they are whole numbers."""

    path: Path
    sizes: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    io: Mapping[str, Tensor]

    def size(self, module: str) -> Mapping[str, Any]:
        """The sizes of one module. ValueError when the metadata has none."""
        found = self.sizes.get(module)
        if not isinstance(found, dict):
            raise ValueError(f"{self.path} has no sizes of {module!r} in its metadata.")
        return found

    def stored(self, name: str) -> Tensor:
        """One `io` tensor. ValueError when the file has none of this name."""
        if name not in self.io:
            raise ValueError(f"{self.path} has no tensor io.{name}.")
        return self.io[name]


def verify(path: Path | str) -> list[Difference]:
    """Every stored output of a golden file against limner's, in the order of the model.

    Raises:
        ValueError: no such file, an output or its size missing, outputs that limner does not know, or
            (MisfitError) weights that are missing, extra or misshapen.
    """
    golden = open_golden(path)
    modules = build(golden)
    differences = []
    with torch.inference_mode():
        for item, found, expected in _compare(golden, modules):
            if found.shape != expected.shape:
                raise ValueError(
                    f"io.{item} has shape {tuple(expected.shape)}, limner makes {tuple(found.shape)}."
                )
            worst = (found.double() - expected.double()).abs().max()
            differences.append(Difference(item=item, worst=float(worst.nan_to_num(torch.inf))))
    compared = {difference.item.partition(",")[0] for difference in differences}
    if unknown := sorted(golden.io.keys() - INPUTS - compared):
        raise ValueError(f"{path} stores {', '.join(unknown)}, which limner does not know how to compute.")
    return differences


def open_golden(path: Path | str) -> Golden:
    """Reads the file. ValueError when it is none."""
    path = Path(path)
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is no readable safetensors file: {error}.") from error
    tensors = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    sizes = {}
    for name, text in metadata.items():
        try:
            sizes[name] = json.loads(text)
        except json.JSONDecodeError:
            sizes[name] = text  # a remark
    return Golden(
        path=path,
        sizes=sizes,
        weights={name: tensor for name, tensor in tensors.items() if not name.startswith("io.")},
        io={name.removeprefix("io."): t for name, t in tensors.items() if name.startswith("io.")},
    )


@dataclass(frozen=True, kw_only=True)
class Modules:
    """limner's modules with the file's weights in them."""

    vision: QwenVisionTransformer
    language: MultimodalLLM
    head: RegressionHead
    detokenizer: SDXLResampler


def build(golden: Golden) -> Modules:
    """Modules of the file's sizes with its weights, loaded strictly (see `verify` for what is raised)."""
    llm = language_sizes(golden.size("llm"), golden.path)
    try:
        modules = Modules(
            vision=QwenVisionTransformer(_vision_sizes(golden.size("vit"))),
            language=MultimodalLLM(llm, _resampler_sizes(golden.size("input_resampler"))),
            head=RegressionHead(_resampler_sizes(golden.size("output_resampler"))),
            detokenizer=SDXLResampler(_detokenizer_sizes(golden.size("detokenizer_resampler"))),
        )
        first_slot = int(golden.size("token_ids")["<img_00000>"])
    except KeyError as error:
        raise ValueError(f"The metadata of {golden.path} lacks {error}.") from error
    ropes = {name: table for name, table in golden.weights.items() if name.endswith(ROPE_BUFFER)}
    check_rope(ropes, llm, golden.path)
    own = _own_tensors(modules)
    check_fit(golden.path, _shapes(golden.weights), _shapes(own), ignore=ropes)
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(golden.weights[name])
        table = modules.language.llm.model.embed_tokens.weight
        modules.language.slots.copy_(table[first_slot : first_slot + modules.language.num_image_tokens])
    for module in (modules.vision, modules.language, modules.head, modules.detokenizer):
        module.eval()
    return modules


def _own_tensors(modules: Modules) -> dict[str, Tensor]:
    """limner's tensors by SEED-X's names."""
    language = modules.language
    assert language.patch_pos_embed is not None
    parts: dict[str, nn.Module] = {
        "vit.": modules.vision,
        "agent.llm.": language.llm,
        "agent.input_resampler.": language.input_resampler,
        "agent.": modules.head,
        "detokenizer.resampler.": modules.detokenizer,
    }
    named = {
        prefix + name: tensor for prefix, part in parts.items() for name, tensor in part.state_dict().items()
    }
    return {**named, "agent.patch_pos_embed": language.patch_pos_embed.data}


def _compare(golden: Golden, modules: Modules) -> Iterator[tuple[str, Tensor, Tensor]]:
    """(name, limner's, stored) for every output in the file."""
    features = golden.stored("vit_features")
    num_tokens = modules.language.num_image_tokens
    resample = modules.language.input_resampler
    yield "vit_features", modules.vision(golden.stored("image")), features
    for name in sorted(name for name in golden.io if name.startswith(RESAMPLED)):
        count = name.removeprefix(RESAMPLED)
        tokens = pool_tokens(features, int(count)) if count.isdecimal() else features
        yield name, resample(tokens), golden.stored(name)

    total, metrics = loss(modules.language, modules.head, training_batch(golden, num_tokens))
    losses = {"lm_loss": metrics["text"], "rec_loss": metrics["image"], "total_loss": total}
    for name, value in losses.items():
        yield f"loss_{name}", value.reshape(1), golden.stored(f"loss_{name}")

    generated = golden.stored("generated_image_features")
    ways: dict[str, Callable[[Golden, Modules], Tensor]] = {
        "slot by slot": _slot_by_slot,
        "one forward": _one_forward,
    }
    for words, way in ways.items():
        yield f"generated_image_features, {words}", modules.head.predict(way(golden, modules)), generated

    prompt, pooled_prompt = modules.detokenizer(generated)
    yield "detokenizer_prompt_embeds", prompt, golden.stored("detokenizer_prompt_embeds")
    yield "detokenizer_pooled_embeds", pooled_prompt, golden.stored("detokenizer_pooled_embeds")


def training_batch(golden: Golden, num_tokens: int) -> PackedBatch:
    """The stored training sample as limner packs it. SEED-X lets later tokens see the slots: block 0."""
    ids_BN = golden.stored("train_input_ids")
    pictures = golden.stored("train_image_embeds")
    shown, painted = (golden.stored(f"train_embeds_{kind}_mask").bool() for kind in ("cmp", "gen"))
    kinds_BN = torch.zeros_like(ids_BN)
    kinds_BN[golden.stored("train_ids_cmp_mask").bool()] = SEEN
    kinds_BN[golden.stored("train_ids_gen_mask").bool()] = SLOT
    labels_BN = torch.full_like(ids_BN, NO_LABEL)
    labels_BN[:, :-1] = golden.stored("train_labels")[:, 1:]
    order_BN = torch.arange(ids_BN.shape[1]).expand_as(ids_BN)
    real_BN = ids_BN != int(golden.size("token_ids").get("pad", 0))
    return PackedBatch(
        ids_BN=ids_BN,
        kinds_BN=kinds_BN,
        positions_BN=order_BN,
        slot_blocks_BN=torch.zeros_like(ids_BN),
        labels_BN=labels_BN,
        rounds_BN=torch.zeros_like(ids_BN),
        lengths_B=(real_BN * (order_BN + 1)).amax(1),
        seen_tokens_MKD=pictures[shown],
        painted_tokens_TKD=pool_tokens(pictures[painted], num_tokens),
        seen_centres_M2=golden.stored("patch_positions")[shown],
    )


def _read_prompt(golden: Golden, language: MultimodalLLM) -> KeyValueCache:
    shown = golden.stored("train_embeds_cmp_mask").bool()
    pictures = language.embed_image(
        golden.stored("train_image_embeds")[shown], golden.stored("patch_positions")[shown]
    )
    embeds_BNW = language.embed_text(golden.stored("prompt_ids")).clone()
    places_BN = golden.stored("prompt_cmp_mask").bool()
    if int(places_BN.sum()) != pictures.shape[0] * pictures.shape[1]:
        raise ValueError(
            f"The prompt in {golden.path} has {int(places_BN.sum())} places for image tokens, but the "
            f"{pictures.shape[0]} pictures shown in training have {pictures.shape[0] * pictures.shape[1]}."
        )
    embeds_BNW[places_BN] = pictures.flatten(0, 1)
    cache = KeyValueCache()
    language.hidden(embeds_BNW, cache=cache)
    return cache


def _slot_by_slot(golden: Golden, modules: Modules) -> Tensor:
    """Hidden states at the slots, one decode step each, as SEED-X generates."""
    language = modules.language
    cache = _read_prompt(golden, language)
    slots_BKW = language.embed_slots(len(golden.stored("prompt_ids")))
    states = [language.hidden(slots_BKW[:, i : i + 1], cache=cache) for i in range(slots_BKW.shape[1])]
    return language.image_hidden(torch.cat(states, dim=1))


def _one_forward(golden: Golden, modules: Modules) -> Tensor:
    """The same states from one chunk on top of the cache, as limner generates."""
    language = modules.language
    cache = _read_prompt(golden, language)
    slots_BKW = language.embed_slots(len(golden.stored("prompt_ids")))
    return language.image_hidden(language.hidden(slots_BKW, cache=cache))


def _vision_sizes(sizes: Mapping[str, Any]) -> VisionSizes:
    if sizes["output_dim"] % POOL_HEAD_WIDTH:
        raise ValueError(
            f"The encoder's output_dim is {sizes['output_dim']}, no multiple of {POOL_HEAD_WIDTH}, "
            "which is the width of a head in its pool."
        )
    return VisionSizes(
        image_size_px=sizes["image_size"],
        patch_size_px=sizes["patch_size"],
        width=sizes["width"],
        layers=sizes["layers"],
        heads=sizes["heads"],
        mlp_width=int(sizes["width"] * sizes["mlp_ratio"]),
        num_queries=sizes["n_queries"],
        output_dim=sizes["output_dim"],
        pool_heads=sizes["output_dim"] // POOL_HEAD_WIDTH,
    )


def _resampler_sizes(sizes: Mapping[str, Any]) -> ResamplerSizes:
    return ResamplerSizes(
        grid=sizes["grid_size"],
        width=sizes["embed_dim"],
        heads=sizes["num_heads"],
        input_dim=sizes.get("kv_dim") or sizes["embed_dim"],
    )


def _detokenizer_sizes(sizes: Mapping[str, Any]) -> SDXLResamplerSizes:
    return SDXLResamplerSizes(
        width=sizes["dim"],
        depth=sizes["depth"],
        head_width=sizes["dim_head"],
        heads=sizes["heads"],
        num_queries=sizes["num_queries"],
        token_dim=sizes["embedding_dim"],
        first_dim=sizes["output1_dim"],
        second_dim=sizes["output2_dim"],
        widening=sizes["ff_mult"],
    )


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
