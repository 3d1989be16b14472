"""What is wrong with a field of a request, in our words: which field, of an item of which type, why.

Knows the kinds of problems that validation finds, and how a path through lists and objects is written. What
was sent is not repeated, but for the name of a type. Knows no endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

MAX_PATH_CHARACTERS: Final = 120
MAX_TYPE_CHARACTERS: Final = 40
_TAG: Final = re.compile(r"\((.*)\)", re.DOTALL)
_FIELD: Final = re.compile(r"[a-z0-9_]+(\[[a-z0-9_]*\])?")  # forms write lists and objects with brackets
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'")

# Of one value, by the kind of problem. What is not here is told in the last line of `reason_of`.
_REASONS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "missing": lambda _: "it is required",
    "string_type": lambda _: "it must be a text",
    "string_unicode": lambda _: "it must be a text in UTF-8",
    "string_pattern_mismatch": lambda _: "it is not written as it must be",
    "string_too_long": lambda told: f"it has more than the {told.get('max_length')} characters allowed",
    "string_too_short": lambda told: f"it must have at least {_many(told.get('min_length'), 'character')}",
    "int_type": lambda _: "it must be a whole number",
    "int_parsing": lambda _: "it must be a whole number",
    "int_parsing_size": lambda _: "it must be a smaller number",
    "int_from_float": lambda _: "it must be a whole number",
    "float_type": lambda _: "it must be a number",
    "float_parsing": lambda _: "it must be a number",
    "finite_number": lambda _: "it must be a finite number",
    "bool_type": lambda _: "it must be true or false",
    "bool_parsing": lambda _: "it must be true or false",
    "greater_than_equal": lambda told: f"it must be {told.get('ge')} or more",
    "greater_than": lambda told: f"it must be more than {told.get('gt')}",
    "less_than_equal": lambda told: f"it must be {told.get('le')} or less",
    "less_than": lambda told: f"it must be less than {told.get('lt')}",
    "list_type": lambda _: "it must be a list",
    "dict_type": lambda _: "it must be an object",
    "model_type": lambda _: "it must be an object",
    "model_attributes_type": lambda _: "it must be an object",
    "too_long": lambda told: f"it has more than the {told.get('max_length')} entries allowed",
    "too_short": lambda told: f"it must have at least {_many(told.get('min_length'), 'entry', 'entries')}",
    "none_required": lambda _: "it must be null",
    # The framework's own, of a form; no field of ours has a validator of its own.
    "value_error": lambda _: "it must be a file, sent as a part of a form with a file name",
}


def path_of(where: Sequence[Any]) -> str:
    """("input", "(a list)", 0, "(message)", "content") -> "input[0].content": names of branches are in
    brackets, and left out.
    """
    text = ""
    for step in where:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, str) and _FIELD.fullmatch(step):
            text += f".{step}" if text else step
    return text.replace("[][", "[")[:MAX_PATH_CHARACTERS]


def type_at(where: Sequence[Any]) -> tuple[str, str] | None:
    """The innermost typed thing that a path leads through: its own path and its type."""
    for end in range(len(where) - 1, 0, -1):
        tag = _TAG.fullmatch(where[end]) if isinstance(where[end], str) else None
        if tag is not None and isinstance(where[end - 1], int) and not tag.group(1).startswith(("a ", "an ")):
            return path_of(where[:end]), tag.group(1)
    return None


def reason_of(problem: Mapping[str, Any]) -> str:
    """What is wrong with it, as the end of a sentence."""
    kind, told = str(problem.get("type", "")), problem.get("ctx") or {}
    if kind in ("literal_error", "enum"):
        return f"it must be {_either(_QUOTED.findall(str(told.get('expected', ''))))}"
    if kind == "union_tag_invalid":
        expected = [tag.strip("()") for tag in _QUOTED.findall(str(told.get("expected_tags", "")))]
        found = str(told.get("tag", "")).removeprefix("(").removesuffix(")")
        if any(tag.startswith(("a ", "an ")) for tag in (*expected, found)):
            expected = [tag for tag in expected if tag.startswith(("a ", "an "))] or ["an object"]
            return f"it must be {_either(expected)}, not {found}"
        if not found:
            return f"it has no type; it must be of type {_either(expected)}"
        return f"it is of type {found[:MAX_TYPE_CHARACTERS]!r}, and must be of type {_either(expected)}"
    reason = _REASONS.get(kind)
    return "it cannot be read" if reason is None else reason(told)


def json_kind(value: object) -> str:
    """What a JSON value is, in a word: "a text", "a list", ..."""
    if isinstance(value, Mapping) or hasattr(value, "model_fields_set"):
        return "an object"
    names: list[tuple[type | tuple[type, ...], str]] = [
        (str, "a text"),
        (list, "a list"),
        (bool, "a truth value"),
        ((int, float), "a number"),
    ]
    return next((name for kind, name in names if isinstance(value, kind)), "a null")


def kind_tag(value: object) -> str:
    """`json_kind` as the name of a union's branch, which an error's path can tell apart from a field."""
    return f"({json_kind(value)})"


def _either(words: Sequence[str]) -> str:
    if len(words) < 2:
        return words[0] if words else "something else"
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _many(num: Any, one: str, many: str | None = None) -> str:
    return f"{num} {one if num == 1 else many or one + 's'}"
