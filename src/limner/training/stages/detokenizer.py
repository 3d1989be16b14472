"""The stages of the detokenizers: pictures from frozen image tokens; natural pictures, then people.

Always reconstruction of a picture from its own tokens. The paper's transformer sees nothing else; the UNet of
stage 2 sees a condition picture too, the same scene before or after an edit (paper, section 3.1). Knows the
contract of detokenizers; nothing about language, nor where pictures come from (`latent_pairs.py`).

Legend: B batch, C latent channels, H W latent places, K image tokens of a picture, D token width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.autoencoder import Autoencoder
from limner.models.checkpoint import MANIFEST, load_component, load_manifest
from limner.models.detokenizer import DiTDetokenizer
from limner.models.detokenizer_contract import Detokenizer, Sizes
from limner.models.model import build_detokenizer
from limner.models.unet_detokenizer import UNetDetokenizer, with_condition
from limner.models.unet_sizes import UNetDetokenizerSizes
from limner.training.batches import face_weights, psnr_db
from limner.training.components import frozen_encoder, is_made, read_component, write_component
from limner.training.disturbed_tokens import TokenDisturbance
from limner.training.draft_dialogues import reads_scene_tokens
from limner.training.folder_data import FolderPictures, folder_dialogues
from limner.training.latent_pairs import FolderPairs, LatentPairs, latents
from limner.training.layers_of_scenes import prepare
from limner.training.picture_kinds import EDIT_PAIR
from limner.training.plan import Plan
from limner.training.run_context import RunContext
from limner.training.sample_cache import cache_folder
from limner.training.scene_pictures import ScenePictures
from limner.training.state import SampleRng
from limner.training.throughput import Meter, attention_flops, linear_flops
from limner.training.token_cache import encoded
from limner.training.variants import variant_folder, write_variant

# Layers with thousands of inputs, whose outputs a step of AdamW moves by several spreads: Muon's part.
WIDE = ("transformer_blocks", "frame", "caption_projection", "adaln_single")
FAR_MORE = 1e6  # a weight that tells faces from the rest
DRAWN = 10_000_000  # pictures that training draws from where none is kept


Pairs = LatentPairs | FolderPairs | ScenePictures


@dataclass(frozen=True, kw_only=True)
class DetokenizerStage:
    """Which pictures, how faces weigh, and where the detokenizer comes from and goes.

    With `variant` it is written to OUT/model_VARIANT, a model like OUT/model in all else; `begins_as` is the
    variant of stage 1 that stage 2 is widened from.
    """

    kind: str = "people"
    pictures: int = 6_000
    kept: int = 0  # pictures drawn from scenes that stay in memory and are met again; 0: each is a new one
    held_out: int = 192
    sampled: int = 48  # of the held-out pictures: sampling costs many passes
    face_weight: float = 2.0
    # Predicted tokens are never exact, so training's aren't either (`disturbed_tokens.py`).
    token_noise: float = 0.05
    token_mixing: float = 0.0
    sampling_steps: int = 12
    fresh: bool = False
    variant: str | None = None
    begins_as: str | None = None
    learns: str | None = None  # the part of the detokenizer that learns, "frame.layers" say; None: all of it
    keeps: str | None = None  # the part that stays as it is
    recompute: bool = False  # keep each block's input alone and compute the rest anew on the way back

    def __call__(self, context: RunContext) -> DetokenizerTask:
        return DetokenizerTask(self, context)


def full_scale_plan(*, steps: int) -> Plan:
    """The paper's (supplement, "Training details"): a constant 1e-5 at an effective batch of 1024, below
    which it did not converge.
    """
    return Plan(
        steps=steps,
        batch=16,
        accumulation=64,
        learning_rate=1e-5,
        schedule="constant",
        weight_decay=0.05,
        warmup_steps=0,
        average_decay=0.0,
        save_every_s=1_800.0,
    )


def full_scale_stage(*, kind: str) -> DetokenizerStage:
    """Plain reconstruction: no weight for faces, no noise on tokens."""
    return DetokenizerStage(
        kind=kind,
        pictures=60_000,
        held_out=128,
        face_weight=1.0,
        token_noise=0.0,
        sampling_steps=20,
        recompute=True,
    )


class DetokenizerTask:
    """Held out: PSNR in dB of sampled pictures against the originals, and the velocity's error."""

    def __init__(self, stage: DetokenizerStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        preset = context.preset
        self._drawn = reads_scene_tokens(preset) and stage.kind not in context.data
        from_truth = self._drawn and preset.detokenizer.num_tokens == preset.num_image_tokens
        self._encoder = None if from_truth else frozen_encoder(context)
        self._disturbed = TokenDisturbance(
            noise=stage.token_noise, mixing=stage.token_mixing, scene_tokens=self._drawn and from_truth
        )
        self._model = self._begin()
        self.network: nn.Module = self._model.to(context.device)
        if stage.learns is not None:
            self.network.requires_grad_(False)
            self.network.get_submodule(stage.learns).requires_grad_(True)
        if stage.keeps is not None:
            self.network.get_submodule(stage.keeps).requires_grad_(False)
        self.meter, self._flops = Meter(), training_flops(self._model)
        if stage.recompute:
            _recompute(self._model)
        self._autoencoder = Autoencoder(context.preset.autoencoder).to(context.device)
        if not context.preset.autoencoder.identity:
            read_component(context, "autoencoder", self._autoencoder)
        elif not is_made(context.model_folder, "autoencoder"):
            write_component(context, "autoencoder", self._autoencoder)
        self._autoencoder.eval().requires_grad_(False)
        self._train = self._pairs("train", stage.pictures)
        self._test = self._pairs("test", stage.held_out)

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = self._train.draw(sample_rng.numpy(), batch)
        self.meter.add(images=float(batch), flops=batch * self._flops)
        latents_BCHW, tokens_BKD = self._train.take(rows)
        generator = sample_rng.torch(self.context.device)
        tokens_BKD = self._disturbed(tokens_BKD, generator)
        errors = self._model.errors(
            latents_BCHW, tokens_BKD, generator, condition_BCHW=self._condition(self._train, rows)
        )
        weights = self._train.face_weights(rows, self.stage.face_weight)
        return (errors * weights).mean(), {self._model.error_name: errors.detach().mean()}

    def validate(self) -> dict[str, float]:
        errors, in_faces, losses = [], [], []
        generator = torch.Generator(self.context.device).manual_seed(0)
        count = min(self.stage.sampled, len(self._test))
        for start in range(0, count, 16):
            rows = np.arange(start, min(start + 16, count))
            latents_BCHW, tokens_BKD = self._test.take(rows)
            condition = self._condition(self._test, rows)
            loss = self._model.loss(latents_BCHW, tokens_BKD, generator, condition_BCHW=condition)
            losses.append(float(loss) * len(rows))
            made = self._model.sample(
                tokens_BKD,
                self.stage.sampling_steps,
                seeds=rows.tolist(),
                condition_BCHW=condition,
                temperature=self._model.sizes.default_temperature,
            )
            drawn = self._autoencoder.decode(made.float()).clamp(-1, 1)
            squared = (drawn - self._test.pixels(rows)).square()
            errors.append(squared.mean(dim=(1, 2, 3)))
            if isinstance(self._test, ScenePictures):
                faces = face_weights(self._test.face_boxes(rows), squared.shape[-1], FAR_MORE) > 1
                faces = faces.to(squared)
                in_faces.append((squared * faces).sum((1, 2, 3)) / (3 * faces.sum((1, 2, 3))).clamp_min(1))
        found = {"psnr_db": float(psnr_db(torch.cat(errors)).mean())}
        if in_faces:
            found["psnr_faces_db"] = float(psnr_db(torch.cat(in_faces)).mean())
        return {**found, self._model.error_name: sum(losses) / count}

    def write(self) -> None:
        """Write `detokenizer/`, in the run's model or in its variant."""
        if self.stage.variant is None:
            write_component(self.context, "detokenizer", self._model)
        else:
            write_variant(self.context, self.stage.variant, "detokenizer", self._model)

    def _begin(self) -> Detokenizer:
        """The detokenizer before training: as an earlier stage left it, widened from stage 1, or new."""
        sizes, folder = self.context.preset.detokenizer, self.context.model_folder
        if self.stage.variant is None and isinstance(sizes, UNetDetokenizerSizes):
            raise ValueError(
                f"{folder} paints with a UNet; give it a transformer (limner convert pixart --base) or train "
                "detokenizer_unet_stage1."
            )
        if self.stage.begins_as is not None:
            return self._widened(self.stage.begins_as)
        model = build_detokenizer(self.context.preset)
        if isinstance(model, UNetDetokenizer):
            model.to(self.context.device).remember_blank(self._encoder or frozen_encoder(self.context))
        if not self.stage.fresh and is_made(folder, "detokenizer") and self._checkpoints_own() == sizes:
            read_component(self.context, "detokenizer", model)
        elif isinstance(model, DiTDetokenizer) and model.frame is not None and model.frame.layers is not None:
            prepare(model.frame.layers)
        return model

    def _widened(self, variant: str) -> Detokenizer:
        """Stage 2 from the run's stage 1, else from a checkpoint that paints with one."""
        folder, sizes = variant_folder(self.context, variant), self.context.preset.detokenizer
        assert isinstance(sizes, UNetDetokenizerSizes)
        first = replace(sizes, reads_condition=False)
        if not is_made(folder, "detokenizer") and self._checkpoints_own() == first:
            folder = self.context.model_folder
        if not is_made(folder, "detokenizer"):
            raise ValueError(f"{folder} has no detokenizer/ yet; train the stage that makes it first.")
        return with_condition(load_component(folder, "detokenizer", UNetDetokenizer(first)))

    def _checkpoints_own(self) -> Sizes | None:
        """The sizes of the detokenizer in OUT/model: the recipe's, unless a variant exchanges it."""
        folder = self.context.model_folder
        if self.stage.variant is None or not (folder / MANIFEST).is_file():
            return self.context.preset.detokenizer if self.stage.variant is None else None
        return load_manifest(folder)[0].detokenizer

    def _condition(self, pairs: Pairs, rows: np.ndarray) -> Tensor | None:
        """Latents of each picture's other half, for a detokenizer that reads them."""
        if not self._model.reads_condition:
            return None
        partners = rows + 1 - 2 * (rows % EDIT_PAIR)
        return pairs.take(partners)[0]

    def _pairs(self, split: str, count: int) -> Pairs:
        context, stage, encoder = self.context, self.stage, self._encoder
        kind = stage.kind
        num_tokens = context.preset.detokenizer.num_tokens
        if self._drawn:
            return ScenePictures(
                kind,
                count if split == "test" else stage.kept or DRAWN,
                split=split,
                seed=context.seed,
                autoencoder=self._autoencoder,
                device=context.device,
                encoder=encoder,
                num_tokens=num_tokens,
                keep=split == "test" or stage.kept > 0,
                plainly=getattr(context.preset.detokenizer, "style", None) is not None,
            )
        assert encoder is not None
        context.chosen((kind,))
        folder = context.data.get(kind)
        if folder is not None:
            data = folder_dialogues(kind, folder, split, self.stage.held_out)
            pictures = FolderPictures(data=data, edits=self._model.reads_condition)
            return FolderPairs(pictures, encoder, self._autoencoder, context.device, num_tokens)
        sample_cache = context.pictures(kind, count, split=split)
        place = cache_folder(context.cache_folder, context.cache_spec(kind, count, split))
        tokens = encoded(sample_cache.pixels, encoder, place, context.device, num_tokens=num_tokens)
        made = latents(sample_cache.pixels, self._autoencoder, place, context.device)
        size_px = context.preset.autoencoder.image_size_px
        return LatentPairs(sample_cache, tokens, made, context.device, size_px)


def _recompute(model: Detokenizer) -> None:
    network = next(module for module in model.modules() if hasattr(module, "enable_gradient_checkpointing"))
    network.enable_gradient_checkpointing()  # type: ignore[operator]


def training_flops(model: Detokenizer) -> float:
    """Of one training pass of the transformer: every latent patch through the blocks, looking at all others
    and at the tokens. 0 for a UNet, whose convolutions are not counted.
    """
    if not isinstance(model, DiTDetokenizer):
        return 0.0
    sizes = model.sizes
    patches = (sizes.latent_size // sizes.patch_size) ** 2
    per_patch = linear_flops(model.transformer.transformer_blocks)
    keys = patches + sizes.num_tokens
    return patches * (per_patch + attention_flops(layers=sizes.layers, width=sizes.width, keys=keys))
