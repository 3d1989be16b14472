"""The stage that teaches the vision encoder to read scene tokens from pixels; every later stage uses it
frozen.

It goes on from the encoder of a checkpoint (`--base`) where there is one.

The world's truth teaches: each picture is drawn from a scene, and the encoder's 64 tokens are to be that
scene's. Beside the squared error of the tokens, each word is to be the nearest of its codebook, and half-way
through the transformer every patch within a face has to tell whose it is and where its features lie: the
numbers of a face are the hardest, and this gives them many places to be learned from instead of three.
Where the encoder looks twice (`models/face_reader.py`), it is taught where the faces lie, and its windows are
cut at true boxes that are a little off, as found ones are.
Knows the world and the encoder. Knows nothing about language models or diffusion.

Legend: B batch, S picture side in pixels, N tokens, D token width, P patches, W width, F figures (2), K
patches in faces.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.face_reader import patch_centres
from limner.models.presets import Preset
from limner.models.resampler_start import keep_routing, start_as_copy
from limner.models.vision import ImageTokenizer, QwenVisionTransformer, pool_tokens
from limner.training.components import write_component
from limner.training.draft_dialogues import reads_scene_tokens
from limner.training.pictures_to_read import NUM_POINTS, PicturesToRead, draw_pictures
from limner.training.repeated_pictures import RepeatedPictures
from limner.training.run_context import HELD_OUT_SEED, RunContext
from limner.training.stages.scene_factors import Agreement, SceneFactors
from limner.training.stages.second_look import SecondLook, TrueFaces, go_on_from
from limner.training.state import SampleRng
from limner_world.chance import seeded
from limner_world.person import Identity
from limner_world.scene import FRAMINGS, STYLES
from limner_world.scene_tokens import NUM_TOKENS, PERSON_SLOTS, PERSON_TOKENS, TOKEN_DIM, Numbers

CLEAR_FACE_PX = 40.0  # of 256: about where the numbers of a face can be read
FIRST_SEED = 8_000_000_000  # far from other streams'
PLACE_SPREAD = 0.2  # of the positions at the start, about that of what the convolutions say
POINTS_SPREAD = 0.1  # of the picture's side: the unit in which features' places are learned
FACE_NUMBERS = tuple(Identity().__dict__)
FACE_TOKENS = tuple(
    index
    for index, slot in enumerate(PERSON_SLOTS)
    if any(isinstance(factor, Numbers) and factor.names[0] in FACE_NUMBERS for factor in slot.factors)
)


@dataclass(frozen=True, kw_only=True)
class VisionStage:
    """Pictures in memory and new ones a step (drawing one takes as long as learning from it), the weights of
    the terms beside the tokens' squared error, and how many held-out pictures there are.
    """

    kept: int = 12_000
    new: int = 4
    ahead: int = 1_000
    held_out: int = 512
    face_weight: float = 4.0  # of the tokens that hold the numbers of a face that is large
    word_weight: float = 0.25
    patch_weight: float = 0.5
    point_weight: float = 0.5
    box_weight: float = 0.2  # of where the faces lie, for the second look

    def __call__(self, context: RunContext) -> VisionTask:
        return VisionTask(self, context)


class VisionLearner(nn.Module):
    """The encoder and what its patches are asked half-way; only the encoder is kept."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        sizes = preset.vision
        self.num_tokens = preset.num_image_tokens
        self.vision = QwenVisionTransformer(sizes)
        self._start()
        self.asked_after = (sizes.layers + 1) // 2
        self.patch_norm = nn.LayerNorm(sizes.width)
        self.patch_person = nn.Linear(sizes.width, PERSON_TOKENS * TOKEN_DIM)
        self.patch_points = nn.Linear(sizes.width, NUM_POINTS * 2)
        if sizes.face_reader:
            self.second_look = SecondLook(sizes.face_reader.summary_width, NUM_POINTS)

    @torch.no_grad()
    def _start(self) -> None:
        """Query i reads place i, and keeps to it: with random ones all tokens begin as the same mean of the
        picture and take long to part. What a place holds is the transformer's to decide. A run's state
        leaves this fixed part out; the run's seed makes it again.
        """
        self.vision.positional_embedding.normal_(std=PLACE_SPREAD)
        start_as_copy(self.vision.attn_pool, out_std=1.0)
        keep_routing(self.vision.attn_pool)

    def forward(self, pixels_B3SS: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (B, Q, D), and the patches (B, P, W) half-way and in the end."""
        x_BPW = self.vision.places(pixels_B3SS)
        blocks = list(self.vision.transformer.resblocks)
        for block in blocks[: self.asked_after]:
            x_BPW = block(x_BPW)
        half_way_BPW = self.patch_norm(x_BPW)
        for block in blocks[self.asked_after :]:
            x_BPW = block(x_BPW)
        return self.vision.read(x_BPW), half_way_BPW, x_BPW

    def encode(self, pixels_B3SS: Tensor) -> Tensor:
        """Pooled tokens (B, N, D), as the finished encoder reads them."""
        return pool_tokens(self.vision(pixels_B3SS), self.num_tokens)


class VisionTask:
    """Held out: how well each word and number is read; see `validate`."""

    def __init__(self, stage: VisionStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        self._model = VisionLearner(context.preset).to(context.device)
        self.network: nn.Module = self._model
        self._factors = SceneFactors().to(context.device)
        self._target = Target(context.preset).to(context.device)
        size_px = context.preset.vision.image_size_px
        self._pictures = RepeatedPictures(
            size_px, kept=stage.kept, new=stage.new, ahead=stage.ahead, first_seed=FIRST_SEED
        )
        self.held_out = draw_pictures(range(HELD_OUT_SEED, HELD_OUT_SEED + stage.held_out), size_px, "test")
        self.tokenizer = ImageTokenizer(self._model.vision, context.preset.num_image_tokens)
        self.tokenizer.to(context.device)
        go_on_from(context.model_folder, self.tokenizer)

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        shown = Shown(self._pictures.take(sample_rng, batch), self.context.device)
        read_BQD, half_way_BPW, patches_BPW = self._model(shown.pixels_B3SS)
        read_BQD = self._model.vision.look_around(read_BQD, shown.pixels_B3SS)
        where = seen_points = read_BQD.new_zeros(())
        reader = self._model.vision.face_reader
        if reader is not None:
            faces = TrueFaces(boxes_BF4=shown.boxes_BF4, points_BFP2=shown.points_BFP2)
            generator = sample_rng.torch(self.context.device)
            read_BQD, where, seen_points = self._model.second_look(
                reader, read_BQD, shown.pixels_B3SS, patches_BPW, faces, generator
            )
        read_BND = pool_tokens(read_BQD, self._model.num_tokens).float()
        if not self._target.is_scene_tokens:
            error = (read_BND - self._target(shown.tokens_BND)).square().mean()
            return error, {"token_error": error.detach()}
        error_BN = (read_BND - shown.tokens_BND).square().mean(-1)
        weights_BN = token_weights(shown, self.stage.face_weight)
        tokens = (error_BN * weights_BN).mean()
        words = self._factors.cross_entropy(read_BND, shown.tokens_BND, shown.num_figures_B)
        person, points = self._patch_losses(half_way_BPW, shown)
        total = tokens + self.stage.word_weight * words
        total = total + self.stage.patch_weight * person + self.stage.point_weight * (points + seen_points)
        total = total + self.stage.box_weight * where
        return total, {
            "token_error": error_BN.detach().mean(),
            "face_error": error_BN.detach()[:, FACE_TOKENS].mean(),
            "words": words.detach(),
            "patch_person": person.detach(),
            "patch_points": points.detach(),
            "where": where.detach(),
            "window_points": seen_points.detach(),
        }

    def _patch_losses(self, half_way_BPW: Tensor, shown: Shown) -> tuple[Tensor, Tensor]:
        """Errors of whose face each patch says it lies in, and of where it says that its features lie."""
        picture_K, patch_K, figure_K, centres_K2 = patches_in_faces(
            shown.boxes_BF4, self.context.preset.vision.grid
        )
        if len(picture_K) == 0:
            return half_way_BPW.sum() * 0.0, half_way_BPW.sum() * 0.0
        seen_KW = half_way_BPW[picture_K, patch_K]
        persons_BFND = shown.tokens_BND[:, : 2 * PERSON_TOKENS].unflatten(1, (2, PERSON_TOKENS))
        said_KND = self._model.patch_person(seen_KW).float().unflatten(1, (PERSON_TOKENS, TOKEN_DIM))
        error_KN = (said_KND - persons_BFND[picture_K, figure_K]).square().mean(-1)
        weights_KN = torch.ones_like(error_KN)
        # Every face counts alike, whatever its size, but for how much of it can be told.
        weights_KN[:, FACE_TOKENS] = self.stage.face_weight
        share_K = 1 / shown.face_patches(picture_K, figure_K, self.context.preset.vision.grid)
        share_K = share_K * shown.clarity_BF[picture_K, figure_K]
        person = (error_KN * weights_KN).mean(1)
        places_K2P = self._model.patch_points(seen_KW).float().unflatten(1, (NUM_POINTS, 2))
        true_K2P = (shown.points_BFP2[picture_K, figure_K] - centres_K2[:, None]) / POINTS_SPREAD
        points = F.smooth_l1_loss(places_K2P, true_K2P, reduction="none", beta=0.1).mean((1, 2))
        return (person * share_K).sum() / share_K.sum(), (points * share_K).sum() / share_K.sum()

    def validate(self) -> dict[str, float]:
        """Mean squared error of tokens (1: knows nothing), share of words read rightly, explained share of
        numbers; those of a face once of all faces, once (`clear_`) of those at least 40 px of 256 wide.
        """
        pictures, agreement, errors = self.held_out, Agreement(self._factors), []
        for start in range(0, len(pictures), 64):
            shown = Shown(pictures, self.context.device, slice(start, start + 64))
            read_BND = self._model.encode(shown.pixels_B3SS).float()
            errors.append((read_BND - self._target(shown.tokens_BND)).square().mean((1, 2)))
            if self._target.is_scene_tokens:
                agreement.add(read_BND, shown.tokens_BND, shown.num_figures_B)
        told = {"token_error": float(torch.cat(errors).mean())}
        return told | self._told(agreement, pictures) if self._target.is_scene_tokens else told

    def _told(self, agreement: Agreement, pictures: PicturesToRead) -> dict[str, float]:
        device = self.context.device
        words, every = agreement.words(), agreement.explained()
        clear = agreement.explained(clear_faces(pictures, device))
        told = {"words": float(np.mean(list(words.values())))}
        told |= {
            "faces": float(np.mean([every[name] for name in FACE_NUMBERS])),
            "clear_faces": float(np.mean([clear[name] for name in FACE_NUMBERS])),
        }
        groups = ((FRAMINGS, pictures.framings_B), (STYLES, pictures.styles_B))
        for names, numbers_B in groups:
            for index, name in enumerate(names):
                chosen_B = torch.from_numpy(numbers_B == index).to(device)
                if bool(chosen_B.any()):
                    told[f"words of {name}"] = float(np.mean(list(agreement.words(chosen_B).values())))
        told |= words | every
        return told | {f"clear_{name}": clear[name] for name in FACE_NUMBERS}

    def write(self) -> None:
        """`vision/`: what it reads are the tokens themselves, so their mean is 0 and their spread 1."""
        write_component(self.context, "vision", self.tokenizer)


def clear_faces(pictures: PicturesToRead, device: torch.device) -> Tensor:
    """(B, F): which faces are large enough that their numbers can be read."""
    widths_BF = pictures.boxes_BF4[..., 2] - pictures.boxes_BF4[..., 0]
    return torch.from_numpy(widths_BF >= CLEAR_FACE_PX / 256).to(device)


class Target(nn.Module):
    """What the encoder is to say: the scene's tokens, or a fixed projection where a preset's are smaller."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.is_scene_tokens = reads_scene_tokens(preset)
        shape = (preset.num_image_tokens, preset.vision.output_dim)
        draws = [seeded("target", have) for have in (NUM_TOKENS, TOKEN_DIM)]
        made = [
            np.linalg.qr(rng.normal(size=(have, have)))[0][:want]
            for rng, have, want in zip(draws, (NUM_TOKENS, TOKEN_DIM), shape, strict=True)
        ]
        for name, matrix in zip(("tokens", "dims"), made, strict=True):
            self.register_buffer(name, torch.from_numpy(matrix.astype(np.float32)), persistent=False)

    def forward(self, scene_tokens_BND: Tensor) -> Tensor:
        """Scene tokens -> the preset's image tokens, of unit spread too."""
        if self.is_scene_tokens:
            return scene_tokens_BND
        return torch.einsum("kn,bnd,ed->bke", self.tokens, scene_tokens_BND, self.dims)


class Shown:
    """Pictures of a batch as tensors on the device."""

    def __init__(self, pictures: PicturesToRead, device: torch.device, rows: slice = slice(None)) -> None:
        pixels_BSS3 = torch.from_numpy(pictures.pixels_BSS3[rows]).to(device)
        self.pixels_B3SS = pixels_BSS3.permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1.0)
        self.tokens_BND = torch.from_numpy(pictures.tokens_BND[rows]).to(device)
        self.boxes_BF4 = torch.from_numpy(pictures.boxes_BF4[rows]).to(device)
        self.points_BFP2 = torch.from_numpy(pictures.points_BFP2[rows]).to(device)
        widths_BF = self.boxes_BF4[..., 2] - self.boxes_BF4[..., 0]
        self.num_figures_B = 1 + (widths_BF[:, 1] > 0).long()
        # From .1 for a face of 15 px (of 256), of which hardly a number can be seen, to 1 at 60 px.
        self.clarity_BF = ((widths_BF * 256 - 10) / 50).clamp(0.1, 1.0)

    def face_patches(self, picture_K: Tensor, figure_K: Tensor, grid: int) -> Tensor:
        """How many patches the face of each of these has, at least 1."""
        boxes_K4 = self.boxes_BF4[picture_K, figure_K] * grid
        sides_K2 = boxes_K4[:, 2:] - boxes_K4[:, :2]
        return sides_K2.prod(1).clamp_min(1.0)


