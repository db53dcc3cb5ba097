"""seawall model evaluate card-benchmark: features and learner judged on the public card benchmark."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from seawall.analytics.fraud import RECIPE, Metrics, Split, Transactions, measure, split
from seawall.analytics.models.training import TrainingError, train
from seawall.cli import OK
from seawall.cli.card_benchmark import ID, PACK, CardFile, Floats, feature_rows, find_file, read_file
from seawall.cli.card_features import BENCHMARK, HISTORY_DAYS, SEAWALL
from seawall.cli.inputs import UsageError
from seawall.cli.running import progress_bar
from seawall.engine.model import model_hash, parse_model

_EPOCH = date(1970, 1, 1)
_SETS: Mapping[str, Sequence[str]] = {"benchmark": BENCHMARK, "seawall": SEAWALL}
_SPAN = 21  # days of training, delay and test
_COLUMNS = ("features", "AUC ROC", "average precision", "card precision@100")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall model`."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    evaluate = commands.add_parser("evaluate", help="train and judge on a public benchmark")
    benchmarks = evaluate.add_subparsers(metavar="BENCHMARK", required=True)
    about = "train on a week, wait a week for its labels, test on the week after; the benchmark's 15 features and ours"
    card = benchmarks.add_parser("card-benchmark", help=about, description=about[:1].upper() + about[1:] + ".")
    card.add_argument("--train-start", metavar="DATE", type=_date, required=True, help="first day of training, UTC")
    card.add_argument("--data", metavar="FILE", type=Path, help="transactions, .parquet or .csv")
    card.add_argument("--scores", metavar="OUT.parquet", type=Path, help="write TRANSACTION_ID and our score here")
    card.add_argument("--json", action="store_true", help="print JSON")
    card.set_defaults(command=_card_benchmark)


def run(args: argparse.Namespace) -> int:
    """Run the command that was chosen."""
    status: int = args.command(args)
    return status


def _card_benchmark(args: argparse.Namespace) -> int:
    """Train both sets of features, print their figures, write the scores of ours."""
    start: int = (args.train_start - _EPOCH).days
    _check_place(args.scores)
    file = _needed(read_file(find_file(args.data)), start)
    parts = split(file.transactions, start)
    rows = np.concatenate([parts.train, parts.test_week])
    names = sorted({*BENCHMARK, *SEAWALL})
    with progress_bar("features") as progress:
        matrix = feature_rows(file, rows, names, progress)
    models, scores = [], {}
    for kind, inputs in _SETS.items():
        columns = [names.index(name) for name in inputs]
        try:
            scores[kind], made = _trained(file.transactions, parts, matrix[:, columns], inputs)
        except TrainingError as error:
            raise UsageError(f"{error} (training from {args.train_start})") from None
        figures = _measured(file.transactions, parts, scores[kind])
        models.append({"features": kind, "model": RECIPE.learner, **asdict(figures), "fingerprint": made})
    if args.scores is not None:
        _write_scores(args.scores, file, parts, scores["seawall"])
    report = {
        "benchmark": "card-benchmark",
        "train_start": args.train_start.isoformat(),
        "test_start": (args.train_start + timedelta(days=14)).isoformat(),
        "train_rows": len(parts.train),
        "test_week_rows": len(parts.test_week),
        "tested_rows": len(parts.tested),
        "note": _note(file.transactions, parts),
        "models": models,
    }
    _say(report, args.json)
    return OK


def _needed(file: CardFile, start: int) -> CardFile:
    """The days that the features of the two weeks can see; UsageError where the weeks are not in the file."""
    days = file.transactions.days
    if not len(days):
        raise UsageError("the file holds no transaction")
    first, last = int(days[0]), int(days[-1])
    if start < first or start + _SPAN - 1 > last:
        raise UsageError(
            f"training, delay and test take the {_SPAN} days {_day(start)} to {_day(start + _SPAN - 1)}; "
            f"the file holds {_day(first)} to {_day(last)}"
        )
    seen = start - first
    if seen < HISTORY_DAYS:
        word = f"days of history before the training week: {seen}; the features look back up to {HISTORY_DAYS}"
        print(f"seawall: {word}", file=sys.stderr)
    return file.between(start - HISTORY_DAYS, start + _SPAN)


def _trained(
    transactions: Transactions, parts: Split, matrix: Floats, names: Sequence[str]
) -> tuple[Floats, dict[str, object]]:
    """Scores of the test week by the engine's own scorer, and the model's fingerprint."""
    known = len(parts.train)
    fraud = transactions.fraud[parts.train] == 1
    trained = train(names, matrix[:known], fraud, RECIPE)
    data = trained.artefact.encode()
    return parse_model(data, model_hash(data)).score_rows(matrix[known:]), trained.fingerprint


def _measured(transactions: Transactions, parts: Split, scores: Floats) -> Metrics:
    return measure(transactions, parts.tested, scores[np.searchsorted(parts.test_week, parts.tested)])


def _note(transactions: Transactions, parts: Split) -> str:
    """Why there are no figures; "" where there are."""
    fraud = transactions.fraud[parts.tested]
    if unknown := int((fraud < 0).sum()):
        return f"{unknown:,} of the {len(fraud):,} tested transactions have no label: nothing can be measured"
    if not (fraud == 1).any():
        return "no tested transaction is labelled as a fraud: nothing can be measured"
    return ""


def _check_place(path: Path | None) -> None:
    """UsageError before the work where the scores could not be written after it."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise UsageError(f"{path} cannot be written: name a file in a folder that exists")


def _write_scores(path: Path, file: CardFile, parts: Split, scores: Floats) -> None:
    ids = file.table.column(ID).take(pa.array(parts.test_week))
    pq.write_table(pa.table({ID: ids, "score": scores}), path)


def _say(report: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(report, indent=1))
        return
    models = report["models"]
    assert isinstance(models, list), "one entry a set of features"
    print(f"trained from {report['train_start']}, tested from {report['test_start']}, features by pack {PACK}")
    print(f"{_COLUMNS[0]:<12}" + "".join(f"{name:>22}" for name in _COLUMNS[1:]))
    for model in models:
        figures = [model["auc_roc"], model["average_precision"], model["card_precision_100"]]
        print(f"{model['features']:<12}" + "".join(f"{'-' if x is None else f'{x:.4f}':>22}" for x in figures))
    if report["note"]:
        print(report["note"])


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write one like 2018-07-25") from None
