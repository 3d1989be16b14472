"""What a canvas remembers lies in the body's frame, and begins as nothing."""

from __future__ import annotations

import torch

from limner.models.person_canvas import RGBA
from limner.models.remembered_details import RememberedDetails
from limner.models.sizes import DetailSizes

SIZES = DetailSizes(maps=3, side=16, width=8, reach=(-1.0, -1.0, 1.0, 1.0))
TOLD = 12


def details() -> RememberedDetails:
    torch.manual_seed(0)
    return RememberedDetails(SIZES, 4, TOLD, RGBA)


def test_they_begin_as_nothing() -> None:
    added = details()(torch.randn(2, 4, 16, 16), torch.randn(2, TOLD), torch.tensor([[-1.0, -1, 1, 1]] * 2))
    assert added.shape == (2, RGBA, 32, 32)
    assert not added.any()


def test_they_lie_where_the_body_does() -> None:
    made = details()
    windows = torch.tensor([[-1.0, -1, 1, 1], [0.0, -1, 2, 1]])
    seen = made._seen(windows, 16)
    maps = made.remembered.weight.view(3, 16, 16)
    assert torch.allclose(seen[0], maps, atol=1e-5)
    # Half as far across, the same places are seen one place further on.
    near = made._seen(torch.tensor([[-0.875, -1.0, 1.125, 1.0]]), 16)[0]
    assert torch.allclose(near[..., :15], maps[..., 1:], atol=1e-5)
    assert not seen[1, :, :, 9:].any(), "nothing beyond the reach"


def test_they_learn_a_fine_pattern_that_the_map_does_not_hold() -> None:
    made = details()
    x, windows = torch.zeros(1, 4, 16, 16), torch.tensor([[-1.0, -1, 1, 1]])
    told = torch.eye(TOLD)[:2]
    wanted = torch.randn(2, RGBA, 32, 32, generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.Adam(made.parameters(), lr=0.02)
    for _ in range(150):
        error = (made(x.expand(2, -1, -1, -1), told, windows.expand(2, -1)) - wanted).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    assert error < 0.5
