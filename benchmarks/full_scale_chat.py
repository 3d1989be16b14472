"""Rounds of a conversation at true shapes, split by part, and the same rounds by a twin without our savings.

Ours: only what is new is computed; slots in one forward; the history block from predicted tokens. The same
rounds are also held by a real conversation (`through_chat`), which is what a user waits for: it holds the
split to account. The twin works as the public code does: every round encodes all pictures anew (and a blank
one for the detokenizer), prefills the whole history, decodes the slots one by one and samples 50 steps;
beside that, as many steps as ours, for fewer steps are a choice and no saving. Words are random ids, as many
in every round.

Legend: B batch, N sequence, K image tokens of a picture, D token width.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from limner.inference.painter import Painter
from limner.inference.sampling import Sampling
from limner.models.cache import KeyValueCache
from limner.models.detokenizer import DiTDetokenizer
from limner.models.mllm import MultimodalLLM
from limner.models.model import LimnerModel, build_component
from limner.models.precision import compute_dtype, place
from limner.models.presets import Preset
from limner.models.token_head import TokenHeads
from limner.models.tokenizer import train_tokenizer
from limner.training.throughput import peak_flops

SAID = "Draw Mia and Tom in a garden; she has red hair, he wears a green sweater and holds a small cup."
ASKED, ANSWERED, CLOSING = 40, 20, 2  # tokens of a round's words
TWIN_STEPS: Final = 50
# Bytes a second of device memory, from the makers' data sheets; the first name that the device's contains.
PEAK_BYTES: Final = (
    ("B200", 8.0e12),
    ("H200", 4.8e12),
    ("H100 PCIe", 2.0e12),
    ("H100", 3.35e12),
    ("A100-SXM4-80GB", 2.04e12),
    ("A100", 1.55e12),
    ("L40S", 864e9),
    ("L4", 300e9),
)


class Clock:
    """Seconds by part, waiting for the device before and after."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.seconds = device, {}  # type: torch.device, dict[str, float]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._wait()
        began_s = time.perf_counter()
        yield
        self._wait()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began_s

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


class Networks:
    """The components with random weights, built in place on the device."""

    def __init__(self, preset: Preset, device: torch.device) -> None:
        self.preset, self.device, self.dtype = preset, device, compute_dtype(device)
        self.vision, self.language, self.heads, self.detokenizer, self.autoencoder = (
            self._built(name) for name in ("vision", "language", "token_head", "detokenizer", "autoencoder")
        )

    def _built(self, name: str) -> Any:
        before = torch.get_default_dtype()
        try:
            if self.device.type == "cuda":
                torch.set_default_dtype(self.dtype)
            with torch.device(self.device):
                network: nn.Module = build_component(name, self.preset, ("regression",))
        finally:
            torch.set_default_dtype(before)
        place(network, self.device, self.dtype)
        return network.eval().requires_grad_(False)

    def picture(self) -> Tensor:
        """A random upload, as the encoder reads it."""
        side = self.preset.vision.image_size_px
        return torch.rand(1, 3, side, side, device=self.device, dtype=self.dtype) * 2 - 1

    def words(self, count: int) -> Tensor:
        """Random ids."""
        return torch.randint(self.preset.language.vocab_size, (1, count), device=self.device)


