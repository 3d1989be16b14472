"""The world's own perceptual models, together: what a picture of the world can be asked, from numpy pixels to
plain answers. Their folder in a checkpoint and the recipe that trains them are called `senses`.

Knows the four small networks, their folder on disk and the sizes they read. Knows nothing about the world's
drawing or its vocabulary: the trait words lie in the folder beside the weights.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from limner.perception.crops import WHOLE, body_window, cut, cut_face, shrink_whole, to_tensor
from limner.perception.face_embedder import FaceEmbedder, FaceEmbedderSizes
from limner.perception.face_finder import FaceFinder, FaceFinderSizes
from limner.perception.protocols import Box, FoundFace
from limner.perception.senses_files import SIZES_FILE, WEIGHTS_FILE
from limner.perception.text_image_score import TextImageScore, TextImageScoreSizes
from limner.perception.trait_reader import TraitReader, TraitReaderSizes

FORMAT = 2
FLATTEST_FACE = 4.0  # standard deviation of gray levels; drawn faces have 10 and more, also by night


@dataclass(frozen=True, kw_only=True)
class SensesSizes:
    """The sizes of all four models."""

    face_finder: FaceFinderSizes
    face_embedder: FaceEmbedderSizes
    trait_reader: TraitReaderSizes
    text_image_score: TextImageScoreSizes


@dataclass(kw_only=True)
class WorldSenses:
    """Face finder, face embedder, trait reader and text score behind plain questions.

    Implements `FaceReader` and `TraitReader` of `protocols.py`. `measured` holds each model's
    accuracy on held-out truth, as found after training: an evaluation is worth no more than the eyes that it
    looks through.
    """

    face_finder: FaceFinder
    face_embedder: FaceEmbedder
    trait_reader: TraitReader
    text_image_score: TextImageScore
    measured: dict[str, float] = field(default_factory=dict)
    # What the video builder believes (`builders/video/matching.py`), chosen on films of the world.
    match_floor: ClassVar[float] = 0.3
    match_margin: ClassVar[float] = 0.15

    @classmethod
    def untrained(cls, sizes: SensesSizes) -> WorldSenses:
        """Fresh networks of these sizes, to be trained."""
        return cls(
            face_finder=FaceFinder(sizes.face_finder),
            face_embedder=FaceEmbedder(sizes.face_embedder),
            trait_reader=TraitReader(sizes.trait_reader),
            text_image_score=TextImageScore(sizes.text_image_score),
        )

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The four networks by name."""
        return {
            "face_finder": self.face_finder,
            "face_embedder": self.face_embedder,
            "trait_reader": self.trait_reader,
            "text_image_score": self.text_image_score,
        }

    @property
    def sizes(self) -> SensesSizes:
        """The sizes that rebuild these networks."""
        return SensesSizes(
            face_finder=self.face_finder.sizes,
            face_embedder=self.face_embedder.sizes,
            trait_reader=self.trait_reader.sizes,
            text_image_score=self.text_image_score.sizes,
        )

    @property
    def device(self) -> torch.device:
        """Where the networks live."""
        return next(self.face_embedder.parameters()).device

    def to(self, device: torch.device | str) -> WorldSenses:
        """Move all networks, in place."""
        for network in self.networks.values():
            network.to(device)
        return self

    @torch.no_grad()
    def find_faces(self, pixels: np.ndarray, threshold: float = 0.3) -> tuple[FoundFace, ...]:
        """The faces of a picture (at most two), left to right."""
        return self.find_faces_of([pixels], threshold)[0]

    @torch.no_grad()
    def find_faces_of(
        self, pictures: Sequence[np.ndarray], threshold: float = 0.3
    ) -> list[tuple[FoundFace, ...]]:
        """`find_faces` of many pictures in one pass."""
        size = self.face_finder.sizes.image_size_px
        batch = to_tensor([shrink_whole(picture, size) for picture in pictures], self.device)
        found = self.face_finder.find(batch, threshold)
        return [
            tuple(face for face in faces if _has_features(picture, face.box))
            for picture, faces in zip(pictures, found, strict=True)
        ]

    def crop_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """The square around a found face, as `embed` reads it."""
        return cut_face(pixels, box, self.face_embedder.sizes.image_size_px)

    def embed(self, crop: np.ndarray) -> np.ndarray:
        """A face crop (from `crop_face`; others are resampled) -> a unit vector, float32."""
        vector: np.ndarray = self.embed_all([crop])[0]
        return vector

    @torch.no_grad()
    def embed_all(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Face crops -> unit vectors (number of crops, 128), float32."""
        size = self.face_embedder.sizes.image_size_px
        batch = to_tensor([shrink_whole(crop, size) for crop in crops], self.device)
        vectors: np.ndarray = self.face_embedder(batch).float().cpu().numpy()
        return vectors

    def similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        """Cosine of two embeddings, -1 to 1."""
        return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))

    def read_traits(self, pixels: np.ndarray, box: Box | None = None) -> dict[str, str]:
        """Trait field -> likeliest word, for the person whose face is in `box` (None: anywhere)."""
        chances = self.trait_chances(pixels, box)
        return {name: max(words, key=words.__getitem__) for name, words in chances.items()}

    @torch.no_grad()
    def trait_chances(self, pixels: np.ndarray, box: Box | None = None) -> dict[str, dict[str, float]]:
        """Trait field -> word -> probability."""
        sizes = self.trait_reader.sizes
        face, body = trait_views(pixels, box, sizes)
        logits = self.trait_reader(to_tensor([face], self.device), to_tensor([body], self.device))
        return {
            name: dict(zip(sizes.words[name], row[0].float().softmax(-1).tolist(), strict=True))
            for name, row in logits.items()
        }

    @torch.no_grad()
    def text_score(self, pixels: np.ndarray, ids: Sequence[int]) -> float:
        """How well a text (token ids) fits a picture: a cosine, -1 to 1."""
        size = self.text_image_score.sizes.image_size_px
        batch = to_tensor([shrink_whole(pixels, size)], self.device)
        return float(self.text_image_score(batch, [ids])[0])

    @torch.no_grad()
    def embed_pictures(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Whole pictures -> the text score's unit vectors (number of pictures, width), float32."""
        size = self.text_image_score.sizes.image_size_px
        batch = to_tensor([shrink_whole(picture, size) for picture in pictures], self.device)
        vectors: np.ndarray = self.text_image_score.embed_pictures(batch).float().cpu().numpy()
        return vectors

    def save(self, folder: Path | str, dtype: torch.dtype = torch.float32) -> None:
        """Write `senses.safetensors` and `senses.json`; a reader never sees a half-written file."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {
            f"{name}.{key}": value.to(dtype).contiguous().cpu()
            for name, network in self.networks.items()
            for key, value in network.state_dict().items()
        }
        header = {"format": FORMAT, "sizes": asdict(self.sizes), "measured": self.measured}
        save_file(tensors, folder / f"{WEIGHTS_FILE}.part")
        (folder / f"{SIZES_FILE}.part").write_text(json.dumps(header, indent=1), encoding="utf-8")
        for name in (WEIGHTS_FILE, SIZES_FILE):
            os.replace(folder / f"{name}.part", folder / name)


def _has_features(pixels: np.ndarray, box: Box) -> bool:
    """Whether a window is anything but flat: the finder knows faces on white so well that it sees them in
    blank paper.
    """
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = box
    window = pixels[int(y0 * height) : int(np.ceil(y1 * height)), int(x0 * width) : int(np.ceil(x1 * width))]
    return window.size > 0 and float(cv2.meanStdDev(window)[1].max()) >= FLATTEST_FACE


def trait_views(
    pixels: np.ndarray, box: Box | None, sizes: TraitReaderSizes
) -> tuple[np.ndarray, np.ndarray]:
    """The two views that the trait reader reads, for training and for use alike: face and body, uint8."""
    if box is None:
        return cut(pixels, WHOLE, sizes.face_size_px), cut(pixels, WHOLE, sizes.body_size_px)
    return cut_face(pixels, box, sizes.face_size_px), cut(pixels, body_window(box), sizes.body_size_px)


def load_senses(folder: Path | str, device: torch.device | str = "cpu") -> WorldSenses:
    """Read a folder written by `WorldSenses.save`; ValueError names what does not fit. Weights become
    float32.
    """
    folder = Path(folder)
    for name in (WEIGHTS_FILE, SIZES_FILE):
        if not (folder / name).is_file():
            raise ValueError(
                f"No senses in {folder}: {name} is missing; train them or choose another folder."
            )
    try:
        header = dict(json.loads((folder / SIZES_FILE).read_text(encoding="utf-8")))
        tensors = load_file(folder / WEIGHTS_FILE)
    except (SafetensorError, TypeError, ValueError) as error:
        raise ValueError(f"The senses in {folder} cannot be read ({error}); copy them again.") from error
    if header.get("format") != FORMAT:
        raise ValueError(
            f"The senses in {folder} have format {header.get('format')}, this limner reads {FORMAT}."
        )
    senses = WorldSenses.untrained(_sizes_from_json(header["sizes"]))
    senses.measured = dict(header["measured"])
    expected = {f"{name}.{key}" for name, net in senses.networks.items() for key in net.state_dict()}
    if expected != set(tensors):
        missing, unknown = sorted(expected - set(tensors)), sorted(set(tensors) - expected)
        raise ValueError(
            f"The senses in {folder} do not fit: missing {missing[:5]}, unexpected {unknown[:5]}."
        )
    for name, network in senses.networks.items():
        prefix = f"{name}."
        network.load_state_dict(
            {k.removeprefix(prefix): v.float() for k, v in tensors.items() if k.startswith(prefix)}
        )
        network.eval().requires_grad_(False)
    return senses.to(device)


def _sizes_from_json(values: Mapping[str, Any]) -> SensesSizes:
    traits = dict(values["trait_reader"])
    traits["words"] = {name: tuple(words) for name, words in traits["words"].items()}
    parts = {**values, "trait_reader": traits}
    tupled: dict[str, dict[str, Any]] = {
        name: {k: tuple(v) if isinstance(v, list) else v for k, v in part.items()}
        for name, part in parts.items()
    }
    return SensesSizes(
        face_finder=FaceFinderSizes(**tupled["face_finder"]),
        face_embedder=FaceEmbedderSizes(**tupled["face_embedder"]),
        trait_reader=TraitReaderSizes(**tupled["trait_reader"]),
        text_image_score=TextImageScoreSizes(**tupled["text_image_score"]),
    )
