#!/usr/bin/env bash
# pydantic 2.14.3: `FailFast()`, which stops the validation of a list at its first wrong item, cannot stand in a
# union: `Annotated[list[int], FailFast()] | None` is a TypeError while the module is imported, before pydantic
# sees it. A union hashes its members, and an Annotated type hashes its metadata; `FailFast` is a dataclass with
# equality and therefore without a hash. `Strict()`, its neighbour in the same module, has one. So an optional
# list of a request's body cannot be told to stop early; a class of one's own that hands the marker over can.
# Exit code 1 when this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet "pydantic==2.14.3" "pydantic_core==2.50.4"
if ! "$folder/venv/bin/python" - <<'PYTHON'
from typing import Annotated

import pydantic
from pydantic import FailFast, Strict, TypeAdapter

print("pydantic", pydantic.VERSION)
alone = Annotated[list[int], FailFast()]
print("alone:", TypeAdapter(alone).validate_python([1, 2]))
strict = Annotated[list[int], Strict()] | None
print("Strict() in a union:", TypeAdapter(strict).validate_python([1, 2]))
try:
    made = alone | None
except TypeError as error:
    print("FailFast() in a union: TypeError:", error)
else:
    raise SystemExit(f"this has changed: {made}")
PYTHON
then
    exit 1
fi
