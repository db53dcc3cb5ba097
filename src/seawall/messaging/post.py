"""One POST of JSON to a provider, and its answer."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LARGEST = 16_384  # bytes of an answer that are read


def post_json(
    url: str, body: Mapping[str, Any], key: str, token: str = "", authority: str = "", timeout: float = 10.0
) -> tuple[int, dict[str, Any]]:
    """Status and answer ({} where it is no JSON object). `key` is the `Idempotency-Key`; `authority` a PEM file.

    OSError or http.client.HTTPException where there is no answer.
    """
    place = urlsplit(url)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    host, path = place.hostname or "", (place.path or "/") + (f"?{place.query}" if place.query else "")
    connection: http.client.HTTPConnection
    if place.scheme == "https":
        context = ssl.create_default_context(cafile=authority or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        connection = http.client.HTTPSConnection(host, place.port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(host, place.port, timeout=timeout)
    try:
        connection.request("POST", path, json.dumps(body, ensure_ascii=False).encode(), headers)
        response = connection.getresponse()
        return response.status, _object(response.read(LARGEST))
    finally:
        connection.close()


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
