"""The example of the world's README runs as it stands."""

import re
from pathlib import Path

import limner_world


def test_the_example_paints_a_captioned_person_and_tells_where_the_face_is() -> None:
    page = Path(limner_world.__path__[0]) / "README.md"
    (example,) = re.findall(
        r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    told: list[object] = []
    names: dict[str, object] = {"print": told.append}
    exec(example, names)
    caption, ((x0, y0, x1, y1),) = told
    assert "garden" in str(caption)
    assert 0 <= x0 < x1 <= 1
    assert 0 <= y0 < y1 <= 1
    assert getattr(names["pixels"], "shape", None) == (256, 256, 3)
