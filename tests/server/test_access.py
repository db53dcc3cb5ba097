"""Keys: made once, checked fast, gone within a second, slowed down by their rates."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from seawall.server.access import (
    DEFAULT_SCOPES,
    SCOPES,
    Access,
    AccessError,
    Bucket,
    KeyStore,
    KeyUnknownError,
    ScopeError,
    TooManyError,
)

PEER = "192.0.2.7"


class Times:
    """One clock for wall and monotonic time."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def keys(tmp_path: Path, times: Times) -> KeyStore:
    return KeyStore(tmp_path / "access.db", times)


@pytest.fixture
def access(keys: KeyStore, times: Times) -> Access:
    return Access(keys.path, times, times)


def header(key: str) -> bytes:
    return b"Bearer " + key.encode()


def test_a_key_has_its_form_and_only_its_hash_is_kept(keys: KeyStore) -> None:
    key = keys.create("shop")
    prefix, key_id, secret = key.split("_", 2)
    assert (prefix, len(key_id), len(secret)) == ("sw", 8, 43)
    assert secret.encode() not in b"".join(path.read_bytes() for path in keys.path.parent.iterdir())
    (record,) = keys.list()
    assert (record.id, record.name, record.scopes, record.rate) == (key_id, "shop", frozenset(DEFAULT_SCOPES), 0)


def test_the_database_is_its_owners_alone(keys: KeyStore) -> None:
    keys.create("shop")
    access = Access(keys.path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.path.parent.iterdir()} == {0o600}
    access.close()


def test_a_new_key_works_at_once_and_a_revoked_one_stops_soon(keys: KeyStore, access: Access, times: Times) -> None:
    key = keys.create("shop")
    assert access.admit(header(key), PEER, "decide").name == "shop"
    assert access.admit(b"bearer " + key.encode(), PEER, "read").name == "shop"
    keys.revoke("shop")
    times.now += Access.CHECK_SECONDS
    with pytest.raises(KeyUnknownError):
        access.admit(header(key), PEER, "decide")


def test_what_others_do_does_not_reset_a_keys_rate_or_make_it_known_anew(
    keys: KeyStore, access: Access, times: Times
) -> None:
    key = keys.create("shop", rate=1)
    access.admit(header(key), PEER, "decide")
    keys.create("other")
    times.now += Access.CHECK_SECONDS
    with pytest.raises(TooManyError):
        access.admit(header(key), PEER, "decide")


def test_an_expired_key_is_unknown(keys: KeyStore, access: Access, times: Times) -> None:
    key = keys.create("shop", expires=int(times.now) + 60)
    access.admit(header(key), PEER, "decide")
    times.now += 60
    with pytest.raises(KeyUnknownError):
        access.admit(header(key), PEER, "decide")
    assert keys.list()[0].state(times.now) == "expired"


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_may_do_what_it_was_made_for(keys: KeyStore, access: Access, scope: str) -> None:
    key = keys.create("one", [scope])
    access.admit(header(key), PEER, scope)
    for other in set(SCOPES) - {scope}:
        with pytest.raises(ScopeError, match=f"'{other}'"):
            access.admit(header(key), PEER, other)


def test_wrong_keys_are_all_told_the_same(keys: KeyStore, access: Access) -> None:
    key, gone = keys.create("shop"), keys.create("gone")
    keys.revoke("gone")
    same_id = key[:12] + "A" * 43
    wrong = [
        None,
        b"",
        b"Basic eA==",
        header("nonsense"),
        header(gone),
        header(same_id),
        header(key + "x"),
        b"\xff" * 60,
    ]
    told = set()
    for one in wrong:
        with pytest.raises(KeyUnknownError) as caught:
            access.admit(one, PEER, "decide")
        told.add(str(caught.value))
    assert len(told) == 1


