"""A small OpenID Connect provider in a thread, written against the specification and not against our client."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

CLIENT, SECRET = "seawall", "a client secret"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    """What it knows: people by code. `change` bends the next ID token; `wrong_key` signs it with another key."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.url = ""
        self.codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.change: dict[str, Any] = {}
        self.wrong_key = False
        self.problems: list[str] = []

    def authorize(self, address: str, claims: dict[str, Any]) -> str:
        """As if this person had signed in there: the address to which the browser is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked, claims
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The token endpoint; None refuses."""
        asked, claims = self.codes.pop(form["code"])
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            self.problems.append("verifier")
            return None
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            self.problems.append("client")
            return None
        now = int(time.time())
        body = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, **claims, **self.change}
        return {"access_token": "unused", "token_type": "Bearer", "id_token": self.signed(body)}

    def signed(self, body: dict[str, Any]) -> str:
        """A JWT by hand: RS256 over the two parts."""
        head = {"alg": "RS256", "kid": "one", "typ": "JWT"}
        text = ".".join(b64(json.dumps(part).encode()) for part in (head, body))
        key = self.other if self.wrong_key else self.key
        return f"{text}.{b64(key.sign(text.encode(), padding.PKCS1v15(), SHA256()))}"

    def pages(self) -> dict[str, Any]:
        """What it publishes."""
        numbers = self.key.public_key().public_numbers()
        n, e = (b64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
            "/keys": {"keys": [{"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "n": n, "e": e}]},
        }  # fmt: skip


@contextmanager
def running() -> Iterator[Provider]:
    """The provider on a free port of this machine."""
    provider = Provider()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(provider.pages().get(self.path))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(provider.token({name: values[0] for name, values in parse_qs(text).items()}))

        def _answer(self, body: Any) -> None:
            data = json.dumps(body or {"error": "invalid_grant"}).encode()
            self.send_response(200 if body else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
