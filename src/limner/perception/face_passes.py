"""Several pictures or faces in one pass of a reader's networks where it can, else one after the other.

Knows the methods that a reader may have beyond its protocol. Knows nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from limner.perception.crops import cut_face
from limner.perception.protocols import Box, FaceReader, FoundFace

_CROP_PX: Final = 160  # for readers that do not cut faces out in their own way


def found_in_all(reader: FaceReader, pictures: Sequence[np.ndarray]) -> list[tuple[FoundFace, ...]]:
    """The faces of each picture, as `find_faces` returns them."""
    together = getattr(reader, "find_faces_of", None)
    if together is not None:
        return list(together(pictures))
    return [reader.find_faces(picture) for picture in pictures]


def embedded(reader: FaceReader, faces: Sequence[tuple[np.ndarray, Box]]) -> list[np.ndarray]:
    """The unit vectors of faces, each given as (picture, box); ValueError when one cannot be read."""
    cut_out = getattr(reader, "crop_face", None)
    crops = [
        cut_face(pixels, box, _CROP_PX) if cut_out is None else cut_out(pixels, box) for pixels, box in faces
    ]
    together = getattr(reader, "embed_all", None)
    vectors = [reader.embed(crop) for crop in crops] if together is None else together(crops)
    return [np.asarray(vector, np.float32) for vector in vectors]
