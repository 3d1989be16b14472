"""The encoder's look at the whole picture: it sees shapes, and says nothing of persons."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from limner.models.place_reader import PlaceReader
from limner.models.presets import PRESETS, Preset
from limner.models.sizes import PlaceReaderSizes
from limner.models.vision import QwenVisionTransformer, pool_tokens

SIZES = PlaceReaderSizes(
    first_token=10, num_tokens=4, tokens_pooled=4, side_px=16, widths=(8, 12), summary_width=6
)
DIM, QUERIES, SIDE = 5, 64, 32


@torch.no_grad()
def test_what_is_seen_reaches_the_tokens_of_the_scene_alone() -> None:
    torch.manual_seed(0)
    reader = PlaceReader(SIZES, DIM)
    tokens = torch.randn(2, QUERIES, DIM)
    pixels = torch.randn(2, 3, SIDE, SIDE)
    before, after = (pool_tokens(read, QUERIES // 4) for read in (tokens, reader(tokens, pixels)))
    changed = (after - before).abs().sum(-1) > 1e-6
    assert changed.tolist() == [[False] * 10 + [True] * 4 + [False] * 2] * 2
    share = reader.trust.sigmoid()[:, None]
    mixed = torch.lerp(before[:, 10:14], reader.look(pixels), share)
    torch.testing.assert_close(after[:, 10:14], mixed)


def test_it_learns_which_way_round_a_picture_is() -> None:
    torch.manual_seed(0)
    reader = PlaceReader(SIZES, DIM)
    pixels = torch.zeros(2, 3, SIDE, SIDE)
    pixels[0, :, :, : SIDE // 2] = pixels[1, :, :, SIDE // 2 :] = 1.0
    wanted = torch.randn(2, SIZES.num_tokens, DIM)
    optimizer = torch.optim.Adam([p for p in reader.parameters() if p.is_floating_point()], lr=1e-2)
    for _ in range(80):
        loss = (reader.look(pixels) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.1 * float(wanted.square().mean())


def test_presets_remember_it() -> None:
    preset = PRESETS["sketch"]
    assert Preset.from_json(preset.to_json()) == preset
    plain = replace(preset.vision, place_reader=None)
    assert not any("place_reader" in name for name in QwenVisionTransformer(plain).state_dict())


@pytest.mark.parametrize("name", ["sketch", "miniature"])
def test_it_reads_what_the_scene_tokens_say_of_the_scene(name: str) -> None:
    from limner_world.scene_tokens import FIRST_SCENE_TOKEN, SLOTS

    sizes = PRESETS[name].vision.place_reader
    assert sizes is not None
    read = SLOTS[sizes.first_token : sizes.first_token + sizes.num_tokens]
    said = [getattr(factor, "name", "zoom") for slot in read for factor in slot.factors]
    assert sizes.first_token == FIRST_SCENE_TOKEN
    assert (said[0], said[-1]) == ("number", "lettered")
    assert {"setting", "layout", "mirror", "cut", "framing", "zoom", "lighting", "style"} <= set(said)
