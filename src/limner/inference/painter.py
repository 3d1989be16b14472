"""The painter: one loaded model and what all its conversations share: prefix cache, encoder memory,
perceptual models.

Knows how a round is computed on top of any history. Knows nothing about trees, forks or files
(`conversation.py`).
"""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from limner.dialogue.parts import Instruction, Picture, Round
from limner.inference.addressing import pointed_at
from limner.inference.backend import EndedRound, RoundScheduler
from limner.inference.conversation import Conversation
from limner.inference.conversation_state import RoundState
from limner.inference.events import Failed, Finished
from limner.inference.generation import detokenize
from limner.inference.model_folder import EMBEDDED, checkpoint_folder, fingerprint
from limner.inference.prefix_cache import PrefixCache
from limner.inference.request import RoundRequest
from limner.inference.sampling import Sampling
from limner.inference.scheduler import Scheduler
from limner.models.checkpoint import load_model
from limner.models.model import LimnerModel
from limner.models.pad_to_square import pad_to_square
from limner.models.precision import best_device, compute_dtype
from limner.models.prompt import closing_ids, count_tokens, encode_response, response_segments
from limner.perception.painters import Spending
from limner.perception.senses import WorldSenses, load_senses

MAX_REMEMBERED_UPLOADS = 256


class Painter:
    """Makes conversations. Safe to use from several threads: steps of rounds are computed one at a time,
    under `lock`.

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
        self._uploads: OrderedDict[tuple[str, str], Tensor] = OrderedDict()
        self.lock = threading.RLock()

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
            f"Scale {self.model.preset.name}: {self.image_size_px} px, {millions:.1f} million parameters, "
            f"{dtype} on {self.device_name}."
        )

    # What a conversation, a store or a server asks of any painter, whatever it paints with.

    @property
    def kind(self) -> str:
        """The scale: "miniature", "seed-x" ...; "planned" for painters without a memory (`planning/`)."""
        return self.model.preset.name

    @property
    def default_steps(self) -> int:
        """Denoising steps when the request names none."""
        return self.sampling.pixel_steps or self.model.detokenizer.sizes.default_steps

    @property
    def tokens_per_picture(self) -> int:
        """Places that a picture takes in the context."""
        return self.model.language.num_image_tokens

    @property
    def context_tokens(self) -> int:
        """How much history and answer together may take."""
        return self.model.language.sizes.context_tokens

    @property
    def num_words(self) -> int:
        """Of its vocabulary."""
        return self.model.language.sizes.vocab_size

    @property
    def tokens_shape(self) -> tuple[int, int]:
        """(places, width) of a picture's image tokens."""
        return self.tokens_per_picture, self.model.preset.vision.output_dim

    @property
    def closing_tokens(self) -> int:
        """Tokens that end an answer with a picture."""
        return len(closing_ids(self.model.tokenizer))

    @property
    def reads_crops(self) -> bool:
        """Whether given pictures enter as crops, so that their size matters."""
        return self.model.preset.upload_crop_px is not None

    @property
    def reads_regions(self) -> bool:
        """Whether it sees which part of a picture an instruction is about."""
        return self.model.preset.language.reads_regions

    @property
    def reads_rounds(self) -> bool:
        """Whether it wants the rounds themselves, not what its model keeps of them."""
        return False

    @property
    def spending(self) -> Spending | None:
        """What a painter behind a server has cost since it was opened; None for one that costs nothing."""
        return None

    def addressed(
        self,
        instruction: Instruction,
        target: int | None,
        *,
        rounds: Sequence[Round],
        states: Sequence[RoundState],
        salt: str,
    ) -> Instruction:
        """The instruction as this painter reads it, when the user points at picture `target` of the `rounds`
        so far: the picture is given again, read as the tokens that it was painted from, which `states` keep.
        Handles lose their sign ("@Mia").
        """

        def know(picture: Picture, image_tokens_KD: Tensor) -> None:
            self.know(picture, image_tokens_KD, salt)

        return pointed_at(instruction, target, rounds=rounds, states=states, know=know)

    def count(self, instruction: Instruction) -> int:
        """How many tokens an instruction takes."""
        return count_tokens(self.model.segments_of(instruction), self.tokens_per_picture)

    def count_round(self, round_: Round) -> int:
        """How many tokens a round takes, its answer included."""
        said = self.model.segments_of(round_.instruction)
        answered = response_segments(round_.response, self.model.tokenizer)
        return count_tokens([*said, *answered], self.tokens_per_picture)

    def words_of(self, text: str) -> tuple[int, ...]:
        """An answer's words as ids."""
        return tuple(encode_response(text, self.model.tokenizer))

    def as_computed(self, image_tokens_KD: Tensor) -> Tensor:
        """Kept image tokens on this painter's device and in its number format."""
        return image_tokens_KD.to(self.model.language.device, self.model.language.dtype)

    def scheduler(self) -> RoundScheduler:
        """What advances rounds of this painter together."""
        return Scheduler(self)

    def rounds_in_flight(self) -> RoundScheduler:
        """Deprecated name of `scheduler`."""
        warnings.warn("Painter.rounds_in_flight is now Painter.scheduler.", DeprecationWarning, stacklevel=2)
        return self.scheduler()

    def conversation(self, *, seed: int = 0, history: str = "cache") -> Conversation:
        """A new, empty conversation. Same seed and same words: same pictures.

        `history="reencode"` lets later rounds see painted pictures through the encoder, as most systems do,
        and drifts (paper, supplement, Figure 10).
        """
        return Conversation(self, seed=seed, history=history)

    def encode(self, picture: Picture, salt: str = "", *, remember: bool = True) -> Tensor:
        """A picture's image tokens (K, D), by way of the encoder; remembered by digest and salt, unless it
        will not be asked for again.
        """
        with self.lock:
            if not remember:
                return self._encode(picture)
            key = (salt, picture.digest)
            known = self._uploads.get(key)
            if known is None:
                known = self._encode(picture)
                self._remember(key, known)
            self._uploads.move_to_end(key)
            return known

    def know(self, picture: Picture, image_tokens_KD: Tensor, salt: str = "") -> None:
        """Take these for a picture's image tokens, as if the encoder had read them; remembered as uploads
        are.
        """
        language = self.model.language
        with self.lock:
            self._remember((salt, picture.digest), image_tokens_KD.to(language.device, language.dtype))

    def forget(self, salt: str, digests: Iterable[str], keys: Iterable[str] = ()) -> None:
        """Hold nothing of these uploaded pictures, nor of these prefixes and what follows them.

        Where pictures are read as crops, which have digests of their own, every upload of `salt` goes.
        """
        gone = {(salt, digest) for digest in digests}
        with self.lock:
            if gone and self.reads_crops:
                gone = {key for key in self._uploads if key[0] == salt}
            for key in gone:
                self._uploads.pop(key, None)
            self.prefixes.drop(keys)

    def answer(self, request: RoundRequest) -> Finished:
        """Compute one round here and now, as an engine would; raises what failed."""
        scheduler = self.scheduler()
        ended: Sequence[EndedRound] = ()
        scheduler.add(request, lambda event: None)
        try:
            while not ended:
                ended = scheduler.step()
        finally:  # the user may interrupt
            scheduler.abandon()
        end = ended[0].end
        if isinstance(end, Failed):
            raise end.error
        assert isinstance(end, Finished)
        return end

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
            shown = pad_to_square(condition, self.model.preset.autoencoder.image_size_px)
        return Picture(detokenize(self.model, image_tokens_KD, sampling or self.sampling, seed, shown))

    def with_sampling(self, **changes: object) -> Painter:
        """A painter of the same weights that draws differently, such as `token_head="regression"`."""
        twin = Painter(self.model, self.senses, fingerprint=self.fingerprint, sampling=self.sampling)
        twin.sampling = replace(self.sampling, **changes)  # type: ignore[arg-type]
        return twin

    def _remember(self, key: tuple[str, str], image_tokens_KD: Tensor) -> None:
        self._uploads[key] = image_tokens_KD
        if len(self._uploads) > MAX_REMEMBERED_UPLOADS:
            self._uploads.popitem(last=False)

    @torch.inference_mode()
    def _encode(self, picture: Picture) -> Tensor:
        pixels_HWC = pad_to_square(picture, self.model.preset.vision.image_size_px)
        pixels_3HW = torch.from_numpy(pixels_HWC).permute(2, 0, 1).float() / 127.5 - 1
        language = self.model.language
        return self.model.image_tokenizer.encode(pixels_3HW[None].to(language.device, language.dtype))[0]


def load_painter(
    name_or_folder: str | Path = EMBEDDED,
    *,
    device: str | None = None,
    quantize: str | None = None,
    offload: bool = False,
) -> Painter:
    """See `limner.load`."""
    folder = checkpoint_folder(name_or_folder)
    place = torch.device(device) if device is not None else best_device()
    model = load_model(folder, place, compute_dtype(place), quantize=quantize, offload=offload)
    senses = load_senses(folder / "senses") if (folder / "senses").is_dir() else None
    return Painter(model, senses, fingerprint=fingerprint(folder))
