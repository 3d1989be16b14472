"""docs/dataset.md: its examples run in order, and its tables name the columns that are really there."""

import re
from pathlib import Path

import pytest
from PIL import Image

from limner.dataset.spec import PERSON, ROUND, SCHEMA

PAGE = (Path(__file__).parents[2] / "docs" / "dataset.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore")  # the datasets library's own
def test_the_examples_run(tmp_path, monkeypatch, capsys) -> None:
    pytest.importorskip("datasets")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Image.Image, "show", lambda image: print(image.size))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/dataset.md", "exec"), names)
    said = capsys.readouterr().out
    assert "1 Counter({'edit': 1})" in said
    assert "Picture(64x64, " in said
    assert "(64, 64)" in said
    assert (tmp_path / "faces.html").exists()
    assert len(names["share"]) == 64
    assert "shard-00000.parquet:" not in said  # the check found nothing


def test_the_tables_name_every_column() -> None:
    for name in [*SCHEMA.names, *(field.name for field in ROUND), *(field.name for field in PERSON)]:
        assert f"`{name}`" in PAGE
