"""Asking the decision API of this home how it is, over loopback: /readyz, and /metrics with the console's key."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass

from django.conf import settings

from seawall.apps import tls

TIMEOUT = 1.5
KEPT_SECONDS = 2.0  # one answer serves everybody who looks at the room
_LARGEST = 512 * 1024
_lock = threading.Lock()
_last: tuple[float, str, Probe] | None = None


@dataclass(frozen=True)
class Probe:
    """`state`: ready, refusing (it answers, but cannot decide), silent, or unknown (nobody said where it listens).

    `p99` of deciding one event, in seconds since its start; None while nothing was asked or without the key.
    """

    state: str
    text: str = ""
    p99: float | None = None
    connections: int | None = None
    memory: int | None = None


def probe() -> Probe:
    """The state of the decision API, at most KEPT_SECONDS old."""
    global _last
    url = str(getattr(settings, "SEAWALL_API_URL", ""))
    if not url:
        return Probe("unknown")
    with _lock:
        if _last is None or _last[1] != url or time.monotonic() - _last[0] > KEPT_SECONDS:
            _last = (time.monotonic(), url, _asked(url))
        return _last[2]


def _asked(url: str) -> Probe:
    try:
        status, body = _get(url, "/readyz")
    except (OSError, http.client.HTTPException) as error:
        return Probe("silent", type(error).__name__)
    if status != 200:
        return Probe("refusing", body.decode("utf-8", "replace")[:300])
    path = settings.HOME.console_key
    try:
        key = path.read_text("ascii").strip() if path.is_file() else ""
        status, body = _get(url, "/metrics", key)
        figures = _figures(body.decode("utf-8", "replace")) if status == 200 else {}
    except (OSError, ValueError, http.client.HTTPException):
        figures = {}
    connections, memory = figures.get("seawall_http_connections"), figures.get("process_resident_memory_bytes")
    return Probe(
        "ready", "", _quantile(figures, "decide", 0.99), None if connections is None else int(connections),
        None if memory is None else int(memory),
    )  # fmt: skip


def _get(url: str, path: str, key: str = "") -> tuple[int, bytes]:
    opened = tls.connection(url, TIMEOUT)
    try:
        opened.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        answer = opened.getresponse()
        return answer.status, answer.read(_LARGEST)
    finally:
        opened.close()


def _figures(text: str) -> dict[str, float]:
    """Samples of the exposition format by name with labels, as they stand."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _space, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def _quantile(figures: dict[str, float], route: str, share: float) -> float | None:
    """The upper bound of the bucket in which a quantile of a route's seconds lies; None where nothing was counted."""
    buckets = []
    for name, value in figures.items():
        if name.startswith("seawall_http_request_seconds_bucket{") and f'route="{route}"' in name:
            bound = name.partition('le="')[2].partition('"')[0]
            buckets.append((float(bound), value))
    buckets.sort()
    if not buckets or not buckets[-1][1]:
        return None
    wanted = share * buckets[-1][1]
    reached = next(at for at, count in buckets if count >= wanted)
    return reached if reached != float("inf") else buckets[-2][0]
