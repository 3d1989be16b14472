"""Other people's repositories: a folder that is here, or a hub's, of which only what is needed is fetched.

Knows the hub's client. Knows no names of weights; `weight_files` chooses among several formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from limner.models.conversion.hub_names import HUB_NAME
from limner.models.conversion.weight_files import needed
from limner.models.shards import read_json

Choose = Callable[[Sequence[str]], Sequence[str]]


def local_folder(
    path_or_id: str | Path,
    what: str,
    choose: Choose | None = None,
    *,
    revision: str | None = None,
    prefixes: Sequence[str] = (),
) -> Path:
    """A folder or file that is here, else the hub repository of this name, downloaded into its cache.

    Args:
        path_or_id: a path, or OWNER/NAME, or OWNER/NAME@REVISION.
        what: what errors call it.
        choose: of the names of all its files those that are needed; by default all.
        revision: a branch, a tag or a commit of the hub's repository.
        prefixes: of sharded weights only the shards that hold names beginning so are needed.

    Raises:
        ValueError: it is neither here nor can it be had from the hub, or a folder here is given a revision.
    """
    path = Path(path_or_id)
    if path.exists():
        if revision is not None:
            raise ValueError(f"{path} is a folder here, which has no revision; leave --revision out.")
        return path
    named = HUB_NAME.fullmatch(str(path_or_id))
    if named is None:
        raise ValueError(f"There is no {what} at {path_or_id}.")
    from huggingface_hub import hf_hub_download, list_repo_files, snapshot_download

    repository, revision = named["name"], named["revision"] or revision
    try:
        wanted = None if choose is None else list(choose(list_repo_files(repository, revision=revision)))
        for index in [
            name for name in wanted or () if prefixes and name.endswith(".json") and ".index" in name
        ]:
            places = read_json(Path(hf_hub_download(repository, index, revision=revision)))["weight_map"]
            unneeded = {*places.values()} - shards_below(places, prefixes)
            wanted = [name for name in wanted or () if PurePosixPath(name).name not in unneeded]
        if wanted != []:
            return Path(snapshot_download(repository, revision=revision, allow_patterns=_exactly(wanted)))
    except Exception as error:  # the library raises its own, httpx's and the system's
        raise ValueError(
            f"{path_or_id} is no folder here, and the hub could not be asked for it "
            f"({type(error).__name__}); download it where there is a network and pass the folder."
        ) from error
    raise ValueError(f"{path_or_id} on the hub holds nothing of {what}; is it the right repository?")


def shards_below(places: Mapping[str, str], prefixes: Sequence[str]) -> set[str]:
    """Of an index' files those that hold a weight whose name begins with one of `prefixes`; all of them when
    there is none, or no prefix.
    """
    held = {file for name, file in places.items() if name.startswith(tuple(prefixes))} if prefixes else set()
    return held or set(places.values())


def of_folders(files: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Of a repository's files those that a network in each of `folders` needs ("" is the top): its
    configuration and one set of weights.
    """
    wanted: list[str] = []
    for folder in folders:
        here = {PurePosixPath(f).name: f for f in files if str(PurePosixPath(f).parent) == (folder or ".")}
        names = [*needed(here), *(name for name in here if name == "config.json")]
        wanted += [here[name] for name in names]
    return wanted


def below(files: Sequence[str], folder: str) -> list[str]:
    """Every file below a folder."""
    return [name for name in files if name.startswith(f"{folder}/")]


def _exactly(names: list[str] | None) -> list[str] | None:
    """Names as patterns that match nothing else."""
    return None if names is None else [re.sub(r"([*?\[])", r"[\1]", name) for name in names]
