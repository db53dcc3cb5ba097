import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seawall.cli.card_benchmark import read_file
from seawall.cli.card_features import BENCHMARK, SEAWALL

from .conftest import Run

DAYS, A_DAY, START = 56, 300, "2018-05-01"  # the file begins on 2018-04-01; the test week on 2018-05-15
_DAY_MS = 86_400_000
_FIRST = np.datetime64("2018-04-01", "ms").astype(np.int64)
_TEST = _FIRST + 44 * _DAY_MS

Change = Callable[[dict[str, Any]], None]


def _columns() -> dict[str, Any]:
    """Fraud are payments above 220, and all at a few of thirty terminals, others each fortnight."""
    random = np.random.default_rng(11)
    n = DAYS * A_DAY
    times = _FIRST + np.sort(random.integers(0, DAYS * _DAY_MS, n))
    days = (times - _FIRST) // _DAY_MS
    terminals = random.integers(0, 30, n)
    amounts = np.round(random.gamma(2.0, 35.0, n) + 1, 2)
    fraud = (amounts > 220) | (terminals % 8 == days // 14)
    return {
        "TRANSACTION_ID": np.arange(n), "TX_DATETIME": pa.array(times).cast(pa.timestamp("ms")),
        "CUSTOMER_ID": random.integers(0, 3_000, n), "TERMINAL_ID": terminals, "TX_AMOUNT": amounts,
        "TX_FRAUD": fraud.astype(np.int64), "TX_TIME_DAYS": days,
    }  # fmt: skip


def _write(path: Path, change: Change = lambda columns: None) -> Path:
    columns = _columns()
    change(columns)
    pq.write_table(pa.table(columns), path)
    return path


def _evaluate(seawall: Run, data: Path, scores: Path) -> dict[str, Any]:
    arguments = ("--train-start", START, "--data", str(data), "--scores", str(scores), "--json")
    ran = seawall("model", "evaluate", "card-benchmark", *arguments)
    assert ran.status == 0, ran.err
    return json.loads(ran.out)  # type: ignore[no-any-return]


def _from_test_week(columns: dict[str, Any]) -> Any:
    return columns["TX_DATETIME"].cast(pa.int64()).to_numpy() >= _TEST


def _blank(columns: dict[str, Any]) -> None:
    columns["TX_FRAUD"] = pa.array(columns["TX_FRAUD"], mask=_from_test_week(columns))


def _blank_as_nan(columns: dict[str, Any]) -> None:
    columns["TX_FRAUD"] = np.where(_from_test_week(columns), np.nan, columns["TX_FRAUD"])


def _blank_as_zero(columns: dict[str, Any]) -> None:
    columns["TX_FRAUD"] = np.where(_from_test_week(columns), 0, columns["TX_FRAUD"])


def _swap(columns: dict[str, Any]) -> None:
    columns["TX_FRAUD"] = np.where(_from_test_week(columns), 1 - columns["TX_FRAUD"], columns["TX_FRAUD"])


def test_both_sets_are_judged_and_the_test_week_is_scored(seawall: Run, tmp_path: Path) -> None:
    data = _write(tmp_path / "cards.parquet")
    report = _evaluate(seawall, data, tmp_path / "scores.parquet")
    assert [model["features"] for model in report["models"]] == ["benchmark", "seawall"]
    for model in report["models"]:
        assert model["model"] == "lightgbm"
        assert 0.7 < model["auc_roc"] <= 1
        assert 0.3 < model["average_precision"] <= 1
        assert 0.1 < model["card_precision_100"] < 0.5
    assert report["note"] == ""
    scores = pq.read_table(tmp_path / "scores.parquet").to_pydict()
    days = _columns()["TX_TIME_DAYS"]
    assert scores["TRANSACTION_ID"] == np.flatnonzero((days >= 44) & (days < 51)).tolist()
    assert len(set(scores["score"])) > 20


@pytest.mark.parametrize("change", [_blank, _blank_as_nan, _blank_as_zero, _swap])
def test_labels_from_the_test_week_on_change_no_score(seawall: Run, tmp_path: Path, change: Change) -> None:
    known, changed = tmp_path / "known.parquet", tmp_path / "changed.parquet"
    _evaluate(seawall, _write(tmp_path / "a.parquet"), known)
    report = _evaluate(seawall, _write(tmp_path / "b.parquet", change), changed)
    assert pq.read_table(known).equals(pq.read_table(changed))
    measured = [model["auc_roc"] is not None for model in report["models"]]
    assert measured == [change is _swap] * 2
    assert ("nothing can be measured" in report["note"]) == (change is not _swap)


def test_rows_in_any_order_and_csv_give_the_same(seawall: Run, tmp_path: Path) -> None:
    from pyarrow import csv

    _evaluate(seawall, _write(tmp_path / "a.parquet"), tmp_path / "a-scores.parquet")
    table = pa.table(_columns())
    csv.write_csv(table.take(np.random.default_rng(1).permutation(len(table))), tmp_path / "b.csv")
    _evaluate(seawall, tmp_path / "b.csv", tmp_path / "b-scores.parquet")
    assert pq.read_table(tmp_path / "a-scores.parquet").equals(pq.read_table(tmp_path / "b-scores.parquet"))


def test_without_json_a_table(seawall: Run, tmp_path: Path) -> None:
    data = _write(tmp_path / "cards.parquet", _blank)
    ran = seawall("model", "evaluate", "card-benchmark", "--train-start", START, "--data", str(data))
    assert ran.status == 0
    assert "days of history before the training week: 30;" in ran.err
    assert ran.out.splitlines()[2].split() == ["benchmark", "-", "-", "-"]
    assert "have no label" in ran.out


def _no_amount(columns: dict[str, Any]) -> None:
    del columns["TX_AMOUNT"]


def _twos(columns: dict[str, Any]) -> None:
    columns["TX_FRAUD"] = columns["TX_FRAUD"] * 2


def _no_fraud(columns: dict[str, Any]) -> None:
    columns["TX_FRAUD"] = columns["TX_FRAUD"] * 0


def _no_customer(columns: dict[str, Any]) -> None:
    columns["CUSTOMER_ID"] = pa.array(columns["CUSTOMER_ID"], mask=columns["CUSTOMER_ID"] == 3)


@pytest.mark.parametrize(
    ("change", "start", "words"),
    [
        (_no_amount, START, "has no column TX_AMOUNT"),
        (_twos, START, "TX_FRAUD holds something else than 0 and 1"),
        (_no_fraud, START, "all of one kind"),
        (_no_customer, START, "CUSTOMER_ID is empty in"),
        (_blank, "2018-05-07", "the file holds 2018-04-01 to 2018-05-26"),
        (_blank, "2018-03-31", "training, delay and test take the 21 days 2018-03-31 to 2018-04-20"),
        (_blank, "soon", "'soon' is not a date"),
    ],
)
def test_bad_input_is_one_line(seawall: Run, tmp_path: Path, change: Change, start: str, words: str) -> None:
    data = _write(tmp_path / "cards.parquet", change)
    ran = seawall("model", "evaluate", "card-benchmark", "--train-start", start, "--data", str(data))
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err.splitlines()[-1]


def test_a_place_for_scores_is_looked_at_first(seawall: Run, tmp_path: Path) -> None:
    arguments = ("--train-start", START, "--data", "none.parquet", "--scores", str(tmp_path / "no" / "s.parquet"))
    assert "name a file in a folder that exists" in seawall("model", "evaluate", "card-benchmark", *arguments).err


def test_without_data_it_says_where_it_looked(seawall: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    ran = seawall("model", "evaluate", "card-benchmark", "--train-start", START)
    assert ran.status == 2
    assert "name the benchmark's file with --data FILE" in ran.err


def test_the_files_transactions_are_in_order_of_time(tmp_path: Path) -> None:
    file = read_file(_write(tmp_path / "cards.parquet"))
    assert bool((np.diff(file.transactions.days) >= 0).all())
    part = file.between(int(file.transactions.days[0]) + 3, int(file.transactions.days[0]) + 5)
    assert np.unique(part.transactions.days).tolist() == [file.transactions.days[0] + 3, file.transactions.days[0] + 4]
    assert len(part.table) == len(part.transactions.fraud)


def test_the_benchmark_has_fifteen_features() -> None:
    assert len(BENCHMARK) == len(set(BENCHMARK)) == 15
    assert len(SEAWALL) == len(set(SEAWALL))
