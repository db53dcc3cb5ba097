"""seawall bench: measure this machine, beside named peers on the same work in the same run."""

from __future__ import annotations

import argparse
import importlib
import json
from contextlib import nullcontext
from typing import Any

from rich.console import Console
from rich.table import Table

from seawall.cli import OK
from seawall.cli.inputs import UsageError, cache_folder

SUITES = {
    "features": "ten exact features from columns in memory, against polars and DuckDB",
    "rules": "thirty rules on one event, against zen-engine and rule-engine; activation",
    "replay": "forty features and thirty rules in blocks, without and with content_hash; state",
    "model": "300 trees of 31 leaves: one row, many rows, contributions, against LightGBM",
    "engine": "decisions in process from JSON to JSON, one by one and 64 at a time; warm start; change of a rule",
    "ledger": "durable entries of the tamper-evident record, proofs and audit of a million; the disk alone",
    "crash": "a decision API killed under load, --events times: decisions lost, counted twice, changed",
    "deploy": "a changed policy of 200 rules and 100 features under load: check, switch, first decision, warming",
    "recovery": "start of a home with a million journaled events, through a snapshot and without",
    "journal": "durable records with 1 and 64 producers, against SQLite rows and a bare file",
    "attacks": "simulated attacks on the payments pack: found, money stopped, good events disturbed, rules; --seeds",
    "http": "durable decisions a second over HTTP and their latency: wrk at 64 connections, 3,000/s unasked",
}
_WHOLE = ("crash", "deploy", "recovery")  # suites of processes of their own, which get the whole machine
_EVENTS = (64, 20_000_000)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall bench`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"  {name:<9} {what}" for name, what in SUITES.items())
    parser.add_argument("suite", choices=SUITES, help="what to measure")
    parser.add_argument("--events", metavar="N", type=int, help="events of the stream (default: a suite's own)")
    parser.add_argument("--repeats", metavar="N", type=int, help="runs of each measurement (default: a suite's own)")
    parser.add_argument("--seeds", metavar="N", type=int, nargs="+", help="seeds of the suite attacks (default: 1 2 3)")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Measure, most suites on one processor, and print the figures."""
    sizes = _sizes(args)
    from seawall.bench.machine import one_processor

    with nullcontext() if args.suite in _WHOLE else one_processor():
        suite = importlib.import_module(f"seawall.bench.{args.suite}")
        figures = suite.figures(**sizes, cache_dir=cache_folder())
    if args.json:
        print(json.dumps({"figures": [figure.as_dict() for figure in figures]}, ensure_ascii=False, indent=1))
        return OK
    if args.suite == "attacks":
        Console().print(*suite.tables(figures))
        return OK
    table = Table("figure", "value", "unit", "peer", "peer's value", "ratio", title=SUITES[args.suite])
    for column in (1, 4, 5):
        table.columns[column].justify = "right"
    for figure in figures:
        values = (figure.value, figure.peer_value, figure.ratio)
        numbers = ["" if value is None else f"{value:,}" for value in values]
        table.add_row(figure.name, numbers[0], figure.unit, figure.peer or "", *numbers[1:])
    Console().print(table)
    return OK


def _sizes(args: argparse.Namespace) -> dict[str, Any]:
    if args.seeds is not None and (args.suite != "attacks" or not all(0 <= seed < 2**63 for seed in args.seeds)):
        raise UsageError("--seeds are whole numbers from 0, and of the suite attacks only")
    least, most = _EVENTS
    if args.events is not None and not least <= args.events <= most:
        raise UsageError(f"--events must lie between {least} and {most:,}, not {args.events:,}")
    if args.repeats is not None and not 1 <= args.repeats <= 100:
        raise UsageError(f"--repeats must lie between 1 and 100, not {args.repeats:,}")
    return {name: getattr(args, name) for name in ("events", "repeats", "seeds") if getattr(args, name) is not None}
