"""Files are found below folders and linked folders, each once, and every name can be told."""

from __future__ import annotations

import os
from pathlib import Path

from limner.builders.files import files_below, printable


def test_linked_folders_are_read_and_circles_are_not(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for file in (
        inside / "ada" / "1.jpg",
        inside / ".hidden" / "2.jpg",
        outside / "3.JPG",
        outside / "deep" / "4.png",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (inside / "notes.txt").touch()
    (inside / "bob").symlink_to(outside)
    (inside / "ada" / "back").symlink_to(inside)
    (inside / "again").symlink_to(inside / "ada")
    (outside / "home").symlink_to(inside)
    (inside / "gone.png").symlink_to(tmp_path / "nothing")
    found = [path.relative_to(inside).as_posix() for path in files_below(inside, {".jpg", ".png"})]
    assert found == ["ada/1.jpg", "bob/3.JPG", "bob/deep/4.png", "gone.png"]


def test_names_that_are_no_text_can_be_told() -> None:
    assert printable("Zoë/1.jpg") == "Zoë/1.jpg"
    assert printable(os.fsdecode(b"a\xff\xe9.jpg")) == "a\\xff\\xe9.jpg"
    assert printable("half \ud83d of one") == "half \\ud83d of one"
    assert printable(Path(os.fsdecode(b"x/\x80"))) == "x/\\x80"
