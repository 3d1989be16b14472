"""Whether a response can be gone on from; if not, why, in a sentence and a code of its own.

Knows rounds in progress, here and on other replicas, and the store. What is not there and what is somebody
else's look alike. Knows no endpoint.
"""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from limner.inference.events import Cancelled, Failed
from limner.server.errors import ApiError, wrong
from limner.server.replicas.switchboard import IN_PROGRESS
from limner.server.rounds.rounds import desk_of, told
from limner.service.conversation_service import ConversationService
from limner.store.records import NotThere, is_id

IN_PROGRESS_RETRY_S: Final = 1.0


async def check_previous(
    request: Request, service: ConversationService, owner: str, id: str, *, param: str
) -> None:
    """ApiError when a round cannot go on from this response: 400 for no id, or an end without an answer; 404
    for one that is not there; 409 for one in progress, to be asked again.
    """
    if not id.strip():
        raise wrong(
            f"{param} is empty; leave it out to begin anew, or give the id of a response.",
            param=param,
            code="invalid_value",
        )
    if not is_id(id, "resp"):
        raise _unknown(id, param)
    status = await _status(request, owner, id)
    if status == IN_PROGRESS:
        raise ApiError(
            409,
            f"The response {id} is in progress; go on from it when it is completed, or cancel it and go on "
            "from the one before it.",
            param=param,
            code="previous_response_in_progress",
            retry_after_s=IN_PROGRESS_RETRY_S,
        )
    if status is not None:
        how = "was cancelled" if status == "cancelled" else "failed"
        raise wrong(
            f"The response {id} {how} and has no answer to go on from; go on from the one before it.",
            param=param,
            code=f"previous_response_{status}",
        )
    with told(param):
        try:
            await run_in_threadpool(service.get, owner, id)
        except NotThere:
            if await run_in_threadpool(service.store.was_deleted, owner, id):
                raise ApiError(
                    404,
                    f"The response {id} was deleted; go on from another one, or leave {param} out to begin "
                    "anew.",
                    param=param,
                    code="previous_response_deleted",
                ) from None
            raise _unknown(id, param) from None


async def _status(request: Request, owner: str, id: str) -> str | None:
    """How it stands with a response that has no answer; None for any other."""
    desk = desk_of(request)
    running = desk.find(owner, id)
    if running is not None and running.keep:
        ends = {Cancelled: "cancelled", Failed: "failed", type(None): IN_PROGRESS}
        return ends.get(type(running.last))
    listed = None if desk.others is None else await desk.others.find(owner, id)
    return None if listed is None or listed.response is None else listed.status


def _unknown(id: str, param: str) -> ApiError:
    return ApiError(
        404,
        f"There is no response {id[:60]!r}: it was never made here, or not stored. Leave {param} out to "
        "begin anew.",
        param=param,
        code="previous_response_not_found",
    )
