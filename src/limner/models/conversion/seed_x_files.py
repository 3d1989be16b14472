"""Where the parts of SEED-X lie in its official folder, and which files of a repository they need.

    cvlm_llama2_tokenizer_100img_and_224loc_addpatch/     LLaMA's tokenizer with the added tokens
    seed_x | seed_x_i | seed_x_edit/                      base, instruction-tuned, editing
        llm/                                              LLaMA: config.json and weights
        agent/pytorch_model.bin                           resamplers, and the LLaMA or what was trained of it
    seed_detokenizer/{first,second}_stage/pytorch_model.bin
    QwenViT/qwen_vit_G.pt
    stable-diffusion-xl-base-1.0/{unet,vae}/

Knows this layout. Knows nothing of what is in the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from limner.models.conversion.hub import below, local_folder, of_folders
from limner.models.conversion.source import weights_in

TOKENIZER: Final = "cvlm_llama2_tokenizer_100img_and_224loc_addpatch"
VARIANTS: Final = ("seed_x_i", "seed_x", "seed_x_edit")  # the first that is there, unless one is named
STAGES: Final = {1: "first_stage", 2: "second_stage"}
AGENT_FILE: Final = "pytorch_model.bin"
VISUAL: Final = ("transformer.visual.", "visual.")  # the encoder's names in Qwen-VL
SDXL: Final = "stable-diffusion-xl-base-1.0"
ENCODER: Final = "QwenViT"
ENCODER_FILES: Final = ("qwen_vit_G.pt", "qwen_vit_G.safetensors", "qwen_vit_G.bin")


@dataclass(frozen=True, kw_only=True)
class SeedXFiles:
    """Where the parts of SEED-X lie."""

    tokenizer: Path
    llm: Path
    agent: Path
    vision: Path
    stages: Mapping[int, Path]
    unet: Path
    vae: Path


def find_files(
    source: Path,
    *,
    variant: str | None = None,
    vision: str | Path | None = None,
    sdxl: str | Path | None = None,
) -> SeedXFiles:
    """The files of the official layout. ValueError names all that are missing."""
    agent = source / _variant(variant, [name for name in VARIANTS if (source / name).is_dir()])
    picture_model = source / SDXL
    if sdxl is not None:
        picture_model = local_folder(sdxl, "Stable Diffusion XL", _sdxl_files)
    stages = {
        stage: weights_in(source / "seed_detokenizer" / name, AGENT_FILE) for stage, name in STAGES.items()
    }
    encoder = next(
        (source / ENCODER / name for name in ENCODER_FILES if (source / ENCODER / name).is_file()), None
    )
    if vision is not None:
        encoder = local_folder(vision, "encoder", lambda names: of_folders(names, ("",)), prefixes=VISUAL)
    files = SeedXFiles(
        tokenizer=source / TOKENIZER,
        llm=agent / "llm",
        agent=weights_in(agent / "agent", AGENT_FILE),
        vision=encoder or weights_in(source / ENCODER, ENCODER_FILES[0]),
        stages={stage: path for stage, path in stages.items() if path.is_file()} or {1: stages[1]},
        unet=picture_model / "unet",
        vae=picture_model / "vae",
    )
    needed = (
        files.tokenizer,
        files.llm / "config.json",
        files.agent,
        files.vision,
        *files.stages.values(),
        files.unet / "config.json",
        files.vae / "config.json",
    )
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        raise ValueError(f"{source} is not SEED-X's official folder: there is no {', no '.join(missing)}.")
    return files


def official_files(
    variant: str | None, with_sdxl: bool, with_vision: bool, names: Sequence[str]
) -> list[str]:
    """Of a repository with the official layout the files that `convert_seed_x` reads."""
    agent = _variant(variant, [v for v in VARIANTS if any(name.startswith(f"{v}/") for name in names)])
    folders = [f"{agent}/llm", f"{agent}/agent", *(f"seed_detokenizer/{stage}" for stage in STAGES.values())]
    wanted = [*below(names, TOKENIZER), *of_folders(names, folders)]
    wanted += _sdxl_files(names, f"{SDXL}/") if with_sdxl else []
    if with_vision:
        single = [f"{ENCODER}/{name}" for name in ENCODER_FILES if f"{ENCODER}/{name}" in names]
        wanted += of_folders(names, (ENCODER,)) or single[:1]
    return wanted


def _sdxl_files(names: Sequence[str], top: str = "") -> list[str]:
    return of_folders(names, (f"{top}unet", f"{top}vae"))


def _variant(variant: str | None, there: Sequence[str]) -> str:
    if variant is not None and variant not in VARIANTS:
        raise ValueError(f"There is no variant {variant!r} of SEED-X; choose one of {', '.join(VARIANTS)}.")
    return variant or next(iter(there), VARIANTS[0])
