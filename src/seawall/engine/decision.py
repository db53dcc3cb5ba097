"""A decision, and the bytes that make it comparable: `content_hash`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from .pack.model import OUTCOMES
from .ruleset import Fired

_MAGIC = b"seawall-decision-1\n"
_encode = msgspec.json.Encoder().encode


class Decision(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """What was decided on one event, and why. `row` holds the values that expressions read (policy.slots).

    `faults` stand outside `content_hash`; what they led to stands in `degraded`, inside it. It holds plain values only,
    so the collector need not walk the many that the id index keeps.
    """

    event_id: str
    event_type: str
    policy: str
    sequence: int
    outcome: str
    score: int
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    list_hits: tuple[str, ...]
    degraded: tuple[str, ...]
    late_by_ms: int
    effective_ms: int
    content_hash: str
    row: tuple[Any, ...]
    faults: tuple[str, ...] = ()  # steps that failed, or were taken to have failed; replayed as an input


class Other(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What a policy that did not serve made of the same event: outcome, score and fired rules, and what failed in it.

    `outcome` is "" where it came to none (`degraded` then names FAILED).
    """

    policy: str
    outcome: str
    score: int
    rules: tuple[str, ...]
    degraded: tuple[str, ...] = ()


FAILED = "policy"  # in `Other.degraded`: the policy came to no outcome


def header(
    event_id: str, policy: str, sequence: int, level: int, fired: Fired, hits: Sequence[str], bad: Sequence[str]
) -> bytes:
    """Canonical header: UTF-8 JSON, keys sorted, no spaces, integers and strings only."""
    return b'{"degraded":%b,"event_id":%b,"list_hits":%b,"outcome":"%b","policy":"%b",%b%d}' % (
        _encode(bad) if bad else b"[]",
        _encode(event_id),
        _encode(hits) if hits else b"[]",
        OUTCOMES[level].encode(),
        policy.encode(),
        fired.after_policy,
        sequence,
    )


def content_hash(head: bytes, *vectors: bytes | memoryview) -> str:
    """SHA-256 of the magic line, the header's length (4 bytes LE), the header, the vectors of little-endian doubles."""
    return hashlib.sha256(b"".join((_MAGIC, len(head).to_bytes(4, "little"), head, *vectors))).hexdigest()
