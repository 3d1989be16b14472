"""What teaches the encoder's second look (`models/face_reader.py`): where faces lie, and their features.

Knows the reader and true boxes and points. Knows no pictures and no tokens' meaning.

Legend: B batch, F persons, P patches, W width, Q the encoder's tokens, D token width, K persons seen, H
picture's side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.face_reader import USUAL_SIDE, FaceReader, patch_centres
from limner.models.vision import ImageTokenizer
from limner.training.components import read_with_new_parts

LATER_LOOKS = frozenset({"face_reader", "place_reader"})
SMALL_FACE = 0.1  # of the picture: below it, places count by the picture's size and not by the face's
BOX_JITTER = 0.06  # of a face's side: about by how much a box that was found is off
POINTS_SPREAD = 0.3  # of a face's side: the unit in which places of features are learned


@dataclass(frozen=True, kw_only=True)
class TrueFaces:
    """Face boxes (B, F, 4) as x0, y0, x1, y1 and features (B, F, points, 2) in the unit square; zeros where
    there is no person.
    """

    boxes_BF4: Tensor
    points_BFP2: Tensor

    def there(self) -> Tensor:
        """(B, F): whether there is a person."""
        return self.boxes_BF4[..., 2] > self.boxes_BF4[..., 0]

    def as_centres(self) -> Tensor:
        """The boxes as centre, width and height."""
        low, high = self.boxes_BF4[..., :2], self.boxes_BF4[..., 2:]
        return torch.cat([(low + high) / 2, high - low], dim=-1)


class SecondLook(nn.Module):
    """The reader's losses, with what its windows are asked beside the tokens."""

    def __init__(self, summary_width: int, num_points: int) -> None:
        super().__init__()
        self.points = nn.Linear(summary_width, num_points * 2)

    def forward(
        self,
        reader: FaceReader,
        tokens_BQD: Tensor,
        pixels_B3HH: Tensor,
        patches_BPW: Tensor,
        faces: TrueFaces,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens with what the windows find, the error of where faces are, and that of their features.

        Windows are cut at true boxes that are a little off, so that reading and finding can be learned at
        once.
        """
        where = where_loss(*reader.find(patches_BPW), faces)
        picture_K, person_K = torch.nonzero(faces.there(), as_tuple=True)
        boxes_K4 = jittered(faces.as_centres()[picture_K, person_K], generator)
        summary_KE = reader.look(pixels_B3HH, boxes_K4, picture_K)
        points = self.points_loss(summary_KE, boxes_K4, faces.points_BFP2[picture_K, person_K])
        return reader.mix(tokens_BQD, reader.person(summary_KE), picture_K, person_K), where, points

    def points_loss(self, summary_KE: Tensor, boxes_K4: Tensor, points_KP2: Tensor) -> Tensor:
        """Of where the face's window says that features lie within the box."""
        told_KP2 = self.points(summary_KE[:, : self.points.in_features]).float().unflatten(1, (-1, 2))
        true_KP2 = (points_KP2 - boxes_K4[:, None, :2]) / boxes_K4[:, None, 2:]
        return F.smooth_l1_loss(told_KP2, true_KP2 / POINTS_SPREAD, beta=0.1)


def jittered(boxes_K4: Tensor, generator: torch.Generator) -> Tensor:
    """Boxes (centre, width, height) that are a little off, as found ones are."""
    noise_K4 = torch.randn(boxes_K4.shape, generator=generator, device=boxes_K4.device).clamp(-2.5, 2.5)
    return boxes_K4 + BOX_JITTER * boxes_K4[:, 2:].repeat(1, 2) * noise_K4


def go_on_from(model_folder: Path, network: ImageTokenizer) -> ImageTokenizer:
    """The encoder of a checkpoint where there is one, also one without further looks; else as it is."""
    return read_with_new_parts(model_folder, "vision", network, LATER_LOOKS)


def where_loss(scores_BPF: Tensor, boxes_BF4: Tensor, said_there_BF: Tensor, faces: TrueFaces) -> Tensor:
    """Of the patches that should look like a face, of its box in units of its size, and of whether anybody
    is there.
    """
    there_BF = faces.there()
    true_BF4 = faces.as_centres()
    side_BF = true_BF4[..., 2:].mean(-1).clamp_min(SMALL_FACE)
    off_BF4 = (boxes_BF4 - true_BF4) / side_BF[..., None]
    box_BF = F.smooth_l1_loss(off_BF4, torch.zeros_like(off_BF4), reduction="none", beta=0.1).mean(-1)
    centres_P2 = patch_centres(scores_BPF.shape[1], scores_BPF.device)
    away_BFP = (centres_P2 - true_BF4[:, :, None, :2]) / true_BF4[:, :, None, 2:].clamp_min(USUAL_SIDE / 3)
    wanted_BFP = (-4.0 * away_BFP.square().sum(-1)).softmax(-1)
    score_BF = -(wanted_BFP * scores_BPF.float().transpose(1, 2).log_softmax(-1)).sum(-1)
    presence = F.binary_cross_entropy_with_logits(said_there_BF, there_BF.float())
    count = there_BF.sum().clamp_min(1)
    return (there_BF * (box_BF + 0.1 * score_BF)).sum() / count + 0.2 * presence
