"""`limner convert ...`: public checkpoints into limner's own folder. Thin."""

from __future__ import annotations

import json
from math import isqrt
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer import Argument, Option

from limner.cli.files import folder_to_write
from limner.cli.terminal import err, out, plain
from limner.inference.model_folder import checkpoint_folder
from limner.models.conversion.hub_names import HUB_NAME

app = typer.Typer(
    no_args_is_help=True, help="Turn public checkpoints into a folder that limner loads; all or nothing."
)


Matrices = Literal["kept", "bfloat16", "float16", "float32"]
Dtype = Annotated[
    Matrices,
    Option(
        "--dtype", help="Number format of stored matrices; kept: 16-bit ones stay, 32-bit ones are halved."
    ),
]
Revision = Annotated[
    str | None, Option("--revision", help="Branch, tag or commit of SRC on the hub. [default: main]")
]
Target = Annotated[Path, Argument(help="A new folder.", show_default=False)]


@app.command("seed-x")
def seed_x(
    source: Annotated[
        str, Argument(help="SEED-X's official folder, or a hub repository's name.", show_default=False)
    ],
    target: Target,
    variant: Annotated[
        Literal["seed_x_i", "seed_x", "seed_x_edit"] | None,
        Option("--variant", help="Which of the agents. [default: the first that is there]"),
    ] = None,
    vision: Annotated[
        str | None,
        Option("--vision", help="The encoder, when elsewhere: a file, or Qwen-VL-Chat's folder or name."),
    ] = None,
    sdxl: Annotated[
        str | None, Option("--sdxl", help="Stable Diffusion XL, when elsewhere: a folder or name.")
    ] = None,
    sizes: Annotated[
        Path | None, Option("--sizes", help="JSON of sizes that no weight's shape tells.")
    ] = None,
    lora_alpha: Annotated[
        float | None, Option("--lora-alpha", help="Of the agent's adapters. [default: their rank]")
    ] = None,
    adapter: Annotated[
        Literal["merge", "keep"],
        Option("--adapter", help="Merge its adapters, or keep them as adapter/, a peft folder."),
    ] = "merge",
    whole_uploads: Annotated[
        bool, Option("--whole-uploads", help="Given pictures enter as one whole, not as SEED-X's crops.")
    ] = False,
    revision: Revision = None,
    dtype: Dtype = "kept",
) -> None:
    """Tokenizer, language model, agent, encoder and both detokenizers, each key checked."""
    given = _read_sizes(sizes)
    _check(source, target, revision, vision, sdxl)
    from limner.models.conversion.seed_x import SECOND_FOLDER, convert_seed_x

    convert_seed_x(
        source,
        target,
        variant=variant,
        vision=vision,
        sdxl=sdxl,
        given=given,
        lora_alpha=lora_alpha,
        keep_adapter=adapter == "keep",
        whole_uploads=whole_uploads,
        revision=revision,
        matrix_dtype=_dtype(dtype),
        say=_say,
    )
    out.print(plain(f"{target} is ready: limner chat --model {target}"))
    if (target / SECOND_FOLDER).is_dir():
        out.print(plain(f"{target / SECOND_FOLDER} paints with the second stage instead."))


@app.command()
def pixart(
    source: Annotated[
        str, Argument(help="A PixArt pipeline's folder, or a hub repository's name.", show_default=False)
    ],
    target: Target,
    base: Annotated[
        Path | None, Option("--base", help="A checkpoint whose other components the new one links to.")
    ] = None,
    vae: Annotated[
        str | None, Option("--vae", help="The autoencoder, when elsewhere: a folder or a hub's name.")
    ] = None,
    revision: Revision = None,
    dtype: Dtype = "kept",
) -> None:
    """The start of a detokenizer: PixArt's transformer and its autoencoder, each key checked."""
    _check(source, target, revision, vae)
    if base is not None:
        checkpoint_folder(base)
    from limner.models.conversion.pixart import convert_pixart

    convert_pixart(
        source, target, base=base, vae=vae, revision=revision, matrix_dtype=_dtype(dtype), say=_say
    )
    out.print(plain(f"{target} is ready to be trained; its pictures show nothing before."))


@app.command()
def language(
    source: Annotated[
        str,
        Argument(help="A causal language model's folder, or a hub repository's name.", show_default=False),
    ],
    target: Target,
    base: Annotated[
        Path | None, Option("--base", help="A checkpoint whose encoder and detokenizer it links to.")
    ] = None,
    template: Annotated[
        Literal["chatml", "llama3", "gemma", "inst"] | None,  # of `chat_template.TEMPLATES`
        Option("--template", help="What stands around a turn. [default: as its tokens show]"),
    ] = None,
    context: Annotated[
        int | None, Option("--context", min=1, help="Places of the context. [default: 4096 at most]")
    ] = None,
    revision: Revision = None,
    dtype: Dtype = "kept",
) -> None:
    """Any causal language model that transformers knows, with resamplers and token heads to be trained."""
    _check(source, target, revision)
    if base is not None:
        checkpoint_folder(base)
    from limner.models.conversion.language import convert_language

    convert_language(
        source,
        target,
        base=base,
        revision=revision,
        template=template,
        context_tokens=context,
        matrix_dtype=_dtype(dtype),
        say=_say,
    )
    out.print(plain(f"{target} is ready to be trained: limner train align_tokens --base {target}"))


@app.command()
def vision(
    source: Annotated[
        str, Argument(help="SigLIP's or SigLIP 2's folder, or a hub's name for it.", show_default=False)
    ],
    target: Target,
    tokens: Annotated[int, Option("--tokens", min=1, help="Image tokens of a picture, a square.")] = 64,
    size: Annotated[
        int | None, Option("--size", min=16, help="Pixels a side, where it reads any. [default: its own]")
    ] = None,
    revision: Revision = None,
    dtype: Dtype = "kept",
) -> None:
    """Another vision encoder; convert a language model and a detokenizer on top of it (--base)."""
    _check(source, target, revision)
    if isqrt(tokens) ** 2 != tokens:
        raise ValueError(f"A picture's image tokens are a square number, such as 64 or 256, not {tokens}.")
    from limner.models.conversion.vision import convert_vision

    convert_vision(
        source,
        target,
        num_tokens=tokens,
        image_size_px=size,
        revision=revision,
        matrix_dtype=_dtype(dtype),
        say=_say,
    )
    out.print(plain(f"{target} sees; go on with: limner convert language SRC DST --base {target}"))


def _read_sizes(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not readable JSON: {error}.") from error
    if not isinstance(content, dict) or not all(isinstance(value, dict) for value in content.values()):
        raise ValueError(f'{path} should hold sizes by part, such as {{"vit": {{"heads": 16}}}}.')
    return content


def _check(source: str, target: Path, revision: str | None, *elsewhere: str | None) -> None:
    """What is mistyped is told before anything heavy is imported; what a hub has, only the hub tells."""
    folder_to_write(target)
    if target.exists():
        raise ValueError(f"{target} is there already; give a new folder.")
    if revision is not None and Path(source).exists():
        raise ValueError(f"{source} is a folder here, which has no revision; leave --revision out.")
    for given in (source, *elsewhere):
        if given is not None and not Path(given).exists() and not HUB_NAME.fullmatch(given):
            raise ValueError(f"There is nothing at {given}; give a folder, or a hub repository's name.")


def _dtype(matrices: Matrices) -> Any:
    import torch

    return None if matrices == "kept" else getattr(torch, matrices)


def _say(text: str) -> None:
    err.print(plain(text))
