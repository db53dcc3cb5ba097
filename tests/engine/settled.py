"""The `everything` pack with limits and switches, and rules that read them: for tests of settings."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from seawall.engine.pack import Pack, load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.settings import SettingEntry
from tests.engine.world import PACKS

LIMITS = """
limits:
  pay_each: {title: {zh: 单笔限额, en: Each}, type: money, entity: customer, segment: country, default: "800"}
  by_card: {title: {zh: 单卡限额, en: Of a card}, type: money, entity: card}
  items: {title: {zh: 件数上限, en: Items}, type: integer, entity: shop}
  weight: {title: {zh: 重量上限, en: Weight}, type: number, segment: home, default: 5}
"""
SWITCHES = """
switches:
  stop: {title: {zh: 停止支付, en: Stop payments}}
  safe: {title: {zh: 安全模式, en: Safe mode}, default: true, note: {zh: 更严, en: Stricter}}
"""
RULES = """
  - {id: over, title: {zh: 超限, en: Over}, on: [pay], when: base_amount > limits.pay_each, score: 11, reason: OVER}
  - {id: of_card, title: {zh: 卡超限, en: Card}, on: [pay], when: base_amount > limits.by_card, score: 13, reason: CARD}
  - {id: many, title: {zh: 过多, en: Many}, on: [pay], when: has(limits.items) && items > limits.items, score: 17}
  - {id: heavy, title: {zh: 过重, en: Heavy}, on: [pay], when: weight > limits.weight, score: 19}
  - {id: stopped, title: {zh: 已停, en: Stopped}, when: switches.stop, outcome: decline, reason: STOPPED, legal: true}
  - {id: strict, title: {zh: 严格, en: Strict}, on: [login], when: "switches.safe && !switches.stop", score: 23}
  - {id: near, title: {zh: 接近, en: Near}, on: [pay], when: room < money("100") || limits.pay_each == room, score: 29}
"""
ROOM = '  - {name: room, version: 1, value: "limits.pay_each - base_amount", title: {zh: 余额, en: Room}}\n'


@cache
def folder() -> Path:
    made = Path(mkdtemp(prefix="seawall-test-")) / "settled"
    shutil.copytree(PACKS / "everything", made)
    (made / "limits.yaml").write_text(LIMITS, "utf-8")
    (made / "switches.yaml").write_text(SWITCHES, "utf-8")
    edit(made, "rules.yaml", "tables:\n", f"{RULES.lstrip(chr(10))}tables:\n")
    edit(made, "features.yaml", "features:\n", f"features:\n{ROOM}")
    return made


def edit(made: Path, file: str, old: str, new: str) -> None:
    text = (made / file).read_text("utf-8")
    assert old in text, (file, old)
    (made / file).write_text(text.replace(old, new, 1), "utf-8")


@cache
def pack() -> Pack:
    return load_pack(folder())


@cache
def policy() -> CompiledPolicy:
    return compile_policy(pack())


def entry(name: str, value: bool | int | float, key: str = "", scope: str = "", **more: object) -> SettingEntry:
    """An entry of limits.NAME or switches.NAME; the scope entity where there is a key, unless told."""
    definition = pack().settings[name]
    scope = scope or ("entity" if key else "all")
    known: dict[str, object] = {
        "setting": name,
        "entry_id": f"{name}/{scope}/{key}",
        "scope": scope,
        "field": definition.field_of(scope),
        "key": key,
        "type": definition.type,
        "value": value,
        "reason": "test",
        "source": "test",
    }
    return SettingEntry(**(known | more))  # type: ignore[arg-type]
