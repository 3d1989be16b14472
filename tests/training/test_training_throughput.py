"""What the log says of speed; the full-scale measurement runs from end to end (at the tiny scale)."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from limner.training.processes import Processes
from limner.training.throughput import Meter, Speed, attention_flops, linear_flops

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from full_scale import measure


def test_frozen_weights_cost_two_thirds_of_trained_ones() -> None:
    network = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))
    assert linear_flops(network) == 6 * (15 + 10)
    network[0].requires_grad_(False)
    assert linear_flops(network) == 4 * 15 + 6 * 10
    assert attention_flops(layers=2, width=8, keys=10) == 12 * 2 * 8 * 10


def test_speed_is_what_was_counted_since_the_last_reading() -> None:
    meter = Meter()
    speed = Speed(meter, Processes(device=torch.device("cpu")))
    assert speed.numbers() == {}
    speed.peak = 1e3
    meter.add(tokens=100.0, images=2.0, flops=5e3)
    told = speed.numbers()
    assert told["tokens_per_s"] / told["images_per_s"] == pytest.approx(50)
    assert told["mfu"] / told["tokens_per_s"] == pytest.approx(5e3 / 1e3 / 100)
    assert meter.tokens == 0.0


def test_the_full_scale_measurement_splits_rounds_and_counts_training() -> None:
    told = measure("tiny", rounds=2, only=None, steps=2, batch=2)
    ours, twin = told["chat_32_px"]["rounds"], told["chat_32_px"]["twin"]
    parts = {"prefill", "words", "slots", "history", "detokenizer", "autoencoder"}
    assert set(ours[0]) == parts | {"encode"}
    assert set(ours[1]) == parts  # nothing is encoded again
    assert set(twin[1]) == parts - {"history"} | {"encode"}
    assert told["chat_32_px"]["found"]["image_tokens_faster"] > 1
    assert told["lora_8"]["tokens_per_s"] > 0
    assert told["detokenizer_32_px"]["images_per_s"] > 0
