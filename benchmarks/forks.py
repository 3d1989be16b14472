"""What a fork costs: the second branch of a long conversation, cold against warm, side by side in one run.

    python benchmarks/forks.py --rounds 20

Somebody holds --rounds rounds, then says something else after the last of them: a second branch of the same
past. Warm, the past's keys and values are in the prefix cache, where the first branch left them; cold, as
after a restart or an eviction, they are computed anew from what was said and from the kept image tokens.
Until the first word can be chosen both only read: tokens and CPU seconds of that are printed, of the best of
--repeats, and of the whole round beside them. Both branches must answer alike. Rounds are short enough that
all of them are read (`inference/context_selection.py` lets long ones leave).

The second table: what is read off a picture's image tokens once and not at every denoising step (keys and
values of the cross-attentions; layers of the scene): measured on the embedded detokenizer,
and counted at SEED-X's sizes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import limner
from limner.inference.conversation import Conversation
from limner.inference.events import Event, Finished, Wrote
from limner.inference.painter import Painter
from limner.inference.scheduler import Scheduler
from limner.inference.stages import prefill
from limner.models.detokenizer import DiTDetokenizer
from limner.models.presets import SEED_X
from limner.models.sizes import DetokenizerSizes, LanguageSizes

PEOPLE = "The image shows Clara and Hugo in a park. Clara has red hair. Hugo has black hair."
SAID = ("A close-up of Clara.", "A close-up of Hugo.", "Clara and Hugo in a kitchen.", "Make it night.")
ASKED = "A close-up of Hugo at the sea."


def talk(painter: Painter, rounds: int) -> Conversation:
    """A conversation of so many rounds, each with a picture."""
    made = painter.conversation(seed=1)
    for number in range(rounds):
        made.say(PEOPLE if number == 0 else SAID[number % len(SAID)], picture=True)
    return made


def branch(painter: Painter, past: Conversation, *, cold: bool) -> dict[str, Any]:
    """One round of a fork: tokens and CPU seconds until it can choose its first word, and of all of it."""
    fork = past.fork()
    request = fork.prepare(ASKED, picture=True)
    if cold:
        painter.prefixes.drop([known.key for known in request.past[:1]])
    held = painter.prefixes.match([known.key for known in request.past])
    assert bool(held) != cold, "the prefix cache holds something else than it should"
    told: list[Event] = []
    scheduler = Scheduler(painter)
    began_s = time.process_time()
    scheduler.add(request, told.append)
    (under_way,) = scheduler._rounds
    tokens = 0
    with torch.inference_mode():
        while under_way.stage == "prefill":
            tokens += prefill(painter, under_way)
    read_s = time.process_time() - began_s
    while len(scheduler):
        scheduler.step()
    (end,) = (event for event in told if isinstance(event, Finished))
    return {
        "tokens": tokens,
        "read_s": read_s,
        "round_s": time.process_time() - began_s,
        "words": "".join(event.text for event in told if isinstance(event, Wrote)),
        "image_tokens": end.answer.image_tokens_KD,
        "rounds_read": len(request.past),
    }


def forks(painter: Painter, rounds: int, repeats: int) -> dict[str, Any]:
    """Cold and warm in turn; the quickest of each."""
    past = talk(painter, rounds)
    turns = [(branch(painter, past, cold=True), branch(painter, past, cold=False)) for _ in range(repeats)]
    told: dict[str, Any] = {"rounds": rounds}
    for name, found in zip(("cold", "warm"), zip(*turns, strict=True), strict=True):
        best = min(found, key=lambda one: one["read_s"])
        told[name] = {key: best[key] for key in ("tokens", "read_s", "rounds_read")}
        told[name]["round_s"] = min(one["round_s"] for one in found)
    for cold, warm in turns:
        assert cold["words"] == warm["words"], "a branch says something else when it is warm"
        torch.testing.assert_close(cold["image_tokens"], warm["image_tokens"], atol=1e-3, rtol=1e-3)
    told["warm_of_cold_tokens"] = told["warm"]["tokens"] / told["cold"]["tokens"]
    told["warm_of_cold_read"] = told["warm"]["read_s"] / told["cold"]["read_s"]
    return told


def drawing(painter: Painter, repeats: int) -> dict[str, float]:
    """CPU seconds of drawing one picture, its tokens read once and at every step."""
    detokenizer = painter.model.detokenizer
    assert isinstance(detokenizer, DiTDetokenizer)
    sizes = detokenizer.sizes
    tokens = torch.randn(1, sizes.num_tokens, sizes.token_dim, generator=torch.Generator().manual_seed(0))
    tokens = tokens.to(painter.model.dtype)

    def once() -> torch.Tensor:
        return detokenizer.sample(tokens, sizes.default_steps, [0])

    def every_step() -> torch.Tensor:
        real = detokenizer.velocity
        try:
            detokenizer.velocity = lambda x, time_B, told, read: real(x, time_B, told)  # type: ignore
            return once()
        finally:
            del detokenizer.velocity

    with torch.inference_mode():
        assert torch.equal(once(), every_step()), "reading once changes the picture"
        return {"once_s": _best(once, repeats), "every_step_s": _best(every_step, repeats)}


def _best(job: Callable[[], object], repeats: int) -> float:
    found = []
    for _ in range(repeats):
        began_s = time.process_time()
        job()
        found.append(time.process_time() - began_s)
    return min(found)


def counted(sizes: DetokenizerSizes, language: LanguageSizes) -> dict[str, float]:
    """Multiplications and additions (10^9) of one picture at full scale: all steps, and what is saved."""
    patches, width = sizes.grid**2, sizes.width
    block = 2.0 * patches * (4 + 2 + 8) * width**2 + 4.0 * patches * (patches + sizes.num_tokens) * width
    readers = 2.0 * sizes.num_tokens * 2 * width**2 * sizes.layers
    adapter = 2.0 * sizes.num_tokens * (sizes.token_dim * width + width**2)
    whole = sizes.default_steps * (sizes.layers * block + readers + adapter)
    weights = language.layers * (4 * language.width**2 + 3 * language.width * language.ffn_width)
    return {
        "picture_gflop": whole / 1e9,
        "saved_gflop": (sizes.default_steps - 1) * (readers + adapter) / 1e9,
        "kept_mb": 2 * sizes.layers * sizes.num_tokens * width * 2 / 1e6,
        "slots_gflop": 2.0 * weights * 64 / 1e9,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="miniature")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="JSON of the same numbers")
    given = parser.parse_args()
    torch.set_num_threads(1)
    painter = limner.load(given.model, device="cpu").with_sampling(text_temperature=0.0)
    told = forks(painter, given.rounds, given.repeats)
    print(
        f"| second branch after {given.rounds} rounds | tokens read | CPU s of reading | CPU s of the round |"
    )
    print("|---|---|---|---|")
    for name in ("cold", "warm"):
        row = told[name]
        print(f"| {name} | {row['tokens']:,} | {row['read_s']:.4f} | {row['round_s']:.3f} |")
    print(f"warm / cold: tokens 1/{1 / told['warm_of_cold_tokens']:.0f}, ", end="")
    print(f"reading 1/{1 / told['warm_of_cold_read']:.1f}")
    told["drawing"] = drawing(painter, given.repeats)
    print(
        "a picture's tokens read once: {once_s:.3f} s, at every step {every_step_s:.3f} s".format(
            **told["drawing"]
        )
    )
    sizes = SEED_X.detokenizer
    assert isinstance(sizes, DetokenizerSizes)
    told["full_scale"] = counted(sizes, SEED_X.language)
    print(
        "at 13B + PixArt, 1024 px: {saved_gflop:,.0f} of {picture_gflop:,.0f} GFLOP saved a picture, "
        "{kept_mb:.1f} MB kept while it is drawn".format(**told["full_scale"])
    )
    if given.out:
        given.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
