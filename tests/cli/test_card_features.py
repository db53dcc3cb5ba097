"""Our features of the card benchmark against a plain reading of their definitions, over small histories."""

import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seawall.cli.card_benchmark import feature_rows, read_file
from seawall.cli.card_features import SEAWALL

HOUR, DAY = 3_600_000, 86_400_000
_FIRST = 1_522_540_800_000  # 2018-04-01
_DAYS, _ROWS = 150, 4_000
Row = dict[str, Any]


def _rows() -> list[Row]:
    random = np.random.default_rng(3)
    times = _FIRST + np.sort(random.integers(0, _DAYS * DAY, _ROWS))
    return [
        {"at": at, "customer": int(random.integers(12)), "terminal": int(random.integers(15)),
         "amount": int(random.integers(100, 30_000)), "fraud": bool(random.random() < 0.3)}
        for at in times.tolist()
    ]  # fmt: skip


def _within(past: list[Row], at: int, days: int, *, offset: int = 0, hop: int = 1) -> list[Row]:
    """Rows in the window that ends `offset` days before `at`: exact, or in whole buckets of `hop` ms."""
    last = at // hop - offset * DAY // hop
    return [row for row in past if last - days * DAY // hop < row["at"] // hop <= last]


def _labels(past: list[Row], at: int, days: int) -> list[Row]:
    """Frauds whose label, 7 days late, has come in the last `days`."""
    return [row for row in past if row["fraud"] and at - days * DAY < row["at"] + 7 * DAY <= at]


def _expected(rows: list[Row], index: int) -> dict[str, float | None]:
    now = rows[index]
    at, amount = now["at"], now["amount"]
    own = [row for row in rows[:index] if row["customer"] == now["customer"]]
    there = [row for row in rows[: index + 1] if row["terminal"] == now["terminal"]]
    before = [row["amount"] for row in _within(own, at, 90, offset=14, hop=HOUR)]
    recent = [row["amount"] for row in _within(own, at, 90, hop=HOUR)]
    fortnight, three = ([row["amount"] for row in _within(own, at, days)] for days in (14, 3))
    usual = _mean(before) if before else _mean(recent)
    judged = {days: _within(there, at, days, offset=7) for days in (3, 7, 14, 21, 28, 90)}
    labels = {days: _labels(there, at, days) for days in (3, 7, 14, 21, 28, 90)}
    judged_since = at - 7 * DAY - judged[90][-1]["at"] if judged[90] else None
    label_since = at - 7 * DAY - labels[90][-1]["at"] if labels[90] else None
    values: dict[str, float | None] = {
        "amount_major": amount / 100,
        "amount_over_usual": _over(amount, usual),
        "amount_over_14d": _over(amount, _mean(fortnight)),
        "amount_over_max": _over(amount, max(before, default=None)),
        "amount_deviations": _over(amount - usual, statistics.pstdev(before)) if usual and before else None,
        "surge_max_3d": _over(max(three, default=None), usual),
        "surge_max_14d": _over(max(fortnight, default=None), usual),
        "surge_mean_14d": _over(_mean(fortnight), usual),
        "customer_usual": usual,
        "terminal_judged_since": judged_since,
        "terminal_label_since": label_since,
        "terminal_last_fraud": float(label_since is not None and label_since == judged_since),
        "terminal_judged_amount": judged[90][-1]["amount"] if judged[90] else None,
        "terminal_judged_mean_3d": _mean([row["amount"] for row in judged[3]]),
        "terminal_judged_max_3d": max((row["amount"] for row in judged[3]), default=None),
        "terminal_judged_max_21d": max((row["amount"] for row in judged[21]), default=None),
    }
    for days in (3, 7, 14, 21, 28):
        frauds, payments = len(labels[days]), len(judged[days])
        values[f"terminal_fraud_{days}d"] = frauds
        values[f"terminal_good_{days}d"] = payments - frauds
        values[f"terminal_risk_{days}d"] = frauds / payments if payments else 0.0 if days == 7 else None
    return {name: values[name] for name in SEAWALL}


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _over(top: float | None, bottom: float | None) -> float | None:
    return top / bottom if top is not None and bottom else None


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return _rows()


@pytest.fixture(scope="module")
def path(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cards") / "cards.parquet"
    pq.write_table(
        pa.table(
            {
                "TRANSACTION_ID": range(len(rows)),
                "TX_DATETIME": pa.array([row["at"] for row in rows], pa.timestamp("ms")),
                "CUSTOMER_ID": [row["customer"] for row in rows],
                "TERMINAL_ID": [row["terminal"] for row in rows],
                "TX_AMOUNT": [row["amount"] / 100 for row in rows],
                "TX_FRAUD": [int(row["fraud"]) for row in rows],
            }
        ),
        path,
    )
    return path


def test_every_feature_is_what_its_definition_says(rows: list[Row], path: Path) -> None:
    chosen = np.arange(0, len(rows), 13)
    got = feature_rows(read_file(path), chosen, SEAWALL, lambda done, whole: None)
    for place, index in enumerate(chosen.tolist()):
        wanted = _expected(rows, index)
        for name, value in zip(SEAWALL, got[place].tolist(), strict=True):
            expected = wanted[name]
            if expected is None:
                assert np.isnan(value), (name, index)
            else:
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-9), (name, index)
    assert np.isnan(got).any(axis=0).sum() > 10  # the first rows know nothing yet
    assert (~np.isnan(got)).sum(axis=0).min() > 200
