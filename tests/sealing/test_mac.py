"""The MAC against the standard library's, and the vectors of RFC 4231."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sealing.mac import hmac_under

VECTORS = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
]


@pytest.mark.parametrize(("key", "message", "expected"), VECTORS)
def test_published_vectors(key: bytes, message: bytes, expected: str) -> None:
    assert hmac_under(key)(message).hex() == expected


@given(st.binary(max_size=200), st.lists(st.binary(max_size=300), max_size=4))
def test_every_message_as_the_library_has_it(key: bytes, messages: list[bytes]) -> None:
    digest = hmac_under(key)
    assert [digest(one) for one in messages] == [hmac.digest(key, one, "sha256") for one in messages]
