"""Perceptual models by name: each is made only when it is asked for, and says what is missing.

Names are `world`, `dlib`, ...; `name=argument` for those that take one; or `module:Class` for a user's own
class, made without arguments, which must have the protocol's methods (`perception/protocols.py`).
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from limner.perception.face_weights import face_weights_files
from limner.perception.protocols import Captioner, FaceReader, Segmenter, Writer

T = TypeVar("T")
# Whose networks a GPU makes faster; a user's own class is taken for one.
FACES_ON_GPU: Final = ("world", "yunet-auraface", "insightface")
SEGMENTERS_ON_GPU: Final = ("sam2",)
_WORLD_SENSES: Final = Path(__file__).parents[1] / "miniature" / "senses"


# What may stand for an adapter beside module:Class, by the option that names it.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "--faces": ("world", "light", "dlib", "yunet-auraface", "insightface"),
    "--segmenter": ("selfie", "world", "grabcut", "sam2"),
    "--captioner": ("world", "openai"),
    "--writer": ("world", "openai"),
    "--editor": ("openai",),
    "--personalizer": ("openai", "pipeline"),
}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A server for captioner and writer.

    `per_minute` limits this process's requests; `price` is US dollars per million tokens, in and out.
    """

    url: str = "https://api.openai.com/v1"
    model: str = ""
    key_variable: str = "OPENAI_API_KEY"
    per_minute: float | None = None
    price: tuple[float, float] = (0.0, 0.0)
    timeout_s: float = 120.0


def faces_by_name(name: str) -> FaceReader:
    """world, light, dlib, yunet-auraface, insightface, or module:Class."""
    return made_by_name(
        name,
        "--faces",
        FaceReader,  # type: ignore[type-abstract]
        {
            "world": _world,
            "light": _light,
            "dlib": _dlib,
            "yunet-auraface": _yunet,
            "insightface": _insightface,
        },
    )


def segmenter_by_name(name: str) -> Segmenter:
    """selfie (photographs), world and grabcut (by colours alone), sam2, or module:Class."""
    return made_by_name(
        name,
        "--segmenter",
        Segmenter,  # type: ignore[type-abstract]
        {"selfie": _selfie, "world": _grabcut, "grabcut": _grabcut, "sam2": _sam2},
    )


def segmenter_for(name: str, faces: str) -> str:
    """`name`, or for "auto" the one that goes with the face reader: photographs need another than
    drawings.
    """
    if name != "auto":
        return name
    return "world" if faces.partition("=")[0] == "world" else "selfie"


def captioner_by_name(name: str, endpoint: Endpoint) -> Captioner:
    """world (reads the truth beside its films), openai (any compatible endpoint), or module:Class."""
    from limner.builders.world.film_words import WorldCaptioner

    return made_by_name(
        name,
        "--captioner",
        Captioner,  # type: ignore[type-abstract]
        {"world": lambda _: WorldCaptioner(), "openai": lambda model: _endpoint_captioner(endpoint, model)},
    )


def writer_by_name(name: str, endpoint: Endpoint) -> Writer:
    """world (reads the truth beside its films), openai (any compatible endpoint), or module:Class."""
    from limner.builders.world.film_words import WorldWriter

    return made_by_name(
        name,
        "--writer",
        Writer,  # type: ignore[type-abstract]
        {"world": lambda _: WorldWriter(), "openai": lambda model: _endpoint_writer(endpoint, model)},
    )


def weights_of(name: str) -> str:
    """Hash of the world's perceptual models, which are retrained now and then; "" for other readers."""
    kind, _, argument = name.partition("=")
    path = Path(argument or _WORLD_SENSES) / "senses.safetensors"
    return hashlib.sha256(path.read_bytes()).hexdigest() if kind == "world" and path.is_file() else ""


def on_gpu(name: str, known: Sequence[str]) -> bool:
    """Whether what `name` means should run where a GPU is: one of the `known`, or the user's own class."""
    return name.partition("=")[0] in known or (":" in name and "=" not in name)


