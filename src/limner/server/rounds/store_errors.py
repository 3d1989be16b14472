"""What clients are told when the store fails: one answer for a full disk, one for another process's lock.

Knows the store's errors and their answers. What the system said goes to the log, not to the client.
"""

from __future__ import annotations

import logging

from limner.server.errors import ApiError
from limner.service.conversation_service import ConversationService
from limner.store.records import StoreBusy, StoreFailed, StoreFull

log = logging.getLogger("limner.server")


def store_failed(error: StoreFailed) -> ApiError:
    """The answer, with a line in the log."""
    log_store_failed(error)
    return answer_of(error)


def log_store_failed(error: StoreFailed) -> None:
    """What failed, with the system's number for it."""
    cause = error.__cause__
    number = getattr(cause, "errno", None) or getattr(cause, "sqlite_errorname", None)
    log.error("%s (%s)", error, number or type(error).__name__)


def answer_of(error: StoreFailed) -> ApiError:
    """507 when the disk is full, else 503."""
    if isinstance(error, StoreFull):
        return store_full(507)
    if isinstance(error, StoreBusy):
        return ApiError(
            503,
            "Another process is writing to the store; try again. A round that was painted is held for that.",
            code="store_busy",
            retry_after_s=5,
        )
    return ApiError(
        503, "The server cannot keep anything just now; try again.", code="store_failed", retry_after_s=5
    )


def takes_anything_new(service: ConversationService) -> bool:
    """Whether the store has room and can be written to; looks at the disk."""
    try:
        return not service.store.is_full
    except StoreFailed:
        return False


def store_full(status: int) -> ApiError:
    """Nothing new can be kept."""
    return ApiError(
        status,
        "The server's disk is full: nothing new is kept, while reading and deleting work. Delete something, "
        "or tell the server's operator.",
        code="store_full",
        retry_after_s=30,
    )
