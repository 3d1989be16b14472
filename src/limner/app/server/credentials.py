"""Signing pictures with C2PA: a certificate of yours, or a local one that says that nobody vouches for it.

Knows certificates, their files and the manifest. Needs the extra `provenance` (c2pa-python, cryptography). A
local certificate proves only that a file is unchanged since this server signed it; every reader shows its
signer as untrusted, and that is right.
"""

from __future__ import annotations

import datetime
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import limner

GENERATED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LOCAL_NAME: Final = "Limner local certificate (untrusted)"
VALID_DAYS: Final = 3650
MISSING: Final = "Signing pictures needs the extra `provenance`: pip install 'limner[provenance]'."


class Credentials:
    """A certificate chain and its key, ready to sign. Every picture gets a signer of its own, so threads may
    share it.
    """

    def __init__(self, chain_pem: bytes, key_pem: bytes) -> None:
        """ValueError when the two do not belong together or cannot be used for C2PA."""
        try:
            from cryptography import x509
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError as error:
            raise ValueError(MISSING) from error
        try:
            certificate = x509.load_pem_x509_certificate(chain_pem)
            key = load_pem_private_key(key_pem, password=None)
        except (ValueError, TypeError) as error:
            raise ValueError(
                "The certificate or its key is not readable PEM without a password; give both as PEM files."
            ) from error
        if certificate.public_key() != key.public_key():
            raise ValueError("The certificate and the key do not belong together; give the pair.")
        self.chain_pem = chain_pem
        self._key_pem = key_pem
        self._algorithm = _algorithm(key)
        self.subject = certificate.subject.rfc4514_string()
        self._try()

    def sign(self, data: bytes, media_type: str, told: Mapping[str, Any]) -> bytes:
        """The same file with a C2PA manifest that says it was generated, by what, and `told`."""
        import c2pa

        info = c2pa.C2paSignerInfo(self._algorithm, self.chain_pem, self._key_pem, None)
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}}) as context,
            c2pa.Builder.from_json(json.dumps(_manifest(told)), context) as builder,
        ):
            signed = io.BytesIO()
            builder.sign(signer, media_type, io.BytesIO(data), signed)
            return signed.getvalue()

    def _try(self) -> None:
        """Sign once, so that a useless certificate is told of at the start and not by a client."""
        from PIL import Image

        try:
            import c2pa
        except ImportError as error:
            raise ValueError(MISSING) from error
        buffer = io.BytesIO()
        Image.new("RGB", (16, 16)).save(buffer, format="PNG")
        try:
            self.sign(buffer.getvalue(), "image/png", {})
        except c2pa.C2paError as error:
            raise ValueError(
                f"The certificate cannot sign pictures ({error}); C2PA wants one for e-mail protection or "
                "document signing that is not self-signed, with its chain."
            ) from error


def own_credentials(certificate: Path, key: Path) -> Credentials:
    """From PEM files: the certificate with its chain, and its key. ValueError or OSError."""
    return Credentials(certificate.read_bytes(), key.read_bytes())


def local_credentials(folder: Path | None = None) -> Credentials:
    """Those in `folder`, made when there are none; None makes some that last as long as the process."""
    if folder is None:
        return Credentials(*_make_pair())
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (certificate.is_file() and key.is_file()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, body in zip((certificate, key), _make_pair(), strict=True):
            _write_private(path, body)
    return own_credentials(certificate, key)


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


def _manifest(told: Mapping[str, Any]) -> dict[str, Any]:
    action = {
        "action": "c2pa.created",
        "digitalSourceType": GENERATED,
        "softwareAgent": {"name": "Limner", "version": limner.__version__},
        "parameters": {f"org.limner.{name}": str(value) for name, value in told.items()},
    }
    return {
        "claim_generator_info": [{"name": "Limner", "version": limner.__version__}],
        "title": "A picture painted by Limner",
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
    }


def _algorithm(key: Any) -> str:
    """The name that C2PA has for what this key signs with; ValueError for keys that it does not take."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey):
        found = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}.get(key.curve.name)
        if found is not None:
            return found
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise ValueError("The key is of a kind that C2PA does not sign with; use P-256, Ed25519 or RSA.")


def _make_pair() -> tuple[bytes, bytes]:
    """A certificate with the root that issued it, and its key. The root's key is thrown away at once: nobody
    can issue another certificate under it.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError as error:
        raise ValueError(MISSING) from error
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
    end = start + datetime.timedelta(days=VALID_DAYS)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def certificate(name: str, for_key: Any, issuer: str, is_root: bool) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Limner, local and untrusted")
            return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, text)])

        usage = dict.fromkeys(
            (
                "key_encipherment",
                "content_commitment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(for_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, **usage
                ),
                True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(for_key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)
        )
        if not is_root:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False
            )
        return builder.sign(root_key, hashes.SHA256())

    root_name = f"{LOCAL_NAME}, root"
    pem = serialization.Encoding.PEM
    chain = b"".join(
        one.public_bytes(pem)
        for one in (
            certificate(LOCAL_NAME, key, root_name, False),
            certificate(root_name, root_key, root_name, True),
        )
    )
    return chain, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
