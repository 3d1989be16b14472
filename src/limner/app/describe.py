"""`limner info`: a checkpoint in a table. Knows the bundle's components; computes nothing."""

from __future__ import annotations

import time

import torch
from rich.table import Table

import limner
from limner.app.terminal import out
from limner.chat.painter import checkpoint_folder


def describe(model: str) -> None:
    """Load the model and print what it is made of."""
    folder = checkpoint_folder(model)
    start = time.perf_counter()
    painter = limner.load(model)
    seconds = time.perf_counter() - start
    table = Table("component", "class", "parameters", "on disk")
    parts: list[tuple[str, torch.nn.Module]] = [
        ("vision", painter.model.image_tokenizer),
        ("language", painter.model.language),
        ("token_head", painter.model.token_heads),
        ("detokenizer", painter.model.detokenizer),
        ("autoencoder", painter.model.autoencoder),
    ]
    for name, module in parts:
        num = sum(parameter.numel() for parameter in module.parameters())
        size = sum(path.stat().st_size for path in (folder / name).rglob("*") if path.is_file())
        table.add_row(name, type(module).__name__, f"{num / 1e6:.2f} M", f"{size / 2**20:.1f} MiB")
    if painter.senses is not None:
        size = sum(path.stat().st_size for path in (folder / "senses").rglob("*") if path.is_file())
        table.add_row("senses", type(painter.senses).__name__, "", f"{size / 2**20:.1f} MiB")
    out.print(f"limner {limner.__version__}, {folder}", markup=False)
    out.print(table)
    out.print(
        f"{painter.summary} Loaded in {seconds:.1f} s; weights {painter.fingerprint[:12]}.", markup=False
    )
