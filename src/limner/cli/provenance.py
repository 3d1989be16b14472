"""`limner provenance FILE`: what a picture's file says of its origin. Thin."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from limner.cli.terminal import out, plain

if TYPE_CHECKING:
    from limner.provenance.inspecting import Findings


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(name="provenance")(provenance)


def provenance(
    file: Annotated[Path, Argument(help="A picture: PNG, JPEG or WebP.", show_default=False)],
    as_json: Annotated[bool, Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Read a picture's marks: the signed manifest, text of Limner's, the watermark; and what they mean."""
    if not file.is_file():
        raise ValueError(f"There is no picture at {file}; give a file's path.")
    from limner.provenance.inspecting import inspect

    found = inspect(file.read_bytes())
    if as_json:
        told = {**dataclasses.asdict(found), "is_marked": found.is_marked}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for line in _lines(found):
        out.print(plain(line))


def _lines(found: Findings) -> list[str]:
    one = found.manifest
    lines = []
    if one is None:
        lines.append("manifest   none")
    else:
        lines.append(f"manifest   {one.state}" + (f" ({', '.join(one.problems)})" if one.problems else ""))
        facts = {
            "signer": one.signer,
            "signed": one.signed_at,
            "made by": one.generator,
            "actions": ", ".join(one.actions),
            "source": ", ".join(one.source_types),
            "from": ", ".join(one.ingredients),
        }
        lines += [f"  {name:8} {value}" for name, value in facts.items() if value]
    lines.append(f"text       {', '.join(f'{name} {value}' for name, value in found.text.items()) or 'none'}")
    height = f"{found.watermark_height:.1f} standard deviations; from 7 on it counts"
    lines.append(f"watermark  {found.watermark or 'none'} ({height})")
    return [*lines, "", *found.meaning]
