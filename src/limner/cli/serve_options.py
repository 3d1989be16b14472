"""The options of `limner serve`, each told once, by the panel of its help. Serves nothing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from limner.cli.loading import MODEL_HELP

KEYS_VARIABLE: Final = "LIMNER_API_KEYS"
OPERATOR_KEYS_VARIABLE: Final = "LIMNER_OPERATOR_KEYS"
CARE: Final = "Care"
LIMITS: Final = "Limits"
ACCESS: Final = "Who may use it"


class Marked(StrEnum):
    """Whose pixels are marked."""

    faces = "faces"
    always = "always"
    never = "never"


class BadgePlace(StrEnum):
    """Where the badge is."""

    none = "none"
    corner = "corner"


Host = Annotated[
    str, typer.Option("--host", help="Where to listen; 0.0.0.0 lets the network in, and wants keys.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")]
Model = Annotated[str, typer.Option("--model", help=MODEL_HELP)]
Store = Annotated[
    Path, typer.Option("--store", help="Folder that keeps conversations; made when it is not there.")
]
Blobs = Annotated[
    str | None,
    typer.Option("--blobs", help="Folder or URL that stores of several machines share. [default: none]"),
]
Replicas = Annotated[
    int, typer.Option("--replicas", min=1, help="Processes with a model each, through Ray Serve.")
]
Name = Annotated[
    str | None,
    typer.Option("--name", help="The model's name for clients. [default: of the model or its folder]"),
]
Alias = Annotated[
    list[str] | None,
    typer.Option("--alias", help="A further name that it answers to, such as gpt-image-1; repeatable."),
]
ApiKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file",
        help=f"One key a line, or `NAME KEY`. Or set {KEYS_VARIABLE}, with commas.",
        rich_help_panel=ACCESS,
    ),
]
OperatorKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--operator-key-file",
        help="Keys of whoever runs it: all of /metrics and the queue. "
        f"Or set {OPERATOR_KEYS_VARIABLE}, with commas.",
        rich_help_panel=ACCESS,
    ),
]
NoAuth = Annotated[
    bool,
    typer.Option("--no-auth", help="Let everybody in who reaches --host.", rich_help_panel=ACCESS),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", help="A name this server is reached by, without keys.", rich_help_panel=ACCESS
    ),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin", help="A site whose pages may ask, as https://HOST.", rich_help_panel=ACCESS
    ),
]
MaxBodyMb = Annotated[
    int, typer.Option("--max-body-mb", min=1, help="Of one request.", rich_help_panel=LIMITS)
]
MaxImages = Annotated[
    int, typer.Option("--max-images", min=1, max=4, help="Given in one round.", rich_help_panel=LIMITS)
]
MaxN = Annotated[
    int, typer.Option("--max-n", min=1, max=10, help="Pictures per request.", rich_help_panel=LIMITS)
]
MaxSteps = Annotated[int, typer.Option("--max-steps", min=1, help="Denoising steps.", rich_help_panel=LIMITS)]
MaxRounds = Annotated[
    int, typer.Option("--max-rounds", min=1, help="Of one conversation.", rich_help_panel=LIMITS)
]
MaxRoundsAtOnce = Annotated[
    int,
    typer.Option("--max-rounds-at-once", min=1, help="Of one key; more get 429.", rich_help_panel=LIMITS),
]
MaxWaiting = Annotated[
    int, typer.Option("--max-waiting", min=1, help="In all; more get 503.", rich_help_panel=LIMITS)
]
MaxBatch = Annotated[
    int, typer.Option("--max-batch", min=1, help="Rounds computed together.", rich_help_panel=LIMITS)
]
MaxConnections = Annotated[
    int,
    typer.Option("--max-connections", min=8, help="Open at once, of everybody.", rich_help_panel=LIMITS),
]
CacheMb = Annotated[
    int,
    typer.Option("--cache-mb", min=1, help="Memory for conversations already read.", rich_help_panel=LIMITS),
]
DrainSeconds = Annotated[
    float,
    typer.Option(
        "--drain-seconds", min=0, help="For rounds in progress after SIGTERM.", rich_help_panel=LIMITS
    ),
]
ImageOrigin = Annotated[
    list[str] | None,
    typer.Option(
        "--image-origin",
        help="Fetch images that are given by URL from this origin; repeatable. [default: none]",
        rich_help_panel=CARE,
    ),
]
SafetyHook = Annotated[
    str | None,
    typer.Option(
        "--safety-hook",
        help="MODULE:CALLABLE that judges words and pictures; `nudity` is ready, `none` is none.",
        rich_help_panel=CARE,
    ),
]
Sign = Annotated[
    bool | None,
    typer.Option(
        "--sign/--no-sign",
        help="Sign pictures (C2PA); without --certificate by a local, untrusted one. [default: sign]",
        show_default=False,
        rich_help_panel=CARE,
    ),
]
Certificate = Annotated[
    Path | None, typer.Option("--certificate", help="PEM chain to sign with.", rich_help_panel=CARE)
]
CertificateKey = Annotated[
    Path | None,
    typer.Option("--certificate-key", "--key", help="Its PEM key.", rich_help_panel=CARE),
]
TimestampAuthority = Annotated[
    str | None,
    typer.Option(
        "--timestamp-authority",
        help="URL of an RFC 3161 service, asked for every picture. [default: none]",
        rich_help_panel=CARE,
    ),
]
Watermark = Annotated[
    Marked,
    typer.Option(
        "--watermark",
        help="Mark the pixels of pictures that a given face or picture went into, of all, or of none.",
        rich_help_panel=CARE,
    ),
]
Badge = Annotated[
    BadgePlace,
    typer.Option("--badge", help='A visible "AI" in files that are handed out.', rich_help_panel=CARE),
]
PromptsInFiles = Annotated[
    bool,
    typer.Option(
        "--prompts-in-files", help="Write the prompt into downloaded pictures, too.", rich_help_panel=CARE
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No line for each request.")]
