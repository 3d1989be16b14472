"""`limner store ...`: look after the folder that `limner serve` keeps conversations in. Thin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from limner.cli.terminal import err, out, plain

if TYPE_CHECKING:
    from limner.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Check, export, import and delete what a server keeps.")

BROKEN = 1

Folder = Annotated[Path, Argument(help="The store's folder.", show_default=False)]
Owner = Annotated[
    str | None, Option("--owner", help="Whose it is (default: whoever has it).", show_default=False)
]


@app.callback()
def group() -> None:
    """Check, export, import and delete what a server keeps."""


@app.command(name="list")
def list_(folder: Folder, owner: Owner = None) -> None:
    """Every conversation: id, rounds, owner, title."""
    with _opened(folder, read_only=True) as store:
        for name in [owner] if owner is not None else store.owners():
            for found in store.every_conversation(name):
                out.print(plain(f"{found.id}  {found.num_rounds:3}  {name}  {found.title}"))


@app.command()
def check(
    folder: Folder,
    sweep: Annotated[
        bool, Option("--sweep", help="Remove blobs and unfinished files that nothing needs.")
    ] = False,
    sweep_most: Annotated[
        bool, Option("--sweep-most", help="As --sweep, even where most blobs are not needed.")
    ] = False,
) -> None:
    """Is every parent there, every blob what its name says, every round unaltered? Exit code 1 when not."""
    is_swept = sweep or sweep_most
    with _opened(folder, read_only=not is_swept) as store:
        from limner.store.fsck import check_store
        from limner.store.fsck import sweep as sweep_store

        findings = check_store(store)
        for problem in findings.problems:
            out.print(plain(problem))
        swept = f", {sweep_store(store, even_most=sweep_most)} leftovers removed" if is_swept else ""
    unneeded = f", {len(findings.unneeded)} of them not needed" if findings.unneeded and not is_swept else ""
    out.print(
        plain(
            f"{findings.num_conversations} conversations, {findings.num_rounds} rounds, "
            f"{findings.num_blobs} blobs{unneeded}{swept}: "
            f"{len(findings.problems) or 'no'} problem{'' if len(findings.problems) == 1 else 's'}."
        )
    )
    if findings.problems:
        raise typer.Exit(BROKEN)


@app.command()
def export(
    folder: Folder,
    id: Annotated[str, Argument(help="A conversation's id.", show_default=False)],
    file: Annotated[Path, Option("--out", help="The file to write.", show_default=False)],
    owner: Owner = None,
) -> None:
    """Write a conversation, all branches, to one file, which `limner say --conversation` goes on with."""
    from limner.cli.files import file_to_write, write_bytes

    file_to_write(file)
    with _opened(folder, read_only=True) as store:
        whose = _owner_of(store, id, owner)
        from limner.service.import_export import export_conversation

        data = export_conversation(store, whose, id)
    write_bytes(data, file)
    err.print(plain(f"{file}: {len(data) / 1e6:.1f} MB"))


@app.command(name="import")
def import_(
    folder: Folder,
    file: Annotated[Path, Argument(help="An exported or saved conversation.", show_default=False)],
    owner: Annotated[str | None, Option("--owner", help="Whom it is for (default: local).")] = None,
    model: Annotated[
        str, Option("--model", help='"miniature" or the checkpoint that it was held with.')
    ] = "miniature",
) -> None:
    """Take a conversation from a file into the store, under a new id, which is printed."""
    if not file.is_file():
        raise ValueError(f"There is no conversation at {file}.")
    from limner.cli.given import conversation_given, model_given

    conversation_given(file, model_given(model))
    import limner
    from limner.service.import_export import import_conversation
    from limner.store.records import LOCAL_OWNER
    from limner.store.store import Store

    data = file.read_bytes()
    painter = limner.load(model)
    store = Store(folder)
    try:
        made = import_conversation(store, owner or LOCAL_OWNER, data, painter)
    finally:
        store.close()
    out.print(plain(made.id))
    err.print(plain(f"{made.num_rounds} rounds: {made.title}"))


@app.command()
def delete(
    folder: Folder,
    id: Annotated[str, Argument(help="A conversation, round, file or enrolled person.", show_default=False)],
    owner: Owner = None,
    yes: Annotated[bool, Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget something for good: words, pictures, image tokens. Running servers forget it too."""
    from limner.store.records import StoredFile

    with _opened(folder) as store:
        name = _owner_of(store, id, owner)
        if not yes and not typer.confirm(f"Delete {id} of {name} for good?"):
            raise typer.Abort
        match id.split("_")[0]:
            case "conv":
                store.delete_conversation(name, id)
            case "resp":
                store.delete_round(name, id)
            case "file":
                store.delete_own(StoredFile, name, id)
            case "person":
                store.delete_person(name, id)
            case _:
                raise ValueError(f"{id} is not an id; they begin with conv_, resp_, file_ or person_.")
    err.print(plain(f"{id} is deleted"))


@app.command()
def migrate(folder: Folder) -> None:
    """Bring a store that an earlier limner wrote up to date. Stop its servers first."""
    with _opened(folder, upgrade=True) as store:
        out.print(plain(f"{folder} has version {store.version}."))


@contextmanager
def _opened(folder: Path, *, read_only: bool = False, upgrade: bool = False) -> Iterator[Store]:
    from limner.store.records import NotThere
    from limner.store.store import DATABASE, Store, lost_database

    if (lost := lost_database(folder)) is not None:
        err.print(plain(f"limner: {lost}"))
        raise typer.Exit(BROKEN)
    if not (folder / DATABASE).is_file():
        raise ValueError(f"There is no store at {folder}; give the folder that `limner serve --store` uses.")
    if read_only and not os.access(folder, os.W_OK):
        err.print(plain(f"{folder} is read-only; it is read as it stands"))
    store = Store(folder, read_only=read_only, upgrade=upgrade)
    try:
        yield store
    except NotThere as error:
        raise ValueError(str(error)) from error
    finally:
        store.close()


def _owner_of(store: Store, id: str, owner: str | None) -> str:
    from limner.store.records import NotThere

    if owner is not None:
        return owner
    found = store.owner_of(id)
    if found is None:
        raise NotThere("conversation, round, file or person", id)
    return found
