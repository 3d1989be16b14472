"""The encoder's second look: windows follow the faces; what they say reaches that person's tokens alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from limner.models.face_reader import WINDOWS, FaceReader, cut, patch_centres
from limner.models.presets import PRESETS, Preset
from limner.models.sizes import FaceReaderSizes
from limner.models.vision import QwenVisionTransformer, pool_tokens
from limner.models.windows import Span
from limner.training.stages.second_look import SecondLook, TrueFaces, where_loss

SIZES = FaceReaderSizes(
    persons=2, person_tokens=3, tokens_pooled=4, window_px=16, widths=(8, 12), summary_width=6
)
WIDTH, DIM, GRID, QUERIES, SIDE = 10, 5, 4, 64, 32


@pytest.fixture
def reader() -> FaceReader:
    torch.manual_seed(0)
    made = FaceReader(SIZES, WIDTH, DIM)
    torch.nn.init.normal_(made.out.weight)
    return made


def test_a_new_reader_changes_nothing() -> None:
    fresh = FaceReader(SIZES, WIDTH, DIM)
    tokens = torch.randn(2, QUERIES, DIM)
    read = fresh(tokens, torch.randn(2, 3, SIDE, SIDE), torch.randn(2, GRID**2, WIDTH))
    torch.testing.assert_close(read, tokens)


@torch.no_grad()
def test_what_is_seen_reaches_that_persons_tokens_alone(reader: FaceReader) -> None:
    pixels, tokens = torch.randn(2, 3, SIDE, SIDE), torch.zeros(2, QUERIES, DIM)
    picture, person = torch.tensor([0, 1]), torch.tensor([1, 0])
    summary = reader.look(pixels, torch.tensor([[0.5, 0.5, 0.3, 0.3]] * 2), picture)
    pooled = pool_tokens(
        reader.mix(tokens, reader.person(summary), picture, person), QUERIES // SIZES.tokens_pooled
    )
    changed = pooled.abs().sum(-1) > 0
    assert changed[0].tolist() == [False] * 3 + [True] * 3 + [False] * 10
    assert changed[1].tolist() == [True] * 3 + [False] * 13


def test_a_window_shows_the_face_wherever_it_lies() -> None:
    picture = torch.zeros(1, 3, 64, 64)
    picture[:, 0, 10:18, 40:52] = 1.0
    box = torch.tensor([[46 / 64, 14 / 64, 12 / 64, 8 / 64]])
    seen = cut(picture, box, torch.tensor([0]), Span(0.5, 0.5, 0.5), 16)[0, 0]
    assert float(seen[1:-1, 1:-1].min()) > 0.99
    around = cut(picture, box, torch.tensor([0]), WINDOWS[1], 32)[0, 0]
    assert 0.02 < float(around.mean()) < 0.2


def test_it_finds_faces_that_the_patches_tell(reader: FaceReader) -> None:
    """Patches that hold their own place and a mark of the person are enough to point at the face."""
    torch.manual_seed(1)
    centres = patch_centres(GRID**2, torch.device("cpu"))
    corners = torch.rand(64, 2, 2) * 0.5
    boxes = torch.cat([corners, corners + 0.2 + 0.2 * torch.rand(64, 2, 2)], dim=-1)
    boxes[::4, 1] = 0.0
    faces = TrueFaces(boxes_BF4=boxes, points_BFP2=torch.zeros(64, 2, 4, 2))
    near = -20 * (centres[None, None] - faces.as_centres()[:, :, None, :2]).square().sum(-1)
    patches = torch.cat(
        [near.exp().transpose(1, 2), boxes.flatten(1)[:, None].expand(-1, GRID**2, -1)], dim=-1
    )
    optimizer = torch.optim.Adam([*reader.score.parameters(), *reader.box.parameters()], lr=0.05)
    losses = []
    for _ in range(150):
        loss = where_loss(*reader.find(patches), faces)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    with torch.no_grad():
        _, found, there = reader.find(patches)
    assert losses[-1] < 0.5 * losses[0]
    assert float(((there > 0) == faces.there()).float().mean()) > 0.85
    off = (found - faces.as_centres())[faces.there()].abs()
    assert float(off.mean()) < 0.05


def test_losses_reach_every_part_and_keep_absent_persons_out(reader: FaceReader) -> None:
    look = SecondLook(SIZES.summary_width, num_points=4)
    boxes = torch.tensor([[[0.2, 0.2, 0.5, 0.6], [0.0, 0.0, 0.0, 0.0]]])
    faces = TrueFaces(boxes_BF4=boxes, points_BFP2=torch.full((1, 2, 4, 2), 0.4))
    tokens, where, points = look(
        reader,
        torch.zeros(1, QUERIES, DIM),
        torch.randn(1, 3, SIDE, SIDE),
        torch.randn(1, GRID**2, WIDTH),
        faces,
        torch.Generator().manual_seed(0),
    )
    assert not bool(tokens[0, 12:].any())
    (tokens.square().sum() + where + points).backward()
    assert all(p.grad is not None for p in [*reader.parameters(), *look.parameters()])


def test_presets_remember_it() -> None:
    preset = PRESETS["sketch"]
    assert Preset.from_json(preset.to_json()) == preset
    assert preset.vision.face_reader is not None
    plain = replace(preset.vision, face_reader=None)
    assert not any("face_reader" in name for name in QwenVisionTransformer(plain).state_dict())
