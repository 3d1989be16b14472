"""The folder of one run and what every rung finds in it: banks, finished components, device, scale.

    OUT/bank/           rendered samples (limner.training.bank)
    OUT/model/          the checkpoint that grows rung by rung: vision/, autoencoder/, ..., limner.json
    OUT/rungs/NAME/     state/, log.jsonl, tensorboard/, finished.json

Knows paths and the preset. Knows nothing about losses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from limner.models.presets import Preset
from limner.training.bank import BankSpec, DialogueBank, PictureBank, dialogue_bank, picture_bank

HELD_OUT_SEED = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where a rung works."""

    out: Path
    preset: Preset
    device: torch.device
    workers: int = 1
    seed: int = 0

    @property
    def model_folder(self) -> Path:
        return self.out / "model"

    @property
    def bank_folder(self) -> Path:
        return self.out / "bank"

    def rung_folder(self, name: str) -> Path:
        return self.out / "rungs" / name

    def pictures(
        self, kind: str, count: int, *, split: str = "train", size_px: int | None = None, skip: int = 0
    ) -> PictureBank:
        """Rendered pictures of one kind; those of "test" show held-out persons and trait combinations.

        `size_px` is the preset's unless given; `skip` seeds are left to other banks of the same kind.
        """
        spec = self.bank_spec(kind, count, split)
        spec = replace(spec, size_px=size_px or spec.size_px, first_seed=spec.first_seed + skip)
        return picture_bank(spec, self.bank_folder, workers=self.workers)

    def dialogues(self, kind: str, count: int, *, split: str = "train") -> DialogueBank:
        """Rendered dialogues of one kind, split alike."""
        return dialogue_bank(self.bank_spec(kind, count, split), self.bank_folder, workers=self.workers)

    def bank_spec(self, kind: str, count: int, split: str) -> BankSpec:
        """What `pictures` and `dialogues` ask of the bank."""
        first = self.seed * 100_000_000 + (0 if split == "train" else HELD_OUT_SEED)
        return BankSpec(
            kind=kind, count=count, size_px=self.preset.image_size_px, split=split, first_seed=first
        )
