"""Commands whose options are the fields of a dataclass: each is told once, with its help and its default.

Typer reads options off a function's parameters; here they are made of the fields. Knows no command.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import MISSING, fields
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def from_fields(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as typer takes it: its last parameter, a dataclass, gives way to one for each field."""
    own = get_type_hints(command, include_extras=True)
    *others, last = signature(command).parameters.values()
    kind = own[last.name]
    hints = get_type_hints(kind, include_extras=True)

    @functools.wraps(command)
    def flat(**given: Any) -> None:
        options = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given, **{last.name: options})

    parameters = [
        *(Parameter(one.name, Parameter.KEYWORD_ONLY, annotation=own[one.name]) for one in others),
        *(
            Parameter(
                field.name,
                Parameter.KEYWORD_ONLY,
                default=Parameter.empty if field.default is MISSING else field.default,
                annotation=hints[field.name],
            )
            for field in fields(kind)
        ),
    ]
    flat.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {one.name: one.annotation for one in parameters}
    return flat
