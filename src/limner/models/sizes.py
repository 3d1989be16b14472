"""The sizes of every network, one dataclass each.

Knows numbers only: no torch, no weights, no files, and no scale (`presets.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FaceReaderSizes:
    """An encoder's second look at faces (`face_reader.py`): the first `persons` times `person_tokens` image
    tokens say who is seen, each the mean of `tokens_pooled` tokens of the encoder; a window is halved once
    for each of `widths`.
    """

    persons: int
    person_tokens: int
    tokens_pooled: int
    window_px: int
    widths: tuple[int, ...]
    summary_width: int

    @property
    def map_side(self) -> int:
        """Places along one side of a window's last map."""
        return self.window_px >> len(self.widths)


@dataclass(frozen=True, kw_only=True)
class PlaceReaderSizes:
    """An encoder's look at the whole picture (`place_reader.py`): `num_tokens` image tokens, of which
    `first_token` is the first, say what surrounds the persons, each the mean of `tokens_pooled` tokens of the
    encoder; the picture is shrunk to `side_px` and halved once for each of `widths`.
    """

    first_token: int
    num_tokens: int
    tokens_pooled: int
    side_px: int
    widths: tuple[int, ...]
    summary_width: int


@dataclass(frozen=True, kw_only=True)
class VisionSizes:
    """Qwen-VL's vision transformer, or the tower that `public_config` describes: square pictures in,
    `num_queries` tokens of `output_dim` out.
    """

    image_size_px: int
    patch_size_px: int
    width: int
    layers: int
    heads: int
    mlp_width: int
    num_queries: int
    output_dim: int
    pool_heads: int  # SEED-X: output_dim // 128
    pool_width: int | None = None  # of the learned queries; None: output_dim, as in Qwen-VL
    # Widths of convolutions before the patches, at a quarter of the side, an eighth, ...; Qwen-VL has none.
    stem_widths: tuple[int, ...] = ()
    face_reader: FaceReaderSizes | None = None  # Qwen-VL has none
    place_reader: PlaceReaderSizes | None = None  # nor this
    is_compact: bool = False  # the transformer's maps take a byte a weight in files (compact_linear.py)
    # Of pixels in [0, 1]; by default they enter as -1..1.
    pixel_mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    pixel_std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    # transformers' configuration of another tower, as text (vision_towers.py); "" for Qwen-VL's.
    public_config: str = ""

    @property
    def grid(self) -> int:
        """Patches along one side of the picture."""
        return self.image_size_px // self.patch_size_px

    @property
    def stem_stride_px(self) -> int:
        """Pixels along one side of what the patches are cut from: 1 without a stem."""
        return 2 ** (len(self.stem_widths) + 1) if self.stem_widths else 1


@dataclass(frozen=True, kw_only=True)
class ResamplerSizes:
    """One cross-attention from `grid` x `grid` learned queries of `width` to any number of `input_dim`
    vectors.
    """

    grid: int
    width: int
    heads: int
    input_dim: int


@dataclass(frozen=True, kw_only=True)
class LanguageSizes:
    """The language model in the middle: a LLaMA of these sizes, or what `public_config` describes."""

    vocab_size: int
    width: int
    layers: int
    heads: int
    ffn_width: int
    context_tokens: int
    rms_norm_eps: float = 1e-5
    tie_embeddings: bool = False
    crop_positions: bool = False  # SEED-X adds to a picture's tokens where in the whole picture its crop is
    upload_crops: bool = False  # given pictures enter as crops on a grid, then whole (any_resolution.py)
    key_value_width: int = 0  # of all heads' keys; 0: the width, as where every head has keys of its own
    # transformers' config.json of any other causal language model, as text; "" for the LLaMA.
    public_config: str = ""
    reads_regions: bool = False  # has learned what location tokens in an instruction point at
    # Sine waves of the position in the context that are added to what enters the first layer, through a
    # learned map; 0 for the LLaMA, whose attention knows distances alone.
    position_waves: int = 0
    # Of the keys of an attention that copies earlier places unchanged (copy_attention.py); 0 for the LLaMA.
    copy_width: int = 0
    # Image tokens also enter by a linear map beside the resampler, whose layer norm forgets their length.
    token_skip: bool = False


@dataclass(frozen=True, kw_only=True)
class TokenHeadSizes:
    """The transformer that turns slots' hidden states into image tokens (the flow head; regression needs no
    sizes).
    """

    width: int
    depth: int
    heads: int
    default_temperature: float = 1.0  # as a detokenizer's
    # Drawn of every picture, so that tokens on which they agree are told from those that are left open
    # (`token_head.agreed`); 1 takes the one sample as it is.
    samples: int = 1
    slot_spread: bool = False  # how far a token is open is read from its own slot's hidden state
    # Of the codebook (`codebook.py`) whose nearest words are drawn; 0 words draw tokens as they come.
    codebook_words: int = 0
    codebook_groups: int = 0
    is_compact: bool = False  # weights take a byte each in files, but for the guess
    dependents: tuple[int, ...] = ()  # tokens that follow from all others (`dependent_tokens.py`)


@dataclass(frozen=True, kw_only=True)
class BankSizes:
    """Maps that a canvas remembers of one part of the body (`remembered_details.py`): for each of a person's
    `tokens` one for each of its `words`, of `side` places a side over `reach` (x0, y0, x1, y1 in the body's
    frame).
    """

    tokens: tuple[int, ...]
    words: tuple[int, ...]
    side: int
    reach: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class DetailSizes:
    """What a canvas remembers, and the `width` of the convolutions that read it."""

    banks: tuple[BankSizes, ...]
    width: int

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DetailSizes:
        """The inverse of `dataclasses.asdict`, of JSON's lists and dictionaries."""
        banks = [BankSizes(**{key: _tuple(part) for key, part in bank.items()}) for bank in values["banks"]]
        return cls(banks=tuple(banks), width=values["width"])