def check_name(name: str, option: str, *further: str) -> None:
    """ValueError when `name` is neither one of `NAMES`, nor `further`, nor a class of the user's, and when
    files of weights that it needs are missing.
    """
    kind, is_given, argument = name.partition("=")
    known = (*further, *NAMES[option])
    if kind not in known and not (":" in name and not is_given):
        raise ValueError(
            f"{option} {name} is not known; choose {', '.join(known)}, or module:Class of your own."
        )
    if kind == "light":
        face_weights_files(argument)


def made_by_name(name: str, option: str, protocol: type[T], known: Mapping[str, Callable[[str], Any]]) -> T:
    """The adapter called `name`: one of `known`, or the user's own module:Class. ValueError lists the known
    names.
    """
    if ":" in name and "=" not in name:
        return _users(name, option, protocol)
    check_name(name, option)
    kind, _, argument = name.partition("=")
    made: T = known[kind](argument)
    return made


def _users(name: str, option: str, protocol: type[T]) -> T:
    """A user's class, found as `python` would from the folder where the command runs."""
    module_name, _, class_name = name.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"{option} {name} cannot be imported ({error}); run where {module_name} lies."
        ) from error
    except Exception as error:  # the user's module may raise anything
        raise ValueError(f"{option} {name} fails when it is imported ({_told(error)}).") from error
    try:
        made = found()
    except (ValueError, OSError):
        raise
    except Exception as error:
        raise ValueError(f"{option} {name} cannot be made without arguments ({_told(error)}).") from error
    missing = [each for each in _methods(protocol) if not callable(getattr(made, each, None))]
    if missing:
        raise ValueError(f"{option} {name} is no {protocol.__name__}: it has no {' and no '.join(missing)}.")
    users: T = made
    return users


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _methods(protocol: type) -> list[str]:
    return [each for each, value in vars(protocol).items() if not each.startswith("_") and callable(value)]


def _world(folder: str) -> Any:
    from limner.perception.senses import load_senses

    return load_senses(folder or _WORLD_SENSES, _best_device())


def _best_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _light(folder: str) -> Any:
    from limner.perception.face_network import FaceNetwork
    from limner.perception.light_faces import LightFaces

    return LightFaces(FaceNetwork(folder))


def _dlib(_: str) -> Any:
    from limner.perception.dlib_faces import DlibFaces

    return DlibFaces()


def _yunet(_: str) -> Any:
    from limner.perception.yunet_auraface import YunetAuraface

    return YunetAuraface()


def _insightface(models: str) -> Any:
    from limner.perception.insightface_faces import InsightFaces

    return InsightFaces(models) if models else InsightFaces()


def _grabcut(_: str) -> Any:
    from limner.perception.grabcut import GrabCutSegmenter

    return GrabCutSegmenter()


def _selfie(_: str) -> Any:
    from limner.perception.selfie import SelfieSegmenter

    return SelfieSegmenter()


def _sam2(weights: str) -> Any:
    from limner.perception.sam2 import Sam2Segmenter

    return Sam2Segmenter(weights) if weights else Sam2Segmenter()


def _endpoint_captioner(endpoint: Endpoint, model: str) -> Any:
    from limner.perception.endpoint.captions import EndpointCaptioner

    return EndpointCaptioner(_connected(endpoint, model))


def _endpoint_writer(endpoint: Endpoint, model: str) -> Any:
    from limner.perception.endpoint.captions import EndpointWriter

    return EndpointWriter(_connected(endpoint, model))


def _connected(endpoint: Endpoint, model: str) -> Any:
    from limner.perception.endpoint.structured import StructuredEndpoint
    from limner.perception.endpoint.wire import Limits, Wire, key_from

    limits = Limits(timeout_s=endpoint.timeout_s, per_minute=endpoint.per_minute)
    wire = Wire(endpoint.url, key=key_from(endpoint.key_variable), limits=limits)
    return StructuredEndpoint(wire, model=model or endpoint.model, price=endpoint.price)
