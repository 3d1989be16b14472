"""Which safety hook a server has when nobody names one, and what its operator is warned of.

Knows the scales, which hooks are ready and who is enrolled. What a hook does is `moderation.py`'s business.
"""

from __future__ import annotations

import importlib.util
from typing import Final

from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService

NUDITY: Final = "limner.server.nudity:judge"
OF_THE_WORLD: Final = ("tiny", "sketch", "miniature")  # they draw their own illustrated people alone


def hook_of(service: ConversationService, settings: ServerSettings) -> str | None:
    """The hook as "module:callable". Unnamed, it is the ready one where real faces can enter and it is
    installed, else none. ValueError when the ready one is named and not installed.
    """
    named = settings.safety_hook
    if named == "none":
        return None
    is_ready = importlib.util.find_spec("nudenet") is not None
    if named == "nudity":
        if not is_ready:
            raise ValueError(
                "The safety hook `nudity` needs the extra `safety`: pip install 'limner[safety]'."
            )
        return NUDITY
    if named is not None or service.painter.kind in OF_THE_WORLD:
        return named
    return NUDITY if is_ready else None


def warnings_of(service: ConversationService, settings: ServerSettings) -> list[str]:
    """Warnings for the operator about the server's settings, one sentence each."""
    if hook_of(service, settings) is not None:
        return []
    told = []
    num = service.store.num_enrolled()
    if num:
        faces = "1 real face is" if num == 1 else f"{num} real faces are"
        told.append(
            f"{faces} enrolled, and no safety hook judges what is painted of them: name one with "
            "--safety-hook (`nudity` is ready, with the extra `safety`)."
        )
    elif service.painter.kind not in OF_THE_WORLD:
        told.append(
            "This model paints real faces, and no safety hook judges what it paints: name one with "
            "--safety-hook (`nudity` is ready, with the extra `safety`)."
        )
    return told