@dataclass(frozen=True, kw_only=True)
class CanvasSizes:
    """A network that draws persons on a canvas of their own (`person_canvas.py`): `blocks` of a transformer
    over 8 x 8 places that read a person's tokens, `heads` each, then convolutions. `widths` are the channels
    of the canvas of 8, 16, 32, ... places a side, `direct_width` those that a summary of `summary_width`
    numbers gives each place at once. `texture_pitch`: how far apart, in units of the body, the repeats of a
    cloth's pattern are; 0 for a canvas without patterns. `texture_tokens`: which of a person's tokens tell
    what is worn, in which pattern and colours. `details`: what is remembered at its places, if anything.
    """

    widths: tuple[int, ...]
    summary_width: int
    direct_width: int
    blocks: int
    heads: int
    texture_pitch: float = 0.0
    texture_tokens: tuple[int, ...] = ()
    details: DetailSizes | None = None

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> CanvasSizes:
        """The inverse of `dataclasses.asdict`, of JSON's lists and dictionaries."""
        details = values.get("details")
        made: dict[str, Any] = {key: _tuple(part) for key, part in values.items()}
        if details is not None:
            made["details"] = DetailSizes.from_json(details)
        return cls(**made)


@dataclass(frozen=True, kw_only=True)
class BackdropSizes:
    """Places that a detokenizer remembers (`backdrop_layer.py`): `places` maps of `channels` channels and
    `side` places a side, addressed by the image tokens at `place_tokens`; `widths` are the channels from
    there to the finest map. Which part of a place is seen, one of `views`, is addressed by `view_tokens`.
    """

    places: int
    place_tokens: tuple[int, ...]
    channels: int
    side: int
    widths: tuple[int, ...]
    views: int
    view_tokens: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LayerSizes:
    """Layers of which a detokenizer of pixels composes a first picture (`scene_layers.py`): a place, and
    before it persons (whole, and their faces once more, larger). The first `persons` times `person_tokens`
    image tokens say who is seen. `mend_width`: channels of the convolutions that join the layers and the
    transformer's picture.
    """

    persons: int
    person_tokens: int
    figures: CanvasSizes
    faces: CanvasSizes
    backdrop: BackdropSizes
    mend_width: int

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> LayerSizes:
        """The inverse of `dataclasses.asdict`, of JSON's lists and dictionaries."""
        backdrop = {key: _tuple(part) for key, part in values["backdrop"].items()}
        canvases = {name: CanvasSizes.from_json(values[name]) for name in ("figures", "faces")}
        return cls(**{**values, **canvases, "backdrop": BackdropSizes(**backdrop)})


@dataclass(frozen=True, kw_only=True)
class StyleSizes:
    """A layer that puts an art style on finished pixels (`style_layer.py`): which image token names it, how
    many convolutions of which width, and how many maps of the picture's size remember grain.
    """

    token: int
    width: int
    depth: int
    maps: int


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class DetokenizerSizes:
    """The diffusion transformer: image tokens in, a velocity over square latents out."""

    latent_size: int
    latent_channels: int
    patch_size: int
    width: int
    layers: int
    heads: int
    token_dim: int
    num_tokens: int
    # PixArt stretches its sine positions by this factor; 1 unless a public checkpoint was trained with
    # another.
    interpolation_scale: float = 1.0
    tokens_pooled: int = 4  # neighbours of the encoder's that one token is the mean of
    size_conditions: bool = False  # PixArt-alpha at 1024 px is told resolution and aspect ratio; Sigma isn't
    default_steps: int = 8
    # Of the noise that a picture starts from: below 1 nearer to the typical one, 0 without chance. For flows
    # that were trained too briefly to shape their noise.
    default_temperature: float = 1.0
    # A detokenizer of pixels (`pixel_frame.py`): channels of the maps behind the transformer, coarse to fine;
    # channels of a patch before it; width of the tokens' summary. Latents are then the pixels themselves.
    refiner_widths: tuple[int, ...] = ()
    bottleneck: int = 128
    summary_width: int = 384
    layers_of_scene: LayerSizes | None = None
    # Of finished pixels: how much is added of what they differ from a copy blurred by one pixel
    # (`pixel_frame.sharpened`), for what a small network regresses is soft at its edges.
    sharpening: float = 0.0
    style: StyleSizes | None = None
    kind: str = "dit"

    @property
    def draws_pixels(self) -> bool:
        """Whether the network predicts pixels (the data) and not a velocity of latents."""
        return bool(self.refiner_widths)

    @property
    def grid(self) -> int:
        """Places of the transformer along one side."""
        return self.latent_size // self.patch_size


@dataclass(frozen=True, kw_only=True)
class AutoencoderSizes:
    """The autoencoder behind a pixel unshuffle; a latent covers `downsampling` pixels a side."""

    image_size_px: int
    unshuffle: int
    block_widths: tuple[int, ...]
    layers_per_block: int
    latent_channels: int
    norm_groups: int = 32
    mid_attention: bool = False
    library: bool = False  # diffusers' KL autoencoder, for public weights; norms and attention are its own
    identity: bool = False  # latents are the pixels, unshuffled: for detokenizers that draw these

    @property
    def downsampling(self) -> int:
        """Pixels along one side of a latent."""
        if self.identity:
            return self.unshuffle
        return self.unshuffle << (len(self.block_widths) - 1)

    @property
    def latent_size(self) -> int:
        """Latents along one side of the picture."""
        return self.image_size_px // self.downsampling
