"""Signing pictures with C2PA: a certificate of yours, or a local one that says that nobody vouches for it.

Knows the signing library and the files of certificates. Needs the extra `provenance` (c2pa-python,
cryptography). A local certificate proves only that a file is unchanged since this server signed it; every
reader shows its signer as untrusted, and that is right.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from limner.dialogue.parts import Picture
from limner.provenance.certificates import (
    LOCAL_NAME,
    MISSING,
    PURPOSES,
    algorithm_of,
    checked_authority,
    is_self_signed,
    make_pair,
    read_pair,
)
from limner.provenance.manifests import Making, ingredients, manifest

__all__ = ["LOCAL_NAME", "Credentials", "local_credentials", "own_credentials"]

NEW: Final = Making()
# Nothing is fetched that a stranger's file names; the purposes are those of `certificates.py`.
RULES: Final[dict[str, Any]] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "trust": {"trust_config": "\n".join(PURPOSES) + "\n"},
    "builder": {"thumbnail": {"enabled": False}},
}


class NotStamped(OSError):  # noqa: N818
    """The time-stamp authority gave no stamp."""


class Credentials:
    """A certificate chain and its key, ready to sign. Every picture gets a signer of its own, so threads may
    share it.

    Args:
        timestamp_authority: URL of an RFC 3161 service that is asked for every picture; None asks nobody.
    """

    def __init__(self, chain_pem: bytes, key_pem: bytes, *, timestamp_authority: str | None = None) -> None:
        """ValueError when the two do not belong together or cannot be used for C2PA, or nobody answers at the
        time-stamp authority.
        """
        chain, key = read_pair(chain_pem, key_pem)
        self._algorithm = algorithm_of(key)
        self.chain_pem = chain_pem
        self._key_pem = key_pem
        self._authority = None if timestamp_authority is None else checked_authority(timestamp_authority)
        self.subject = chain[0].subject.rfc4514_string()
        self.is_self_signed = is_self_signed(chain)
        self._try()

    def sign(self, data: bytes, media_type: str, told: Mapping[str, Any], making: Making = NEW) -> bytes:
        """The same file with a C2PA manifest that says how it was made, by what, and `told`.

        NotStamped when the time-stamp authority does not answer; no file is handed out without its stamp.
        """
        import c2pa

        try:
            return self._sign(data, media_type, told, making, self._authority)
        except c2pa.C2paError as error:
            if self._authority is None:
                raise
            raise NotStamped(self._authority) from error

    def _sign(
        self, data: bytes, media_type: str, told: Mapping[str, Any], making: Making, authority: str | None
    ) -> bytes:
        import c2pa

        info = c2pa.C2paSignerInfo(self._algorithm, self.chain_pem, self._key_pem, authority)
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Context.from_dict(RULES) as context,
            c2pa.Builder.from_json(json.dumps(manifest(told, making)), context) as builder,
        ):
            for definition, source in ingredients(making):
                try:
                    builder.add_ingredient(json.dumps(definition), source.media_type, io.BytesIO(source.file))
                except c2pa.C2paError:  # a stranger's manifest that cannot be read: its pixels alone
                    pixels = Picture.from_bytes(source.file).to_png()
                    builder.add_ingredient(json.dumps(definition), "image/png", io.BytesIO(pixels))
            signed = io.BytesIO()
            builder.sign(signer, media_type, io.BytesIO(data), signed)
            return signed.getvalue()

    def _try(self) -> None:
        """Sign once, so that a useless certificate is told of at the start and not by a client."""
        try:
            import c2pa
        except ImportError as error:
            raise ValueError(MISSING) from error
        plain = Picture(np.zeros((16, 16, 3), np.uint8)).to_png()
        try:
            self._sign(plain, "image/png", {}, NEW, None)
        except c2pa.C2paError as error:
            raise ValueError(f"The certificate cannot sign pictures ({error}).") from error
        if self._authority is None:
            return
        try:
            self._sign(plain, "image/png", {}, NEW, self._authority)
        except c2pa.C2paError as error:
            raise ValueError(
                f"No time stamp was had from {self._authority}; give the URL of an RFC 3161 service that "
                "answers, or leave --timestamp-authority out."
            ) from error


def own_credentials(certificate: Path, key: Path, *, timestamp_authority: str | None = None) -> Credentials:
    """From PEM files: the certificate with its chain, and its key. ValueError or OSError."""
    return Credentials(certificate.read_bytes(), key.read_bytes(), timestamp_authority=timestamp_authority)


def local_credentials(folder: Path | None = None, *, timestamp_authority: str | None = None) -> Credentials:
    """Those in `folder`, made when there are none; None makes some that last as long as the process."""
    if folder is None:
        return Credentials(*make_pair(), timestamp_authority=timestamp_authority)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (certificate.is_file() and key.is_file()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, body in zip((certificate, key), make_pair(), strict=True):
            _write_private(path, body)
    return own_credentials(certificate, key, timestamp_authority=timestamp_authority)


def _write_private(path: Path, body: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
