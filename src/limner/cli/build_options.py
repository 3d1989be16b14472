"""The options that builders share, each told once, alone or in groups (`options.py`). Builds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from typer import Option

from limner.cli.files import file_to_write, folder_to_write

if TYPE_CHECKING:
    from limner.builders.adapters import Endpoint

OPENAI: Final = "https://api.openai.com/v1"
OPENAI_KEY: Final = "OPENAI_API_KEY"


@dataclass(frozen=True, kw_only=True)
class Work:
    """How a build runs."""

    engine: Annotated[
        Literal["local", "ray"],
        Option("--engine", help="local (processes here), or ray (actors here or on a cluster)."),
    ] = "local"
    workers: Annotated[int, Option("--workers", min=1, max=1024, help="Processes side by side.")] = 1


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a build tells what it did."""

    page: Annotated[
        Path | None, Option("--page", help="HTML page of the run (default: OUT.html).", show_default=False)
    ] = None
    as_json: Annotated[bool, Option("--json", help="Print the funnel as JSON.")] = False

    def page_of(self, folder: Path) -> Path:
        """Path of the page of the data set in `folder`, beside it by default; checked."""
        return file_to_write(self.page or folder.with_name(f"{folder.name}.html"), ".html")


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server of adapters that ask one."""

    url: Annotated[str, Option("--endpoint", help="Where an OpenAI-compatible API begins.")] = OPENAI
    model: Annotated[str, Option("--endpoint-model", help="The model's name there.")] = ""
    key_variable: Annotated[
        str, Option("--endpoint-key", help="Environment variable that holds the key.")
    ] = OPENAI_KEY
    timeout_s: Annotated[
        float, Option("--endpoint-timeout", min=0.1, help="Seconds that one answer may take.")
    ] = 120.0
    per_minute: Annotated[
        float | None, Option("--per-minute", min=0.01, help="Most requests a minute, all workers.")
    ] = None

    def endpoint(self, workers: int, price: tuple[float, float] = (0.0, 0.0)) -> Endpoint:
        """The server as each of the workers asks it."""
        from limner.builders.adapters import Endpoint

        return Endpoint(
            url=self.url,
            model=self.model,
            key_variable=self.key_variable,
            per_minute=None if self.per_minute is None else self.per_minute / workers,
            price=price,
            timeout_s=self.timeout_s,
        )


Out = Annotated[Path, Option("--out", help="Folder of the data set; a build begun there goes on.")]
Seed = Annotated[int, Option("--seed", min=0, max=2**31 - 1, help="Same seed, same names and words.")]

# Pictures and faces.
Images = Annotated[
    list[Path] | None, Option("--images", help="A root of the pictures; may be given several times.")
]
SizePx = Annotated[int, Option("--size", min=32, max=2048, help="Pixels along the longer side, at most.")]
SquarePx = Annotated[int, Option("--size", min=32, max=2048, help="Pixels along a side.")]
FacePx = Annotated[int, Option("--face-size", min=16, max=1024, help="The cut-out face's side.")]
SmallestFacePx = Annotated[
    int, Option("--smallest-face", min=1, help="Pixels of the smallest face that is used.")
]
Floor = Annotated[
    float | None,
    Option("--floor", help="Least similarity of two faces of one person (default: the reader's own)."),
]
Margin = Annotated[
    float | None, Option("--margin", help="How clear it must be who is who (default: the reader's own).")
]

# Adapters by name.
Faces = Annotated[
    str,
    Option(
        "--faces",
        help="world, light, light=FOLDER of its weights, dlib, yunet-auraface, insightface, or module:Class.",
    ),
]
Segmenter = Annotated[
    str,
    Option(
        "--segmenter",
        help="auto (world for drawn persons, selfie for photographs), selfie, world or grabcut (by colours "
        "alone), sam2, or module:Class.",
    ),
]
Captioner = Annotated[str, Option("--captioner", help="world, openai, or module:Class.")]
Writer = Annotated[str, Option("--writer", help="world, openai, or module:Class.")]
Editor = Annotated[
    str,
    Option(
        "--editor",
        help="Who makes edits that the data lacks: none, openai, limner, limner=FOLDER, module:Class.",
    ),
]
Personalizer = Annotated[
    str, Option("--personalizer", help="openai, pipeline=FOLDER, or module:Class.", show_default=False)
]

# What a server's answers cost, and what else it is asked with.
PriceIn = Annotated[float, Option("--price-in", min=0, help="Dollars per million tokens sent, to count.")]
PriceOut = Annotated[float, Option("--price-out", min=0, help="Dollars per million tokens received.")]
PricePicture = Annotated[float, Option("--price-picture", min=0, help="Dollars a picture, to count.")]
Field = Annotated[
    list[str] | None,
    Option("--field", help="NAME=VALUE: a further field of each request; {seed} becomes the seed."),
]


def check(
    folder: Path, report: Report, sources: Sequence[Path] = (), adapters: Sequence[tuple[str, ...]] = ()
) -> None:
    """Check paths and adapter names before anything heavy is imported; ValueError names what is wrong.

    Args:
        folder: where the set goes.
        report: where its page goes.
        sources: files and folders that must be there.
        adapters: (name, option, further names) as of `limner.builders.adapters.check_name`.
    """
    from limner.builders.adapters import check_name

    folder_to_write(folder)
    report.page_of(folder)
    for path in sources:
        if not path.exists():
            raise ValueError(f"There is nothing at {path}; give the path of what is to be read.")
    for name, option, *further in adapters:
        check_name(name, option, *further)


def fields_by_name(words: list[str] | None) -> dict[str, str]:
    """NAME=VALUE words by name; ValueError for another shape."""
    found = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise ValueError(f"--field {word} is no NAME=VALUE.")
        found[name] = value
    return found
