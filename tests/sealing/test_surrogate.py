from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sealing import KeyRing, LocalSealer, SealingError, StoreError
from seawall.sealing.blind import BlindIndex
from seawall.sealing.store import Store
from seawall.sealing.surrogate import Surrogates, _decoded, _encoded

SPACES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.\-]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


def test_the_same_key_has_the_same_surrogate_for_ever(home: Path, ring: KeyRing, sealer: LocalSealer) -> None:
    card = sealer.pseudonym("card", "4111111111111111")
    assert re.fullmatch(r"card_[a-z2-7]{26}", card)
    assert sealer.pseudonym("card", "4111111111111111") == card
    sealer.close()
    with LocalSealer(home, ring) as again:
        assert again.pseudonym("card", "4111111111111111") == card


def test_values_and_spaces_are_apart(sealer: LocalSealer) -> None:
    keys = [("card", "1"), ("card", "2"), ("account", "1"), ("card", "1 "), ("card1", "1"), ("c", "ard1")]
    assert len({sealer.pseudonym(space, value)[-26:] for space, value in keys}) == len(keys)


@given(SPACES, VALUES, SPACES, VALUES)
def test_no_two_keys_share_a_digest(ring: KeyRing, space: str, value: str, space2: str, value2: str) -> None:
    index = BlindIndex(ring, "surrogate")
    same = (space, value) == (space2, value2)
    assert (index.digest(space, value) == index.digest(space2, value2)) == same
    assert index.digest(space, value) != BlindIndex(ring, "subject").digest(space, value)


def test_a_search_leaves_no_trace(sealer: LocalSealer) -> None:
    assert sealer.find("card", "4111") is None
    assert sealer.store.rows("SELECT count(*) FROM surrogates") == [(0,)]
    card = sealer.pseudonym("card", "4111")
    assert sealer.find("card", "4111") == card


def test_group_commit_waits_for_flush(home: Path, ring: KeyRing) -> None:
    with LocalSealer(home, ring, group_commit=True) as sealer, LocalSealer(home, ring, read_only=True) as reader:
        card = sealer.pseudonym("card", "1")
        assert (sealer.find("card", "1"), reader.find("card", "1")) == (card, None)
        sealer.flush()
        assert reader.find("card", "1") == card


def test_a_tiny_cache_changes_nothing(home: Path, ring: KeyRing) -> None:
    with Store(home, ring, group_commit=True) as store:
        surrogates = Surrogates(store, ring, cache=2)
        made = {value: surrogates.surrogate("card", value) for value in map(str, range(20))}
        assert {value: surrogates.surrogate("card", value) for value in made} == made
        store.flush()
        assert {value: surrogates.surrogate("card", value) for value in made} == made


@pytest.mark.parametrize(
    ("space", "value"),
    [("", "v"), ("1x", "v"), ("a b", "v"), ("s" * 65, "v"), ("s", ""), ("s", "v" * 4097), ("s", "\ud800")],
)
def test_bad_spaces_and_values_are_refused(sealer: LocalSealer, space: str, value: str) -> None:
    with pytest.raises(SealingError):
        sealer.pseudonym(space, value)
    assert sealer.store.rows("SELECT count(*) FROM surrogates") == [(0,)]


def test_a_claim_takes_surrogates_only_all_or_none(sealer: LocalSealer) -> None:
    with pytest.raises(SealingError, match="not a surrogate"):
        sealer.claim("c-1", [sealer.pseudonym("card", "1"), "4111111111111111"])
    assert sealer.surrogates.pending() == 0
    assert sealer.store.rows("SELECT count(*) FROM claims") == [(0,)]


def test_a_damaged_surrogate_is_told(sealer: LocalSealer) -> None:
    sealer.pseudonym("card", "1")
    with sealer.store.transaction() as connection:
        connection.execute("UPDATE surrogates SET surrogate = x'00'")
    with pytest.raises(StoreError, match="damaged"):
        sealer.find("card", "1")


def test_surrogates_are_base_32_as_everyone_writes_it() -> None:
    for value in (b"\0" * 16, b"\xff" * 16, bytes(range(16)), os.urandom(16)):
        text = _encoded(value)
        assert text == base64.b32encode(value).decode().rstrip("=").lower()
        assert _decoded(text) == value
