"""seawall replay: a history file through the engine, one row of decisions an event."""

from __future__ import annotations

import argparse
from pathlib import Path

from seawall.cli import INTERRUPTED, OK
from seawall.cli.inputs import PACK_HELP, add_history_arguments, cache_folder, read_entries, read_mapping, read_policy
from seawall.cli.running import progress_bar, say_stopped, stoppable
from seawall.engine.replay import FEATURES, replay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall replay`."""
    add_history_arguments(parser)
    parser.add_argument("--policy", metavar="PACK", required=True, help=PACK_HELP)
    parser.add_argument("--out", metavar="OUT.parquet", type=Path, required=True, help="file of decisions to write")
    parser.add_argument("--features", choices=FEATURES, default="none", help="feature columns (default: none)")


def run(args: argparse.Namespace) -> int:
    """Replay and say what was done."""
    folder, policy = read_policy(args.policy)
    mapping = read_mapping(args.mapping, folder, policy.pack)
    entries = read_entries(args.entries, policy.pack, args.lists)
    with stoppable() as stop, progress_bar("replay") as progress:
        result = replay(
            args.events,
            mapping,
            policy,
            args.out,
            features=args.features,
            progress=progress,
            resume=not args.fresh,
            stop=stop,
            entries=entries,
            cache_dir=cache_folder(),
        )
    if not result.finished:
        say_stopped(result, args.out)
        return INTERRUPTED
    new = result.events - result.resumed
    speed = f", {new / result.seconds:,.0f} events/s" if new and result.seconds > 0 else ""
    resumed = f" ({result.resumed:,} of them by an earlier run)" if result.resumed else ""
    print(
        f"{result.events:,} events and {result.labels:,} labels{resumed} in {result.seconds:.1f} s{speed}: {args.out}"
    )
    return OK
