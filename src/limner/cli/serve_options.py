"""The options of `limner serve`, by the panel of its help. Serves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

from typer import Option

from limner.cli.loading import Model, Offload, Quantize, With

KEYS_VARIABLE: Final = "LIMNER_API_KEYS"
OPERATOR_KEYS_VARIABLE: Final = "LIMNER_OPERATOR_KEYS"
_access = partial(Option, rich_help_panel="Who may use it")
_limit = partial(Option, rich_help_panel="Limits")
_care = partial(Option, rich_help_panel="Care")


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """What is served, to whom, within which limits, and with which care."""

    host: Annotated[
        str, Option("--host", help="Where to listen; 0.0.0.0 lets the network in, and wants keys.")
    ] = "127.0.0.1"
    port: Annotated[int, Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8484
    model: Model = "miniature"
    store: Annotated[
        Path, Option("--store", help="Folder that keeps conversations; made when it is not there.")
    ] = Path("limner-store")
    blobs: Annotated[
        str | None,
        Option("--blobs", help="Folder or URL that stores of several machines share. [default: none]"),
    ] = None
    replicas: Annotated[
        int, Option("--replicas", min=1, help="Processes with a model each, through Ray Serve.")
    ] = 1
    name: Annotated[
        str | None,
        Option("--name", help="The model's name for clients. [default: of the model or its folder]"),
    ] = None
    alias: Annotated[
        list[str] | None,
        Option("--alias", help="A further name that it answers to, such as gpt-image-1; repeatable."),
    ] = None
    api_key_file: Annotated[
        Path | None,
        _access(
            "--api-key-file", help=f"One key a line, or `NAME KEY`. Or set {KEYS_VARIABLE}, with commas."
        ),
    ] = None
    operator_key_file: Annotated[
        Path | None,
        _access(
            "--operator-key-file",
            help="Keys of whoever runs it: all of /metrics and the queue. "
            f"Or set {OPERATOR_KEYS_VARIABLE}, with commas.",
        ),
    ] = None
    no_auth: Annotated[bool, _access("--no-auth", help="Let everybody in who reaches --host.")] = False
    allow_host: Annotated[
        list[str] | None, _access("--allow-host", help="A name this server is reached by, without keys.")
    ] = None
    allow_origin: Annotated[
        list[str] | None, _access("--allow-origin", help="A site whose pages may ask, as https://HOST.")
    ] = None
    max_body_mb: Annotated[int, _limit("--max-body-mb", min=1, help="Of one request.")] = 64
    max_images: Annotated[int, _limit("--max-images", min=1, max=4, help="Given in one round.")] = 4
    max_n: Annotated[int, _limit("--max-n", min=1, max=10, help="Pictures per request.")] = 10
    max_steps: Annotated[int, _limit("--max-steps", min=1, help="Denoising steps.")] = 100
    max_rounds: Annotated[int, _limit("--max-rounds", min=1, help="Of one conversation.")] = 1000
    max_rounds_at_once: Annotated[
        int, _limit("--max-rounds-at-once", min=1, help="Of one key; more get 429.")
    ] = 32
    max_waiting: Annotated[int, _limit("--max-waiting", min=1, help="In all; more get 503.")] = 64
    max_batch: Annotated[int, _limit("--max-batch", min=1, help="Rounds computed together.")] = 8
    max_connections: Annotated[
        int, _limit("--max-connections", min=8, help="Open at once, of everybody.")
    ] = 512
    cache_mb: Annotated[int, _limit("--cache-mb", min=1, help="Memory for conversations already read.")] = 64
    drain_seconds: Annotated[
        float, _limit("--drain-seconds", min=0, help="For rounds in progress after SIGTERM.")
    ] = 30.0
    image_origin: Annotated[
        list[str] | None,
        _care(
            "--image-origin",
            help="Fetch images that are given by URL from this origin; repeatable. [default: none]",
        ),
    ] = None
    safety_hook: Annotated[
        str | None,
        _care(
            "--safety-hook",
            help="MODULE:CALLABLE that judges words and pictures; `nudity` is ready, `none` is none.",
        ),
    ] = None
    sign: Annotated[
        bool | None,
        _care(
            "--sign/--no-sign",
            help="Sign pictures (C2PA); without --certificate by a local, untrusted one. [default: sign]",
            show_default=False,
        ),
    ] = None
    certificate: Annotated[Path | None, _care("--certificate", help="PEM chain to sign with.")] = None
    certificate_key: Annotated[Path | None, _care("--certificate-key", "--key", help="Its PEM key.")] = None
    timestamp_authority: Annotated[
        str | None,
        _care(
            "--timestamp-authority",
            help="URL of an RFC 3161 service, asked for every picture. [default: none]",
        ),
    ] = None
    watermark: Annotated[
        Literal["faces", "always", "never"],
        _care(
            "--watermark",
            help="Mark the pixels of pictures that a given face or picture went into, of all, or of none.",
        ),
    ] = "faces"
    badge: Annotated[
        Literal["none", "corner"], _care("--badge", help='A visible "AI" in files that are handed out.')
    ] = "none"
    prompts_in_files: Annotated[
        bool, _care("--prompts-in-files", help="Write the prompt into downloaded pictures, too.")
    ] = False
    quantize: Quantize = None
    offload: Offload = False
    words: With = None
    quiet: Annotated[bool, Option("--quiet", help="No line for each request.")] = False
