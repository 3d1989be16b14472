"""The vision encoder of Qwen-VL, and the tokenizer of pictures built on it.

Knows how square pictures become 256 tokens, how these are pooled to 64, and their normalisation. Knows
nothing about text, and nothing about how it was trained. State-dict names and numbers are those of Qwen-VL's
`transformer.visual`.

Legend: B batch, H W pixels, c channels, N tokens, D width, h heads, d width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import compact
from limner.models.convolutions import ConvolutionPair
from limner.models.face_reader import FaceReader
from limner.models.place_reader import PlaceReader
from limner.models.resampler import Resampler, stretch_positions
from limner.models.sizes import ResamplerSizes, VisionSizes
from limner.models.vision_towers import PublicTower

NORM_EPS = 1e-6
UNSHUFFLE = 4  # what a stem begins with


class _Attention(nn.Module):
    """Self-attention whose fused projection is laid out head by head as [q, k, v], not as three blocks."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x_BND: Tensor) -> Tensor:
        batch, length, width = x_BND.shape
        fused_BNhd = self.in_proj(x_BND).view(batch, length, self.heads, 3 * width // self.heads)
        q, k, v = (part.transpose(1, 2) for part in fused_BNhd.chunk(3, dim=-1))
        out_BhNd = F.scaled_dot_product_attention(q, k, v)
        out_BND: Tensor = self.out_proj(out_BhNd.transpose(1, 2).reshape(batch, length, width))
        return out_BND


class _FeedForward(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, inner)
        self.c_proj = nn.Linear(inner, width)

    def forward(self, x_BND: Tensor) -> Tensor:
        out_BND: Tensor = self.c_proj(F.gelu(self.c_fc(x_BND)))
        return out_BND


class _Block(nn.Module):
    def __init__(self, sizes: VisionSizes) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(sizes.width, eps=NORM_EPS)
        self.attn = _Attention(sizes.width, sizes.heads)
        self.ln_2 = nn.LayerNorm(sizes.width, eps=NORM_EPS)
        self.mlp = _FeedForward(sizes.width, sizes.mlp_width)

    def forward(self, x_BND: Tensor) -> Tensor:
        attended_BND: Tensor = x_BND + self.attn(self.ln_1(x_BND))
        fed_BND: Tensor = self.mlp(self.ln_2(attended_BND))
        return attended_BND + fed_BND


class _Transformer(nn.Module):
    def __init__(self, sizes: VisionSizes) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(sizes) for _ in range(sizes.layers))

    def forward(self, x_BND: Tensor) -> Tensor:
        for block in self.resblocks:
            x_BND = block(x_BND)
        return x_BND