@torch.inference_mode()
def measure_chat(preset: Preset, device: torch.device, *, rounds: int) -> dict[str, Any]:
    """Seconds by part and round, ours and the twin's, bounds of the hardware, and how the targets stand."""
    networks = Networks(preset, device)
    for warm in (True, False):  # the first run pays for kernels and memory
        ours, caches = _ours(networks, 2 if warm else rounds)
        twin, twin_equal = _twin(networks, 2 if warm else rounds)
        through_chat = _converse(networks, 2 if warm else rounds)
    totals = [sum(parts.values()) for parts in ours]
    twin_totals = [sum(parts.values()) for parts in twin]
    return {
        "rounds": ours,
        "twin": twin,
        "seconds": totals,
        "through_chat": through_chat,
        "twin_seconds": twin_totals,
        "twin_seconds_equal_steps": twin_equal,
        "steps": {"ours": preset.detokenizer.default_steps, "twin": TWIN_STEPS},
        "context_tokens": caches,
        "bounds": _bounds(networks, ours[-1]),
        "found": {
            "last_over_round_2": through_chat[-1] / through_chat[1],
            "image_tokens_faster": twin[-1]["slots"] / ours[-1]["slots"],
            "round_faster": twin_totals[-1] / through_chat[-1],
            "round_faster_equal_steps": twin_equal[-1] / through_chat[-1],
            "split_last_over_round_2": totals[-1] / totals[1],
            "split_round_faster": twin_totals[-1] / totals[-1],
            "split_round_faster_equal_steps": twin_equal[-1] / totals[-1],
        },
        "peak_memory_gb": torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else None,
    }


def _ours(networks: Networks, rounds: int) -> tuple[list[dict[str, float]], list[int]]:
    cache, told, lengths = KeyValueCache(), [], []
    language: MultimodalLLM = networks.language
    for number in range(rounds):
        clock = Clock(networks.device)
        pieces = [language.embed_text(networks.words(ASKED))]
        if number == 0:  # one upload, then only what it paints itself
            with clock.part("encode"):
                pieces.append(language.embed_image(networks.vision.encode(networks.picture())))
        with clock.part("prefill"):
            hidden_1NW = language.hidden(torch.cat(pieces, dim=1), cache=cache)
        with clock.part("words"):
            _write(networks, cache, hidden_1NW)
        with clock.part("slots"):
            length = cache.length
            hidden_1KW = language.hidden(language.embed_slots(1), cache=cache)
            cache.crop(length)
            tokens_1KD = _paint(networks.heads, hidden_1KW)
        with clock.part("history"):
            closing = language.embed_text(networks.words(CLOSING))
            language.hidden(torch.cat([language.embed_image(tokens_1KD), closing], dim=1), cache=cache)
        _draw(networks, tokens_1KD, networks.preset.detokenizer.default_steps, clock)
        told.append(clock.seconds)
        lengths.append(cache.length)
    return told, lengths


def _twin(networks: Networks, rounds: int) -> tuple[list[dict[str, float]], list[float]]:
    """Seconds by part of each round; and of each round in all, had it taken our number of sampling steps."""
    told: list[dict[str, float]] = []
    equal: list[float] = []
    language: MultimodalLLM = networks.language
    for number in range(rounds):
        clock, cache = Clock(networks.device), KeyValueCache()
        with clock.part("encode"):
            # An upload and all pictures painted so far, each as its one crop and as a whole; and a blank one.
            pictures = torch.cat([networks.picture()] * (2 * (number + 1) + 1))
            encoded = [networks.vision.encode(pixels[None]) for pixels in pictures][: number + 1]
        with clock.part("prefill"):
            pieces = []
            for tokens_1KD in encoded:
                pieces += [language.embed_text(networks.words(ASKED)), language.embed_image(tokens_1KD)]
                pieces.append(language.embed_text(networks.words(ANSWERED + 1 + CLOSING)))
            hidden_1NW = language.hidden(
                torch.cat(pieces, dim=1)[:, : -(ANSWERED + 1 + CLOSING)], cache=cache
            )
            language.text_logits(hidden_1NW)  # over the whole prompt
        with clock.part("words"):
            _write(networks, cache, hidden_1NW)
        with clock.part("slots"):
            slots_1KW, states = language.embed_slots(1), []
            for place in range(slots_1KW.shape[1]):
                states.append(language.hidden(slots_1KW[:, place : place + 1], cache=cache))
                language.text_logits(states[-1]).argmax(-1).item()
            tokens_1KD = _paint(networks.heads, torch.cat(states, dim=1))
        before_s, again = sum(clock.seconds.values()), Clock(networks.device)
        _draw(networks, tokens_1KD, TWIN_STEPS, clock)
        _draw(networks, tokens_1KD, networks.preset.detokenizer.default_steps, again)
        told.append(clock.seconds)
        equal.append(before_s + sum(again.seconds.values()))
    return told, equal


