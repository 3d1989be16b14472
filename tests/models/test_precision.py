import torch

from limner.models.precision import autocast, best_device, compute_dtype


def test_the_processor_decides(monkeypatch) -> None:
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    assert compute_dtype("cpu") is torch.float32
    with autocast("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True, raising=False)
    assert compute_dtype("cpu") is torch.bfloat16
    with autocast("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.bfloat16


def test_an_unknown_device_computes_in_float32() -> None:
    assert compute_dtype("meta") is torch.float32
    assert best_device().type in ("cpu", "cuda")