def token_weights(shown: Shown, face_weight: float) -> Tensor:
    """(B, N): `face_weight` for the tokens of a face's numbers, less where the face is small, else 1."""
    weights_BN = torch.ones(shown.tokens_BND.shape[:2], device=shown.tokens_BND.device)
    for figure, token in itertools.product(range(2), FACE_TOKENS):
        there_B = shown.num_figures_B > figure
        weights_BN[:, figure * PERSON_TOKENS + token] = torch.where(
            there_B, face_weight * shown.clarity_BF[:, figure], 1.0
        )
    return weights_BN


def patches_in_faces(boxes_BF4: Tensor, grid: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Picture, patch, figure (each (K,)) and centre (K, 2) of the patches whose centre lies in a face; where
    two faces overlap, the nearer one's.
    """
    centres_P2 = patch_centres(grid**2, boxes_BF4.device)
    low_BF12, high_BF12 = boxes_BF4[:, :, None, :2], boxes_BF4[:, :, None, 2:]
    inside_BFP = ((centres_P2 >= low_BF12) & (centres_P2 < high_BF12)).all(-1)
    away_BFP = (centres_P2 - (low_BF12 + high_BF12) / 2).norm(dim=-1).masked_fill(~inside_BFP, torch.inf)
    nearest_BP = away_BFP.argmin(1)
    picture_K, patch_K = torch.nonzero(inside_BFP.any(1), as_tuple=True)
    return picture_K, patch_K, nearest_BP[picture_K, patch_K], centres_P2[patch_K]
