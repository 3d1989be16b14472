"""`limner info --plan`: what a scale weighs, as a table. Knows no models; loads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from limner.cli.terminal import out, plain

if TYPE_CHECKING:
    from limner.models.presets import Preset

GIB, MIB = 2**30, 2**20


def show_plan(scale: str) -> None:
    """Print parameters and memory of each component of a scale, by number format.

    Raises:
        ValueError: no such scale.
    """
    from limner.models.detokenizer_presets import KINDS, with_detokenizer
    from limner.models.footprint import FORMATS, Footprint, cache_bytes, footprints
    from limner.models.presets import PRESETS
    from limner.models.sizes import DetokenizerSizes

    if scale not in PRESETS:
        raise ValueError(f"There is no scale {scale!r}; choose one of {', '.join(PRESETS)}.")
    preset = PRESETS[scale]
    rows = footprints(preset)
    kind = "dit" if isinstance(preset.detokenizer, DetokenizerSizes) else "unet"
    table = Table("component", "parameters", *FORMATS)

    def add(name: str, row: Footprint) -> None:
        memory = (_size(row.num_bytes(form)) for form in FORMATS)
        table.add_row(name, f"{row.num_parameters / 1e6:,.1f} M", *memory)

    for row in rows:
        add(f"{row.component} ({kind})" if row.component == "detokenizer" else row.component, row)
    whole = Footprint(
        component="together",
        num_parameters=sum(row.num_parameters for row in rows),
        num_quantisable=sum(row.num_quantisable for row in rows),
    )
    table.add_section()
    add("together", whole)
    table.add_section()
    for other in (name for name in KINDS if name != kind):
        try:
            made = footprints(with_detokenizer(preset, other))
        except ValueError:  # this scale has none
            continue
        add(f"instead: {other}", next(row for row in made if row.component == "detokenizer"))
    out.print(plain(f"{preset.name}: weights alone, nothing loaded"))
    out.print(table)
    sizes, picture = preset.language, preset.num_image_tokens + 2
    out.print(
        plain(
            "int8 and 4-bit hold the language model's projections only. Keys and values in 16 bit: "
            f"{cache_bytes(sizes, 1) / 1e6:.3g} MB a token, {cache_bytes(sizes, picture) / 1e6:.3g} MB "
            f"a picture, {cache_bytes(sizes, sizes.context_tokens) / 1e9:.3g} GB a full context of "
            f"{sizes.context_tokens}."
        )
    )
    _show_fits(preset)


def _show_fits(preset: Preset) -> None:
    from limner.models.fitting import LIBRARIES, SIZES_GB, needs

    table = Table("quantize", "offload", "weights", "cache", "at work", "in all, GB", "fits, GB")
    for need in needs(preset):
        words = (need.quantize or "-", "yes" if need.offload else "-")
        parts = (need.weights, need.cache, need.activations, need.total)
        fits = ", ".join(str(size) for size in need.fits) or f"more than {SIZES_GB[-1]}"
        table.add_row(*words, *(f"{part / 1e9:.1f}" for part in parts), fits)
    out.print(plain("to chat, with a full context; counted, not measured"))
    out.print(table)
    out.print(plain(f"GB are 10^9 bytes; {LIBRARIES / 1e9:g} GB are allowed for libraries."))


def _size(num_bytes: int) -> str:
    return f"{num_bytes / GIB:.2f} GiB" if num_bytes > GIB / 20 else f"{num_bytes / MIB:.2f} MiB"
