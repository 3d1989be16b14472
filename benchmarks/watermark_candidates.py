"""Watermark libraries behind one small protocol, so that `watermarks.py` can measure them alike.

Knows how each library is called and what it needs. Measures nothing. A candidate is told the same 32 bits
each time; it says how many of them it reads, and whether that is enough (28 of 32, which chance gives in
one reading of 100,000), or has a test of its own.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

SIDE_PX = 256
ENOUGH_BITS = 28
BITS = np.unpackbits(np.frombuffer(b"LMNR", dtype=np.uint8))


class Candidate(Protocol):
    """A watermark that can be put in and looked for. Pictures are (H, W, 3) uint8, RGB."""

    name: str
    license: str
    needs: str  # weights: none, inside the package, or fetched at run time
    num_bits: int

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """The marked picture, of the same size."""

    def is_there(self, pixels: np.ndarray) -> bool:
        """Whether the mark is found."""


def as_given_and_full_size(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """What a reader that knows nothing of a picture's past would try: as it is, and at the painter's size."""
    if min(pixels.shape[:2]) >= SIDE_PX:
        yield pixels
    if pixels.shape[:2] != (SIDE_PX, SIDE_PX):
        yield cv2.resize(pixels, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)


@dataclass
class InvisibleWatermark:
    """ShieldMnt/invisible-watermark: `dwtDct`, `dwtDctSvd` or `rivaGan`."""

    method: str
    license: str = "MIT"
    num_bits: int = 32

    def __post_init__(self) -> None:
        from imwatermark import WatermarkDecoder, WatermarkEncoder

        self.name = f"invisible-watermark 0.2.0, {self.method}"
        self.needs = "1.7 MB inside, onnxruntime" if self.method == "rivaGan" else "none"
        if self.method == "rivaGan":
            load_rivagan()
        self._encoder = WatermarkEncoder()
        self._encoder.set_watermark("bits", list(BITS))
        self._decoder = WatermarkDecoder("bits", 32)

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        bgr = np.ascontiguousarray(pixels[..., ::-1])
        return np.ascontiguousarray(self._encoder.encode(bgr, self.method)[..., ::-1]).astype(np.uint8)

    def is_there(self, pixels: np.ndarray) -> bool:
        return any(
            (
                np.asarray(self._decoder.decode(np.ascontiguousarray(one[..., ::-1]), self.method)) == BITS
            ).sum()
            >= ENOUGH_BITS
            for one in as_given_and_full_size(pixels)
        )


def load_rivagan() -> None:
    """As its `loadModel`, with one thread that sleeps while it waits: by default it takes all cores."""
    import imwatermark
    import onnxruntime
    from imwatermark.rivaGan import RivaWatermark

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    folder = Path(imwatermark.__file__).parent
    RivaWatermark.encoder, RivaWatermark.decoder = (
        onnxruntime.InferenceSession(str(folder / f"rivagan_{half}.onnx"), options)
        for half in ("encoder", "decoder")
    )


@dataclass
class BlindWatermark:
    """guofei9987/blind_watermark: DWT, DCT and SVD, with its two passwords left at 1."""

    name: str = "blind-watermark 0.4.4"
    license: str = "MIT"
    needs: str = "none"
    num_bits: int = 32

    def _mark(self) -> Any:
        from blind_watermark import WaterMark, bw_notes

        bw_notes.close()
        return WaterMark(password_wm=1, password_img=1, processes=1)

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        mark = self._mark()
        mark.read_img(img=np.ascontiguousarray(pixels[..., ::-1]))
        mark.read_wm(BITS.astype(bool).copy(), mode="bit")
        return np.ascontiguousarray(np.clip(mark.embed().round(), 0, 255).astype(np.uint8)[..., ::-1])

    def is_there(self, pixels: np.ndarray) -> bool:
        def bits_read(one: np.ndarray) -> int:
            bgr = np.ascontiguousarray(one[..., ::-1])
            read = self._mark().extract(embed_img=bgr, wm_shape=32, mode="bit")
            return int(((np.asarray(read) >= 0.5) == BITS.astype(bool)).sum())

        return any(bits_read(one) >= ENOUGH_BITS for one in as_given_and_full_size(pixels))


@dataclass
class Limner:
    """Ours: `limner.provenance.watermark`."""

    name: str = "limner"
    license: str = "Apache-2.0"
    needs: str = "none"
    num_bits: int = 1

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        from limner.provenance.watermark import mark

        return mark(pixels)

    def is_there(self, pixels: np.ndarray) -> bool:
        from limner.provenance.watermark import look_for

        return look_for(pixels).is_there


@dataclass
class Melu:
    """melu: spread spectrum bound to the picture's content, one bit (there or not)."""

    name: str = "melu 0.8.0.post1"
    license: str = "Apache-2.0"
    needs: str = "none"
    num_bits: int = 1

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        import melu

        with contextlib.redirect_stdout(io.StringIO()):
            marked, _ = melu.embed(_pil(pixels), salt="limner")
        return np.asarray(marked.to_pil())

    def is_there(self, pixels: np.ndarray) -> bool:
        import melu

        with contextlib.redirect_stdout(io.StringIO()):
            return bool(melu.detect(_pil(pixels), salt="limner").found)


def _pil(pixels: np.ndarray) -> Any:
    from PIL import Image

    return Image.fromarray(pixels)


CANDIDATES: dict[str, Callable[[], Candidate]] = {
    "limner": Limner,
    "dwtDct": lambda: InvisibleWatermark("dwtDct"),
    "dwtDctSvd": lambda: InvisibleWatermark("dwtDctSvd"),
    "rivaGan": lambda: InvisibleWatermark("rivaGan"),
    "blind": BlindWatermark,
    "melu": Melu,
}

# Their packages bring no weights: both load them from their makers' servers when they are first used.
FETCHED = {"trustmark": "trustmark 0.9.2, MIT, 100 bits", "videoseal": "videoseal 1.0.1, MIT, 256 bits"}
