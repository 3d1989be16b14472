"""The folder of one run and what every stage finds in it: sample caches, finished components, device, scale.

    OUT/bank/           rendered samples (limner.training.sample_cache)
    OUT/model/          the checkpoint that grows stage by stage: vision/, autoencoder/, ..., limner.json
    OUT/stages/NAME/     state/, log.jsonl, tensorboard/, finished.json

Knows paths and the preset. Knows nothing about losses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from limner.models.presets import Preset
from limner.training.finished import stages_folder
from limner.training.processes import Processes
from limner.training.sample_cache import (
    DialogueCache,
    PictureCache,
    SampleCacheSpec,
    dialogue_cache,
    picture_cache,
)

HELD_OUT_SEED = 10_000_000


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """Where a stage works."""

    out: Path
    preset: Preset
    device: torch.device
    workers: int = 1
    seed: int = 0
    data: Mapping[str, Path | None] = field(
        default_factory=dict
    )  # kind -> a data set's folder; None: the world's
    processes: Processes | None = None

    @property
    def model_folder(self) -> Path:
        return self.out / "model"

    @property
    def cache_folder(self) -> Path:
        return self.out / "bank"

    def stage_folder(self, name: str) -> Path:
        return stages_folder(self.out) / name

    @property
    def picture_size_px(self) -> int:
        """The larger of what the encoder reads and the autoencoder draws; most scales have one size."""
        return max(self.preset.vision.image_size_px, self.preset.autoencoder.image_size_px)

    @property
    def team(self) -> Processes:
        """The processes that share this run; by default one alone."""
        return self.processes or Processes(device=self.device)

    def chosen(self, kinds: Sequence[str]) -> tuple[str, ...]:
        """The kinds to train on: all, or only those that `data` names, in their old order.

        Raises:
            ValueError: `data` names a kind that is not among `kinds`.
        """
        unknown = [kind for kind in self.data if kind not in kinds]
        if unknown:
            raise ValueError(
                f"This recipe has no data named {', '.join(unknown)}; it has {', '.join(kinds)}."
            )
        return tuple(kind for kind in kinds if not self.data or kind in self.data)

    def pictures(
        self, kind: str, count: int, *, split: str = "train", size_px: int | None = None, skip: int = 0
    ) -> PictureCache:
        """Rendered pictures of one kind; those of "test" show held-out persons and trait combinations.

        `size_px` is the preset's unless given; `skip` seeds are left to other sample caches of the same kind.
        """
        spec = self.cache_spec(kind, count, split)
        spec = replace(spec, size_px=size_px or spec.size_px, first_seed=spec.first_seed + skip)
        return picture_cache(spec, self.cache_folder, workers=self.workers)

    def dialogues(self, kind: str, count: int, *, split: str = "train") -> DialogueCache:
        """Rendered dialogues of one kind, split alike."""
        return dialogue_cache(self.cache_spec(kind, count, split), self.cache_folder, workers=self.workers)

    def cache_spec(self, kind: str, count: int, split: str) -> SampleCacheSpec:
        """What `pictures` and `dialogues` ask of the sample cache."""
        first = self.seed * 100_000_000 + (0 if split == "train" else HELD_OUT_SEED)
        return SampleCacheSpec(
            kind=kind, count=count, size_px=self.picture_size_px, split=split, first_seed=first
        )
