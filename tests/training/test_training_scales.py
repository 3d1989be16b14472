import pytest

from limner.training.run import run_recipe
from limner.training.run_options import RunOptions


def test_a_recipe_without_the_scale_says_so(tmp_path) -> None:
    """Also when it is not called through the command line."""
    (tmp_path / "one.py").write_text("PLANS = {'tiny': 1}\n\n\ndef recipe(scale):\n    return PLANS[scale]\n")
    with pytest.raises(ValueError, match="no plan for the scale 'seed-x'; it has tiny"):
        run_recipe(str(tmp_path / "one.py"), RunOptions(scale="seed-x", out=tmp_path / "run"))
    with pytest.raises(ValueError, match="no plan for the scale 'seed-x'"):
        run_recipe("miniature", RunOptions(scale="seed-x", out=tmp_path / "run"))
    assert not (tmp_path / "run").exists()
