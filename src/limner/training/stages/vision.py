"""The rung that pre-trains the vision encoder, which every later rung then uses frozen.

Four terms, all on the pooled 64 tokens: reconstruction of the picture (faces weigh more), contrast with the
caption, and the traits of the figures, left and right. A little noise on the tokens keeps them readable when
they are predicted. Knows what an encoder should keep. Knows nothing about language models or diffusion.

Legend: B batch, S picture side in pixels, N pooled tokens, D token width, F figures, T trait fields, E
embedding width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.decoder import PictureDecoder
from limner.models.vision import ImageTokenizer, QwenVisionTransformer, pool_tokens
from limner.models.vision_start import fits, start_as_cosine_codes
from limner.training.bank import PictureBank
from limner.training.batches import PictureBatches, draw, face_weights, psnr_db
from limner.training.components import write_component
from limner.training.stages.scene_labels import ABSENT, NUM_BUCKETS, TRAIT_WORDS, trait_labels, word_bags
from limner.training.state import Chance
from limner.training.workshop import Workshop

EMBED_DIM = 128
STATISTICS_PICTURES = 1024
START_PICTURES = 384


@dataclass(frozen=True, kw_only=True)
class VisionStage:
    """The mix of terms, and how many pictures."""

    pictures: int = 6_000
    held_out: int = 192
    face_weight: float = 4.0
    edge_weight: float = 1.0
    contrast_weight: float = 0.05
    trait_weight: float = 0.1
    token_noise: float = 0.1  # of the tokens' spread

    def __call__(self, workshop: Workshop) -> VisionRung:
        return VisionRung(self, workshop)


class VisionLearner(nn.Module):
    """The encoder with everything that teaches it; only the encoder is kept."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__()
        preset = workshop.preset
        dim = preset.vision.output_dim
        self.num_tokens = preset.num_image_tokens
        self.vision = QwenVisionTransformer(preset.vision)
        self.decoder = PictureDecoder(preset.decoder)
        self.words = nn.Embedding(NUM_BUCKETS, EMBED_DIM, padding_idx=0)
        self.text_out = nn.Sequential(nn.LayerNorm(EMBED_DIM), nn.Linear(EMBED_DIM, EMBED_DIM))
        self.picture_out = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, EMBED_DIM))
        self.log_scale = nn.Parameter(torch.tensor(2.3))
        self.traits = TraitHead(dim, self.num_tokens)

    def tokens(self, pixels_B3SS: Tensor) -> Tensor:
        """Pooled tokens (B, N, D), not normalised."""
        return pool_tokens(self.vision(pixels_B3SS), self.num_tokens)

    def similarity(self, tokens_BND: Tensor, bags_BW: Tensor) -> Tensor:
        """(B, B) scaled cosine of every picture with every caption."""
        words_BWE = self.words(bags_BW)
        text_BE = self.text_out(words_BWE.sum(1) / (bags_BW != 0).sum(1, keepdim=True).clamp_min(1) ** 0.5)
        picture_BE = self.picture_out(tokens_BND.mean(1))
        scale = self.log_scale.clamp(max=4.6).exp()
        return scale * F.normalize(picture_BE, dim=-1) @ F.normalize(text_BE, dim=-1).T


class TraitHead(nn.Module):
    """A query for each figure and trait reads the tokens; a linear map a trait names the class."""

    def __init__(self, dim: int, num_tokens: int, width: int = 64) -> None:
        super().__init__()
        self.enter = nn.Linear(dim, width)
        self.positions = nn.Parameter(torch.randn(num_tokens, width) * 0.1)
        self.queries = nn.Parameter(torch.randn(2 * len(TRAIT_WORDS), width) * 0.5)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.classes = nn.ModuleList(nn.Linear(width, len(words)) for words in TRAIT_WORDS.values())

    def forward(self, tokens_BND: Tensor) -> list[Tensor]:
        """T tensors (B, 2, classes) of logits."""
        memory = self.enter(tokens_BND) + self.positions
        asked = self.queries.expand(tokens_BND.shape[0], -1, -1)
        read = self.norm(self.attention(asked, memory, memory, need_weights=False)[0])
        read_BFTW = read.unflatten(1, (2, len(TRAIT_WORDS)))
        return [classify(read_BFTW[:, :, index]) for index, classify in enumerate(self.classes)]


