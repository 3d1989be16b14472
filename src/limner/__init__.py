"""Limner: conversational image generation. You talk, it paints; later rounds remember all earlier ones.

    import limner

    painter = limner.load("miniature")
    conversation = painter.conversation()
    reply = conversation.say("Draw Mia and Tom in a garden. Mia has red hair. Tom wears a green sweater.")
    reply.image.save("both.png")
    conversation.say("A close-up of Mia.").image.save("mia.png")

Importing this package is cheap: torch is loaded by the first call that needs it.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import limner  # so that annotations have a name for what is loaded late: get_type_hints() finds it
from limner.version import __version__

# Threads that spin while they wait slow small models down on a busy CPU; OpenMP reads this when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if TYPE_CHECKING:
    from limner.inference.conversation import Conversation as Conversation
    from limner.inference.conversation import Reply as Reply
    from limner.inference.painter import Painter as Painter
    from limner.inference.sampling import Sampling as Sampling
    from limner.planning.opening import Planning as Planning

__all__ = [
    "Conversation",
    "Painter",
    "Planning",
    "Reply",
    "Sampling",
    "__version__",
    "load",
    "open_conversation",
]

_LATE: Final = {
    "Conversation": "limner.inference.conversation",
    "Painter": "limner.inference.painter",
    "Planning": "limner.planning.opening",
    "Reply": "limner.inference.conversation",
    "Sampling": "limner.inference.sampling",
}


def __getattr__(name: str) -> Any:
    """The classes, loaded when they are asked for."""
    if name not in _LATE:
        raise AttributeError(f"module 'limner' has no attribute {name!r}")
    return getattr(importlib.import_module(_LATE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})


def load(
    name_or_folder: str | Path = "miniature",
    *,
    device: str | None = None,
    quantize: str | None = None,
    offload: bool = False,
    planning: limner.Planning | None = None,
) -> limner.Painter:
    """A painter from the embedded model ("miniature"), a checkpoint folder, or any painter without memory:
    "endpoint:URL" (an OpenAI-compatible server) and "diffusers:FOLDER" (an editing pipeline). Those are given
    earlier pictures and faces by a planner; `planning` says which and how (docs/any_painter.md).

    `device` is a torch device name; by default the GPU if there is one, else the CPU. For less memory:
    `quantize` "int8" or "4bit" squeezes the language model (docs/full_scale.md), and with `offload` encoder,
    detokenizer and autoencoder are in memory only while they work. Raises ValueError with one sentence when
    there is no such model or when a file of it is missing or damaged.
    """
    from limner.planning.names import is_planned

    if is_planned(str(name_or_folder)):
        from limner.planning.opening import load_planned

        return load_planned(str(name_or_folder), planning)
    from limner.inference.model_folder import checkpoint_folder

    folder = checkpoint_folder(name_or_folder)  # a wrong name is told before anything heavy is loaded
    from limner.inference.painter import load_painter

    return load_painter(folder, device=device, quantize=quantize, offload=offload)


def open_conversation(path: str | Path, painter: limner.Painter) -> limner.Conversation:
    """The conversation that `Conversation.save` wrote, continued as if it had never been closed.

    Raises ValueError when the file is no conversation, is damaged, or comes from a painter of other weights.
    """
    from limner.inference.conversation import open_conversation as open_saved

    return open_saved(path, painter)
