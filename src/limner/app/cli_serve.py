"""`limner serve`: the chat page and the API in one server. Thin: options in, the server's room called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from limner.app.files import folder_to_write
from limner.app.loading import Offload, Quantize
from limner.app.terminal import err, plain

KEYS_VARIABLE = "LIMNER_API_KEYS"
CARE = "Care"
LIMITS = "Limits"
ACCESS = "Who may use it"


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(name="serve")(serve)


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; 0.0.0.0 lets the network in, and wants keys.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8484,
    model: Annotated[
        str, typer.Option("--model", help='"miniature" (embedded) or a checkpoint folder.')
    ] = "miniature",
    store: Annotated[
        Path, typer.Option("--store", help="Folder that keeps conversations; made when it is not there.")
    ] = Path("limner-store"),
    blobs: Annotated[
        str | None,
        typer.Option("--blobs", help="Folder or URL that stores of several machines share. [default: none]"),
    ] = None,
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, help="Processes with a model each, through Ray Serve.")
    ] = 1,
    name: Annotated[
        str | None,
        typer.Option("--name", help="The model's name for clients. [default: of the model or its folder]"),
    ] = None,
    alias: Annotated[
        list[str] | None,
        typer.Option("--alias", help="A further name that it answers to, such as gpt-image-1; repeatable."),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            "--api-key-file",
            help=f"One key a line, or `NAME KEY`. Or set {KEYS_VARIABLE}, with commas.",
            rich_help_panel=ACCESS,
        ),
    ] = None,
    no_auth: Annotated[
        bool,
        typer.Option("--no-auth", help="Let everybody in who reaches --host.", rich_help_panel=ACCESS),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", help="A name this server is reached by, without keys.", rich_help_panel=ACCESS
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-origin", help="A site whose pages may ask, as https://HOST.", rich_help_panel=ACCESS
        ),
    ] = None,
    max_body_mb: Annotated[
        int, typer.Option("--max-body-mb", min=1, help="Of one request.", rich_help_panel=LIMITS)
    ] = 64,
    max_images: Annotated[
        int, typer.Option("--max-images", min=1, max=4, help="Given in one round.", rich_help_panel=LIMITS)
    ] = 4,
    max_n: Annotated[
        int, typer.Option("--max-n", min=1, max=10, help="Pictures per request.", rich_help_panel=LIMITS)
    ] = 10,
    max_steps: Annotated[
        int, typer.Option("--max-steps", min=1, help="Denoising steps.", rich_help_panel=LIMITS)
    ] = 100,
    max_rounds: Annotated[
        int, typer.Option("--max-rounds", min=1, help="Of one conversation.", rich_help_panel=LIMITS)
    ] = 1000,
    max_rounds_at_once: Annotated[
        int,
        typer.Option("--max-rounds-at-once", min=1, help="Of one key; more get 429.", rich_help_panel=LIMITS),
    ] = 32,
    max_waiting: Annotated[
        int, typer.Option("--max-waiting", min=1, help="In all; more get 503.", rich_help_panel=LIMITS)
    ] = 64,
    max_batch: Annotated[
        int, typer.Option("--max-batch", min=1, help="Rounds computed together.", rich_help_panel=LIMITS)
    ] = 8,
    cache_mb: Annotated[
        int,
        typer.Option(
            "--cache-mb", min=1, help="Memory for conversations already read.", rich_help_panel=LIMITS
        ),
    ] = 256,
    drain_seconds: Annotated[
        float,
        typer.Option(
            "--drain-seconds", min=0, help="For rounds in progress after SIGTERM.", rich_help_panel=LIMITS
        ),
    ] = 30.0,
    image_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--image-origin",
            help="Fetch images that are given by URL from this origin; repeatable. [default: none]",
            rich_help_panel=CARE,
        ),
    ] = None,
    safety_hook: Annotated[
        str | None,
        typer.Option(
            "--safety-hook", help="MODULE:CALLABLE that judges words and pictures.", rich_help_panel=CARE
        ),
    ] = None,
    sign: Annotated[
        bool,
        typer.Option(
            "--sign",
            help="Sign pictures (C2PA); alone with a local, untrusted certificate.",
            rich_help_panel=CARE,
        ),
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="PEM chain to sign with.", rich_help_panel=CARE)
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option("--certificate-key", help="Its PEM key.", rich_help_panel=CARE)
    ] = None,
    prompts_in_files: Annotated[
        bool,
        typer.Option(
            "--prompts-in-files", help="Write the prompt into downloaded pictures, too.", rich_help_panel=CARE
        ),
    ] = False,
    quantize: Quantize = None,
    offload: Offload = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each request.")] = False,
) -> None:
    """Serve the chat page and an API that OpenAI's clients know; Ctrl-C or SIGTERM drains and stops.

    The page is at the address that is printed, the API below it at /v1: docs/api.md.
    """
    err.print(plain(f"starting, with conversations in {store} ..."))
    try:
        from limner.app.server.keys import ApiKeys
        from limner.app.server.limits import Limits
        from limner.app.server.run import log_to_stderr
        from limner.app.server.run import serve as serve_until_stopped
        from limner.app.server.settings import ServerSettings
    except ModuleNotFoundError as error:
        raise ValueError(
            f"The server needs {error.name}, which is not installed; pip install 'limner[serve]' brings it."
        ) from error

    keys = None
    if api_key_file is not None:
        keys = ApiKeys.from_file(api_key_file)
    elif os.environ.get(KEYS_VARIABLE, "").strip():
        keys = ApiKeys.from_text(os.environ[KEYS_VARIABLE])
    if keys is not None and no_auth:
        raise ValueError("--no-auth and API keys were both given; leave one of them out.")
    settings = ServerSettings(
        host=host,
        port=port,
        model=name or _name_of(model),
        aliases=tuple(alias or ()),
        keys=keys,
        without_keys=no_auth,
        limits=Limits(
            max_body_bytes=max_body_mb * 2**20,
            max_images=max_images,
            max_n=max_n,
            max_steps=max_steps,
            max_rounds=max_rounds,
            max_rounds_at_once=max_rounds_at_once,
            max_waiting=max_waiting,
            max_batch=max_batch,
            prefix_cache_bytes=cache_mb * 2**20,
        ),
        allowed_hosts=tuple(allow_host or ()),
        allowed_origins=tuple(allow_origin or ()),
        drain_s=drain_seconds,
        remote_image_origins=tuple(image_origin or ()),
        safety_hook=safety_hook,
        sign=sign,
        certificate=certificate,
        certificate_key=certificate_key,
        credentials_folder=store.resolve() / "credentials",
        keep_prompts_in_files=prompts_in_files,
        blobs_url=blobs,
        quantize=quantize,
        offload=offload,
    )

    def tell(words: str) -> None:
        err.print(plain(words))

    store = folder_to_write(store)
    if replicas > 1:
        from limner.app.server.replicas import serve_replicas

        serve_replicas(settings, model=model, store=store, num=replicas, quiet=quiet, tell=tell)
        return
    with log_to_stderr(quiet=quiet):
        serve_until_stopped(settings, model=model, store=store, tell=tell)


def _name_of(model: str) -> str:
    """What a model is called when nobody says: as its folder, which training calls "model" in a run's."""
    folder = Path(model).resolve()
    return (folder.parent if folder.name == "model" else folder).name or "limner"
