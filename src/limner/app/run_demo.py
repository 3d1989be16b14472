"""Run the demo: print each round as it happens, write the pictures and the page."""

from __future__ import annotations

import time
from pathlib import Path

from rich.text import Text

import limner
from limner.app.demo import PlayedScript, play
from limner.app.page import save_pictures, write_page
from limner.app.terminal import can_show_pictures, half_blocks, out


def run_demo(folder: Path, *, seed: int, model: str) -> None:
    """Hold the demo's conversations with `model`, and leave PNGs and index.html in `folder`."""
    out.print(f'Loading "{model}" ...', markup=False)
    start = time.perf_counter()
    painter = limner.load(model)
    out.print(f"Loaded in {time.perf_counter() - start:.1f} s. {painter.summary}", markup=False)
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    conversations: list[PlayedScript] = []
    files: dict[tuple[str, int, str], str] = {}
    for played in play(painter, seed):
        if not conversations or conversations[-1].script is not played.script:
            conversations.append(PlayedScript(script=played.script))
            out.print(f"\n{played.script.title}", style="bold", markup=False)
        conversations[-1].rounds.append(played)
        saved = save_pictures(played, folder)
        files.update(saved)
        given = saved.get((played.script.name, played.number, "given"))
        out.print(Text(f"\n  you     {played.line.text}" + (f"  [{given}]" if given else "")))
        image = saved.get((played.script.name, played.number, "image"))
        where = f"  -> {folder / image}" if image else ""
        out.print(Text(f"  limner  {played.reply.text}{where}  ({played.reply.seconds:.2f} s)"))
        if played.reply.image is not None and can_show_pictures():
            out.print(half_blocks(played.reply.image, columns=40))
    seconds = time.perf_counter() - start
    page = write_page(
        folder, conversations, files, model=model, device=painter.device_name, seed=seed, seconds=seconds
    )
    rounds = sum(len(c.rounds) for c in conversations)
    out.print(f"\n{rounds} rounds in {seconds:.1f} s. See them side by side: {page}", markup=False)
