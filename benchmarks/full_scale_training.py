"""Training steps at true shapes, with random weights and samples, through the project's own loop.

Legend: B dialogues, K image tokens of a picture, D token width, C latent channels, H W latent places.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from full_scale_chat import Clock
from limner.dialogue.parts import Picture
from limner.models.adapters import LoraSizes, add_adapter
from limner.models.autoencoder import Autoencoder
from limner.models.model import build_component, build_detokenizer
from limner.models.packing import lay_out, loss, pack
from limner.models.presets import Preset
from limner.models.prompt import ImageSegment, Segment, TextSegment
from limner.models.token_head import TokenHead
from limner.training.heads import BothHeads
from limner.training.language_network import LanguageCosts, build_frozen
from limner.training.latent_pairs import FolderPairs
from limner.training.loop import Trainer
from limner.training.metric_logger import read_log
from limner.training.plan import Plan
from limner.training.stages.detokenizer import training_flops
from limner.training.state import SampleRng
from limner.training.throughput import Meter

if TYPE_CHECKING:
    from limner.models.vision import ImageTokenizer
    from limner.training.folder_data import FolderPictures

WARM_STEPS = 1  # pay for kernels and memory
ROUNDS, ASKED, ANSWERED = 4, 40, 20
LANGUAGE_BATCH, DETOKENIZER_BATCH = 4, 16
SMALL_RANK, SMALL_RANK_BATCH = 64, 16  # leave room for more samples than rank 1280 on one GPU


class RandomDialogues:
    """Four rounds with a painted picture each, in random words and tokens; the paper's loss."""

    def __init__(self, preset: Preset, device: torch.device, rank: int, *, recompute: bool) -> None:
        self.preset, self.device, self.meter = preset, device, Meter()
        self.language = build_frozen(preset, device)
        with device:  # peft draws its matrices where it is: billions of numbers, not on the CPU
            add_adapter(self.language, LoraSizes(rank=rank, alpha=rank))
        if recompute:
            self.language.llm.activation_checkpointing_enable()
        self.heads = BothHeads(preset, kinds=("regression",)).to(device)
        self.network: nn.Module = nn.ModuleDict({"language": self.language, "heads": self.heads})
        self.costs = LanguageCosts.of(self.language)
        self.pictures = [Picture(np.full((16, 16, 3), number, np.uint8)) for number in range(ROUNDS)]

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rng, count = sample_rng.numpy(), self.preset.num_image_tokens
        dialogues = [[self._round(rng, picture) for picture in self.pictures] for _ in range(batch)]
        tokens = {
            picture.digest: torch.randn(count, self.preset.vision.output_dim) for picture in self.pictures
        }
        packed = pack(dialogues, tokens, count)
        self.meter.add(
            tokens=float(packed.lengths_B.sum()),
            images=float(packed.num_painted),
            flops=self.costs.flops(packed),
        )
        total, _ = loss(self.language, cast("TokenHead", self.heads), packed.to(self.device))
        return total, {}

    def validate(self) -> dict[str, float]:
        return {}

    @property
    def places(self) -> int:
        """Places of one dialogue."""
        rng = np.random.default_rng(0)
        return len(lay_out([self._round(rng, p) for p in self.pictures], self.preset.num_image_tokens))

    def _round(self, rng: np.random.Generator, picture: Picture) -> list[Segment]:
        vocabulary = self.preset.language.vocab_size

        def words(count: int) -> tuple[int, ...]:
            return tuple(int(index) for index in rng.integers(vocabulary, size=count))

        return [
            TextSegment(ids=words(ASKED)),
            TextSegment(ids=words(ANSWERED), supervised=True),
            ImageSegment(picture=picture, role="target"),
            TextSegment(ids=words(2)),
        ]


