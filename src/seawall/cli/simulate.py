"""seawall simulate: the history of a synthetic fintech as a file."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from seawall.cli import OK
from seawall.cli.inputs import UsageError
from seawall.cli.running import progress_bar
from seawall.simulator import KINDS, Simulation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall simulate`."""
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="file to write: .parquet, .ndjson, .jsonl"
    )
    parser.add_argument("--customers", metavar="N", type=int, default=2_000, help="customers (default: 2000)")
    parser.add_argument("--days", metavar="N", type=int, default=60, help="days (default: 60)")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="the same seed gives the same history")
    parser.add_argument("--start", metavar="DATE", default="2026-01-01", help="first day (default: 2026-01-01)")
    parser.add_argument(
        "--attacks", metavar="RATE", type=float, default=0.002, help="share of attacks (default: 0.002)"
    )
    parser.add_argument("--kinds", metavar="TYPE", nargs="+", default=["payment.card"], help=", ".join(KINDS))
    parser.add_argument("--fields", metavar="NAME", nargs="+", help="keep only these fields")


def run(args: argparse.Namespace) -> int:
    """Write the history and say how many events it has."""
    try:
        start = date.fromisoformat(args.start)
    except ValueError:
        raise UsageError(f"--start {args.start!r} is not a date; write it like 2026-01-01") from None
    try:
        simulation = Simulation(args.seed, args.customers, args.days, start, args.attacks, args.kinds)
        with progress_bar("simulate") as progress:
            events = simulation.write_history(args.out, args.fields, lambda day, days, written: progress(day, days))
    except ValueError as error:
        raise UsageError(str(error)) from None
    print(f"{events:,} events of {args.customers:,} customers over {args.days:,} days: {args.out}")
    return OK
