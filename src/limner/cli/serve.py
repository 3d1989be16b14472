"""`limner serve`: the chat page and the API in one server. Thin: options are in `serve_options.py`, the rest
is in the room `server`.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from limner.cli import serve_options as o
from limner.cli.files import folder_to_write
from limner.cli.loading import Offload, Quantize, With
from limner.cli.terminal import err, plain
from limner.planning.names import is_planned

if TYPE_CHECKING:
    from limner.server.security.keys import ApiKeys
    from limner.server.settings import ServerSettings

# What the extra `serve` brings, as it is imported.
SERVER_NEEDS: Final = (
    *("fastapi", "starlette", "uvicorn", "h11", "httptools"),
    *("python_multipart", "prometheus_client"),
)


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(name="serve")(serve)


def serve(
    host: o.Host = "127.0.0.1",
    port: o.Port = 8484,
    model: o.Model = "miniature",
    store: o.Store = Path("limner-store"),
    blobs: o.Blobs = None,
    replicas: o.Replicas = 1,
    name: o.Name = None,
    alias: o.Alias = None,
    api_key_file: o.ApiKeyFile = None,
    operator_key_file: o.OperatorKeyFile = None,
    no_auth: o.NoAuth = False,
    allow_host: o.AllowHost = None,
    allow_origin: o.AllowOrigin = None,
    max_body_mb: o.MaxBodyMb = 64,
    max_images: o.MaxImages = 4,
    max_n: o.MaxN = 10,
    max_steps: o.MaxSteps = 100,
    max_rounds: o.MaxRounds = 1000,
    max_rounds_at_once: o.MaxRoundsAtOnce = 32,
    max_waiting: o.MaxWaiting = 64,
    max_batch: o.MaxBatch = 8,
    max_connections: o.MaxConnections = 512,
    cache_mb: o.CacheMb = 64,
    drain_seconds: o.DrainSeconds = 30.0,
    image_origin: o.ImageOrigin = None,
    safety_hook: o.SafetyHook = None,
    sign: o.Sign = None,
    certificate: o.Certificate = None,
    certificate_key: o.CertificateKey = None,
    timestamp_authority: o.TimestampAuthority = None,
    watermark: o.Watermark = o.Marked.faces,
    badge: o.Badge = o.BadgePlace.none,
    prompts_in_files: o.PromptsInFiles = False,
    quantize: Quantize = None,
    offload: Offload = False,
    words: With = None,
    quiet: o.Quiet = False,
) -> None:
    """Serve the chat page and an API that OpenAI's clients know; Ctrl-C or SIGTERM drains and stops.

    The page is at the address that is printed, the API below it at /v1: docs/api.md.
    """
    _check(model, words or [], store, [api_key_file, operator_key_file, certificate, certificate_key])
    err.print(plain(f"starting, with conversations in {store} ..."))
    _find_server()
    from limner.server.security.limits import Limits
    from limner.server.settings import ServerSettings

    _check_pair(certificate, certificate_key)

    settings = ServerSettings(
        host=host,
        port=port,
        model=name or _name_of(model),
        aliases=tuple(alias or ()),
        keys=_keys(api_key_file, no_auth),
        operator_keys=_operator_keys(operator_key_file),
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
            max_connections=max_connections,
            prefix_cache_bytes=cache_mb * 2**20,
        ),
        allowed_hosts=tuple(allow_host or ()),
        allowed_origins=tuple(allow_origin or ()),
        drain_s=drain_seconds,
        remote_image_origins=tuple(image_origin or ()),
        safety_hook=safety_hook,
        sign=_signs(sign),
        certificate=certificate,
        certificate_key=certificate_key,
        timestamp_authority=timestamp_authority,
        watermark=watermark.value,
        badge=badge.value,
        credentials_folder=store.resolve() / "credentials",
        keep_prompts_in_files=prompts_in_files,
        blobs_url=blobs,
        quantize=quantize,
        offload=offload,
        planning=tuple(words or ()),
    )

    _run(settings, model=model, store=store, replicas=replicas, quiet=quiet)


def _check(model: str, words: list[str], store: Path, files: list[Path | None]) -> None:
    """What is mistyped is told before anything heavy is imported."""
    from limner.cli.given import file_given, model_given

    model_given(model, words)
    folder_to_write(store)
    for file in files:
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


def _run(settings: ServerSettings, *, model: str, store: Path, replicas: int, quiet: bool) -> None:
    """Serve until stopped, in this process or in several."""
    from limner.server.run import log_to_stderr
    from limner.server.run import serve as serve_until_stopped
    from limner.store.store import lost_database

    def tell(words: str) -> None:
        err.print(plain(words))

    store = folder_to_write(store)
    if (lost := lost_database(store)) is not None:
        tell(f"{lost} A new one is begun, in which nothing of before is found.")
    if replicas > 1:
        from limner.server.on_ray import serve_replicas

        serve_replicas(settings, model=model, store=store, num=replicas, quiet=quiet, tell=tell)
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
    elif os.environ.get(o.KEYS_VARIABLE, "").strip():
        keys = ApiKeys.from_text(os.environ[o.KEYS_VARIABLE])
    if keys is not None and no_auth:
        raise ValueError("--no-auth and API keys were both given; leave one of them out.")
    return keys


def _operator_keys(file: Path | None) -> ApiKeys | None:
    from limner.server.security.keys import ApiKeys

    if file is not None:
        return ApiKeys.from_file(file)
    told = os.environ.get(o.OPERATOR_KEYS_VARIABLE, "").strip()
    return ApiKeys.from_text(told) if told else None


def _name_of(model: str) -> str:
    """What a model is called when nobody says: as its folder, which training calls "model" in a run's."""
    if is_planned(model):
        return "limner-planned"
    folder = Path(model).resolve()
    return (folder.parent if folder.name == "model" else folder).name or "limner"
