"""Which certificates sign pictures, and that the others are refused with the true reason; time stamps."""

from __future__ import annotations

import datetime
import http.server
import shutil
import subprocess
import threading

import numpy as np
import pytest

pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
x509 = pytest.importorskip("cryptography.x509")

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose  # noqa: E402
from cryptography.x509.oid import NameOID  # noqa: E402

from limner.dialogue.parts import Picture  # noqa: E402
from limner.provenance.credentials import Credentials, local_credentials  # noqa: E402
from limner.provenance.inspecting import inspect  # noqa: E402
from limner.provenance.origin import Origin, file_that_tells  # noqa: E402

ORIGIN = Origin(model="limner", weights="ab12", seed=1, node_id="f" * 64)
C2PA_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
ROOT = ec.generate_private_key(ec.SECP256R1())
KEY = ec.generate_private_key(ec.SECP256R1())


def pem_of(key):
    kinds = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *kinds)


def issued(
    key=KEY, *, by=ROOT, issuer="root", name="signer", ca=False, purposes=(Purpose.EMAIL_PROTECTION,), **k
):
    """A certificate; `aki`, `usage` and `critical` leave things out, `days` is (from, to) from now."""

    def named(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.UTC)
    start, end = (now + datetime.timedelta(days=day) for day in k.get("days", (-1, 30)))
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = dict.fromkeys((*names, "encipher_only", "decipher_only"), False)
    usage |= {"digital_signature": not ca, "key_cert_sign": ca, "crl_sign": ca}
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    )
    if k.get("usage", True):
        made = made.add_extension(x509.KeyUsage(**usage), True)
    if k.get("aki", True):
        made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False)
    if purposes:
        made = made.add_extension(x509.ExtendedKeyUsage(purposes), k.get("critical", False))
    return made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


CHAIN = issued(ROOT, name="root", ca=True, purposes=())


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        ({"aki": False}, "authority key identifier"),
        ({"purposes": ()}, "no extended key usage"),
        ({"purposes": (Purpose.SERVER_AUTH,)}, "names none of"),
        ({"usage": False}, "digitalSignature"),
        ({"ca": True}, "CA:TRUE"),
        ({"days": (-9, -2)}, "expired on"),
        ({"days": (2, 9)}, "valid only from"),
        ({"by": KEY, "issuer": "signer", "aki": False}, "authority key identifier"),
    ],
)
def test_what_cannot_sign_is_refused_with_the_true_reason(leaf, reason):
    with pytest.raises(ValueError, match=reason):
        Credentials(issued(**leaf) + CHAIN, pem_of(KEY))


def test_a_chain_in_the_wrong_order_and_a_short_key_are_told_of():
    with pytest.raises(ValueError, match="put the signer's own first"):
        Credentials(CHAIN + issued(), pem_of(KEY))
    short = rsa.generate_private_key(65537, 1024)
    with pytest.raises(ValueError, match="1024 bits"):
        Credentials(issued(short) + CHAIN, pem_of(short))


@pytest.mark.parametrize("purposes", [(Purpose.EMAIL_PROTECTION,), (C2PA_SIGNING,)])
@pytest.mark.parametrize("is_self_signed", [False, True])
def test_what_can_sign_does(purposes, is_self_signed):
    own = {"by": KEY, "issuer": "signer"} if is_self_signed else {}
    credentials = Credentials(
        issued(purposes=purposes, **own) + (b"" if is_self_signed else CHAIN), pem_of(KEY)
    )
    assert credentials.is_self_signed == is_self_signed
    picture = Picture(np.zeros((32, 32, 3), np.uint8))
    found = inspect(file_that_tells(picture, ORIGIN, credentials=credentials)).manifest
    assert (found.state, found.problems, found.signer) == (
        "Valid",
        ("signingCredential.untrusted",),
        "signer",
    )


# Time stamps

CONFIG = """
[tsa]
default_tsa = mine
[mine]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
"""


@pytest.fixture
def authority(tmp_path):
    """An RFC 3161 service of openssl's on this machine: its URL."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to stamp with")
    key = ec.generate_private_key(ec.SECP256R1())
    stamp = issued(key, name="stamps", purposes=(Purpose.TIME_STAMPING,), critical=True)
    files = {"serial": b"01\n", "tsa.pem": stamp, "root.pem": CHAIN, "tsa.key": pem_of(key)}
    files["config"] = CONFIG.format(folder=tmp_path).encode()
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)

    class Stamp(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            (tmp_path / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            words = ["openssl", "ts", "-reply", "-config", "config", "-queryfile", "query", "-out", "reply"]
            subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
            body = (tmp_path / "reply").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Stamp)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_signature_is_stamped_with_the_time(authority):
    credentials = local_credentials(timestamp_authority=authority)
    picture = Picture(np.zeros((32, 32, 3), np.uint8))
    found = inspect(file_that_tells(picture, ORIGIN, credentials=credentials)).manifest
    assert found.state == "Valid"
    today = datetime.datetime.now(datetime.UTC)
    assert found.signed_at.startswith(f"{today:%Y-%m-}")


def test_an_authority_that_does_not_answer_or_is_none_is_told_of():
    with pytest.raises(ValueError, match="No time stamp was had"):
        local_credentials(timestamp_authority="http://127.0.0.1:9/")
    with pytest.raises(ValueError, match="named by its URL"):
        local_credentials(timestamp_authority="file:///etc/passwd")


def test_without_one_no_time_is_claimed():
    picture = Picture(np.zeros((32, 32, 3), np.uint8))
    data = file_that_tells(picture, ORIGIN, credentials=local_credentials())
    assert inspect(data).manifest.signed_at is None
