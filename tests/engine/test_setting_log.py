"""Entries of limits and switches outlive the policies that declare them, and reach each as it declares them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seawall.engine.setting_log import SettingLog
from seawall.engine.settings import ALL, ENTITY, SettingDefinition, SettingEntry, SettingStore

MONEY = SettingDefinition("limits.day", "money", entity="card", default=7)
BY_CUSTOMER = replace(MONEY, entity="customer")
NUMBER = replace(MONEY, type="number", default=0.5)


def entry(entry_id: str, value: int | float, kind: str = "money", key: str = "", removed: bool = False) -> SettingEntry:
    scope, field = (ENTITY, "card") if key else (ALL, "")
    return SettingEntry(
        setting="limits.day", entry_id=entry_id, scope=scope, field=field, key=key, type=kind, value=value,
        reason="test", source="test", removed=removed,
    )  # fmt: skip


def in_force(store: SettingStore, key: str | None = None) -> object:
    return store.value("limits.day", key, None, 1)


def test_each_declaration_sees_the_entries_that_fit_it() -> None:
    log = SettingLog()
    by_card, by_customer, number = (log.store({one.name: one}) for one in (MONEY, BY_CUSTOMER, NUMBER))
    log.apply(entry("a", 100), 1)
    log.apply(entry("b", 200, key="k"), 2)
    assert [in_force(store, "k") for store in (by_card, by_customer, number)] == [200, 100, 0.5]
    assert log.store({MONEY.name: MONEY}) is by_card


@pytest.mark.parametrize("late", [False, True], ids=["from the beginning", "afterwards"])
def test_a_store_made_later_holds_what_one_made_at_first_does(late: bool) -> None:
    log = SettingLog()
    stores = [] if late else [log.store({one.name: one}) for one in (MONEY, NUMBER)]
    log.apply(entry("a", 100), 1)
    log.apply(entry("b", 300), 2)
    log.apply(entry("a", 1.5, kind="number"), 3)  # the same entry, under a policy with another type
    log.apply(entry("b", 300, removed=True), 4)
    stores = stores or [log.store({one.name: one}) for one in (MONEY, NUMBER)]
    assert [in_force(store) for store in stores] == [7, 1.5]
    assert [kept.sequence for kept in log] == [3]


def test_stores_that_no_policy_reads_any_more_are_let_go() -> None:
    log = SettingLog()
    first, second = (log.store({one.name: one}) for one in (MONEY, NUMBER))
    log.keep([second])
    log.apply(entry("a", 100), 1)
    assert in_force(first) == 7
    assert in_force(log.store({MONEY.name: MONEY})) == 100
