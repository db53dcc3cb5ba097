"""Limits and switches through the service: durable, in force at once, kept over restarts and changes of policy."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from seawall.engine.errors import EventError
from seawall.engine.journal import Journal, Kind, decode
from seawall.engine.settings import SettingEntry
from seawall.server.service import Service
from tests.engine.settled import edit, folder
from tests.server.world import bundle, running

CARD = "4111110000000002"
AT = "2026-11-18T10:00:00.000Z"


def pay(number: int, **changed: Any) -> bytes:
    body = {"event_id": f"e{number}", "type": "pay", "event_time": AT, "customer": "c1", "amount": 5_000}
    return json.dumps(body | {"currency": "CNY"} | changed).encode()


def entry(value: object, **more: object) -> bytes:
    return json.dumps({"entry_id": "x", "value": value, "reason": "asked", "source": "test"} | more).encode()


async def rules(service: Service, body: bytes) -> tuple[str, ...]:
    return (await service.decide(body)).decision.rules


def test_an_entry_is_journaled_in_force_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, pack=bundle(folder())) as service:
            assert "over" not in await rules(service, pay(1))
            assert await service.setting("limits.pay_each", entry(4_999, scope="entity", key="c1")) == 2
            assert "over" in await rules(service, pay(2))
            assert "over" not in await rules(service, pay(3, customer="c2"))
            assert await service.setting("switches.stop", entry(True)) == 5
            assert "stopped" in await rules(service, pay(4))
        async with running(tmp_path, pack=bundle(folder())) as service:
            assert {"over", "stopped"} <= set(await rules(service, pay(5)))
            (again,) = [one for one in service.switches() if one["name"] == "stop"]
            assert (again["value"], again["entry"]["reason"], again["entries"]) == (True, "asked", 1)

    asyncio.run(story())
    for snapshot in (tmp_path / "snapshots").iterdir():
        snapshot.unlink()

    async def from_the_journal() -> None:
        service_rules: set[str] = set()
        async with running(tmp_path, pack=bundle(folder())) as service:
            service_rules |= set(await rules(service, pay(6)))
        assert {"over", "stopped"} <= service_rules

    asyncio.run(from_the_journal())
    with Journal(tmp_path / "journal.db", read_only=True) as journal:
        found = [decode(record) for record in journal.read() if record.kind == Kind.SETTING]
    assert [(one.setting, one.field, one.key, one.value) for one in found if isinstance(one, SettingEntry)] == [
        ("limits.pay_each", "customer", "c1", 4_999),
        ("switches.stop", "", "", True),
    ]


def test_a_sensitive_key_is_kept_as_its_surrogate_and_found_in_the_clear(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, pack=bundle(folder())) as service:
            before = service.limits(entity=CARD)
            await service.setting("limits.by_card", entry(100, scope="entity", key=CARD))
            assert "of_card" in await rules(service, pay(1, card=CARD))
            assert "of_card" not in await rules(service, pay(2, card="5500000000000004"))
            shown = {one["name"]: one["value"] for one in service.limits(entity=CARD)}
            assert {one["name"]: one["value"] for one in before}["by_card"] is None
            assert (shown["by_card"], shown["pay_each"]) == (100, 80_000)
            assert {one["name"]: one["value"] for one in service.limits(entity="5500000000000004")}["by_card"] is None

    asyncio.run(story())
    assert CARD.encode() not in (tmp_path / "journal.db").read_bytes()


def test_what_is_in_force_follows_entity_segment_and_time(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, pack=bundle(folder())) as service:
            name = "limits.pay_each"
            await service.setting(name, entry(3, entry_id="all", scope="all"))
            await service.setting(name, entry(2, entry_id="cn", scope="segment", key="CN"))
            later = {"valid_from": "2027-01-01T00:00:00Z"}
            await service.setting(name, entry(1, entry_id="c1", scope="entity", key="c1", **later))

            def value(**keys: str) -> object:
                return {one["name"]: one["value"] for one in service.limits(**keys)}["pay_each"]

            assert [value(), value(segment="CN"), value(entity="c1", segment="CN")] == [3, 2, 2]
            service._clock.now = 1_800_000_000_000  # type: ignore[attr-defined]  # 2027-01-15
            assert value(entity="c1", segment="CN") == 1
            assert service.gauges()["setting_entries"] == 3

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("limits.none", entry(1, scope="all"), "setting"),
        ("limits.pay_each", entry(1), "scope"),
        ("limits.pay_each", entry("1", scope="all"), "value"),
        ("limits.pay_each", entry(1, scope="all", setting="limits.items"), "setting"),
        ("switches.stop", entry(1), "value"),
        ("switches.stop", b"[]", ""),
    ],
)
def test_a_bad_entry_is_refused_by_its_field_and_nothing_is_kept(
    tmp_path: Path, name: str, body: bytes, field: str
) -> None:
    async def story() -> None:
        async with running(tmp_path, pack=bundle(folder())) as service:
            with pytest.raises(EventError) as refused:
                await service.setting(name, body)
            assert refused.value.field == field
            assert service.sequence == 0

    asyncio.run(story())


def test_another_policy_keeps_what_it_still_declares_warm_or_rebuilt(tmp_path: Path) -> None:
    made = []
    for version, features in ((4, False), (5, True)):
        other = tmp_path / f"pack{version}"
        shutil.copytree(folder(), other)
        edit(other, "policy.yaml", "version: 3", f"version: {version}")
        edit(other, "rules.yaml", "switches.safe && !switches.stop", "!switches.stop")
        edit(other, "switches.yaml", "  safe:", "  calm:")
        if features:
            edit(other, "features.yaml", "window: {last: 10m}", "window: {last: 20m}")
        made.append(bundle(other))

    async def story() -> None:
        async with running(tmp_path / "home", pack=bundle(folder())) as service:
            await service.setting("limits.pay_each", entry(1, scope="all"))
            await service.setting("switches.safe", entry(False))
        for number, pack in enumerate(made):
            async with running(tmp_path / "home", pack=pack) as service:
                assert [kept.entry.setting for kept in service.engine.settings] == ["limits.pay_each"]
                assert "over" in await rules(service, pay(number))

    asyncio.run(story())