class VisionRung:
    """Held out: PSNR of the whole and within faces, trait accuracy, and captions told apart among 64."""

    def __init__(self, stage: VisionStage, workshop: Workshop) -> None:
        self.stage, self.workshop = stage, workshop
        self._model = VisionLearner(workshop).to(workshop.device)
        self.network: nn.Module = self._model
        self._train = LabelledPictures(workshop.pictures("people", stage.pictures), workshop)
        self._test = LabelledPictures(workshop.pictures("people", stage.held_out, split="test"), workshop)
        self._start()

    @torch.no_grad()
    def _start(self) -> None:
        """Begin as a cosine transform with the decoder solved for it, where the sizes allow it."""
        if not fits(self._model.vision, self._model.num_tokens):
            return
        start_as_cosine_codes(self._model.vision, self._model.num_tokens)
        count = min(START_PICTURES, len(self._train))
        pixels = torch.cat(
            [self._train.take(np.arange(first, min(first + 64, count)))[0] for first in range(0, count, 64)]
        )
        tokens = torch.cat([self._model.tokens(part) for part in pixels.split(64)])
        self._model.decoder.fit_shortcut(tokens, pixels)

    def loss(self, chance: Chance, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = draw(chance.numpy(), len(self._train), batch)
        pixels_B3SS, bags_BW, labels_BFT = self._train.take(rows)
        tokens_BND = self._model.tokens(pixels_B3SS)
        weights = self._train.face_weights(rows, self.stage.face_weight)
        noisy_BND = _with_noise(tokens_BND, self.stage.token_noise, chance.torch(self.workshop.device))
        drawn_B3SS = self._model.decoder(noisy_BND)
        absolute, edges = _reconstruction(drawn_B3SS, pixels_B3SS, weights)
        contrast = _contrast(self._model.similarity(tokens_BND, bags_BW))
        traits, accuracy = _trait_loss(self._model.traits(tokens_BND), labels_BFT)
        total = absolute + self.stage.edge_weight * edges
        total = total + self.stage.contrast_weight * contrast + self.stage.trait_weight * traits
        squared = (drawn_B3SS.detach() - pixels_B3SS).square().mean()
        return total, {
            "psnr_db": psnr_db(squared),
            "absolute": absolute.detach(),
            "contrast": contrast.detach(),
            "trait_accuracy": accuracy,
        }

    def validate(self) -> dict[str, float]:
        sums: dict[str, list[float]] = {}
        for start in range(0, len(self._test), 64):
            rows = np.arange(start, min(start + 64, len(self._test)))
            for key, value in self._measure(rows).items():
                sums.setdefault(key, []).append(value * len(rows))
        return {key: sum(values) / len(self._test) for key, values in sums.items()}

    def _measure(self, rows: np.ndarray) -> Mapping[str, float]:
        pixels_B3SS, bags_BW, labels_BFT = self._test.take(rows)
        tokens_BND = self._model.tokens(pixels_B3SS)
        squared = (self._model.decoder(tokens_BND).clamp(-1, 1) - pixels_B3SS).square().mean(1, keepdim=True)
        inside = self._test.face_weights(rows, 1e6) > 1.0
        right = self._model.similarity(tokens_BND, bags_BW).argmax(1) == torch.arange(
            len(rows), device=bags_BW.device
        )
        return {
            "psnr_db": float(psnr_db(squared.mean(dim=(1, 2, 3))).mean()),
            "face_psnr_db": float(psnr_db(squared[inside].mean())) if bool(inside.any()) else 0.0,
            "trait_accuracy": float(_trait_loss(self._model.traits(tokens_BND), labels_BFT)[1]),
            "caption_found": float(right.float().mean()),
        }

    def write(self) -> None:
        """Measure the tokens' mean and spread, then write `vision/`."""
        tokenizer = ImageTokenizer(self._model.vision, self.workshop.preset.num_image_tokens)
        tokenizer.to(self.workshop.device)
        count = min(STATISTICS_PICTURES, len(self._train))
        made = [
            self._model.tokens(self._train.take(np.arange(start, min(start + 64, count)))[0])
            for start in range(0, count, 64)
        ]
        tokenizer.fit_statistics(torch.cat(made))
        write_component(self.workshop, "vision", tokenizer)


class LabelledPictures:
    """A bank's pictures with their captions' word bags and trait labels."""

    def __init__(self, bank: PictureBank, workshop: Workshop) -> None:
        self._bank, self._device = bank, workshop.device
        self._pixels = PictureBatches(bank.pixels, workshop.device)
        self._bags = torch.from_numpy(word_bags(bank.captions))
        self._labels = torch.from_numpy(trait_labels([bank.scene(index) for index in range(len(bank))]))

    def __len__(self) -> int:
        return len(self._bank)

    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Pixels (B, 3, S, S), word bags (B, W), labels (B, F, T)."""
        chosen = torch.from_numpy(rows)
        return (
            self._pixels.take(rows),
            self._bags[chosen].to(self._device),
            self._labels[chosen].to(self._device),
        )

    def face_weights(self, rows: np.ndarray, inside: float) -> Tensor:
        """(B, 1, S, S) with a mean of 1."""
        boxes = self._bank.face_boxes[rows]
        return face_weights(boxes, self._bank.pixels.shape[1], inside).to(self._device)


def _with_noise(tokens_BND: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    noise = torch.randn(tokens_BND.shape, generator=generator, device=tokens_BND.device)
    return tokens_BND + amount * tokens_BND.detach().std(dim=(0, 1)) * noise


def _reconstruction(drawn: Tensor, pixels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted absolute error of pixels, and of their differences to the right and below."""
    absolute = ((drawn - pixels).abs() * weights).mean()
    error = drawn - pixels
    across = ((error[..., :, 1:] - error[..., :, :-1]).abs() * weights[..., :, 1:]).mean()
    down = ((error[..., 1:, :] - error[..., :-1, :]).abs() * weights[..., 1:, :]).mean()
    return absolute, across + down


def _contrast(similarity_BB: Tensor) -> Tensor:
    """Symmetric cross-entropy: each picture finds its caption, each caption its picture (CLIP)."""
    own = torch.arange(similarity_BB.shape[0], device=similarity_BB.device)
    return 0.5 * (F.cross_entropy(similarity_BB, own) + F.cross_entropy(similarity_BB.T, own))


def _trait_loss(logits: list[Tensor], labels_BFT: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy over the traits that can be seen, and the share read rightly."""
    losses, right, counted = [], torch.zeros((), device=labels_BFT.device), 0
    for index, logits_BFC in enumerate(logits):
        labels = labels_BFT[:, :, index].flatten()
        if not bool((labels != ABSENT).any()):
            continue
        flat = logits_BFC.flatten(0, 1)
        losses.append(F.cross_entropy(flat, labels, ignore_index=ABSENT))
        known = labels != ABSENT
        right = right + (flat.argmax(-1)[known] == labels[known]).sum()
        counted += int(known.sum())
    return torch.stack(losses).mean(), (right / max(1, counted)).detach()
