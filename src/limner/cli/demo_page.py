"""The demo's page and pictures on disk. Knows file names and the template, not how rounds were made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from limner.cli.files import write_png, write_text
from limner.demo import Played, PlayedScript


def save_pictures(played: Played, folder: Path) -> dict[tuple[str, int, str], str]:
    """Write the round's PNGs; (script, round, "given" or "image") -> file name, as the page looks them up."""
    files = {}
    for role, image in (("given", played.given), ("image", played.reply.image)):
        if image is not None:
            name = f"{played.script.name}-{played.number}{'-given' if role == 'given' else ''}.png"
            write_png(image, folder / name)
            files[(played.script.name, played.number, role)] = name
    return files


def write_page(
    folder: Path,
    conversations: Sequence[PlayedScript],
    files: dict[tuple[str, int, str], str],
    *,
    model: str,
    device: str,
    seed: int,
    seconds: float,
) -> Path:
    """Write index.html, the conversations side by side; returns its path."""
    environment = Environment(loader=PackageLoader("limner.cli"), autoescape=select_autoescape())
    page = environment.get_template("demo.html").render(
        conversations=conversations, files=files, model=model, device=device, seed=seed, seconds=seconds
    )
    return write_text(page, folder / "index.html")
