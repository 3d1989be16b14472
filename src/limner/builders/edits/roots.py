"""Where the pictures of a data set lie: in one or several root folders, whatever each copy calls them.

Knows paths only. Never leads out of a root, whatever a listing says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from os.path import isfile
from pathlib import Path

_MAX_STRIPPED = 4


@dataclass(frozen=True)
class ImageRoots:
    """Root folders, the first that holds a picture wins; `inner` are folders that may lie between."""

    folders: tuple[Path, ...]
    inner: tuple[str, ...] = ("",)

    @classmethod
    def of(cls, folders: Sequence[Path], *inner: str) -> ImageRoots:
        """ValueError names the first root that is no folder."""
        for folder in folders:
            if not folder.is_dir():
                raise ValueError(f"There is no folder {folder}; give the root of the set's pictures.")
        return cls(tuple(folders), ("", *inner))

    def looked_for(self, key: str) -> str:
        """Where `find` looks for a key, in one line for error messages: the first path in each root, and the
        number of others; or the link that leads out of its root, where there is one.
        """
        leading_out = next((place for place, is_inside in self._places(key) if not is_inside), None)
        if leading_out is not None:
            return f"{leading_out} is linked from elsewhere; give the folder where it lies with --images"
        inside = Path(*[part for part in Path(key).parts if part not in ("/", "..", ".")])
        places = [str(folder / inside) for folder in self.folders]
        further = ", ".join(name for name in self.inner if name)
        told = ", ".join(dict.fromkeys(places))
        return f"{told}; also in {further} there, and without leading folders" if further else told

    @cached_property
    def _resolved(self) -> tuple[Path, ...]:
        return tuple(folder.resolve() for folder in self.folders)

    def find(self, key: str) -> Path | None:
        """The file that `key` means, or None. Leading folders of the key may be missing on disk."""
        return next((place for place, is_inside in self._places(key) if is_inside), None)

    def _places(self, key: str) -> Iterator[tuple[Path, bool]]:
        """The files that a key may mean, the likeliest first, and whether each lies in its root."""
        if "\0" in key:
            return
        parts = [part for part in Path(key).parts if part not in ("/", "..", ".")]
        for stripped in range(min(len(parts), _MAX_STRIPPED + 1)):
            for folder, resolved in zip(self.folders, self._resolved, strict=True):
                for inner in self.inner:
                    place = folder.joinpath(inner, *parts[stripped:])
                    if isfile(place):
                        yield place, place.resolve().is_relative_to(resolved)


def images_beside(annotations: Path, folder: Path) -> str:
    """The folder, within `folder`, beside whose annotations a set's pictures lie: FOLDER of
    FOLDER/annotations/FILE.
    """
    inside = annotations.relative_to(folder).parent
    return (inside.parent if inside.name.startswith("annotation") else inside).as_posix()
