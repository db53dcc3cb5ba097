"""A commitment opens with its own name, value and salt, and with nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.ledger import EntryError, commit, new_salt, opens

SALT = bytes(range(32))


def test_it_is_what_the_docs_say() -> None:
    expected = sha256(b"seawall-commitment-1\x00" + SALT + b"phone\x0013800000000").hexdigest()
    assert commit("phone", "13800000000", SALT) == commit("phone", b"13800000000", SALT) == expected


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_it_opens_with_its_value_only(value: bytes, other: bytes) -> None:
    commitment = commit("phone", value, SALT)
    assert opens(commitment, "phone", value, SALT)
    assert opens(commitment, "phone", other, SALT) == (value == other)


def test_name_and_salt_are_part_of_it() -> None:
    commitment = commit("phone", "x", SALT)
    assert not opens(commitment, "email", "x", SALT)
    assert not opens(commitment, "phone", "x", SALT[::-1])
    assert not opens("客" * 64, "phone", "x", SALT)
    assert commit("a", "bc", SALT) != commit("ab", "c", SALT)


def test_salts_are_new_each_time() -> None:
    first, second = new_salt(), new_salt()
    assert first != second
    assert commit("phone", "x", first) != commit("phone", "x", second)


@pytest.mark.parametrize(
    ("name", "value", "salt", "message"),
    [
        ("phone", "x", b"short", "salt has 32 bytes, not 5"),
        ("a\x00b", "x", SALT, "holds NUL"),
        ("phone", "\ud800", SALT, "not valid Unicode"),
    ],
)
def test_what_cannot_be_committed_is_named(name: str, value: str, salt: bytes, message: str) -> None:
    with pytest.raises(EntryError, match=message):
        commit(name, value, salt)
