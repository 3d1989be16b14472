import os
from pathlib import Path

import golden_twin
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from limner.cli.main import main
from limner.models.conversion.golden import LIMIT, verify

REFERENCE = Path(
    os.environ.get("LIMNER_REFERENCE", Path(__file__).parents[2].parent / "shared" / "reference")
)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("golden") / "twin.safetensors"
    golden_twin.write_golden(path)
    return path


def change(source: Path, target: Path, **tensors: torch.Tensor | None) -> Path:
    """A copy with tensors replaced, added, or (None) left out."""
    with safe_open(source, "pt") as opened:
        metadata = opened.metadata()
    kept = {**load_file(source), **tensors}
    save_file({name: t for name, t in kept.items() if t is not None}, target, metadata=metadata)
    return target


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_an_independent_twin_agrees(file, capsys) -> None:
    assert run("verify", "golden", file) == 0
    shown = capsys.readouterr().out
    for item in ("vit_features", "input_resampler_64", "input_resampler_16", "loss_lm_loss"):
        assert item in shown
    assert "slot by slot" in shown
    assert "one forward" in shown
    assert "All 10 outputs are equal" in shown


def test_the_reference_agrees() -> None:
    path = REFERENCE / "seed-x-golden.safetensors"
    if not path.is_file():
        pytest.skip("no reference file here; set LIMNER_REFERENCE to its folder")
    worst = {difference.item: difference.worst for difference in verify(path)}
    assert len(worst) == 10
    assert max(worst.values()) <= LIMIT


@pytest.mark.parametrize(
    "name",
    [
        "vit_features",
        "input_resampler_16",
        "loss_rec_loss",
        "generated_image_features",
        "detokenizer_pooled_embeds",
    ],
)
def test_a_wrong_output_is_told_and_ends_in_1(file, tmp_path, capsys, name: str) -> None:
    stored = load_file(file)[f"io.{name}"]
    stored.view(-1)[0] += 2e-4 + (1.0 if name == "vit_features" else 0.0)
    wrong = change(file, tmp_path / "wrong.safetensors", **{f"io.{name}": stored})
    assert run("verify", "golden", wrong) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if "DIFFERS" in line]
    assert any(name in line for line in lines)


def test_weights_must_fit_exactly(file, tmp_path, capsys) -> None:
    misfit = change(
        file,
        tmp_path / "misfit.safetensors",
        **{
            "agent.llm.model.norm.weight": None,
            "agent.surplus": torch.zeros(3),
            "vit.proj": torch.zeros(256, 255),
        },
    )
    assert run("verify", "golden", misfit) == 2
    told = capsys.readouterr().err
    assert "missing    agent.llm.model.norm.weight  48" in told
    assert "extra      agent.surplus  3" in told
    assert "misshapen  vit.proj  is 256x255, should be 256x256" in told


def test_mistakes_are_one_sentence(file, tmp_path, capsys) -> None:
    noise = tmp_path / "noise.safetensors"
    noise.write_bytes(b"no tensors")
    unknown = change(file, tmp_path / "unknown.safetensors", **{"io.mystery": torch.zeros(1)})
    lacking = change(file, tmp_path / "lacking.safetensors", **{"io.prompt_ids": None})
    bare = tmp_path / "bare.safetensors"
    save_file(load_file(file), bare)
    for path, words in (
        (noise, "no readable safetensors"),
        (tmp_path / "nowhere", "nowhere"),
        (unknown, "mystery"),
        (lacking, "io.prompt_ids"),
        (bare, "metadata"),
    ):
        assert run("verify", "golden", path) == 2
        told = capsys.readouterr().err
        assert words in told
        assert "Traceback" not in told


def test_nothing_that_matters_may_be_otherwise(file, tmp_path) -> None:
    """Each fact that decides the numbers, broken once, is seen: else parity would prove nothing."""
    stored = load_file(file)
    places = stored["io.patch_positions"].flip(0)
    names = {
        d.item for d in verify(change(file, tmp_path / "a", **{"io.patch_positions": places})) if not d.holds
    }
    assert {"generated_image_features, one forward", "loss_lm_loss"} <= names
    rope = {name: tensor * 0.5 for name, tensor in stored.items() if name.endswith("rotary_emb.inv_freq")}
    with pytest.raises(ValueError, match="rotary"):
        verify(change(file, tmp_path / "b", **rope))
