"""A painter of conversations on one's own machine: a public editing pipeline of diffusers that is shown
several pictures (FLUX.2-klein, FLUX.1 Kontext, Qwen-Image-Edit).

Knows how such pipelines are opened and asked. Their weights are the user's: nothing is downloaded here.
"""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image

from limner.dialogue.parts import Picture
from limner.perception.endpoint.painting import told_with_roles
from limner.perception.painters import PaintError, Reference
from limner.perception.pipeline_folder import pipeline_folder

OFFLOADS: Final = ("none", "model", "sequential")
DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
LEAST_SIDE_PX: Final = 64
_SEVERAL: Final = ("Flux2", "QwenImageEditPlus")  # how their names begin; others are shown one row
_NEED_NONE: Final = ("Flux",)  # paint without a picture; others are given an empty one
_CANVAS_PX: Final = 1024


class PipelinePainter:
    """An `AnyPainter`. Threads may share it; pictures are painted one at a time.

    Args:
        folder: an editing pipeline as diffusers saves it.
        dtype: "float32", "bfloat16" or "float16"; default: bfloat16 on a GPU, float32 on a CPU.
        offload: "none", "model" (one component at a time on the GPU) or "sequential" (one layer at a time).
        num_steps: denoising steps; None for the pipeline's own number.
        guidance: guidance scale; None for the pipeline's own.
        device: default: cuda if there is one.

    ValueError names the folder or what is wrong with it.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        dtype: str | None = None,
        offload: str = "none",
        num_steps: int | None = None,
        guidance: float | None = None,
        device: str | None = None,
    ) -> None:
        self.folder = pipeline_folder(folder)
        if offload not in OFFLOADS:
            raise ValueError(f"There is no offload {offload!r}; choose one of {', '.join(OFFLOADS)}.")
        if dtype is not None and dtype not in DTYPES:
            raise ValueError(f"There is no number format {dtype!r}; choose one of {', '.join(DTYPES)}.")
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if offload != "none" and not device.startswith("cuda"):
            raise ValueError(
                f"Offloading moves a model off a GPU, and this computes on {device}; leave it out."
            )
        chosen = DTYPES[dtype] if dtype else torch.bfloat16 if device.startswith("cuda") else torch.float32
        self.num_steps, self.guidance = num_steps, guidance
        self._pipeline = _opened(self.folder, chosen, offload, device)
        self._kind = type(self._pipeline).__name__
        self._takes = inspect.signature(self._pipeline.__call__).parameters
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The folder's."""
        return self.folder.resolve().name

    def paint(
        self,
        instruction: str,
        references: Sequence[Reference],
        base: Picture | None,
        *,
        size_px: int | None,
        seed: int,
    ) -> Picture:
        """See `AnyPainter`. A picture that is changed keeps its shape; sides are rounded to what the pipeline
        can halve.
        """
        shown = [*([] if base is None else [base]), *(one.picture for one in references)]
        asked: dict[str, Any] = {
            "prompt": told_with_roles(instruction, references, base),
            "generator": torch.Generator("cpu").manual_seed(seed),
            "output_type": "np",
        }
        if not shown and not self._kind.startswith(_NEED_NONE):
            side = size_px or _CANVAS_PX
            shown = [Picture(np.full((side, side, 3), 255, dtype=np.uint8))]
        if shown:
            asked["image"] = self._images(shown)
        if base is not None:
            size_px = size_px or max(base.width_px, base.height_px)
        asked |= self._sides(base, size_px)
        asked |= {} if self.num_steps is None else {"num_inference_steps": self.num_steps}
        asked |= self._guided()
        if "_auto_resize" in self._takes and size_px is not None:
            asked |= {"max_area": asked["height"] * asked["width"], "_auto_resize": False}
        try:
            with self._lock, torch.no_grad():
                pixels = np.asarray(self._pipeline(**asked).images[0])
        except torch.cuda.OutOfMemoryError as error:
            raise ValueError(
                f"{self.name} does not fit the GPU's memory; choose --offload model or a smaller --size."
            ) from error
        except ValueError as error:  # a picture of a shape that this pipeline does not take
            raise PaintError(
                f"{self.name} cannot paint this ({' '.join(str(error).split())[:200]})."
            ) from error
        if not np.isfinite(pixels).all():
            raise PaintError("The painter's picture holds numbers that are not finite.")
        return Picture((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))

    def _guided(self) -> dict[str, Any]:
        """Qwen's pipelines are guided by another option than the rest, and only beside a negative prompt."""
        if self._kind.startswith("QwenImage"):
            scale = {} if self.guidance is None else {"true_cfg_scale": self.guidance}
            return {"negative_prompt": " ", **scale}
        return {} if self.guidance is None else {"guidance_scale": self.guidance}

    def _images(self, shown: Sequence[Picture]) -> Image.Image | list[Image.Image]:
        if len(shown) > 1 and not self._kind.startswith(_SEVERAL):
            return _side_by_side(shown)
        images = [_large_enough(picture.to_pil()) for picture in shown]
        return images[0] if len(images) == 1 else images

    def _sides(self, base: Picture | None, size_px: int | None) -> dict[str, int]:
        if size_px is None:
            return {}
        step = int(self._pipeline.vae_scale_factor) * 2
        width, height = (1, 1) if base is None else (base.width_px, base.height_px)
        scale = size_px / max(width, height)
        sides = {"width": width * scale, "height": height * scale}
        return {name: max(step, int(side) // step * step) for name, side in sides.items()}


def _large_enough(image: Image.Image) -> Image.Image:
    """Faces that are cut out may be smaller than what pipelines read."""
    scale = LEAST_SIDE_PX / min(image.size)
    if scale <= 1:
        return image
    width, height = (max(LEAST_SIDE_PX, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _side_by_side(shown: Sequence[Picture]) -> Image.Image:
    """Pictures in one row, as high as the first, for pipelines that take one."""
    height = shown[0].height_px
    images = [
        one.to_pil().resize((max(1, round(one.width_px * height / one.height_px)), height)) for one in shown
    ]
    row = Image.new("RGB", (sum(image.width for image in images), height))
    left = 0
    for image in images:
        row.paste(image, (left, 0))
        left += image.width
    return row


def _opened(folder: Path, dtype: torch.dtype, offload: str, device: str) -> Any:
    import diffusers

    kind = "?"
    try:
        kind = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["_class_name"]
        opener = getattr(diffusers, str(kind))
        if "image" not in inspect.signature(opener.__call__).parameters:
            raise ValueError("it takes no picture, so it cannot edit one")
        pipeline = opener.from_pretrained(
            str(folder), dtype=dtype, local_files_only=True, use_safetensors=True
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError, ImportError) as error:
        told = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder} ({kind}) cannot be opened as a painter ({told}).") from error
    pipeline.set_progress_bar_config(disable=True)
    if offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
        return pipeline
    if offload == "sequential":
        pipeline.enable_sequential_cpu_offload(device=device)
        return pipeline
    return pipeline.to(device)
