"""A server's service, set up as its settings say."""

from __future__ import annotations

from pathlib import Path

from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, Painter
from limner.service.opening import loaded, opened


def open_service(model: str, store: Path, settings: ServerSettings) -> ConversationService:
    """Load the model, open the store, start the engine. ValueError or OSError in one sentence."""
    painter = loaded(model, words=settings.planning, quantize=settings.quantize, offload=settings.offload)
    return service_of(painter, store, settings)


def service_of(painter: Painter, folder: Path, settings: ServerSettings) -> ConversationService:
    """A service over a painter that is loaded, with conversations kept in `folder`."""
    limits = settings.limits
    return opened(
        painter,
        folder,
        blobs_url=settings.blobs_url,
        prefix_cache_bytes=limits.prefix_cache_bytes,
        max_batch=limits.max_batch,
        max_waiting=limits.max_waiting,
    )
