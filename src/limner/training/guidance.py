"""Deprecated name of `attention_supervision.py`, kept for one release."""

from __future__ import annotations

import warnings

from limner.training.attention_supervision import (
    HEADS,
    AttentionTargets,
    attention_loss,
    places,
    pointers_of,
    watching,
)

warnings.warn(
    "limner.training.guidance is now limner.training.attention_supervision.", DeprecationWarning, stacklevel=2
)

Guidance = AttentionTargets
guidance_loss = attention_loss

__all__ = ["HEADS", "Guidance", "guidance_loss", "places", "pointers_of", "watching"]
