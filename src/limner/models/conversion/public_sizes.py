"""Sizes of public checkpoints, read off their shapes and configuration files.

Knows which shape tells which size. What no shape tells (numbers of heads, pixels) is SEED-X's own, unless the
caller says otherwise; a size that most tensors agree on is taken, so that a misshapen one is found.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from limner.models.conversion.fit import Shape
from limner.models.presets import SEED_X
from limner.models.sizes import AutoencoderSizes, DetokenizerSizes, ResamplerSizes, VisionSizes
from limner.models.unet_sizes import SDXLResamplerSizes, UNetDetokenizerSizes

POOL_HEAD_WIDTH: Final = 128
Given = Mapping[str, Mapping[str, Any]]  # what the user says: part -> size -> value


QUERIES: Final = ("attn_pool.query", "positional_embedding", "attn_pool.pos_embed")


def vision_sizes(shapes: Mapping[str, Shape], given: Given, where: object) -> VisionSizes:
    """Of Qwen-VL's encoder by its state dict's shapes."""
    said = given.get("vit", {})
    blocks = {int(name.split(".")[2]) for name in shapes if name.startswith("transformer.resblocks.")}
    width = _most(shapes, where, [("ln_pre.weight", 0), ("positional_embedding", 1), ("ln_pre.bias", 0)])
    output = _most(shapes, where, [("ln_post.weight", 0), ("attn_pool.query", 1), ("proj", 1)])
    inner = [
        (f"transformer.resblocks.{block}.mlp.{name}", side)
        for block in blocks
        for name, side in (("c_fc.weight", 0), ("c_fc.bias", 0), ("c_proj.weight", 1))
    ]
    if output % POOL_HEAD_WIDTH:
        raise ValueError(
            f"{where}: an output of {output} is no multiple of {POOL_HEAD_WIDTH}, a head's width."
        )
    image = int(said.get("image_size", SEED_X.vision.image_size_px))
    patch = _most(shapes, where, [("conv1.weight", 2), ("conv1.weight", 3)])
    sides = shapes["conv1.weight"][2:]  # of which a misshapen one does not tile the picture
    patch = next((side for side in sides if side and image % side == 0), patch)
    return replace(
        SEED_X.vision,
        image_size_px=image,
        patch_size_px=patch,
        width=width,
        layers=1 + max(blocks, default=0),
        heads=_heads(width, SEED_X.vision.heads, said.get("heads"), f"{where}: the encoder"),
        mlp_width=_most(shapes, where, inner),
        num_queries=_most(shapes, where, [(name, 0) for name in QUERIES]),
        output_dim=output,
        pool_heads=output // POOL_HEAD_WIDTH,
    )


def resampler_sizes(
    shapes: Mapping[str, Shape], part: str, width: int, input_dim: int, given: Given, where: object
) -> ResamplerSizes:
    """Of one of the agent's resamplers, between widths that others decide."""
    other = {"input_resampler": "output_resampler", "output_resampler": "input_resampler"}[part]
    names = [f"{either}.{name}" for either in (part, other) for name in ("query", "pos_embed")]
    queries = _most(shapes, where, [(name, 0) for name in names])
    usual = SEED_X.input_resampler.heads
    return ResamplerSizes(
        grid=math.isqrt(queries),
        width=width,
        heads=_heads(width, usual, given.get(part, {}).get("num_heads"), f"{where}: the {part}"),
        input_dim=input_dim,
    )


def autoencoder_sizes(config: Mapping[str, Any], latent_size: int, where: object) -> AutoencoderSizes:
    """Of a KL autoencoder by its `config.json`, painting latents of this side."""
    try:
        widths = tuple(int(width) for width in config["block_out_channels"])
        return AutoencoderSizes(
            image_size_px=latent_size << (len(widths) - 1),
            unshuffle=1,
            block_widths=widths,
            layers_per_block=int(config["layers_per_block"]),
            latent_channels=int(config["latent_channels"]),
            norm_groups=int(config.get("norm_num_groups", 32)),
            mid_attention=bool(config.get("mid_block_add_attention", True)),
            library=True,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"The configuration in {where} lacks or garbles {error}.") from error


def unet_sizes(
    config: Mapping[str, Any],
    shapes: Mapping[str, Shape],
    autoencoder: AutoencoderSizes,
    *,
    token_dim: int,
    num_tokens: int,
    tokens_pooled: int,
    scale: float,
    stage: int,
    given: Given,
    where: object,
) -> UNetDetokenizerSizes:
    """Of a SEED-X detokenizer: SDXL's UNet by its `config.json`, the resampler by its shapes.

    Args:
        shapes: of the detokenizer's state dict.
        scale: the autoencoder's scaling factor.
        stage: 1, or 2 with a condition picture.
    """
    resampler = _sdxl_resampler_sizes(
        shapes, given, where, token_dim=token_dim, prompt_dim=_prompt_dim(config, where)
    )
    try:
        widths = tuple(int(width) for width in config["block_out_channels"])
        layers, heads = config["transformer_layers_per_block"], config["attention_head_dim"]
        layers = [layers] * len(widths) if isinstance(layers, int) else layers
        heads = [heads] * len(widths) if isinstance(heads, int) else heads
        crossed = [kind.startswith("CrossAttn") for kind in config["down_block_types"]]
        return UNetDetokenizerSizes(
            latent_size=int(config["sample_size"]),
            latent_channels=autoencoder.latent_channels,
            token_dim=resampler.token_dim,
            num_tokens=num_tokens,
            tokens_pooled=tokens_pooled,
            image_size_px=autoencoder.image_size_px,
            block_widths=widths,
            layers_per_block=int(config["layers_per_block"]),
            transformer_layers=tuple(
                int(count) if has else 0 for count, has in zip(layers, crossed, strict=True)
            ),
            head_width=widths[-1] // int(heads[-1]),
            time_width=int(config["addition_time_embed_dim"]),
            norm_groups=int(config.get("norm_num_groups", 32)),
            resampler=resampler,
            reads_condition=stage == 2,
            condition_scale=1 / scale,
            guidance=7.5,
            image_guidance=1.5,
            spacing="leading",
            default_steps=50,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"The UNet's configuration beside {where} lacks or garbles {error}.") from error


