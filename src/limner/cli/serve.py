"""`limner serve`: the chat page and the API in one server. Thin: options are in `serve_options.py`, the rest
is in the room `server`.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from limner.cli.files import folder_to_write
from limner.cli.options import from_fields
from limner.cli.serve_options import KEYS_VARIABLE, OPERATOR_KEYS_VARIABLE, ServeOptions
from limner.cli.terminal import err, plain
from limner.planning.names import is_planned

if TYPE_CHECKING:
    from limner.server.security.keys import ApiKeys
    from limner.server.security.limits import Limits
    from limner.server.settings import ServerSettings

# What the extra `serve` brings, as it is imported.
SERVER_NEEDS: Final = (
    *("fastapi", "starlette", "uvicorn", "h11", "httptools"),
    *("python_multipart", "prometheus_client"),
)


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(name="serve")(from_fields(serve))


def serve(options: ServeOptions) -> None:
    """Serve the chat page and an API that OpenAI's clients know; Ctrl-C or SIGTERM drains and stops.

    The page is at the address that is printed, the API below it at /v1: docs/api.md.
    """
    _check(options)
    err.print(plain(f"starting, with conversations in {options.store} ..."))
    _find_server()
    _check_pair(options.certificate, options.certificate_key)
    _run(_settings(options), options)


def _settings(options: ServeOptions) -> ServerSettings:
    from limner.server.settings import ServerSettings

    return ServerSettings(
        host=options.host,
        port=options.port,
        model=options.name or _name_of(options.model),
        aliases=tuple(options.alias or ()),
        keys=_keys(options.api_key_file, options.no_auth),
        operator_keys=_operator_keys(options.operator_key_file),
        without_keys=options.no_auth,
        limits=_limits(options),
        allowed_hosts=tuple(options.allow_host or ()),
        allowed_origins=tuple(options.allow_origin or ()),
        drain_s=options.drain_seconds,
        remote_image_origins=tuple(options.image_origin or ()),
        safety_hook=options.safety_hook,
        sign=_signs(options.sign),
        certificate=options.certificate,
        certificate_key=options.certificate_key,
        timestamp_authority=options.timestamp_authority,
        watermark=options.watermark,
        badge=options.badge,
        credentials_folder=options.store.resolve() / "credentials",
        keep_prompts_in_files=options.prompts_in_files,
        blobs_url=options.blobs,
        quantize=options.quantize,
        offload=options.offload,
        planning=tuple(options.words or ()),
    )


def _limits(options: ServeOptions) -> Limits:
    from limner.server.security.limits import Limits

    return Limits(
        max_body_bytes=options.max_body_mb * 2**20,
        max_images=options.max_images,
        max_n=options.max_n,
        max_steps=options.max_steps,
        max_rounds=options.max_rounds,
        max_rounds_at_once=options.max_rounds_at_once,
        max_waiting=options.max_waiting,
        max_batch=options.max_batch,
        max_connections=options.max_connections,
        prefix_cache_bytes=options.cache_mb * 2**20,
    )


def _check(options: ServeOptions) -> None:
    """What is mistyped is told before anything heavy is imported."""
    from limner.cli.given import file_given, model_given

    model_given(options.model, options.words or [])
    folder_to_write(options.store)
    keys = (options.api_key_file, options.operator_key_file)
    for file in (*keys, options.certificate, options.certificate_key):
        if file is not None:
            file_given(file, "file")


def _find_server() -> None:
    """ValueError when a library of the server's is missing; nothing is imported yet."""
    for name in SERVER_NEEDS:
        if importlib.util.find_spec(name) is None:
            raise ValueError(
                f"The server needs {name}, which is not installed; pip install 'limner[serve]' brings it."
            )


def _check_pair(certificate: Path | None, key: Path | None) -> None:
    if certificate is not None and key is not None:
        from limner.provenance.certificates import read_pair

        read_pair(certificate.read_bytes(), key.read_bytes())


def _run(settings: ServerSettings, options: ServeOptions) -> None:
    """Serve until stopped, in this process or in several."""
    from limner.server.run import log_to_stderr
    from limner.server.run import serve as serve_until_stopped
    from limner.store.store import lost_database

    def tell(words: str) -> None:
        err.print(plain(words))

    model, store, quiet = options.model, folder_to_write(options.store), options.quiet
    if (lost := lost_database(store)) is not None:
        tell(f"{lost} A new one is begun, in which nothing of before is found.")
    if options.replicas > 1:
        from limner.server.on_ray import serve_replicas

        serve_replicas(settings, model=model, store=store, num=options.replicas, quiet=quiet, tell=tell)
        return
    with log_to_stderr(quiet=quiet):
        serve_until_stopped(settings, model=model, store=store, tell=tell)


def _signs(asked: bool | None) -> bool:
    """By default where the libraries are there; said where they are not. --sign without them is an error."""
    if asked is not None:
        return asked
    if all(importlib.util.find_spec(name) is not None for name in ("c2pa", "cryptography")):
        return True
    err.print(plain("pictures are not signed: pip install 'limner[provenance]' brings what signs them"))
    return False


def _keys(file: Path | None, no_auth: bool) -> ApiKeys | None:
    """Of the file, else of the environment; None when there are none."""
    from limner.server.security.keys import ApiKeys

    keys = None
    if file is not None:
        keys = ApiKeys.from_file(file)
    elif os.environ.get(KEYS_VARIABLE, "").strip():
        keys = ApiKeys.from_text(os.environ[KEYS_VARIABLE])
    if keys is not None and no_auth:
        raise ValueError("--no-auth and API keys were both given; leave one of them out.")
    return keys


def _operator_keys(file: Path | None) -> ApiKeys | None:
    from limner.server.security.keys import ApiKeys

    if file is not None:
        return ApiKeys.from_file(file)
    told = os.environ.get(OPERATOR_KEYS_VARIABLE, "").strip()
    return ApiKeys.from_text(told) if told else None


def _name_of(model: str) -> str:
    """What a model is called when nobody says: as its folder, which training calls "model" in a run's."""
    if is_planned(model):
        return "limner-planned"
    folder = Path(model).resolve()
    return (folder.parent if folder.name == "model" else folder).name or "limner"
