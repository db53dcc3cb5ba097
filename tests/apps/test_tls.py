"""Which decision API the platform's own parts believe: the one with the certificate that they were given."""

from __future__ import annotations

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seawall.apps.situation import probe
from seawall.apps.tls import CertificateError, connection
from seawall.cli.watch import Watch

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def issue(name: str, by: Pair | None = None, authority: bool = False) -> Pair:
    """A certificate for a name, signed by another one or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (by[0].subject, by[1]) if by else (subject, key)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )  # fmt: skip
    return made, key


def written(folder: Path, name: str, *certificates: x509.Certificate) -> str:
    path = folder / name
    path.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates))
    return str(path)


@pytest.fixture(scope="module")
def authority() -> Pair:
    return issue("authority", authority=True)


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def server(tmp_path: Path, authority: Pair) -> Iterator[tuple[str, str]]:
    """(url, file with the chain) of a server whose certificate names another host than loopback."""
    certificate, key = issue("risk.example", authority)
    chain = written(tmp_path, "chain.pem", certificate, authority[0])
    secret = tmp_path / "key.pem"
    secret.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{served.server_port}", chain
    served.shutdown()
    served.server_close()


def status(url: str, certificate: str) -> int:
    opened = connection(url, 5, certificate)
    try:
        opened.request("GET", "/readyz")
        return opened.getresponse().status
    finally:
        opened.close()


def test_the_given_certificate_is_trusted_whatever_name_it_bears(server: tuple[str, str]) -> None:
    url, chain = server
    assert status(url, chain) == 200
    assert Watch(url, "", "en", certificate=chain).is_ready()


def test_no_other_certificate_is_trusted_not_even_of_the_same_authority(
    server: tuple[str, str], tmp_path: Path, authority: Pair
) -> None:
    url, _chain = server
    for name, other in (
        ("self.pem", issue("risk.example")), ("sister.pem", issue("risk.example", authority)),
        ("authority.pem", authority),
    ):  # fmt: skip
        with pytest.raises((CertificateError, ssl.SSLError)):
            status(url, written(tmp_path, name, other[0]))
    assert not Watch(url, "", "en", certificate=str(tmp_path / "self.pem")).is_ready()


def test_without_a_certificate_loopback_is_verified_too(server: tuple[str, str], settings: Any) -> None:
    url, chain = server
    with pytest.raises(ssl.SSLCertVerificationError):
        status(url, "")
    settings.SEAWALL_API_URL, settings.SEAWALL_API_CERTIFICATE = url, ""
    assert probe.probe().state == "silent"
    settings.SEAWALL_API_CERTIFICATE = chain
    probe._last = None
    assert probe.probe().state == "ready"
    probe._last = None


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), ("hello", "no certificate"), ("é", "not a PEM")])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "cert.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(CertificateError, match=said):
        connection("https://127.0.0.1:1", 1, str(file))


def test_plain_http_needs_no_certificate() -> None:
    assert connection("http://127.0.0.1:1", 1, "").port == 1
