"""Who asks, as endpoints say that they want to know it. The door itself is `keys.py`'s."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from limner.server.security.keys import denied


def current_owner(request: Request) -> str:
    """The owner of the request. 401 on a path that the doorkeeper holds public."""
    owner = getattr(request.state, "owner", None)
    if owner is None:
        raise denied()
    return str(owner)


def current_operator(request: Request) -> bool:
    """Whether it is the operator who asks, who may know what everybody does."""
    return bool(getattr(request.state, "is_operator", False))


_scheme = HTTPBearer(auto_error=False, description="An API key of this server.")
# Does nothing but name the scheme in the OpenAPI document.
needs_key = Depends(_scheme)
Owner = Annotated[str, Depends(current_owner)]
IsOperator = Annotated[bool, Depends(current_operator)]