class RandomPictures:
    """Random pixels, encoded as a data set's pictures are, each time they are drawn; the detokenizer's own
    loss.
    """

    def __init__(self, preset: Preset, device: torch.device) -> None:
        self.preset, self.device, self.meter = preset, device, Meter()
        self.model = build_detokenizer(preset).to(device)
        self.network: nn.Module = self.model
        module: Any = next(
            part for part in self.model.modules() if hasattr(part, "enable_gradient_checkpointing")
        )
        module.enable_gradient_checkpointing()
        self.flops = training_flops(self.model)
        # Frozen, in float32 under autocast, as in training.
        with device:
            self.encoder = build_component("vision", preset).eval().requires_grad_(False)
            self.autoencoder = Autoencoder(preset.autoencoder).eval().requires_grad_(False)
        self.pairs = FolderPairs(
            cast("FolderPictures", self),
            cast("ImageTokenizer", self.encoder),
            self.autoencoder,
            device,
            preset.detokenizer.num_tokens,
        )
        self.clock, self.began_s = Clock(device), time.perf_counter()

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        if sample_rng.step == WARM_STEPS:
            self.clock, self.began_s = Clock(self.device), time.perf_counter()
        with self.clock.part("encoders"):
            latents_BCHW, tokens_BKD = self.pairs.take(np.arange(batch))
        self.meter.add(images=float(batch), flops=batch * self.flops)
        return self.model.errors(latents_BCHW, tokens_BKD, sample_rng.torch(self.device)).mean(), {}

    def pixels(self, rows: np.ndarray, side_px: int, device: torch.device) -> Tensor:
        """What `FolderPictures` reads and squares."""
        return torch.rand(len(rows), 3, side_px, side_px, device=device) * 2 - 1

    @property
    def encoders_share(self) -> float:
        """Of the time since the first step was over."""
        return self.clock.seconds.get("encoders", 0.0) / (time.perf_counter() - self.began_s)

    def validate(self) -> dict[str, float]:
        return {}


class Unsaved(Trainer):
    """The loop without its state on disk, which would be 60 GB."""

    def save(self) -> None:
        """Writes nothing."""


def measure_language(
    preset: Preset,
    device: torch.device,
    *,
    rank: int,
    steps: int,
    batch: int | None,
    recompute: bool = True,
) -> dict[str, Any]:
    """Tokens a second and MFU of adapters of one rank, on one GPU; without `recompute` all activations are
    kept, where there is room for them.
    """
    stage = RandomDialogues(preset, device, rank, recompute=recompute)
    roomy = rank <= SMALL_RANK and device.type == "cuda" and recompute
    usual = SMALL_RANK_BATCH if roomy else LANGUAGE_BATCH
    told = _train(stage, device, steps=steps, batch=batch or usual)
    trained = sum(p.numel() for p in stage.network.parameters() if p.requires_grad)
    told |= {"rank": rank, "recompute": recompute}
    return {**told, "places_a_dialogue": stage.places, "trained_parameters": trained}


def measure_detokenizer(
    preset: Preset, device: torch.device, *, steps: int, batch: int | None
) -> dict[str, Any]:
    """Pictures a second and MFU of the detokenizer, on one GPU. Encoder and autoencoder, which every picture
    passes, take their time; MFU counts the trained network's operations alone.
    """
    stage = RandomPictures(preset, device)
    told = _train(stage, device, steps=steps, batch=batch or DETOKENIZER_BATCH)
    return {**told, "encoders_share": stage.encoders_share}


def _train(
    stage: RandomDialogues | RandomPictures, device: torch.device, *, steps: int, batch: int
) -> dict[str, Any]:
    """The log's numbers of the later half of the steps, whose first pays for kernels and memory."""
    plan = Plan(
        steps=steps, batch=batch, learning_rate=1e-5, schedule="constant", average_decay=0.0, validations=0
    )
    with tempfile.TemporaryDirectory() as folder:
        Unsaved(stage, plan, Path(folder), name="full_scale", device=device, tensorboard=False).run()
        lines = read_log(Path(folder))[steps // 2 :]
    told: dict[str, Any] = {"micro_batch": batch, "steps": steps}
    for name in ("tokens_per_s", "images_per_s", "mfu"):
        values = [line[name] for line in lines if name in line]
        told[name] = sum(values) / len(values) if values else None
    told["found"] = {"mfu": told["mfu"]}
    on_gpu = device.type == "cuda"
    told["peak_memory_gb"] = torch.cuda.max_memory_allocated(device) / 1e9 if on_gpu else None
    return told