def _converse(networks: Networks, rounds: int) -> list[float]:
    """Seconds of each round of a conversation through the project's own chat, as many words in each."""
    preset = networks.preset
    model = LimnerModel(
        preset=preset,
        tokenizer=train_tokenizer([SAID] * 20, vocab_size=min(1024, preset.language.vocab_size)),
        image_tokenizer=networks.vision,
        language=networks.language,
        token_heads=networks.heads,
        detokenizer=networks.detokenizer,
        autoencoder=networks.autoencoder,
    )
    sampling = Sampling(token_head="regression", max_text_tokens=ANSWERED)
    talk = Painter(model, None, fingerprint="random", sampling=sampling).conversation()
    side = preset.vision.image_size_px
    upload = np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8)
    told = []
    for number in range(rounds):
        clock = Clock(networks.device)
        with clock.part("round"):
            talk.say(SAID, images=[upload] if number == 0 else [], picture=True)
        told.append(clock.seconds["round"])
    return told


def _write(networks: Networks, cache: KeyValueCache, hidden_1NW: Tensor) -> None:
    """Greedy words of a fixed number, each chosen on the device's own logits and known before the next."""
    language: MultimodalLLM = networks.language
    for _ in range(ANSWERED + 1):
        chosen = int(language.text_logits(hidden_1NW[:, -1]).argmax())
        ids = torch.tensor([[chosen]], device=networks.device)
        hidden_1NW = language.hidden(language.embed_text(ids), cache=cache)


def _paint(heads: TokenHeads, hidden_1KW: Tensor) -> Tensor:
    return heads.of_kind("regression").predict(hidden_1KW, [0]).to(hidden_1KW.dtype)


def _draw(networks: Networks, tokens_1KD: Tensor, steps: int, clock: Clock) -> None:
    with clock.part("detokenizer"):
        latents = networks.detokenizer.sample(tokens_1KD, steps, [0])
    with clock.part("autoencoder"):
        networks.autoencoder.decode(latents.to(networks.dtype))


def _bounds(networks: Networks, parts: dict[str, float]) -> dict[str, float | None]:
    """The share of the hardware's limit that was reached: words and slots read every weight once a forward
    (and the cache, left out here); the transformer multiplies.
    """
    bytes_a_s, flops_a_s = _peak_bytes(networks.device), peak_flops(networks.device)
    detokenizer: DiTDetokenizer = networks.detokenizer
    flops = forward_flops(detokenizer) * networks.preset.detokenizer.default_steps
    layers = networks.language.llm.model.layers
    read = sum(p.numel() * p.element_size() for p in layers.parameters())
    return {
        "words_of_bandwidth": None
        if bytes_a_s is None
        else (ANSWERED + 1) * read / bytes_a_s / parts["words"],
        "slots_of_bandwidth": None if bytes_a_s is None else read / bytes_a_s / parts["slots"],
        "detokenizer_of_flops": None if flops_a_s is None else flops / flops_a_s / parts["detokenizer"],
        "detokenizer_flops": flops,
        "weights_read_a_forward_gb": read / 1e9,
    }


def forward_flops(detokenizer: DiTDetokenizer) -> float:
    """Of one velocity for one picture."""
    sizes = detokenizer.sizes
    patches = (sizes.latent_size // sizes.patch_size) ** 2
    weights = sum(p.numel() for p in detokenizer.transformer.transformer_blocks.parameters() if p.ndim >= 2)
    attended = 4.0 * sizes.layers * sizes.width * (patches + sizes.num_tokens)
    return patches * (2.0 * weights + attended)


def _peak_bytes(device: torch.device) -> float | None:
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((peak for part, peak in PEAK_BYTES if part in name), None)
