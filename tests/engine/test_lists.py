import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.errors import EventError, StateError
from seawall.engine.lists import FOREVER, ListDefinition, ListEntry, ListStore, check_entry
from seawall.engine.times import DAY

WATCH = ListDefinition("watch_merchants", "watch", "merchant")
TRUSTED = ListDefinition("trusted", "allow", "customer", four_eyes=True, max_validity_ms=90 * DAY)


def entry(entry_id: str = "e1", key: str = "m1", start: int = 100, end: int = 200, **more: object) -> ListEntry:
    values = {"list": "watch_merchants", "reason": "seen before", "owner": "ann"} | more
    return ListEntry(entry_id=entry_id, key=key, valid_from=start, valid_until=end, **values)  # type: ignore[arg-type]


def test_an_entry_is_valid_from_its_start_to_before_its_end() -> None:
    store = ListStore([WATCH])
    store.apply(entry())
    assert [store.hits("watch_merchants", "m1", t) for t in (99, 100, 199, 200)] == [[], ["e1"], ["e1"], []]
    assert store.hits("watch_merchants", "m2", 150) == []


def test_entries_are_added_replaced_and_removed() -> None:
    store = ListStore([WATCH])
    store.apply(entry("b"))
    store.apply(entry("a"))
    assert store.hits("watch_merchants", "m1", 150) == ["a", "b"]
    store.apply(entry("a", key="m2"))
    assert store.hits("watch_merchants", "m1", 150) == ["b"]
    assert store.hits("watch_merchants", "m2", 150) == ["a"]
    store.apply(entry("b", removed=True))
    store.apply(entry("never", removed=True))
    assert store.hits("watch_merchants", "m1", 150) == []
    assert len(store) == 1


def test_expiry_forgets_what_has_ended() -> None:
    store = ListStore([WATCH])
    store.apply(entry("a", end=200))
    store.apply(entry("b", end=201))
    assert store.expire(200) == 1
    assert [kept.entry_id for kept in store] == ["b"]


def test_bounds_and_unknown_lists() -> None:
    store = ListStore([WATCH], max_entries=1)
    store.apply(entry("a"))
    store.apply(entry("a", end=300))  # a replacement needs no room
    with pytest.raises(StateError, match="the bound"):
        store.apply(entry("b"))
    with pytest.raises(StateError, match="unknown list 'other'"):
        store.apply(entry(list="other"))


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"approved_by": ""}, "approved_by", "second person"),
        ({"approved_by": "ann"}, "approved_by", "another person"),
        ({"end": 100 + 90 * DAY + 1}, "valid_until", "90d"),
        ({"end": FOREVER}, "valid_until", "90d"),
        ({"end": 100}, "valid_until", "not after"),
    ],
)
def test_an_allow_list_has_terms(changed: dict[str, object], field: str, why: str) -> None:
    terms: dict[str, object] = {"list": "trusted", "approved_by": "bob", "end": 100 + 90 * DAY}
    check_entry(TRUSTED, entry(**terms))  # type: ignore[arg-type]
    with pytest.raises(EventError, match=why) as raised:
        check_entry(TRUSTED, entry(**(terms | changed)))  # type: ignore[arg-type]
    assert raised.value.field == field


def test_a_list_without_terms_takes_open_entries() -> None:
    check_entry(WATCH, entry(end=FOREVER))


records = st.builds(
    entry,
    st.sampled_from("abcd"),
    st.sampled_from(["m1", "m2"]),
    st.integers(0, 9),
    st.integers(5, 15),
    removed=st.booleans(),
)


@given(st.lists(records, max_size=30), st.integers(0, 16))
def test_hits_are_those_of_the_last_record_of_each_entry(applied: list[ListEntry], t: int) -> None:
    store = ListStore([WATCH])
    for record in applied:
        store.apply(record)
    last = {record.entry_id: record for record in applied}
    live = [r for r in last.values() if not r.removed]
    for key in ("m1", "m2"):
        wanted = sorted(r.entry_id for r in live if r.key == key and r.valid_from <= t < r.valid_until)
        assert store.hits("watch_merchants", key, t) == wanted
    copy = ListStore([WATCH])
    for kept in store:
        copy.apply(kept)
    assert list(copy) == list(store)
    store.expire(t)
    assert all(store.hits("watch_merchants", key, t) == copy.hits("watch_merchants", key, t) for key in ("m1", "m2"))
