"""Our PixArt is diffusers': the same weights by the same names, the same maps, also where sizes are told."""

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.transformers.pixart_transformer_2d import PixArtTransformer2DModel

from limner.models.pixart import PixArtTransformer

WIDTH, HEADS, LAYERS, READ = 48, 4, 2, 10
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def ours_and_theirs(
    *, side: int, patch: int, stretch: float, size_conditions: bool, is_fused: bool
) -> tuple[PixArtTransformer, PixArtTransformer2DModel]:
    torch.manual_seed(0)
    ours = PixArtTransformer(
        channels=3,
        channels_out=5,
        side=side,
        patch=patch,
        width=WIDTH,
        heads=HEADS,
        layers=LAYERS,
        read_width=READ,
        stretch=stretch,
        size_conditions=size_conditions,
        is_fused=is_fused,
    )
    torch.manual_seed(0)
    theirs = PixArtTransformer2DModel(
        num_attention_heads=HEADS,
        attention_head_dim=WIDTH // HEADS,
        in_channels=3,
        out_channels=5,
        num_layers=LAYERS,
        cross_attention_dim=WIDTH,
        sample_size=side,
        patch_size=patch,
        caption_channels=READ,
        interpolation_scale=stretch,
        use_additional_conditions=size_conditions,
    )
    if not is_fused:
        theirs.set_attn_processor(AttnProcessor())
    return ours, theirs


@pytest.mark.parametrize("is_fused", [True, False])
@pytest.mark.parametrize(
    ("side", "patch", "stretch", "size_conditions"),
    [(8, 2, 1.0, False), (6, 1, 1.0, False), (16, 2, 2.0, True)],
)
def test_maps_and_the_way_back_are_diffusers_own(side, patch, stretch, size_conditions, is_fused) -> None:
    ours, theirs = ours_and_theirs(
        side=side, patch=patch, stretch=stretch, size_conditions=size_conditions, is_fused=is_fused
    )
    first = theirs.state_dict()
    assert {name: tuple(t.shape) for name, t in ours.state_dict().items()} == {
        name: tuple(t.shape) for name, t in first.items()
    }
    assert all(torch.equal(t, first[name]) for name, t in ours.state_dict().items())  # one seed, one start
    torch.testing.assert_close(ours.pos_embed.pos_embed, theirs.pos_embed.pos_embed, atol=0, rtol=0)
    maps, read, times = torch.randn(2, 3, side, side), torch.randn(2, 7, READ), torch.tensor([1000.0, 137.5])
    told = (torch.full((2, 2), 512.0), torch.ones(2, 1)) if size_conditions else None
    made = ours(maps, read, times, told)
    expected = theirs(
        maps,
        encoder_hidden_states=read,
        timestep=times,
        added_cond_kwargs={"resolution": told[0], "aspect_ratio": told[1]} if told else None,
        return_dict=False,
    )[0]
    torch.testing.assert_close(made, expected, **CLOSE)
    for network, out in ((ours, made), (theirs, expected)):
        network.zero_grad()
        out.square().mean().backward()
    wanted = dict(theirs.named_parameters())
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, wanted[name].grad, **CLOSE)


def test_recomputing_changes_no_gradient() -> None:
    ours, _ = ours_and_theirs(side=8, patch=2, stretch=1.0, size_conditions=False, is_fused=True)
    maps, read, times = torch.randn(2, 3, 8, 8), torch.randn(2, 7, READ), torch.tensor([900.0, 3.0])

    def gradients() -> list[torch.Tensor]:
        ours.zero_grad()
        ours(maps, read, times).square().mean().backward()
        return [weight.grad.clone() for weight in ours.parameters()]

    kept, calls = gradients(), []
    ours.transformer_blocks[0].ff.register_forward_pre_hook(lambda *_: calls.append(None))
    ours.enable_gradient_checkpointing()
    assert all(torch.equal(a, b) for a, b in zip(kept, gradients(), strict=True))
    assert len(calls) == 2
