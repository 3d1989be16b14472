"""The targets of full scale, and how what was measured stands against them. Knows numbers and words only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Target:
    """`found` under "found" of a part whose name begins with `part`; at most or at least `bound`."""

    part: str
    found: str
    words: str
    bound: float
    at_most: bool = False

    def met(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound


TARGETS = (
    Target(part="chat", found="last_over_round_2", words="last round over round 2", bound=1.1, at_most=True),
    Target(part="chat", found="image_tokens_faster", words="image tokens, times faster", bound=20.0),
    Target(part="chat", found="round_faster", words="a whole round, times faster", bound=5.0),
    Target(part="lora", found="mfu", words="MFU of LoRA training", bound=0.4),
)


def verdict(told: Mapping[str, Any]) -> list[str]:
    """One line for each target and part that it is of, and what the hardware would allow."""
    return [*_targets(told), *_bounds(told)]


def _targets(told: Mapping[str, Any]) -> Iterator[str]:
    for name, part in told.items():
        if not isinstance(part, Mapping):
            continue
        if "error" in part:
            yield f"{name}: not measured ({str(part['error']).splitlines()[-1]})"
            continue
        for target in TARGETS:
            value = part.get("found", {}).get(target.found)
            if not name.startswith(target.part):
                continue
            sign = "at most" if target.at_most else "at least"
            if value is None:
                yield f"{name}: {target.words}: unknown here ({sign} {target.bound:g})"
            else:
                word = "met" if target.met(value) else "MISSED"
                yield f"{name}: {target.words}: {value:.3g} ({sign} {target.bound:g}) {word}"


def _bounds(told: Mapping[str, Any]) -> Iterator[str]:
    for name, part in told.items():
        if not isinstance(part, Mapping):
            continue
        equal = part.get("found", {}).get("round_faster_equal_steps")
        if equal is not None:
            steps = part["steps"]
            yield (
                f"{name}: a whole round at equal sampling steps, times faster ({steps['ours']} each; above "
                f"{steps['ours']} against {steps['twin']}): {equal:.3g}"
            )
        shares = {key: value for key, value in part.get("bounds", {}).items() if "_of_" in key and value}
        if shares:
            yield f"{name}: of the hardware's limit " + ", ".join(f"{k} {v:.2f}" for k, v in shares.items())
        speeds = {key: part[key] for key in ("tokens_per_s", "images_per_s") if part.get(key)}
        if speeds:
            yield f"{name}: " + ", ".join(f"{value:.4g} {key}" for key, value in speeds.items())
        if part.get("encoders_share") is not None:
            yield f"{name}: encoder and autoencoder take {part['encoders_share']:.0%} of a step"
        if part.get("peak_memory_gb"):
            yield f"{name}: {part['peak_memory_gb']:.1f} GB at most"
