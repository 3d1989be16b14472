"""Less memory from the command line: --quantize and --offload, wherever a model is loaded."""

from pathlib import Path

import pytest

from limner.cli.main import main
from limner.evaluation.given import Measured
from limner.evaluation.setup import prepare


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_a_squeezed_model_says_the_same(tmp_path: Path, capsys) -> None:
    pytest.importorskip("bitsandbytes")
    said = []
    for options in ((), ("--quantize", "int8", "--offload")):
        words = ("Draw Mia in a garden.", "--conversation", tmp_path / f"{len(options)}.limner")
        assert run("say", *words, *options) == 0
        said.append(capsys.readouterr().out.partition(" -> ")[0])
    assert said == ["Here is the picture."] * 2


@pytest.mark.parametrize("command", ["chat", "say", "demo", "serve", "evaluate"])
def test_every_command_that_loads_a_model_takes_them(command: str, capsys) -> None:
    given = ("A garden.", "--conversation", "a.limner") if command == "say" else ()
    assert run(command, *given, "--quantize", "3bit") == 2
    assert "'int8', '4bit'" in capsys.readouterr().err


def test_an_evaluation_is_of_the_squeezed_model() -> None:
    pytest.importorskip("bitsandbytes")
    setup, identity = prepare(Measured(quantize="int8", offload=True), seed=0)
    assert identity["quantize"] == "int8"  # a run is not gone on with in another format
    bench, _ = setup.open()
    model = bench.painter.model
    assert type(model.language.llm.model.layers[0].self_attn.q_proj).__name__ == "Linear8bitLt"
    assert model.turns is not None
    with pytest.raises(ValueError, match="int8 or 4bit"):
        prepare(Measured(quantize="2bit"), seed=0)
