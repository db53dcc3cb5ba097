"""The group: points of P-256 by their x-coordinate alone, 32 bytes big-endian.

The order is prime and the cofactor 1, so each x-coordinate on the curve but none else names an element, and none has a
small order. A point and its negative share the x-coordinate and stay together under multiplication, so masks commute.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec

SIZE = 32
_CURVE = ec.SECP256R1()
_ECDH = ec.ECDH()
_EVEN = b"\x02"  # of the two points with this x-coordinate, the one with the even y
_DOMAIN = b"seawall psi: SHA-256 to x of P-256, try and increment\n"
_TRIES = 256  # each succeeds one time in two

Point = ec.EllipticCurvePublicKey


class PsiError(ValueError):
    """A set or a message that the protocol refuses; one line that says what and where."""


def decode(element: bytes) -> Point:
    """The point of an x-coordinate; PsiError unless it is 32 bytes, below the prime and on the curve."""
    if len(element) != SIZE:
        raise PsiError(f"an element has {len(element)} bytes instead of {SIZE}")
    try:
        return Point.from_encoded_point(_CURVE, _EVEN + element)
    except ValueError:
        raise PsiError("an element is no point of the curve") from None


class HashToGroup:
    """A function of bytes onto the group, its own for each context: elements of two agreements never meet.

    The number of tries depends on the element, and so does the time it takes; it never leaves this side alone, only in
    sum over the whole set.
    """

    def __init__(self, context: bytes) -> None:
        self._start = hashlib.sha256(_DOMAIN + hashlib.sha256(context).digest())

    def __call__(self, element: bytes) -> Point:
        for attempt in range(_TRIES):
            state = self._start.copy()
            state.update(attempt.to_bytes(1) + element)
            try:
                return Point.from_encoded_point(_CURVE, _EVEN + state.digest())
            except ValueError:
                continue
        raise PsiError("an element hashes to no point of the curve")


class Mask:
    """A secret factor, fresh for each exchange: `mask(point)` is the factor times the point, as an x-coordinate."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(_CURVE)

    def __call__(self, point: Point) -> bytes:
        return self._key.exchange(_ECDH, point)
