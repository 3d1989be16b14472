"""The backdrop drawn whole, and the part of it that is seen set behind the people.

The same place is seen from near and from afar, from the left and mirrored: to a network that draws the
picture's places, each of these is another drawing. So the scene's tokens are drawn on a canvas that holds all
of the place, and the picture takes its part of it (a spatial transformer, Jaderberg et al. 2015). Which part
is a small fixed reading of the tokens, found before training (`fit_window`). A gate that the rest of the
picture decides keeps the canvas behind what stands in front of it. Knows tensors only.

Legend: B batch, N image tokens, D token width, E width of the summary, H hidden numbers of the reading, M
side of the picture's map, W side of the canvas, C channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.face_windows import FIRST_SIDE
from limner.models.refine import Refine
from limner.models.sizes import BackdropSizes

WINDOW = 4  # left, top, right and bottom; the left is beyond the right where the place is mirrored
FIT_STEPS = 2_500
FIT_BATCH = 256
FIT_RATE = 2e-3


class BackdropWindow(nn.Module):
    """Adds the part of the backdrop that is seen to a map of the whole picture."""

    read_in: Tensor
    read_bias: Tensor
    read_out: Tensor
    out_bias: Tensor

    def __init__(self, sizes: BackdropSizes, num_tokens: int, token_dim: int, map_channels: int) -> None:
        super().__init__()
        self.sizes = sizes
        inputs, width = (num_tokens - sizes.first_token) * token_dim, sizes.summary_width
        shapes = {
            "read_in": (sizes.window_width, inputs),
            "read_bias": (sizes.window_width,),
            "read_out": (WINDOW, sizes.window_width),
            "out_bias": (WINDOW,),
        }
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape))
        self.scene = nn.Linear(inputs, width)
        self.mix = nn.Linear(width, width)
        first, *finer = sizes.widths
        self.begin = nn.Linear(width, FIRST_SIDE**2 * first)
        coarser = (first, *finer[:-1])
        self.steps = nn.ModuleList(Refine(a, b, width) for a, b in zip(coarser, finer, strict=True))
        self.last = nn.Conv2d(finer[-1], map_channels, 1)
        self.gate = nn.Conv2d(map_channels, 1, 3, padding=1)
        self.blend = nn.Conv2d(map_channels, map_channels, 3, padding=1)
        for quiet in (self.last, self.gate, self.blend):
            for parameter in quiet.parameters():
                nn.init.zeros_(parameter)

    def forward(self, map_BCMM: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """The map with the backdrop behind it, (B, C, M, M)."""
        grid_BMM2 = self.grid(image_tokens_BND, map_BCMM.shape[-1])
        canvas_BCWW = self.canvas(image_tokens_BND)
        seen = F.grid_sample(canvas_BCWW.float(), grid_BMM2, padding_mode="border", align_corners=False)
        open_B1MM = self.gate(F.silu(map_BCMM)).sigmoid()
        together_BCMM = map_BCMM + open_B1MM * seen.to(map_BCMM.dtype)
        blended: Tensor = together_BCMM + self.blend(F.silu(together_BCMM))
        return blended

    def canvas(self, image_tokens_BND: Tensor) -> Tensor:
        """(B, C, W, W): all of the place."""
        summary_BE = F.silu(self.scene(image_tokens_BND[:, self.sizes.first_token :].flatten(1)))
        summary_BE = summary_BE + F.silu(self.mix(summary_BE))
        x = self.begin(summary_BE).unflatten(1, (-1, FIRST_SIDE, FIRST_SIDE))
        x = x.contiguous(memory_format=torch.channels_last)
        for step in self.steps:
            x = step(x, summary_BE)
        drawn: Tensor = self.last(x)
        return drawn

    @torch.no_grad()
    def windows(self, image_tokens_BND: Tensor) -> Tensor:
        """(B, 4): what is seen of the place, in its unit square, float32."""
        inputs = image_tokens_BND.float()[:, self.sizes.first_token :].flatten(1)
        hidden_BH = F.silu(F.linear(inputs, self.read_in.float(), self.read_bias.float()))
        return F.linear(hidden_BH, self.read_out.float(), self.out_bias.float())

    def grid(self, image_tokens_BND: Tensor, side: int) -> Tensor:
        """(B, side, side, 2): where in the canvas each place of the picture's map lies, -1 to 1."""
        left_B1, top_B1, right_B1, bottom_B1 = self.windows(image_tokens_BND).split(1, dim=1)
        steps_M = (torch.arange(side, device=image_tokens_BND.device) + 0.5) / side
        x_BM = left_B1 + (right_B1 - left_B1) * steps_M
        y_BM = top_B1 + (bottom_B1 - top_B1) * steps_M
        shape = (len(x_BM), side, side)
        unit = torch.stack([x_BM[:, None, :].expand(shape), y_BM[:, :, None].expand(shape)], dim=-1)
        return 2 * unit - 1

    def fit_window(self, tokens_BND: Tensor, windows_B4: Tensor, *, noise: float) -> float:
        """Find the reading that gives these windows of these tokens, disturbed by `noise`; returns the mean
        error of a side on the last batches, in the unit square.
        """
        generator = torch.Generator().manual_seed(0)
        inputs = tokens_BND.float()[:, self.sizes.first_token :].flatten(1)
        first = nn.Linear(inputs.shape[1], self.sizes.window_width)
        second = nn.Linear(self.sizes.window_width, WINDOW)
        optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()], lr=FIT_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, FIT_STEPS)
        errors: list[float] = []
        with torch.enable_grad():
            for _ in range(FIT_STEPS):
                rows = torch.randint(len(inputs), (FIT_BATCH,), generator=generator)
                shaken = inputs[rows] + noise * torch.randn(FIT_BATCH, inputs.shape[1], generator=generator)
                off = second(F.silu(first(shaken))) - windows_B4[rows]
                optimizer.zero_grad()
                off.square().mean().backward()
                optimizer.step()
                schedule.step()
                errors.append(float(off.detach().abs().mean()))
        found = (first.weight, first.bias, second.weight, second.bias)
        for buffer, tensor in zip(
            (self.read_in, self.read_bias, self.read_out, self.out_bias), found, strict=True
        ):
            buffer.copy_(tensor.detach())
        return sum(errors[-50:]) / 50
