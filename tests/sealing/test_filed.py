"""The filter before the table of surrogates."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from seawall.sealing.filed import Filed


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=50), st.lists(st.binary(min_size=32, max_size=32)))
def test_what_was_added_is_never_denied(before: list[bytes], later: list[bytes]) -> None:
    filed = Filed(before)
    for digest in later:
        filed.add(digest)
    assert all(digest in filed for digest in before + later)


def test_most_of_what_is_absent_is_denied() -> None:
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(20_000)]
    filed = Filed(digests[:10_000])
    assert sum(digest in filed for digest in digests[10_000:]) < 10_000 / 16


def test_it_grows_with_the_table() -> None:
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(20_000)]
    filed = Filed(digests[:10_000] * 200)
    assert sum(digest in filed for digest in digests[10_000:]) < 40
