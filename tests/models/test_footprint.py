import pytest
import torch

from limner.models.footprint import FORMATS, cache_bytes, footprints
from limner.models.model import COMPONENTS, build_component
from limner.models.presets import MINIATURE, PRESETS, SEED_X, SKETCH, TINY
from limner.models.unfilled import unfilled


@pytest.mark.parametrize("preset", [TINY, SKETCH, MINIATURE])
def test_what_is_counted_is_what_is_built(preset) -> None:
    counted = {row.component: row.num_parameters for row in footprints(preset)}
    built = {
        name: sum(weight.numel() for weight in build_component(name, preset).parameters())
        for name in COMPONENTS
    }
    assert counted == built


def test_the_full_scale_is_counted_without_its_memory() -> None:
    rows = {row.component: row for row in footprints(SEED_X)}
    language = rows["language"]
    # LLaMA-2-13B is 13.016 billion with 32,000 entries; 330 rows twice, and the resampler, come on top.
    assert 13.0e9 < language.num_parameters < 13.3e9
    assert language.num_quantisable == 40 * (4 * 5120**2 + 3 * 5120 * 13824)
    assert 1.8e9 < rows["vision"].num_parameters < 2.0e9
    assert 0.60e9 < rows["detokenizer"].num_parameters < 0.62e9
    sizes = [language.num_bytes(form) for form in FORMATS]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 4 * language.num_parameters
    # As measured: 0.82 MB a token, 1.68 GB a context.
    assert cache_bytes(SEED_X.language, 1) == 819_200
    assert round(cache_bytes(SEED_X.language, 2048) / 1e9, 2) == 1.68


@pytest.mark.parametrize("name", COMPONENTS)
def test_unfilled_networks_have_all_but_the_content(name: str) -> None:
    for preset in (TINY, SKETCH):
        with unfilled():
            empty = build_component(name, preset)
        real = build_component(name, preset)
        assert all(weight.is_meta for weight in empty.parameters())
        found = {key: tensor.shape for key, tensor in empty.state_dict().items()}
        assert found == {key: tensor.shape for key, tensor in real.state_dict().items()}
        buffers = dict(real.named_buffers())
        for key, buffer in empty.named_buffers():
            assert torch.equal(buffer, buffers[key])


def test_nothing_is_left_changed_outside() -> None:
    with pytest.raises(RuntimeError), unfilled():
        raise RuntimeError
    assert not torch.nn.Linear(2, 2).weight.is_meta
    assert set(PRESETS) == {"tiny", "sketch", "miniature", "seed-x"}
