"""The four scales that limner knows.

Knows numbers only: no torch, no weights, no files. A scale is a `Preset`, and the same classes are built from
any of them: TINY for tests, SKETCH for two CPU cores, MINIATURE for the embedded model, SEED_X for the
full-scale backbone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from limner.models.sizes import (
    AutoencoderSizes,
    BackdropSizes,
    BankSizes,
    CanvasSizes,
    DetailSizes,
    DetokenizerSizes,
    FaceReaderSizes,
    LanguageSizes,
    LayerSizes,
    PlaceReaderSizes,
    ResamplerSizes,
    StyleSizes,
    TokenHeadSizes,
    VisionSizes,
)
from limner.models.unet_sizes import UNetDetokenizerSizes

# Of scene tokens: words that stand for themselves or for nobody, factor by factor.
SCENE_WORDS: Final = 789
SCENE_GROUPS: Final = 62
FACE_BOXES: Final = (23, 47)  # of the left and the right person: they follow from all other tokens
FORMER: Final = ("decoder",)  # parts of older files that nothing has any more


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One scale: the sizes of all components, which agree with each other (checked on construction)."""

    name: str
    image_size_px: int
    num_image_tokens: int
    vision: VisionSizes
    input_resampler: ResamplerSizes
    output_resampler: ResamplerSizes
    language: LanguageSizes
    token_head: TokenHeadSizes
    detokenizer: DetokenizerSizes | UNetDetokenizerSizes
    autoencoder: AutoencoderSizes

    def __post_init__(self) -> None:
        tokens, dim, width = self.num_image_tokens, self.vision.output_dim, self.language.width
        agreements = (
            ("image tokens that the encoder has tokens for", min(tokens, self.vision.num_queries), tokens),
            ("input_resampler.grid squared", self.input_resampler.grid**2, tokens),
            ("input_resampler.width", self.input_resampler.width, width),
            ("input_resampler.input_dim", self.input_resampler.input_dim, dim),
            ("output_resampler.grid squared", self.output_resampler.grid**2, tokens),
            ("output_resampler.width", self.output_resampler.width, dim),
            ("output_resampler.input_dim", self.output_resampler.input_dim, width),
            ("detokenizer.token_dim", self.detokenizer.token_dim, dim),
            # It may read more than the language model predicts: then it only reconstructs (paper, section 7).
            (
                "detokenizer.tokens_pooled",
                self.detokenizer.tokens_pooled,
                self.vision.num_queries // self.detokenizer.num_tokens,
            ),
            ("detokenizer.latent_size", self.detokenizer.latent_size, self.autoencoder.latent_size),
            (
                "detokenizer.latent_channels",
                self.detokenizer.latent_channels,
                self.autoencoder.latent_channels,
            ),
        )
        if self.language.upload_crops and not self.language.crop_positions:
            raise ValueError(f"Preset {self.name!r}: crops need crop_positions; change the language sizes.")
        for what, found, expected in agreements:
            if found != expected:
                raise ValueError(
                    f"Preset {self.name!r}: {what} is {found}, but must be {expected}; change the sizes."
                )

    @property
    def upload_crop_px(self) -> int | None:
        """The side of the crops that given pictures enter as; None where each is one whole picture."""
        return self.vision.image_size_px if self.language.upload_crops else None

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `limner.json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Preset:
        """The inverse of `to_json`; ValueError names what a foreign or older file got wrong."""
        parts: dict[str, type] = {
            "input_resampler": ResamplerSizes,
            "output_resampler": ResamplerSizes,
            "language": LanguageSizes,
            "token_head": TokenHeadSizes,
            "autoencoder": AutoencoderSizes,
        }
        try:
            made = {
                key: parts[key](**_with_tuples(value)) if key in parts else value
                for key, value in values.items()
                if key not in FORMER
            }
            made["vision"] = _vision_sizes(values["vision"])
            return cls(**{**made, "detokenizer": _detokenizer_sizes(values["detokenizer"])})
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"These preset sizes are not of this version of limner: {error}.") from error


def _with_tuples(sizes: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in sizes.items()}


def _vision_sizes(values: dict[str, Any]) -> VisionSizes:
    reader = values.get("face_reader")
    made = None if reader is None else FaceReaderSizes(**_with_tuples(reader))
    around = values.get("place_reader")
    place = None if around is None else PlaceReaderSizes(**_with_tuples(around))
    return VisionSizes(**_with_tuples({**values, "face_reader": made, "place_reader": place}))


def _detokenizer_sizes(values: dict[str, Any]) -> DetokenizerSizes | UNetDetokenizerSizes:
    kind = values.get("kind", "dit")  # the only one there was, when it was not named
    if kind == "unet":
        return UNetDetokenizerSizes.from_json(values)
    if kind != "dit":
        raise ValueError(f"This version of limner has no detokenizer of the kind {kind!r}.")
    layers = values.get("layers_of_scene")
    made = None if layers is None else LayerSizes.from_json(layers)
    style = None if values.get("style") is None else StyleSizes(**values["style"])
    return DetokenizerSizes(**_with_tuples({**values, "layers_of_scene": made, "style": style}))


TINY: Final = Preset(
    name="tiny",
    image_size_px=32,
    num_image_tokens=16,
    vision=VisionSizes(
        image_size_px=32,
        patch_size_px=4,
        width=32,
        layers=2,
        heads=2,
        mlp_width=64,
        num_queries=64,
        output_dim=16,
        pool_heads=2,
    ),
    input_resampler=ResamplerSizes(grid=4, width=48, heads=4, input_dim=16),
    output_resampler=ResamplerSizes(grid=4, width=16, heads=2, input_dim=48),
    language=LanguageSizes(
        vocab_size=600,
        width=48,
        layers=2,
        heads=4,
        ffn_width=96,
        context_tokens=512,
        reads_regions=True,
        position_waves=4,
        copy_width=16,
        token_skip=True,
    ),
    token_head=TokenHeadSizes(width=32, depth=2, heads=2, slot_spread=True),
    detokenizer=DetokenizerSizes(
        latent_size=4,
        latent_channels=4,
        patch_size=1,
        width=32,
        layers=2,
        heads=2,
        token_dim=16,
        num_tokens=16,
    ),
    autoencoder=AutoencoderSizes(
        image_size_px=32,
        unshuffle=4,
        block_widths=(16, 16),
        layers_per_block=1,
        latent_channels=4,
    ),
)

# Of which of a person's tokens canvases remember maps, and how many words each has: hair, beards, glasses,
# hats, jewellery and neckwear; clothes; what a face shows.
HEAD: Final = BankSizes(
    tokens=(4, 5, 6, 7, 9, 10), words=(10, 5, 5, 6, 4, 5), side=168, reach=(-1.05, -0.95, 1.05, 1.15)
)
CLOTHES: Final = BankSizes(tokens=(12,), words=(11,), side=232, reach=(-1.6, 0.2, 1.6, 3.4))
FEATURES: Final = BankSizes(
    tokens=(0, 1, 4, 5, 6, 15), words=(6, 2, 10, 5, 5, 8), side=128, reach=(-0.7, -0.55, 0.7, 0.75)
)
# The world's 144 places and plain white; parts of them by mirror image, cut and framing.
SCENE_LAYERS: Final = LayerSizes(
    persons=2,
    person_tokens=24,
    figures=CanvasSizes(
        widths=(128, 64, 48, 32, 16),
        summary_width=192,
        direct_width=96,
        blocks=3,
        heads=4,
        texture_pitch=0.17,
        texture_tokens=(12, 13, 14),
        details=DetailSizes(banks=(HEAD, CLOTHES), width=48),
    ),
    faces=CanvasSizes(
        widths=(128, 64, 48, 24),
        summary_width=128,
        direct_width=48,
        blocks=3,
        heads=4,
        details=DetailSizes(banks=(FEATURES,), width=48),
    ),
    backdrop=BackdropSizes(
        places=145,
        place_tokens=(49, 50),
        channels=8,
        side=32,
        widths=(48, 32, 16),
        views=48,
        view_tokens=(51, 52, 53),
    ),
    mend_width=24,
)

STYLE: Final = StyleSizes(token=57, width=24, depth=3, maps=4)
# Tokens 48 to 58 tell of the scene, but for its letters.
PLACE_READER: Final = PlaceReaderSizes(
    first_token=48,
    num_tokens=11,
    tokens_pooled=4,
    side_px=128,
    widths=(20, 40, 56, 72),
    summary_width=160,
)

SKETCH: Final = Preset(
    name="sketch",
    image_size_px=256,
    num_image_tokens=64,
    vision=VisionSizes(
        image_size_px=256,
        patch_size_px=16,
        width=192,
        layers=4,
        heads=3,
        mlp_width=768,
        num_queries=256,
        output_dim=64,
        pool_heads=4,
        pool_width=256,
        stem_widths=(48, 96),
        face_reader=FaceReaderSizes(
            persons=2,
            person_tokens=24,
            tokens_pooled=4,
            window_px=80,
            widths=(24, 48, 64),
            summary_width=104,
        ),
        place_reader=PLACE_READER,
        is_compact=True,
    ),
    input_resampler=ResamplerSizes(grid=8, width=192, heads=6, input_dim=64),
    output_resampler=ResamplerSizes(grid=8, width=64, heads=4, input_dim=192),
    # Tied: a name that training met a few times, or never, can still be copied.
    language=LanguageSizes(
        vocab_size=4096,
        width=192,
        layers=6,
        heads=6,
        ffn_width=512,
        context_tokens=2048,
        tie_embeddings=True,
        position_waves=8,
        copy_width=96,
        token_skip=True,
    ),
    token_head=TokenHeadSizes(
        width=192,
        depth=3,
        heads=6,
        samples=4,
        slot_spread=True,
        codebook_words=SCENE_WORDS,
        codebook_groups=SCENE_GROUPS,
        is_compact=True,
        dependents=FACE_BOXES,
    ),
    detokenizer=DetokenizerSizes(
        latent_size=256,
        latent_channels=3,
        patch_size=32,
        width=192,
        layers=6,
        heads=6,
        token_dim=64,
        num_tokens=64,
        default_steps=2,
        sharpening=0.8,
        refiner_widths=(128, 64, 32, 16),
        layers_of_scene=SCENE_LAYERS,
        style=STYLE,
    ),
    autoencoder=AutoencoderSizes(
        image_size_px=256,
        unshuffle=1,
        block_widths=(),
        layers_per_block=0,
        latent_channels=3,
        identity=True,
    ),
)

# 20.7 million parameters together, senses included: 39.4 MiB in bfloat16, to ship inside the package.
MINIATURE: Final = Preset(
    name="miniature",
    image_size_px=256,
    num_image_tokens=64,
    vision=VisionSizes(
        image_size_px=256,
        patch_size_px=16,
        width=192,
        layers=6,
        heads=3,
        mlp_width=768,
        num_queries=256,
        output_dim=64,
        pool_heads=4,
        pool_width=256,
        stem_widths=(48, 96),
        face_reader=FaceReaderSizes(
            persons=2,
            person_tokens=24,
            tokens_pooled=4,
            window_px=80,
            widths=(24, 48, 64),
            summary_width=160,
        ),
        place_reader=PLACE_READER,
    ),
    input_resampler=ResamplerSizes(grid=8, width=256, heads=8, input_dim=64),
    output_resampler=ResamplerSizes(grid=8, width=64, heads=4, input_dim=256),
    language=LanguageSizes(
        vocab_size=4096,
        width=256,
        layers=6,
        heads=8,
        ffn_width=640,
        context_tokens=2048,
        tie_embeddings=True,
        position_waves=8,
        copy_width=96,
        token_skip=True,
    ),
    token_head=TokenHeadSizes(
        width=192,
        depth=4,
        heads=6,
        slot_spread=True,
        codebook_words=SCENE_WORDS,
        codebook_groups=SCENE_GROUPS,
        is_compact=True,
        dependents=FACE_BOXES,
    ),
    detokenizer=DetokenizerSizes(
        latent_size=256,
        latent_channels=3,
        patch_size=32,
        width=224,
        layers=8,
        heads=7,
        token_dim=64,
        num_tokens=64,
        default_steps=2,
        refiner_widths=(160, 80, 48, 24),
        layers_of_scene=SCENE_LAYERS,
        style=STYLE,
    ),
    autoencoder=AutoencoderSizes(
        image_size_px=256,
        unshuffle=1,
        block_widths=(),
        layers_per_block=0,
        latent_channels=3,
        identity=True,
    ),
)

SEED_X: Final = Preset(
    name="seed-x",
    image_size_px=448,
    num_image_tokens=64,
    vision=VisionSizes(
        image_size_px=448,
        patch_size_px=14,
        width=1664,
        layers=48,
        heads=16,
        mlp_width=8192,
        num_queries=256,
        output_dim=4096,
        pool_heads=32,
        # CLIP's.
        pixel_mean=(0.48145466, 0.4578275, 0.40821073),
        pixel_std=(0.26862954, 0.26130258, 0.27577711),
    ),
    input_resampler=ResamplerSizes(grid=8, width=5120, heads=32, input_dim=4096),
    output_resampler=ResamplerSizes(grid=8, width=4096, heads=32, input_dim=5120),
    language=LanguageSizes(
        vocab_size=32330,
        width=5120,
        layers=40,
        heads=40,
        ffn_width=13824,
        context_tokens=2048,
        crop_positions=True,
        reads_regions=True,
    ),
    token_head=TokenHeadSizes(width=2048, depth=12, heads=16),
    # PixArt-Sigma at 1024 px on SDXL's autoencoder.
    detokenizer=DetokenizerSizes(
        latent_size=128,
        latent_channels=4,
        patch_size=2,
        width=1152,
        layers=28,
        heads=16,
        token_dim=4096,
        num_tokens=64,
        interpolation_scale=2.0,
        default_steps=20,
    ),
    autoencoder=AutoencoderSizes(
        image_size_px=1024,
        unshuffle=1,
        block_widths=(128, 256, 512, 512),
        layers_per_block=2,
        latent_channels=4,
        norm_groups=32,
        mid_attention=True,
        library=True,
    ),
)

PRESETS: Final = {preset.name: preset for preset in (TINY, SKETCH, MINIATURE, SEED_X)}
