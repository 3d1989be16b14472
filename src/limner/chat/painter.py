"""The painter: one loaded model and what all its conversations share: prefix cache, encoder memory, senses.

Knows how a round is computed on top of any history. Knows nothing about trees, forks or files
(`conversation.py`).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from limner.chat.generation import Answer, Sampling, answer_round, detokenize, replay_round
from limner.chat.prefix_cache import PrefixCache
from limner.dialogue.parts import Instruction, Picture
from limner.models.cache import KeyValueCache
from limner.models.checkpoint import load_model
from limner.models.model import LimnerModel
from limner.models.precision import best_device, compute_dtype
from limner.models.squaring import square
from limner.perception.senses import WorldSenses, load_senses

if TYPE_CHECKING:
    from limner.chat.conversation import Conversation

EMBEDDED = "miniature"
MAX_REMEMBERED_UPLOADS = 256


@dataclass(frozen=True, kw_only=True)
class PastRound:
    """A round of the history as the model reads it again: the key stands for it and everything before it."""

    key: str
    instruction: Instruction
    response_ids: tuple[int, ...]
    image_tokens_KD: Tensor | None


class Painter:
    """Makes conversations. Safe to use from several threads: rounds are computed one at a time.

    Args:
        model: all components of a checkpoint.
        senses: face finder and the other frozen readers, None when the checkpoint has none.
        fingerprint: identifies the weights; a saved conversation is continued only by the same.
    """

    def __init__(
        self,
        model: LimnerModel,
        senses: WorldSenses | None,
        *,
        fingerprint: str,
        sampling: Sampling | None = None,
    ) -> None:
        self.model = model
        self.senses = senses
        self.fingerprint = fingerprint
        self.sampling = sampling or Sampling()
        self.prefixes = PrefixCache()
        self._uploads: OrderedDict[str, Tensor] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def image_size_px(self) -> int:
        """Pixels along a side of every picture it paints."""
        return self.model.preset.autoencoder.image_size_px

    @property
    def device_name(self) -> str:
        """Where it computes, in words."""
        device = self.model.language.device
        return torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU"

    @property
    def summary(self) -> str:
        """One line: scale, picture size, parameters, number format."""
        millions = self.model.num_parameters / 1e6
        dtype = str(self.model.language.dtype).removeprefix("torch.")
        return (
            f"{self.model.preset.name}: {self.image_size_px} px, {millions:.1f} M parameters, "
            f"{dtype} on {self.device_name}."
        )

    def conversation(self, *, seed: int = 0, history: str = "cache") -> Conversation:
        """A new, empty conversation. Same seed and same words: same pictures.

        `history="reencode"` lets later rounds see painted pictures through the encoder, as most systems do,
        and drifts (paper, supplement, Figure 10).
        """
        from limner.chat.conversation import Conversation

        return Conversation(self, seed=seed, history=history)

    def encode(self, picture: Picture) -> Tensor:
        """An uploaded picture's image tokens (K, D), by way of the encoder; remembered by digest."""
        with self._lock:
            known = self._uploads.get(picture.digest)
            if known is None:
                known = self._encode(picture)
                self._uploads[picture.digest] = known
                if len(self._uploads) > MAX_REMEMBERED_UPLOADS:
                    self._uploads.popitem(last=False)
            self._uploads.move_to_end(picture.digest)
            return known

    def answer(
        self,
        past: Sequence[PastRound],
        instruction: Instruction,
        *,
        seed: int,
        picture: bool | None = None,
        sampling: Sampling | None = None,
        condition: Picture | None = None,
    ) -> tuple[Answer, Picture | None, KeyValueCache]:
        """Compute one round after `past`: the answer, its picture, and the round's own piece of the cache.

        `condition` is what a detokenizer that reads a condition picture is shown; others don't look at it.
        """
        sampling = sampling or self.sampling
        with self._lock, self.prefixes.lock([round_.key for round_ in past]):
            cache = self.read(past)
            start = cache.length
            answer = answer_round(self.model, cache, instruction, self.encode, sampling, seed, picture)
            painted = None
            if answer.image_tokens_KD is not None:
                painted = self.paint(answer.image_tokens_KD, seed, sampling, condition)
            return answer, painted, cache.piece(start, cache.length, own_memory=True)

    def paint(
        self,
        image_tokens_KD: Tensor,
        seed: int,
        sampling: Sampling | None = None,
        condition: Picture | None = None,
    ) -> Picture:
        """Image tokens as a picture; `condition` as in `answer`."""
        shown = None
        if condition is not None and self.model.detokenizer.reads_condition:
            shown = square(condition, self.model.preset.autoencoder.image_size_px)
        return Picture(detokenize(self.model, image_tokens_KD, sampling or self.sampling, seed, shown))

    def read(self, past: Sequence[PastRound]) -> KeyValueCache:
        """A cache that holds `past`: pieces in the prefix cache are joined, others rebuilt and kept."""
        with self._lock:
            held = self.prefixes.match([round_.key for round_ in past])
            cache = KeyValueCache.join(held)
            for round_ in past[len(held) :]:
                start = cache.length
                with torch.inference_mode():
                    replay_round(
                        self.model,
                        cache,
                        round_.instruction,
                        self.encode,
                        round_.response_ids,
                        round_.image_tokens_KD,
                    )
                self.prefixes.insert(round_.key, cache.piece(start, cache.length, own_memory=True))
            return cache

    def with_sampling(self, **changes: object) -> Painter:
        """A painter of the same weights that draws differently, such as `token_head="regression"`."""
        twin = Painter(self.model, self.senses, fingerprint=self.fingerprint, sampling=self.sampling)
        twin.sampling = replace(self.sampling, **changes)  # type: ignore[arg-type]
        return twin

    @torch.inference_mode()
    def _encode(self, picture: Picture) -> Tensor:
        pixels_HWC = square(picture, self.model.preset.vision.image_size_px)
        pixels_3HW = torch.from_numpy(pixels_HWC).permute(2, 0, 1).float() / 127.5 - 1
        language = self.model.language
        return self.model.image_tokenizer.encode(pixels_3HW[None].to(language.device, language.dtype))[0]


def checkpoint_folder(name_or_folder: str | Path) -> Path:
    """Where a model lies: the embedded one by name, any other by folder. ValueError when there is none."""
    if str(name_or_folder) == EMBEDDED:
        folder = Path(str(files("limner") / EMBEDDED))
    else:
        folder = Path(name_or_folder)
    if not (folder / "limner.json").is_file():
        raise ValueError(
            f'There is no model at {folder}: it holds no limner.json. Use "{EMBEDDED}" or a folder that '
            "`limner train miniature` has written."
        )
    return folder


def load_painter(name_or_folder: str | Path = EMBEDDED, *, device: str | None = None) -> Painter:
    """See `limner.load`."""
    folder = checkpoint_folder(name_or_folder)
    place = torch.device(device) if device is not None else best_device()
    model = load_model(folder, device=place, dtype=compute_dtype(place))
    senses = load_senses(folder / "senses") if (folder / "senses").is_dir() else None
    return Painter(model, senses, fingerprint=fingerprint(folder))


def fingerprint(folder: Path) -> str:
    """SHA-256 over names, sizes, beginnings and ends of a checkpoint's files: tells trainings apart."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".json")):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(65536))
            file.seek(max(0, size - 65536))
            digest.update(file.read(65536))
    return digest.hexdigest()
