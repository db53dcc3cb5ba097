"""Connections of this platform's own parts to its decision API: under TLS exactly one certificate is trusted.

The certificate of `seawall up --tls-cert FILE` is made out to the name that others use, while console and worker come
over loopback. So they compare the peer with the very certificate in FILE, instead of its name, and trust no other.
"""

from __future__ import annotations

import http.client
import re
import ssl
from pathlib import Path
from urllib.parse import urlsplit

_FIRST = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_LARGEST = 256 * 1024  # of a PEM file with its chain


class CertificateError(OSError):
    """The certificate file cannot be used, or the peer showed another certificate."""


def connection(url: str, timeout: float, certificate: str | None = None) -> http.client.HTTPConnection:
    """A connection to the decision API at `url`, not yet opened; close it after use.

    `certificate` is the PEM file that `seawall up` was given (default: the setting SEAWALL_API_CERTIFICATE). With it
    the peer must show exactly the file's first certificate; without it a certificate is verified as a browser would.
    Opening raises OSError (CertificateError for another certificate), asking raises http.client.HTTPException.
    """
    place = urlsplit(url)
    host = place.hostname or "127.0.0.1"
    if place.scheme != "https":
        return http.client.HTTPConnection(host, place.port, timeout=timeout)
    file = _configured() if certificate is None else certificate
    if not file:
        return http.client.HTTPSConnection(host, place.port, timeout=timeout, context=ssl.create_default_context())
    return _Pinned(host, place.port, timeout, first_certificate(Path(file)))


def _configured() -> str:
    from django.conf import settings  # the command line comes here without Django

    return str(getattr(settings, "SEAWALL_API_CERTIFICATE", ""))


def first_certificate(file: Path) -> str:
    """The leaf certificate of a PEM file with its chain. CertificateError says what is wrong with the file."""
    try:
        with file.open("r", encoding="ascii") as opened:
            found = _FIRST.search(opened.read(_LARGEST))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a PEM file"
        raise CertificateError(f"certificate {file}: {reason}; give the file of `seawall up --tls-cert`") from None
    if found is None:
        raise CertificateError(f"certificate {file}: no certificate in it; give the file of `seawall up --tls-cert`")
    return found[0]


class _Pinned(http.client.HTTPSConnection):
    """A connection that goes on only with one certificate, byte for byte."""

    def __init__(self, host: str, port: int | None, timeout: float, certificate: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False  # the certificate itself is compared, which says more than its name
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a leaf may be trusted without its authority
        try:
            context.load_verify_locations(cadata=certificate)
        except ssl.SSLError as error:
            raise CertificateError(f"the certificate cannot be read: {error.reason or error}") from None
        super().__init__(host, port, timeout=timeout, context=context)
        self._wanted = ssl.PEM_cert_to_DER_cert(certificate)

    def connect(self) -> None:
        """Open, then compare. CertificateError for another certificate than the one given."""
        super().connect()
        shown = self.sock.getpeercert(binary_form=True) if isinstance(self.sock, ssl.SSLSocket) else None
        if shown != self._wanted:
            self.close()
            raise CertificateError("the peer showed another certificate; restart `seawall up` after renewing it")
