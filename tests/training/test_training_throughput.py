"""What the log says of speed; the full-scale measurement runs from end to end (at the tiny scale)."""

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from limner.training.processes import Processes
from limner.training.throughput import Meter, Speed, attention_flops, linear_flops

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from full_scale import begun, machine, measure, parts
from full_scale_verdict import verdict


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


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Every part of the measurement at the tiny scale, in this process."""
    return {name: part() for name, part in parts("tiny", rounds=2, steps=2, batch=2).items()}


def test_the_full_scale_measurement_splits_rounds_and_counts_training(told) -> None:
    ours, twin = told["chat_32_px"]["rounds"], told["chat_32_px"]["twin"]
    named = {"prefill", "words", "slots", "history", "detokenizer", "autoencoder"}
    assert set(ours[0]) == named | {"encode"}
    assert set(ours[1]) == named  # nothing is encoded again
    assert set(twin[1]) == named - {"history"} | {"encode"}
    assert told["chat_32_px"]["found"]["image_tokens_faster"] > 1
    assert len(told["chat_32_px"]["through_chat"]) == 2
    for name in ("lora_8", "lora_8_kept"):
        assert told[name]["tokens_per_s"] > 0
    assert told["detokenizer_32_px"]["images_per_s"] > 0
    assert 0 < told["detokenizer_32_px"]["encoders_share"] < 1


def test_a_round_is_told_at_equal_steps_beside_the_stated_ones(told) -> None:
    chat = told["chat_32_px"]
    for parts_s, total_s in zip(chat["twin"], chat["twin_seconds_equal_steps"], strict=True):
        drawn_s = parts_s["detokenizer"] + parts_s["autoencoder"]
        assert sum(parts_s.values()) - drawn_s < total_s < sum(parts_s.values())
    assert chat["steps"]["ours"] < chat["steps"]["twin"]
    found = chat["found"]
    assert found["round_faster_equal_steps"] < found["round_faster"]
    assert any("at equal sampling steps" in line for line in verdict(told))


def test_the_verdict_names_every_target(told) -> None:
    lines = verdict({**told, "lora_64": {"found": {"mfu": 0.41}}, "lora_1280": {"error": "x\nout of memory"}})
    assert "lora_64: MFU of LoRA training: 0.41 (at least 0.4) met" in lines
    assert "lora_1280: not measured (out of memory)" in lines
    assert sum(line.startswith("chat_32_px") and "(at " in line for line in lines) == 3
    slow = {"found": {"last_over_round_2": 1.2, "image_tokens_faster": 30.0, "round_faster": 4.0}}
    assert [line.rpartition(" ")[2] for line in verdict({"chat_512_px": slow})] == ["MISSED", "met", "MISSED"]


def test_a_measurement_goes_on_where_it_ended(tmp_path: Path) -> None:
    given = Namespace(minutes=0.0, out=tmp_path / "out.json")
    done = {"lora_8": {"found": {}}}
    assert measure(["lora_8"], dict(done), given)  # nothing is left to do
    assert not measure(["lora_8", "chat_32_px"], dict(done), given)  # and no time for more
    assert not measure(["lora_8"], {"lora_8": {"error": "killed"}}, given)  # what failed is tried again
    here = machine("tiny")
    given.out.write_text(json.dumps({**here, **done}))
    assert begun(given.out, here) == {**here, **done}
    with pytest.raises(SystemExit, match="another scale"):
        begun(given.out, {**here, "scale": "seed-x"})
