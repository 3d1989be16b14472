"""What memory SEED-X's scale needs to chat, by detokenizer and by how it is loaded, and which GPUs it fits.

python benchmarks/memory_fits.py            the table of docs/full_scale.md
python benchmarks/memory_fits.py --write    put it there
"""

from __future__ import annotations

import sys
from pathlib import Path

from limner.models.detokenizer_presets import with_detokenizer, with_picture_size
from limner.models.fitting import SIZES_GB, needs
from limner.models.presets import SEED_X, Preset

DOCUMENT = Path(__file__).parents[1] / "docs" / "full_scale.md"
BEGIN, END = "<!-- memory fits -->", "<!-- end of memory fits -->"
PRESETS = {
    "DiT, 1024 px": SEED_X,
    "DiT, 512 px": with_picture_size(SEED_X, 512),
    "UNet, stage 1": with_detokenizer(SEED_X, "unet_stage1"),
    "UNet, stage 2": with_detokenizer(SEED_X, "unet_stage2"),
}


def table(presets: dict[str, Preset]) -> str:
    """The needs as Markdown."""
    head = ["detokenizer", "`--quantize`", "`--offload`", "weights", "cache", "at work", "in all"]
    head += [f"{size} GB" for size in SIZES_GB]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, preset in presets.items():
        for need in needs(preset):
            parts = (need.weights, need.cache, need.activations, need.total)
            numbers = [f"{part / 1e9:.1f}" for part in parts]
            fits = ["fits" if size in need.fits else "" for size in SIZES_GB]
            words = [name, need.quantize or "", "yes" if need.offload else ""]
            lines.append("| " + " | ".join([*words, *numbers, *fits]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, or write it between its marks."""
    if "--write" not in sys.argv:
        print(table(PRESETS))
        return
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(PRESETS)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