def pixart_sizes(
    config: Mapping[str, Any], *, token_dim: int, num_tokens: int, tokens_pooled: int, where: object
) -> DetokenizerSizes:
    """Of a PixArt transformer by its `config.json`, reading image tokens of another width than captions."""
    try:
        heads = int(config["num_attention_heads"])
        side = int(config["sample_size"])
        return DetokenizerSizes(
            latent_size=side,
            latent_channels=int(config["in_channels"]),
            patch_size=int(config["patch_size"]),
            width=heads * int(config["attention_head_dim"]),
            layers=int(config["num_layers"]),
            heads=heads,
            token_dim=token_dim,
            num_tokens=num_tokens,
            # The library's own default.
            interpolation_scale=float(config.get("interpolation_scale") or max(side // 64, 1)),
            tokens_pooled=tokens_pooled,
            size_conditions=bool(config.get("use_additional_conditions") or False),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"The PixArt configuration in {where} lacks or garbles {error}.") from error


def _sdxl_resampler_sizes(
    shapes: Mapping[str, Shape], given: Given, where: object, *, token_dim: int, prompt_dim: int
) -> SDXLResamplerSizes:
    usual = SDXLResamplerSizes()
    layers = {int(name.split(".")[2]) for name in shapes if name.startswith("resampler.layers.")}
    ends = (("norm_out.weight", 0), ("latents", 2), ("norm_out.bias", 0), ("proj_in.weight", 0))
    width = _most(shapes, where, [(f"resampler.{name}", side) for name, side in ends])
    sides = [(f"resampler.layers.{layer}.0.to_q.weight", 0) for layer in layers]
    inner = _most(
        shapes, where, [*sides, *((f"resampler.layers.{layer}.0.to_out.weight", 1) for layer in layers)]
    )
    said = given.get("detokenizer_resampler", {}).get("heads")
    heads = _heads(math.gcd(inner, width), usual.heads, said, f"{where}: the resampler")
    pooled = ("unet_proj_2.bias", "unet_proj_2.weight", "unet_attnpool.c_proj.bias")
    second = _most(shapes, where, [(f"resampler.{name}", 0) for name in pooled])
    feed = [(f"resampler.layers.{layer}.1.1.weight", 0) for layer in layers]
    feed += [(f"resampler.layers.{layer}.1.3.weight", 1) for layer in layers]
    return SDXLResamplerSizes(
        width=width,
        depth=1 + max(layers, default=0),
        head_width=inner // heads,
        heads=heads,
        num_queries=_num_queries(shapes, usual.num_queries, where),
        token_dim=token_dim,
        first_dim=prompt_dim - second,
        second_dim=second,
        widening=_most(shapes, where, feed) // width,
    )


def _num_queries(shapes: Mapping[str, Shape], usual: int, where: object) -> int:
    """Two shapes tell it; where they disagree, the usual number is believed."""
    told = [_most(shapes, where, [("resampler.latents", 1)])]
    places = shapes.get("resampler.unet_attnpool.positional_embedding", ())
    told += [places[0] - 1] if places else []  # one more, for their mean
    return usual if usual in told else told[0]


def _prompt_dim(config: Mapping[str, Any], where: object) -> int:
    width = config.get("cross_attention_dim")
    if not isinstance(width, int):
        raise ValueError(f"The UNet's configuration beside {where} has no cross_attention_dim.")
    return width


def _most(shapes: Mapping[str, Shape], where: object, sides: Iterable[tuple[str, int]]) -> int:
    """The size that most of these (name, dimension) tell."""
    sides = list(sides)
    told = Counter(shapes[name][side] for name, side in sides if name in shapes and len(shapes[name]) > side)
    if not told:
        raise ValueError(
            f"{where} has no {' and no '.join(name for name, _ in sides[:2])}; these are not the weights "
            "that should be there."
        )
    return told.most_common(1)[0][0]


def _heads(width: int, usual: int, said: object, what: str) -> int:
    heads = usual if said is None else int(str(said))
    if heads < 1 or width % heads:
        raise ValueError(
            f"{what} of width {width} cannot have {heads} heads, and no shape tells how many; "
            "say so in a file of sizes (--sizes)."
        )
    return heads
