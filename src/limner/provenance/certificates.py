"""Certificates to sign pictures with: whether one can, and if not, why not; and a local one made here. Also
the address of whoever stamps signatures.

Knows X.509 and what C2PA asks of a signer's certificate (specification 2.2, section 14.5). Its library
says of most wrong ones only that they are invalid. Knows nothing about pictures and manifests.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cryptography import x509

LOCAL_NAME: Final = "Limner local certificate (untrusted)"
VALID_DAYS: Final = 3650
MISSING: Final = "Signing pictures needs the extra `provenance`: pip install 'limner[provenance]'."
# E-mail protection, document signing, and C2PA's own purpose for signers of claims.
PURPOSES: Final = ("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1")
_PURPOSES_TOLD: Final = "e-mail protection, document signing or C2PA claim signing"


def checked_authority(url: str) -> str:
    """The URL of a time-stamp authority as it is; ValueError when it is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError(
            f"A time-stamp authority is named by its URL, as http://HOST/PATH, not {url[:80]!r}."
        )
    return url


def read_pair(chain_pem: bytes, key_pem: bytes) -> tuple[list[x509.Certificate], Any]:
    """The chain, the signer's certificate first, and its key. ValueError says what is wrong."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise ValueError(MISSING) from error
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
        key = load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise ValueError(
            "The certificate or its key is not readable PEM without a password; give both as PEM files."
        ) from error
    if chain[0].public_key() != key.public_key():
        found = any(one.public_key() == key.public_key() for one in chain)
        raise ValueError(
            "The key belongs to a later certificate of the chain; put the signer's own first."
            if found
            else "The certificate and the key do not belong together; give the pair."
        )
    reason = why_not(chain)
    if reason is not None:
        raise ValueError(f"The certificate cannot sign pictures: {reason}.")
    return chain, key


def algorithm_of(key: Any) -> str:
    """The name that C2PA has for what this key signs with; ValueError for keys that it does not take."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey):
        found = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}.get(key.curve.name)
        if found is not None:
            return found
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < 2048:
            raise ValueError(f"The RSA key has {key.key_size} bits; C2PA wants 2048 or more.")
        return "ps256"
    raise ValueError("The key is of a kind that C2PA does not sign with; use P-256, Ed25519 or RSA.")


def why_not(chain: Sequence[x509.Certificate]) -> str | None:
    """Why the first of the chain cannot sign for C2PA, in words that end a sentence; None when it can."""
    from cryptography import x509

    leaf, now = chain[0], datetime.datetime.now(datetime.UTC)

    def extension(kind: type[Any]) -> Any:
        try:
            return leaf.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

    basic = extension(x509.BasicConstraints)
    usage = extension(x509.KeyUsage)
    purposes = extension(x509.ExtendedKeyUsage)
    if leaf.version is not x509.Version.v3:
        return "it is not of X.509 version 3"
    if now < leaf.not_valid_before_utc:
        return f"it is valid only from {leaf.not_valid_before_utc:%Y-%m-%d} on"
    if now > leaf.not_valid_after_utc:
        return f"it expired on {leaf.not_valid_after_utc:%Y-%m-%d}"
    if basic is not None and basic.ca:
        return "it is an authority's (basic constraints CA:TRUE); issue one for signing under it"
    if usage is None or not usage.digital_signature:
        return "its key usage does not say digitalSignature"
    if purposes is None:
        return f"it has no extended key usage; it needs {_PURPOSES_TOLD}"
    if not any(one.dotted_string in PURPOSES for one in purposes):
        return f"its extended key usage names none of {_PURPOSES_TOLD}"
    if extension(x509.AuthorityKeyIdentifier) is None:
        return "it has no authority key identifier, which C2PA wants of a self-signed one, too"
    return None


def is_self_signed(chain: Sequence[x509.Certificate]) -> bool:
    """Whether the signer's certificate was issued by itself."""
    return bool(chain[0].issuer == chain[0].subject)


def make_pair() -> tuple[bytes, bytes]:
    """A certificate with the root that issued it, and its key, as PEM. The root's key is discarded, so that
    no other certificate can be issued under it.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise ValueError(MISSING) from error
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = f"{LOCAL_NAME}, root"
    pem = serialization.Encoding.PEM
    issued = (_issue(LOCAL_NAME, key, root_name, root_key), _issue(root_name, root_key, root_name, root_key))
    chain = b"".join(one.public_bytes(pem) for one in issued)
    return chain, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _issue(name: str, key: Any, issuer: str, issuer_key: Any) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def named(text: str) -> x509.Name:
        organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Limner, local and untrusted")
        return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, text)])

    is_root = name == issuer
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
    usage = x509.KeyUsage(
        digital_signature=not is_root,
        key_cert_sign=is_root,
        crl_sign=is_root,
        key_encipherment=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return builder.sign(issuer_key, hashes.SHA256())
