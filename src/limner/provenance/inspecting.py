"""What a picture's file says of its origin (a signed manifest, text of ours, a watermark), and what it means.

Knows how each is read. Trusts nothing that a file says: text is anybody's to write, a manifest is worth what
its signer is, and a picture without any mark is not therefore anything but unmarked.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any, Final

from PIL import Image

from limner.dialogue.parts import Picture
from limner.provenance.credentials import RULES
from limner.provenance.origin import DESCRIPTION, SOFTWARE, has_manifest, media_type_of
from limner.provenance.watermark import NAME, look_for

NO_MARK: Final = (
    "No mark was found. That does not mean that the picture was not made by AI: marks get lost on the way, "
    "and not every painter leaves any."
)
AI_TYPES: Final = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia")
MAX_TOLD: Final = 2000  # characters of a text that a stranger wrote


@dataclass(frozen=True, kw_only=True)
class ManifestFound:
    """A C2PA manifest. `state` is "Trusted", "Valid" (whole, its signer unknown) or "Invalid"."""

    state: str
    problems: tuple[str, ...] = ()
    signer: str | None = None
    signed_at: str | None = None  # as a time-stamp authority says
    generator: str | None = None
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    soft_bindings: tuple[str, ...] = ()

    @property
    def says_ai(self) -> bool:
        return any(kind in AI_TYPES for kind in self.source_types)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All origin marks found in a file. `is_marked`: whether any of them says that AI made or changed the
    picture.
    """

    manifest: ManifestFound | None = None
    text: dict[str, str] = field(default_factory=dict)
    watermark: str | None = None
    watermark_height: float = 0.0
    meaning: tuple[str, ...] = ()

    @property
    def is_marked(self) -> bool:
        said = self.manifest is not None and self.manifest.says_ai and self.manifest.state != "Invalid"
        return said or bool(self.text) or self.watermark is not None


def inspect(data: bytes, picture: Picture | None = None) -> Findings:
    """Read the origin marks in the bytes of a picture file; ValueError when they are not a picture.

    Args:
        picture: the same, decoded elsewhere; by default it is decoded here.
    """
    picture = Picture.from_bytes(data) if picture is None else picture
    media_type = media_type_of(data)
    manifest = None if media_type is None else read_manifest(data, media_type)
    text = _text(data)
    seen = look_for(picture.pixels)
    watermark = NAME if seen.is_there else None
    return Findings(
        manifest=manifest,
        text=text,
        watermark=watermark,
        watermark_height=round(seen.height, 1),
        meaning=tuple(_meaning(manifest, text, watermark)),
    )


def read_manifest(data: bytes, media_type: str) -> ManifestFound | None:
    """The active manifest and its state; None without one, or where the library that reads it is missing."""
    if not has_manifest(data):
        return None
    try:
        import c2pa
    except ImportError:
        return ManifestFound(state="unread", problems=("reading it needs the extra `provenance`",))
    try:
        with (
            c2pa.Context.from_dict(RULES) as context,
            c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            whole = json.loads(reader.json())
            state = str(reader.get_validation_state())
    except c2pa.C2paError as error:
        if type(error).__name__.endswith("ManifestNotFound"):
            return None
        return ManifestFound(state="Invalid", problems=("the manifest cannot be read",))
    active = whole.get("manifests", {}).get(whole.get("active_manifest"))
    return None if active is None else _found(state, whole, active)


def _found(state: str, whole: dict[str, Any], active: dict[str, Any]) -> ManifestFound:
    said = [one for one in active.get("assertions", []) if isinstance(one.get("data"), dict)]
    actions = [
        action
        for one in said
        if str(one.get("label", "")).startswith("c2pa.actions")
        for action in one["data"].get("actions", [])
        if isinstance(action, dict)
    ]
    kinds = [
        str(one["digitalSourceType"]).rpartition("/")[2] for one in actions if "digitalSourceType" in one
    ]
    signature = active.get("signature_info") or {}
    generator: dict[str, Any] = next(iter(active.get("claim_generator_info") or []), {})
    bindings = [
        str(one["data"].get("alg"))
        for one in said
        if str(one.get("label", "")).startswith("c2pa.soft-binding")
    ]
    return ManifestFound(
        state=state,
        problems=tuple(_short(one.get("code")) for one in whole.get("validation_status", [])),
        signer=_short(signature.get("common_name") or signature.get("issuer")) or None,
        signed_at=_short(signature.get("time")) or None,
        generator=_short(f"{generator.get('name', '')} {generator.get('version', '')}".strip()) or None,
        actions=tuple(_short(one.get("action")) for one in actions),
        source_types=tuple(dict.fromkeys(_short(kind) for kind in kinds)),
        ingredients=tuple(_short(one.get("title")) for one in active.get("ingredients", [])),
        soft_bindings=tuple(_short(one) for one in bindings),
    )


def _text(data: bytes) -> dict[str, str]:
    """What Limner writes into files: model, weights, seed, node, prompt. Empty for other files."""
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
        exif = image.getexif()
    except Exception:  # decoders of untrusted bytes raise nearly anything
        return {}
    told = {
        name: _short(value)
        for name, value in getattr(image, "text", {}).items()
        if name.startswith("limner:")
    }
    told = {name.removeprefix("limner:"): value for name, value in told.items()}
    if not told and str(exif.get(SOFTWARE, "")).startswith("limner "):
        try:
            described = json.loads(str(exif.get(DESCRIPTION, "")))
        except ValueError:
            described = None
        if isinstance(described, dict):
            told = {str(name): _short(value) for name, value in described.items()}
    return told


def _meaning(manifest: ManifestFound | None, text: dict[str, str], watermark: str | None) -> list[str]:
    if manifest is None and not text and watermark is None:
        return [NO_MARK]
    said = []
    if manifest is not None:
        said.append(_of_manifest(manifest))
    if text:
        said.append("Text in the file says that Limner painted it. Anybody can write such text.")
    if watermark is not None:
        said.append(
            "The pixels carry Limner's watermark: Limner painted the picture, or somebody copied the pattern."
        )
    if not (manifest is not None and manifest.says_ai) and not text and watermark is None:
        said.append("Nothing here says that AI made it, nor that it did not.")
    return said


def _of_manifest(found: ManifestFound) -> str:
    made = {
        "trainedAlgorithmicMedia": "that AI generated it",
        "compositeWithTrainedAlgorithmicMedia": "that it is a composite with AI-generated parts",
        "algorithmicMedia": "that an algorithm made it",
    }
    told = " and ".join(made[kind] for kind in found.source_types if kind in made) or "how it was made"
    who = found.signer or "somebody unnamed"
    if found.state == "Invalid":
        return f"A manifest names {who} as its signer, but it does not fit the file: believe nothing of it."
    if found.state == "Trusted":
        return f"{who}, whom this reader trusts, signed {told}; the file is unchanged since."
    if found.state == "Valid":
        return (
            f"{who}, for whom nobody this reader trusts vouches, signed {told}; the file is unchanged since."
        )
    return "There is a manifest, which was not read."


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_TOLD]
