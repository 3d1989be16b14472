"""The world's dialogues without a rendered picture: drafted when needed, their image tokens made of scenes.

So the language model never sees a dialogue twice, and no picture is drawn for it. Knows drafts, scene tokens
and which presets have these for image tokens. Knows nothing about batches.

Legend: K image tokens of a picture, D token width.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from limner.builders.world import draft, paint_draft
from limner.dialogue.parts import Dialogue, Picture
from limner.models.presets import Preset
from limner_world.scene import Scene
from limner_world.scene_tokens import NUM_TOKENS, TOKEN_DIM, encode_scene

STAND_IN_PX: Final = 16  # the smallest side of a picture
MOST_SCENES: Final = 4_000  # whose tokens are kept: 16 kB each
MOST_DRAFTS: Final = 500


def reads_scene_tokens(preset: Preset) -> bool:
    """Whether the image tokens of `preset` have the shape of scene tokens, as those of every scale that is
    trained on the world have.
    """
    return (preset.num_image_tokens, preset.vision.output_dim) == (NUM_TOKENS, TOKEN_DIM)


class SceneTokens(Mapping[str, Tensor]):
    """Picture's digest -> scene tokens (K, D) float32, of the scenes that were last `add`ed."""

    def __init__(self) -> None:
        self._scenes: OrderedDict[str, Scene] = OrderedDict()
        self._tokens: dict[str, Tensor] = {}

    def add(self, digest: str, scene: Scene) -> None:
        """Remember which scene the picture `digest` shows; the oldest are forgotten."""
        self._scenes[digest] = scene
        self._scenes.move_to_end(digest)
        if len(self._scenes) > MOST_SCENES:
            oldest, _ = self._scenes.popitem(last=False)
            self._tokens.pop(oldest, None)

    def __getitem__(self, digest: str) -> Tensor:
        if digest not in self._tokens:
            self._tokens[digest] = torch.from_numpy(encode_scene(self._scenes[digest]))
        return self._tokens[digest]

    def __contains__(self, digest: object) -> bool:
        return digest in self._scenes

    def __iter__(self) -> Iterator[str]:
        return iter(self._scenes)

    def __len__(self) -> int:
        return len(self._scenes)


class DraftDialogues:
    """`count` dialogues of `kind` from the seeds `first_seed` onwards; their pictures are stand-ins, one for
    each scene, with nothing to see on them.
    """

    def __init__(self, kind: str, count: int, *, split: str, first_seed: int, tokens: SceneTokens) -> None:
        self.kind, self.count, self.split, self.first_seed = kind, count, split, first_seed
        self.tokens = tokens
        self._drafted: dict[int, Dialogue] = {}

    @property
    def lengths(self) -> list[int]:
        """All alike: knowing more would take drafting all."""
        return [0] * self.count

    def dialogue(self, index: int) -> Dialogue:
        """Dialogue `index`, the same at every call; its scenes' tokens are in `tokens`."""
        if index not in self._drafted or not self._is_remembered(self._drafted[index]):
            if len(self._drafted) >= MOST_DRAFTS:
                self._drafted.clear()
            made = draft(self.kind, self.first_seed + index, self.split)
            self._drafted[index] = paint_draft(made, STAND_IN_PX, self._stand_in)
        return self._drafted[index]

    def _is_remembered(self, dialogue: Dialogue) -> bool:
        return all(p.digest in self.tokens for round_ in dialogue.rounds for p in round_.pictures)

    def _stand_in(self, scene: Scene, size_px: int) -> np.ndarray:
        # Two scenes never share a digest: their description fills the pixels.
        seen = hashlib.sha384(repr(scene).encode()).digest()
        pixels = np.resize(np.frombuffer(seen, np.uint8), (size_px, size_px, 3))
        self.tokens.add(Picture(pixels).digest, scene)
        return pixels
