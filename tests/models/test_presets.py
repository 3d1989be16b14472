"""Presets agree with themselves and survive a trip through JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from limner.models.presets import MINIATURE, PRESETS, SKETCH, Preset


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_comes_back_from_json(name: str) -> None:
    preset = PRESETS[name]
    assert Preset.from_json(json.loads(json.dumps(preset.to_json()))) == preset


def test_sizes_that_disagree_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"input_resampler\.width"):
        dataclasses.replace(SKETCH, language=dataclasses.replace(SKETCH.language, width=256))


def test_a_foreign_file_is_refused() -> None:
    values = MINIATURE.to_json()
    values["vision"]["colour"] = "red"
    with pytest.raises(ValueError, match="not of this version"):
        Preset.from_json(values)
