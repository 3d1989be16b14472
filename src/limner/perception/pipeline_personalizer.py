"""A personalizer on one's own machine: a diffusers text-to-image pipeline with an identity adapter
(IP-Adapter, Ye et al. 2023).

Knows how such a pipeline is opened and asked. Its weights are the user's: nothing is downloaded here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image

_ADAPTERS: Final = ("*.safetensors",)
_NEGATIVE: Final = "cropped, out of frame, several people, deformed, blurry"


class PipelinePersonalizer:
    """A `Personalizer`. ValueError names the folder or the file that is missing.

    Args:
        folder: a text-to-image pipeline as diffusers saves it (SDXL, Stable Diffusion 1.5 ...).
        adapter: a folder with the identity adapter's .safetensors, or that file; beside it `image_encoder/`
            where the adapter needs one. Default: `identity_adapter/` in `folder`.
        scale: how much the face counts against the text, 0 to 1.
        num_steps: sampling steps.
        device: default: cuda if there is one.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        adapter: str | Path | None = None,
        scale: float = 0.7,
        num_steps: int = 30,
        device: str | None = None,
    ) -> None:
        folder = Path(folder)
        if not (folder / "model_index.json").is_file():
            raise ValueError(f"{folder} holds no diffusers pipeline: model_index.json is missing.")
        weights = _adapter_file(Path(adapter) if adapter is not None else folder / "identity_adapter")
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.num_steps = num_steps
        self._pipeline = _opened(folder, weights, scale, device)

    @torch.no_grad()
    def personalize(self, face: np.ndarray, prompt: str, *, size_px: int, seed: int) -> np.ndarray:
        """See `Personalizer`. Sides are rounded to what the pipeline's VAE can halve."""
        factor = int(self._pipeline.vae_scale_factor) * 2
        side = max(factor, size_px // factor * factor)
        pictures = self._pipeline(
            prompt=prompt,
            negative_prompt=_NEGATIVE,
            ip_adapter_image=Image.fromarray(face),
            height=side,
            width=side,
            num_inference_steps=self.num_steps,
            generator=torch.Generator("cpu").manual_seed(seed),
            output_type="np",
        ).images
        pixels: np.ndarray = (np.clip(pictures[0], 0, 1) * 255).round().astype(np.uint8)
        return pixels


def _adapter_file(place: Path) -> Path:
    if place.is_file():
        return place
    found = sorted(path for pattern in _ADAPTERS for path in place.glob(pattern))
    if len(found) != 1:
        what = "no" if not found else f"{len(found)}"
        raise ValueError(f"{place} holds {what} adapters; give one .safetensors file of an identity adapter.")
    return found[0]


def _opened(folder: Path, weights: Path, scale: float, device: str) -> Any:
    import diffusers

    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    try:
        opener: Any = diffusers.AutoPipelineForText2Image
        pipeline = opener.from_pretrained(
            str(folder), torch_dtype=dtype, local_files_only=True, use_safetensors=True
        )
        has_encoder = (weights.parent / "image_encoder").is_dir()
        pipeline.load_ip_adapter(
            str(weights.parent),
            subfolder="",
            weight_name=weights.name,
            image_encoder_folder="image_encoder" if has_encoder else None,
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        told = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder} with {weights} cannot be opened as a personalizer ({told}).") from error
    pipeline.set_ip_adapter_scale(scale)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)
