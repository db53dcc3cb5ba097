from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from seawall.simulator import CUSTOMER_KINDS, Simulation
from seawall.simulator.fields import CURRENCY

RUN = Simulation(seed=4, customers=300, days=20, start=date(2026, 3, 2), attack_rate=0.03, kinds=CUSTOMER_KINDS)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("history") / "run.ndjson"
    RUN.write_history(path)
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_are_the_events_with_their_labels(lines: list[dict[str, Any]]) -> None:
    labels = {label["event_id"]: label for label in RUN.labels()}
    assert labels
    for line, event in zip(lines, RUN.events(), strict=True):
        label = labels.get(event["event_id"])
        beside = {"is_fraud": label is not None}
        if label:
            beside |= {"scenario": label["scenario"], "label_time": label["label_time"]}
        if label or "campaign" in line:  # what prepares an attack is of it, and not labelled
            beside["campaign"] = line["campaign"]
        assert line == event | beside


def test_parquet_holds_the_same(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    assert RUN.write_history(path) == len(lines)
    rows = pq.read_table(path).to_pylist()
    for row, line in zip(rows, lines, strict=True):
        for name in ("event_time", "label_time"):
            if row[name] is not None:
                row[name] = row[name].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert {name: value for name, value in row.items() if value is not None} == line


def test_parquet_columns_have_types(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    RUN.write_history(path, fields=["event_id", "event_time", "amount", "currency"])
    schema = pq.read_schema(path)
    assert {name: str(schema.field(name).type) for name in schema.names} == {
        "event_id": "string",
        "event_time": "timestamp[ms, tz=UTC]",
        "amount": "int64",
        "currency": "string",
        "is_fraud": "bool",
        "scenario": "string",
        "label_time": "timestamp[ms, tz=UTC]",
        "campaign": "int32",
    }
    assert set(pq.read_table(path)["currency"].to_pylist()) == {CURRENCY, None}


def test_probes_have_a_column_of_their_own(tmp_path: Path) -> None:
    run = Simulation(seed=4, customers=100, days=3, start=date(2026, 3, 2), attack_rate=0.2, kinds=["service.probe"])
    run.write_history(tmp_path / "run.parquet")
    run.write_history(tmp_path / "run.ndjson")
    table = pq.read_table(tmp_path / "run.parquet").to_pylist()
    lines = [json.loads(line) for line in (tmp_path / "run.ndjson").read_text().splitlines()]
    assert [row["is_outage"] for row in table] == [line["is_outage"] for line in lines]
    assert 0 < sum(row["is_outage"] for row in table) < len(table)
    assert all(("scenario" in line) == line["is_outage"] and "is_fraud" not in line for line in lines)


def test_progress_is_told_day_by_day(tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    written = RUN.write_history(tmp_path / "run.jsonl", progress=lambda *step: told.append(step))
    assert [(day, days) for day, days, _ in told] == [(day, 20) for day in range(1, 21)]
    assert [events for *_, events in told] == sorted(events for *_, events in told)
    assert told[-1][2] == written


def test_a_run_cut_short_leaves_no_file(tmp_path: Path) -> None:
    def stop(day: int, days: int, events: int) -> None:
        if day == 3:
            raise KeyboardInterrupt

    for suffix in ("parquet", "ndjson"):
        with pytest.raises(KeyboardInterrupt):
            RUN.write_history(tmp_path / f"run.{suffix}", progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["run.csv", "run"])
def test_unknown_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"use \.parquet, \.ndjson, \.jsonl"):
        RUN.write_history(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
