import pytest
import torch
from torch import nn

from limner.models.activations import peak_bytes
from limner.models.detokenizer_presets import KINDS, with_detokenizer
from limner.models.fitting import LIBRARIES, SIZES_GB, needs
from limner.models.footprint import cache_bytes, footprints
from limner.models.presets import TINY


def test_the_peak_of_a_chain_is_known() -> None:
    """Input, what a layer reads and what it makes: weights are not counted, what is dropped is free again."""
    side = 100
    with torch.device("meta"):
        chain = nn.Sequential(*(nn.Linear(side, side) for _ in range(5)))
        assert peak_bytes(lambda: chain(torch.empty(side, side))) == 3 * 4 * side**2
        assert peak_bytes(lambda: [torch.empty(side, side) for _ in range(7)]) == 7 * 4 * side**2
        assert peak_bytes(lambda: torch.empty(side, side).view(-1).t()) == 4 * side**2


def test_attention_is_counted_without_the_matrix_of_pairs() -> None:
    with torch.device("meta"):
        parts = [torch.empty(1, 2, 1000, 8) for _ in range(3)]
        attended = peak_bytes(lambda: nn.functional.scaled_dot_product_attention(*parts))
    assert attended == 4 * 2 * 1000 * 8


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_of_loading_is_planned(kind: str) -> None:
    preset = with_detokenizer(TINY, kind)
    made = {(need.quantize, need.offload): need for need in needs(preset)}
    assert set(made) == {(q, o) for q in (None, "int8", "4bit") for o in (False, True)}
    weights = sum(row.num_bytes("bfloat16") for row in footprints(preset, ("regression",)))
    plain = made[None, False]
    assert plain.weights == weights
    assert plain.cache == cache_bytes(TINY.language, TINY.language.context_tokens)
    assert plain.activations > 0
    assert plain.total == plain.weights + plain.cache + plain.activations + LIBRARIES
    assert plain.fits == SIZES_GB
    for quantize in (None, "int8", "4bit"):
        assert made[quantize, True].total < made[quantize, False].total
    assert made["4bit", False].total < made["int8", False].total < plain.total
