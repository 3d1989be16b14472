"""A second look of the vision encoder: each person is read again, in windows around the face.

What tells one face from another is a pixel wide, and a patch of a whole picture holds an eye, half an ear or
a street, each at another place and size. So the patches first say where the faces lie; then the picture is
cut there at one size (a spatial transformer, Jaderberg et al. 2015): the face, head and chest, the whole
figure. A small convolutional network reads these windows, and what it finds is mixed into that person's image
tokens. Qwen-VL has no such look; small encoders need it. Knows tensors only.

Legend: B batch, F persons (figures), P patches, W width of the transformer, Q the encoder's tokens, D token
width, T tokens of a person, K persons seen, S side of a window in pixels, c channels.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.convolutions import halvings
from limner.models.sizes import FaceReaderSizes
from limner.models.windows import FACE, FIGURE, Span, sampling_grid

WINDOWS: Final = (FACE, FIGURE, Span(2.6, 1.5, 6.5))  # the last: to the feet
BOX: Final = 4  # centre x and y, width and height, in the unit square
USUAL_SIDE: Final = 0.15  # of a face's box: where reading it begins
SMALLEST_SIDE: Final = 0.02
MAP_CHANNELS: Final = 8  # of the last map, each of whose places is read
FIRST_TRUST: Final = 2.0  # before the sigmoid: about nine tenths


class FaceReader(nn.Module):
    """Where the faces are, and what their persons' tokens are; `trust` says how much of each of these tokens
    is the second look's.
    """

    def __init__(self, sizes: FaceReaderSizes, width: int, token_dim: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.score = nn.Linear(width, sizes.persons)
        self.box = nn.Linear(width, BOX + 1)
        nn.init.zeros_(self.box.weight)
        nn.init.zeros_(self.box.bias)
        self.enter = nn.Conv2d(3, sizes.widths[0], 3, stride=2, padding=1)
        self.body = nn.Sequential(*halvings(sizes.widths))
        self.leave = nn.Conv2d(sizes.widths[-1], MAP_CHANNELS, 1)
        places = MAP_CHANNELS * sizes.map_side**2
        self.read = nn.ModuleList(CompactLinear(places, sizes.summary_width) for _ in WINDOWS)
        self.out = CompactLinear(len(WINDOWS) * sizes.summary_width + BOX, sizes.person_tokens * token_dim)
        self.trust = nn.Parameter(torch.full((sizes.person_tokens,), FIRST_TRUST))

    def forward(self, tokens_BQD: Tensor, pixels_B3HH: Tensor, patches_BPW: Tensor) -> Tensor:
        """The encoder's tokens, those of persons mixed with what the second look finds."""
        _, boxes_BF4, there_BF = self.find(patches_BPW)
        picture_K, person_K = torch.nonzero(there_BF > 0, as_tuple=True)
        summary_KE = self.look(pixels_B3HH, boxes_BF4[picture_K, person_K], picture_K)
        return self.mix(tokens_BQD, self.person(summary_KE), picture_K, person_K)

    def find(self, patches_BPW: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of every patch (B, P, F), highest in each person's face; face boxes (B, F, 4) as centre,
        width and height in the unit square; whether somebody is there (B, F), above 0 if so.
        """
        scores_BPF = self.score(patches_BPW)
        shares_BPF = scores_BPF.float().softmax(dim=1)
        centres_P2 = patch_centres(patches_BPW.shape[1], patches_BPW.device)
        at_BF2 = torch.einsum("bpf,pc->bfc", shares_BPF, centres_P2)
        seen_BFW = torch.einsum("bpf,bpw->bfw", shares_BPF, patches_BPW.float())
        told_BF5 = self.box(seen_BFW.to(patches_BPW.dtype)).float()
        centre_BF2 = at_BF2 + USUAL_SIDE * told_BF5[..., :2]
        side_BF2 = (USUAL_SIDE * told_BF5[..., 2:BOX].clamp(-3.0, 2.5).exp()).clamp_min(SMALLEST_SIDE)
        return scores_BPF, torch.cat([centre_BF2, side_BF2], dim=-1), told_BF5[..., BOX]

    def look(self, pixels_B3HH: Tensor, boxes_K4: Tensor, picture_K: Tensor) -> Tensor:
        """What the windows around each face say, the face's first, and its box, (K, 3 E + 4)."""
        maps = [self._read(pixels_B3HH, boxes_K4, picture_K, index) for index in range(len(WINDOWS))]
        place_K4 = (boxes_K4 - 0.5).to(pixels_B3HH.dtype)
        return torch.cat([*maps, place_K4], dim=-1)

    def person(self, summary_KE: Tensor) -> Tensor:
        """Each person's tokens (K, T, D) by the windows alone."""
        found_KTD: Tensor = self.out(summary_KE).unflatten(1, (self.sizes.person_tokens, -1))
        return found_KTD

    def mix(self, tokens_BQD: Tensor, found_KTD: Tensor, picture_K: Tensor, person_K: Tensor) -> Tensor:
        """All the encoder's tokens that are pooled to a person's, moved towards what was found."""
        sizes, pooled = self.sizes, self.sizes.tokens_pooled
        tokens_BND = tokens_BQD.unflatten(1, (-1, pooled))
        trust_T = self.trust.sigmoid().to(tokens_BQD.dtype)
        changes_KTD = trust_T[:, None] * (
            found_KTD.to(tokens_BQD.dtype) - self._of(tokens_BND, picture_K, person_K).mean(2)
        )
        shape = (len(tokens_BQD), sizes.persons, sizes.person_tokens, tokens_BQD.shape[-1])
        changes = tokens_BQD.new_zeros(shape).index_put((picture_K, person_K), changes_KTD)
        changes_BQD = changes.flatten(1, 2).repeat_interleave(pooled, dim=1)
        return tokens_BQD + F.pad(changes_BQD, (0, 0, 0, tokens_BQD.shape[1] - changes_BQD.shape[1]))

    def _of(self, tokens_BNpD: Tensor, picture_K: Tensor, person_K: Tensor) -> Tensor:
        sizes = self.sizes
        persons = tokens_BNpD[:, : sizes.persons * sizes.person_tokens].unflatten(1, (sizes.persons, -1))
        chosen: Tensor = persons[picture_K, person_K]
        return chosen

    def _read(self, pixels_B3HH: Tensor, boxes_K4: Tensor, picture_K: Tensor, window: int) -> Tensor:
        crops_K3SS = cut(pixels_B3HH, boxes_K4, picture_K, WINDOWS[window], self.sizes.window_px)
        map_KcMM = self.leave(self.body(self.enter(crops_K3SS)))
        read_KE: Tensor = F.gelu(self.read[window](map_KcMM.flatten(1)))
        return read_KE


def cut(pixels_B3HH: Tensor, boxes_K4: Tensor, picture_K: Tensor, window: Span, side_px: int) -> Tensor:
    """(K, 3, S, S): a window around each face's box (centre, width, height) of these pictures; what lies
    beyond the picture repeats its edge.
    """
    grid_KSS2 = sampling_grid(window.window(boxes_K4.float()), side_px, inverse=True)
    pictures_K3HH = pixels_B3HH[picture_K].float()
    cut_K3SS = F.grid_sample(pictures_K3HH, grid_KSS2, padding_mode="border", align_corners=False)
    return cut_K3SS.to(pixels_B3HH.dtype).contiguous(memory_format=torch.channels_last)


def patch_centres(patches: int, device: torch.device) -> Tensor:
    """(P, 2): x and y of the patches of a square grid, row by row, in the unit square."""
    grid = round(patches**0.5)
    steps = (torch.arange(grid, device=device) + 0.5) / grid
    return torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).reshape(-1, 2)
