"""The options of `limner serve`, by the panel of its help. Serves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from limner.cli.loading import Model, Offload, Quantize, With

KEYS_VARIABLE: Final = "LIMNER_API_KEYS"
OPERATOR_KEYS_VARIABLE: Final = "LIMNER_OPERATOR_KEYS"
CARE: Final = "Care"
LIMITS: Final = "Limits"
ACCESS: Final = "Who may use it"


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """What is served, to whom, within which limits, and with which care."""

    host: Annotated[
        str, typer.Option("--host", help="Where to listen; 0.0.0.0 lets the network in, and wants keys.")
    ] = "127.0.0.1"
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8484
    model: Model = "miniature"
    store: Annotated[
        Path, typer.Option("--store", help="Folder that keeps conversations; made when it is not there.")
    ] = Path("limner-store")
    blobs: Annotated[
        str | None,
        typer.Option("--blobs", help="Folder or URL that stores of several machines share. [default: none]"),
    ] = None
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, help="Processes with a model each, through Ray Serve.")
    ] = 1
    name: Annotated[
        str | None,
        typer.Option("--name", help="The model's name for clients. [default: of the model or its folder]"),
    ] = None
    alias: Annotated[
        list[str] | None,
        typer.Option("--alias", help="A further name that it answers to, such as gpt-image-1; repeatable."),
    ] = None
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            "--api-key-file",
            help=f"One key a line, or `NAME KEY`. Or set {KEYS_VARIABLE}, with commas.",
            rich_help_panel=ACCESS,
        ),
    ] = None
    operator_key_file: Annotated[
        Path | None,
        typer.Option(
            "--operator-key-file",
            help="Keys of whoever runs it: all of /metrics and the queue. "
            f"Or set {OPERATOR_KEYS_VARIABLE}, with commas.",
            rich_help_panel=ACCESS,
        ),
    ] = None
    no_auth: Annotated[
        bool,
        typer.Option("--no-auth", help="Let everybody in who reaches --host.", rich_help_panel=ACCESS),
    ] = False
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", help="A name this server is reached by, without keys.", rich_help_panel=ACCESS
        ),
    ] = None
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-origin", help="A site whose pages may ask, as https://HOST.", rich_help_panel=ACCESS
        ),
    ] = None
    max_body_mb: Annotated[
        int, typer.Option("--max-body-mb", min=1, help="Of one request.", rich_help_panel=LIMITS)
    ] = 64
    max_images: Annotated[
        int, typer.Option("--max-images", min=1, max=4, help="Given in one round.", rich_help_panel=LIMITS)
    ] = 4
    max_n: Annotated[
        int, typer.Option("--max-n", min=1, max=10, help="Pictures per request.", rich_help_panel=LIMITS)
    ] = 10
    max_steps: Annotated[
        int, typer.Option("--max-steps", min=1, help="Denoising steps.", rich_help_panel=LIMITS)
    ] = 100
    max_rounds: Annotated[
        int, typer.Option("--max-rounds", min=1, help="Of one conversation.", rich_help_panel=LIMITS)
    ] = 1000
    max_rounds_at_once: Annotated[
        int,
        typer.Option("--max-rounds-at-once", min=1, help="Of one key; more get 429.", rich_help_panel=LIMITS),
    ] = 32
    max_waiting: Annotated[
        int, typer.Option("--max-waiting", min=1, help="In all; more get 503.", rich_help_panel=LIMITS)
    ] = 64
    max_batch: Annotated[
        int, typer.Option("--max-batch", min=1, help="Rounds computed together.", rich_help_panel=LIMITS)
    ] = 8
    max_connections: Annotated[
        int,
        typer.Option("--max-connections", min=8, help="Open at once, of everybody.", rich_help_panel=LIMITS),
    ] = 512
    cache_mb: Annotated[
        int,
        typer.Option(
            "--cache-mb", min=1, help="Memory for conversations already read.", rich_help_panel=LIMITS
        ),
    ] = 64
    drain_seconds: Annotated[
        float,
        typer.Option(
            "--drain-seconds", min=0, help="For rounds in progress after SIGTERM.", rich_help_panel=LIMITS
        ),
    ] = 30.0
    image_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--image-origin",
            help="Fetch images that are given by URL from this origin; repeatable. [default: none]",
            rich_help_panel=CARE,
        ),
    ] = None
    safety_hook: Annotated[
        str | None,
        typer.Option(
            "--safety-hook",
            help="MODULE:CALLABLE that judges words and pictures; `nudity` is ready, `none` is none.",
            rich_help_panel=CARE,
        ),
    ] = None
    sign: Annotated[
        bool | None,
        typer.Option(
            "--sign/--no-sign",
            help="Sign pictures (C2PA); without --certificate by a local, untrusted one. [default: sign]",
            show_default=False,
            rich_help_panel=CARE,
        ),
    ] = None
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="PEM chain to sign with.", rich_help_panel=CARE)
    ] = None
    certificate_key: Annotated[
        Path | None,
        typer.Option("--certificate-key", "--key", help="Its PEM key.", rich_help_panel=CARE),
    ] = None
    timestamp_authority: Annotated[
        str | None,
        typer.Option(
            "--timestamp-authority",
            help="URL of an RFC 3161 service, asked for every picture. [default: none]",
            rich_help_panel=CARE,
        ),
    ] = None
    watermark: Annotated[
        Literal["faces", "always", "never"],
        typer.Option(
            "--watermark",
            help="Mark the pixels of pictures that a given face or picture went into, of all, or of none.",
            rich_help_panel=CARE,
        ),
    ] = "faces"
    badge: Annotated[
        Literal["none", "corner"],
        typer.Option("--badge", help='A visible "AI" in files that are handed out.', rich_help_panel=CARE),
    ] = "none"
    prompts_in_files: Annotated[
        bool,
        typer.Option(
            "--prompts-in-files", help="Write the prompt into downloaded pictures, too.", rich_help_panel=CARE
        ),
    ] = False
    quantize: Quantize = None
    offload: Offload = False
    words: With = None
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each request.")] = False
