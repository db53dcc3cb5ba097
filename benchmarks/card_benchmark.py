"""The card benchmark over many weeks: `python benchmarks/card_benchmark.py FILE [TRAIN_START …]`.

One replay computes the features of all weeks; each week is then trained and judged as by `seawall model evaluate
card-benchmark`. The last set, "known", is no model: by the file's own TX_FRAUD_SCENARIO it scores 1 every fraud that
anybody could know of, and 0 the rest: frauds at a terminal taken over (scenario 2) whose first label is not in yet.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from seawall.analytics.fraud import RECIPE, Metrics, Transactions, measure, split
from seawall.analytics.models.training import train
from seawall.cli.card_benchmark import ID, TERMINAL, TIME, CardFile, Ints, feature_rows, read_file
from seawall.cli.card_features import BENCHMARK, SEAWALL
from seawall.engine.model import model_hash, parse_model

STARTS = [date(2018, 5, 12) + timedelta(days=10 * week) for week in range(7)]
EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000
Figures = tuple[float, float, float]


def knowable(file: CardFile, path: Path) -> np.ndarray:
    """1.0 for each fraud that is told by its amount, or by a label of its terminal's last 28 days that is in."""
    told = pq.read_table(path, columns=[ID, "TX_FRAUD_SCENARIO"]).to_pydict()
    scenarios = dict(zip(told[ID], told["TX_FRAUD_SCENARIO"], strict=True))
    scenario = np.array([scenarios[number] for number in file.table.column(ID).to_pylist()])
    times = file.table.column(TIME).cast("int64").to_numpy()
    terminals = file.table.column(TERMINAL).to_numpy()
    known = np.isin(scenario, [1, 3])
    taken = np.flatnonzero(scenario == 2)
    for terminal in np.unique(terminals[taken]):
        rows = taken[terminals[taken] == terminal]
        age = times[rows][:, None] - times[rows][None, :]
        known[rows] = ((age >= 7 * DAY_MS) & (age < 28 * DAY_MS)).any(axis=1)
    return known.astype(np.float64)


def figures(metrics: Metrics) -> Figures:
    auc, precision, cards = metrics.auc_roc, metrics.average_precision, metrics.card_precision_100
    if auc is None or precision is None or cards is None:
        sys.exit("a week has transactions without a label, or no fraud; name other weeks")
    return auc, precision, cards


def trained(transactions: Transactions, start: int, rows: Ints, matrix: np.ndarray, names: tuple[str, ...]) -> Figures:
    """One week's figures; `matrix` holds the features of `rows`."""
    parts = split(transactions, start)
    learned, judged = (matrix[np.searchsorted(rows, part)] for part in (parts.train, parts.tested))
    data = train(names, learned, transactions.fraud[parts.train] == 1, RECIPE).artefact.encode()
    return figures(measure(transactions, parts.tested, parse_model(data, model_hash(data)).score_rows(judged)))


def main(path: Path, starts: list[date]) -> None:
    """Measure and print."""
    file = read_file(path)
    transactions = file.transactions
    numbers = [(start - EPOCH).days for start in starts]
    weeks = [split(transactions, number) for number in numbers]
    rows = np.unique(np.concatenate([part for week in weeks for part in (week.train, week.tested)]))
    names = sorted({*BENCHMARK, *SEAWALL})
    matrix = feature_rows(file, rows, names, lambda done, whole: None)
    sets = {"benchmark": BENCHMARK, "seawall": SEAWALL}
    known = knowable(file, path)
    found: dict[str, list[Figures]] = {}
    for start, number, week in zip(starts, numbers, weeks, strict=True):
        for kind, inputs in sets.items():
            columns = matrix[:, [names.index(name) for name in inputs]]
            found.setdefault(kind, []).append(trained(transactions, number, rows, columns, inputs))
        found.setdefault("known", []).append(figures(measure(transactions, week.tested, known[week.tested])))
        print(start, {kind: [round(value, 4) for value in values[-1]] for kind, values in found.items()}, flush=True)
    for kind, values in found.items():
        print(f"mean {kind:<10} AUC ROC, AP, CP@100:", np.round(np.mean(values, axis=0), 4).tolist())


if __name__ == "__main__":
    main(Path(sys.argv[1]), [date.fromisoformat(text) for text in sys.argv[2:]] or STARTS)
