"""Small secrets in the control database, sealed: a copy of the database alone does not let anybody sign in."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from seawall.apps.errors import ServiceError

_NONCE = 12
_CONTEXT = b"seawall second factors 1"


def seal(text: str) -> str:
    """AES-256-GCM under a key derived from HOME/secret.key; base64."""
    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), _CONTEXT)).decode()


def unseal(sealed: str) -> str:
    """The text again. ServiceError when the home's secret is another one."""
    data = base64.b64decode(sealed)
    try:
        return _cipher().decrypt(data[:_NONCE], data[_NONCE:], _CONTEXT).decode()
    except InvalidTag:
        raise ServiceError(
            "second factors were sealed under another secret.key; restore it, or run `seawall user reset-mfa`"
        ) from None


def _cipher() -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=None, info=_CONTEXT).derive(settings.SECRET_KEY.encode())
    return AESGCM(derived)