def test_too_many_wrong_keys_slow_down_their_address_but_not_a_right_key(
    keys: KeyStore, access: Access, times: Times
) -> None:
    key = keys.create("shop")
    for _ in range(20):
        with pytest.raises(KeyUnknownError):
            access.admit(b"wrong", PEER, "decide")
    with pytest.raises(TooManyError, match="without a valid key") as caught:
        access.admit(b"wrong", PEER, "decide")
    assert caught.value.retry_after == 1
    access.admit(header(key), PEER, "decide")
    with pytest.raises(KeyUnknownError):
        access.admit(b"wrong", "192.0.2.8", "decide")
    times.now += 1
    with pytest.raises(KeyUnknownError):
        access.admit(b"wrong", PEER, "decide")


def test_addresses_and_headers_are_remembered_within_bounds(
    keys: KeyStore, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Access, "_MAX_SEEN", 3)
    made = [keys.create(f"k{number}") for number in range(6)]
    for number in range(12):
        with pytest.raises(KeyUnknownError):
            access.admit(b"wrong", f"192.0.2.{number}", "decide")
        access.admit(header(made[number % 6]), PEER, "decide")
    assert len(access._failures) == 3
    assert len(access._seen) <= 3


def test_a_rate_is_kept_over_time(keys: KeyStore, access: Access, times: Times) -> None:
    key = keys.create("shop", rate=10)
    admitted, waits = 0, set()
    for _ in range(400):  # 20 seconds at twice the rate
        times.now += 0.05
        try:
            access.admit(header(key), PEER, "decide")
            admitted += 1
        except TooManyError as error:
            waits.add(error.retry_after)
    assert 200 <= admitted <= 212
    assert waits == {1}


def test_a_batch_is_paid_back_before_the_next_request(keys: KeyStore, access: Access, times: Times) -> None:
    found = access.admit(header(key := keys.create("shop", rate=10)), PEER, "decide")
    access.charge(found, 99)
    with pytest.raises(TooManyError) as caught:
        access.admit(header(key), PEER, "decide")
    assert caught.value.retry_after == 10
    times.now += 9.2
    access.admit(header(key), PEER, "decide")


def test_a_bucket_never_holds_more_than_its_size() -> None:
    bucket = Bucket(0.5, 3)
    assert [bucket.take(1e9) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
    assert [bucket.take(2e9) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": ""}, "no name for a key"),
        ({"name": "a\nb"}, "no name for a key"),
        ({"name": "x" * 65}, "no name for a key"),
        ({"scopes": ["decide", "fly"]}, "unknown scope fly; there are decide"),
        ({"scopes": []}, "unknown scope"),
        ({"rate": -1}, "rate must lie between"),
        ({"rate": float("nan")}, "rate must lie between"),
        ({"expires": 1}, "expired already"),
        ({"name": "taken"}, "revoke it first, or choose another name"),
    ],
)
def test_what_a_key_cannot_be(keys: KeyStore, arguments: dict[str, object], words: str) -> None:
    keys.create("taken")
    with pytest.raises(AccessError, match=words):
        keys.create(**{"name": "shop"} | arguments)
    assert len(keys.list()) == 1


def test_a_name_is_free_again_once_its_key_is_revoked(keys: KeyStore) -> None:
    first = keys.create("shop")
    assert keys.revoke("shop").id == first[3:11]
    second = keys.create("shop")
    assert keys.revoke(second[3:11]).name == "shop"
    for named in ("shop", first[3:11], "never"):
        with pytest.raises(AccessError, match="no active key"):
            keys.revoke(named)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "access.db"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 40)
    with pytest.raises(AccessError, match=r"access\.db: file is not a database; move the file away"):
        KeyStore(path).list()


def test_keys_that_cannot_be_read_let_nobody_in(keys: KeyStore, access: Access, times: Times) -> None:
    key = keys.create("shop")
    access.admit(header(key), PEER, "decide")
    with sqlite3.connect(keys.path) as other:
        other.execute("DROP TABLE keys")
    other.close()
    times.now += 1
    with pytest.raises(AccessError, match="cannot be read"):
        access.admit(header(key), PEER, "decide")