class _Stem(nn.Module):
    """Convolutions before the patches: (B, 3, S, S) -> (B, c, S / stride, S / stride).

    A transformer from random weights takes long to find edges and where they lie within a patch; at full
    scale billions of pictures teach it. The picture is unshuffled to a quarter of its side, then each width
    has a convolution (from the second on with a stride of two) and a residual pair.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        before = (3 * UNSHUFFLE**2, *widths[:-1])
        self.enter = nn.ModuleList(
            nn.Conv2d(inner, outer, 3, stride=1 if level == 0 else 2, padding=1)
            for level, (inner, outer) in enumerate(zip(before, widths, strict=True))
        )
        self.refine = nn.ModuleList(ConvolutionPair(width) for width in widths)

    def forward(self, pixels_B3HW: Tensor) -> Tensor:
        x_BcHW = F.pixel_unshuffle(pixels_B3HW, UNSHUFFLE).contiguous(memory_format=torch.channels_last)
        for enter, refine in zip(self.enter, self.refine, strict=True):
            x_BcHW = refine(enter(x_BcHW))
        return x_BcHW


class QwenVisionTransformer(nn.Module):
    """Patches -> transformer -> a pool of learned queries -> norm -> projection. No CLS token.

    `positional_embedding` always has one row per query, and is stretched bicubically to the patches there
    are.
    """

    def __init__(self, sizes: VisionSizes) -> None:
        super().__init__()
        if sizes.image_size_px % sizes.patch_size_px:
            raise ValueError(
                f"Patches of {sizes.patch_size_px} px do not tile a picture of {sizes.image_size_px} px; "
                "change the vision sizes."
            )
        if sizes.patch_size_px % sizes.stem_stride_px:
            raise ValueError(
                f"A stem of {len(sizes.stem_widths)} widths shrinks the picture {sizes.stem_stride_px} "
                f"times, which must divide patches of {sizes.patch_size_px} px; change the vision sizes."
            )
        query_grid = round(sizes.num_queries**0.5)
        pool_width = sizes.pool_width or sizes.output_dim
        self.sizes = sizes
        self.stem = _Stem(sizes.stem_widths) if sizes.stem_widths else nn.Identity()
        channels, patch = (3, *sizes.stem_widths)[-1], sizes.patch_size_px // sizes.stem_stride_px
        self.conv1 = nn.Conv2d(channels, sizes.width, patch, stride=patch, bias=False)
        self.positional_embedding = nn.Parameter(
            torch.randn(sizes.num_queries, sizes.width) * sizes.width**-0.5
        )
        self.ln_pre = nn.LayerNorm(sizes.width, eps=NORM_EPS)
        self.transformer = _Transformer(sizes)
        if sizes.is_compact:
            compact(self.transformer)
        self.attn_pool = Resampler(
            ResamplerSizes(grid=query_grid, width=pool_width, heads=sizes.pool_heads, input_dim=sizes.width),
            norm_eps=NORM_EPS,
        )
        self.ln_post = nn.LayerNorm(pool_width, eps=NORM_EPS)
        self.proj = nn.Parameter(torch.randn(pool_width, sizes.output_dim) * pool_width**-0.5)
        reader = sizes.face_reader
        self.face_reader: FaceReader | None = (
            FaceReader(reader, sizes.width, sizes.output_dim) if reader else None
        )
        around = sizes.place_reader
        self.place_reader: PlaceReader | None = PlaceReader(around, sizes.output_dim) if around else None

    def forward(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels (B, 3, S, S) normalised as in training -> tokens (B, num_queries, output_dim)."""
        patches_BNW = self.transformer(self.places(pixels_B3HW))
        tokens_BND = self.look_around(self.read(patches_BNW), pixels_B3HW)
        return self.face_reader(tokens_BND, pixels_B3HW, patches_BNW) if self.face_reader else tokens_BND

    def look_around(self, tokens_BND: Tensor, pixels_B3HW: Tensor) -> Tensor:
        """The tokens, with what a look at the whole picture says of the scene, where there is one."""
        mixed_BND: Tensor = self.place_reader(tokens_BND, pixels_B3HW) if self.place_reader else tokens_BND
        return mixed_BND

    def places(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels -> what enters the transformer: a vector for each patch (B, grid^2, width)."""
        size = self.sizes.image_size_px
        if pixels_B3HW.ndim != 4 or pixels_B3HW.shape[1:] != (3, size, size):
            raise ValueError(
                f"The vision encoder reads (batch, 3, {size}, {size}) pixels, "
                f"not {tuple(pixels_B3HW.shape)}; resize first."
            )
        x_BND = self.conv1(self.stem(pixels_B3HW)).flatten(2).transpose(1, 2)
        placed_BND: Tensor = self.ln_pre(x_BND + stretch_positions(self.positional_embedding, x_BND.shape[1]))
        return placed_BND

    def read(self, x_BND: Tensor) -> Tensor:
        """What leaves the transformer -> tokens (B, num_queries, output_dim)."""
        pooled_BND: Tensor = self.ln_post(self.attn_pool(x_BND))
        return pooled_BND @ self.proj


def build_encoder(sizes: VisionSizes) -> QwenVisionTransformer | PublicTower:
    """The encoder of these sizes, random weights."""
    return PublicTower(sizes) if sizes.public_config else QwenVisionTransformer(sizes)


def pool_tokens(tokens_BND: Tensor, num_tokens: int = 64) -> Tensor:
    """1D average pool of (B, N, D) to (B, num_tokens, D): neighbours in a row become one (paper, section 3;
    SEED-X). Where they cannot be shared out evenly, neighbouring windows overlap by one (adaptive pooling).

    Raises:
        ValueError: there are fewer than `num_tokens`.
    """
    batch, length, width = tokens_BND.shape
    if length < num_tokens:
        raise ValueError(f"{length} tokens cannot be pooled to {num_tokens}; choose fewer.")
    if length % num_tokens == 0:
        return tokens_BND.reshape(batch, num_tokens, length // num_tokens, width).mean(dim=2)
    return F.adaptive_avg_pool1d(tokens_BND.transpose(1, 2), num_tokens).transpose(1, 2)


class ImageTokenizer(nn.Module):
    """Pictures -> normalised image tokens, the one vocabulary that the language model and the detokenizer
    share.

    `token_mean` and `token_std` (D,) bring each channel to zero mean and unit spread; they are 0 and 1 at
    full scale, where the paper regresses the encoder's own values.
    """

    token_mean: Tensor
    token_std: Tensor
    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(
        self,
        vision: QwenVisionTransformer | PublicTower,
        num_tokens: int = 64,
        token_mean: Tensor | None = None,
        token_std: Tensor | None = None,
    ) -> None:
        super().__init__()
        dim = vision.sizes.output_dim
        self.vision = vision
        self.num_tokens = num_tokens
        self.register_buffer("token_mean", torch.zeros(dim) if token_mean is None else token_mean.clone())
        self.register_buffer("token_std", torch.ones(dim) if token_std is None else token_std.clone())
        # As means and spreads of pixels in [-1, 1], which all of limner's pictures are.
        mean, std = torch.tensor(vision.sizes.pixel_mean), torch.tensor(vision.sizes.pixel_std)
        self.register_buffer("pixel_mean", (2 * mean - 1)[:, None, None], persistent=False)
        self.register_buffer("pixel_std", (2 * std)[:, None, None], persistent=False)

    def encode(self, pixels_B3HW: Tensor, num_tokens: int | None = None) -> Tensor:
        """Pixels (B, 3, S, S) in [-1, 1] -> normalised image tokens (B, num_tokens, D).

        `num_tokens` other than the model's own are for detokenizers that read more (paper, section 7).
        """
        seen_B3HW = ((pixels_B3HW - self.pixel_mean) / self.pixel_std).to(pixels_B3HW.dtype)
        encoded_BND = self.vision(seen_B3HW)
        tokens_BND = self.normalise(pool_tokens(encoded_BND, num_tokens or self.num_tokens))
        return tokens_BND.to(pixels_B3HW.dtype)

    forward = encode

    def normalise(self, tokens_BND: Tensor) -> Tensor:
        """Encoder's tokens -> normalised ones."""
        return (tokens_BND - self.token_mean) / self.token_std
