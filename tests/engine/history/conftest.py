"""A small pack with a field of every type, and files made of plain rows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from seawall.engine.history import HistoryMapping, load_mapping
from seawall.engine.pack import Pack, load_pack

EVENTS = """
pack: sample
base_currency: CNY
zone: Asia/Shanghai
events:
  payment.card:
    version: 1
    title: {zh: 付, en: Payment}
    subject: customer
    fields:
      customer: {type: key, required: true, grade: internal, purpose: risk, title: {zh: a, en: a}}
      device:   {type: key, grade: internal, purpose: risk, title: {zh: a, en: a}}
      country:  {type: code, grade: public, purpose: risk, title: {zh: a, en: a}}
      note:     {type: string, grade: public, purpose: risk, title: {zh: a, en: a}}
      secret:   {type: string, grade: sensitive, purpose: risk, title: {zh: a, en: a}}
      amount:   {type: money, required: true, grade: internal, purpose: risk, title: {zh: a, en: a}}
      currency: {type: currency, required: true, grade: public, purpose: risk, title: {zh: a, en: a}}
      weight:   {type: decimal(3), grade: public, purpose: risk, title: {zh: a, en: a}}
      pieces:   {type: int, grade: public, purpose: risk, title: {zh: a, en: a}}
      latitude: {type: number, grade: public, purpose: risk, title: {zh: a, en: a}}
      online:   {type: bool, grade: public, purpose: risk, title: {zh: a, en: a}}
      opened:   {type: time, grade: public, purpose: risk, title: {zh: a, en: a}}
    derive:
      prefix: {from: customer, take: first(2), type: code, title: {zh: a, en: a}}
      year:   {from: opened, take: year, type: int, title: {zh: a, en: a}}
      hint:   {from: secret, take: length, type: int, title: {zh: a, en: a}}
  login:
    version: 1
    title: {zh: 登录, en: Login}
    fields:
      customer: {type: key, required: true, grade: internal, purpose: risk, title: {zh: a, en: a}}
      device:   {type: key, required: true, grade: internal, purpose: risk, title: {zh: a, en: a}}
    derive:
      prefix: {from: customer, take: first(2), type: code, title: {zh: a, en: a}}
labels:
  fraud: {title: {zh: 欺诈, en: Fraud}, keys: [customer]}
  abuse: {title: {zh: 滥用, en: Abuse}, keys: [customer, device]}
"""
FEATURES = """
features:
  - {name: count_1h, version: 1, entity: customer, on: [payment.card], agg: count,
     window: {last: 1h}, default: 0, title: {zh: a, en: a}}
  - {name: sum_1d, version: 1, entity: customer, on: [payment.card], agg: sum, of: base_amount,
     window: {last: 1d}, default: 0, title: {zh: a, en: a}}
  - {name: frauds_30d, version: 1, entity: customer, on: [label.fraud], agg: count,
     window: {last: 30d}, default: 0, title: {zh: a, en: a}}
"""
RULES = """
rules:
  - {id: large, title: {zh: a, en: a}, when: base_amount > money("100"), score: 40}
  - {id: burst, title: {zh: a, en: a}, when: count_1h >= 3 || frauds_30d > 0, score: 60}
  - {id: watched, title: {zh: a, en: a}, when: customer in lists.watched, score: 90}
"""
LISTS = """
lists:
  - {name: watched, kind: watch, key: customer, title: {zh: a, en: a}}
"""
POLICY = """
policy: sample
version: 1
on: [payment.card]
combine:
  score: {sum_of: fired_rules, cap: 100}
  thresholds: {challenge: 30, review: 60, decline: 90}
  outcome: worst
"""
MAPPING = """
event: payment.card
event_id: id
event_time: {column: at, unit: rfc3339}
fields:
  customer: customer
  amount: amount
  currency: {constant: CNY}
labels:
  - {label: fraud, column: fraud, equals: 1, delay: 1h}
"""


def write_pack(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"events": EVENTS, "features": FEATURES, "rules": RULES, "policy": POLICY, "lists": LISTS}
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def pack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("packs") / "sample")


@pytest.fixture(scope="session")
def pack(pack_folder: Path) -> Pack:
    return load_pack(pack_folder)


@pytest.fixture
def mapped(tmp_path: Path, pack: Pack) -> Callable[[str], HistoryMapping]:
    def load(text: str = MAPPING) -> HistoryMapping:
        path = tmp_path / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path, pack)

    return load


def write_rows(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema | None = None) -> Path:
    """Rows as a Parquet file, or as CSV or NDJSON by the suffix."""
    import msgspec

    if path.suffix == ".ndjson":
        path.write_bytes(msgspec.json.Encoder().encode_lines(list(rows)))
        return path
    names = dict.fromkeys(name for row in rows for name in row)
    table = pa.Table.from_pylist([dict.fromkeys(names) | row for row in rows], schema=schema)
    pa_csv.write_csv(table, path) if path.suffix == ".csv" else pq.write_table(table, path)
    return path


def payment(
    number: int, at: str, customer: str = "c1", amount: int = 1000, fraud: int = 0, **more: Any
) -> dict[str, Any]:
    return {"id": f"e-{number}", "at": at, "customer": customer, "amount": amount, "fraud": fraud, **more}


def clock(minute: int) -> str:
    """A time on one day, `minute` minutes after midnight."""
    return f"2026-03-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00.000Z"
