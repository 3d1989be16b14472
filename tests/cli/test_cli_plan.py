import pytest

from limner.cli.main import main


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


def test_the_plan_of_the_full_scale(capsys) -> None:
    assert run("info", "--plan", "seed-x") == 0
    shown = capsys.readouterr().out
    for words in ("float32", "bfloat16", "int8", "4-bit", "language", "unet_stage2", "0.819 MB a token"):
        assert words in shown
    for words in ("│ 4bit │ yes │", "│ 16, 24, 48, 80 │", "1.5 GB are allowed for libraries"):
        assert words in " ".join(shown.split())


def test_a_scale_that_is_not_there(capsys) -> None:
    assert run("info", "--plan", "huge") == 2
    assert "seed-x" in capsys.readouterr().err
