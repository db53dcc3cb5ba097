"""`seawall backtest --journal`: the same report over a home's own history."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from seawall.analytics.backtest.summary import Summary
from seawall.apps.policies.backtesting.measure import ALL, AUTO, Question, StoppedError, measure
from seawall.cli.inputs import UsageError, cache_folder, read_policy
from seawall.cli.running import progress_bar, stoppable
from seawall.engine.history.lived import JournalHistory
from seawall.engine.history.output import decision_schema, decision_table
from seawall.engine.journal import Journal
from seawall.engine.pack.model import Pack
from seawall.engine.policy import CompiledPolicy
from seawall.engine.relive import Stretch
from seawall.engine.times import parse_duration, parse_instant
from seawall.server.home import Home, default_home
from seawall.server.packs import PackShelf
from seawall.server.recovery import activations
from seawall.server.snapshots import Snapshots

FILES = ("decisions.parquet", "decisions-against.parquet")
_FOR_FILES = ("mapping", "entries", "fresh")  # options that a journal has no use for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--journal and what goes with it."""
    journal = parser.add_argument_group("the home's own history instead of a file")
    journal.add_argument("--journal", metavar="HOME", nargs="?", const="", help="its journal (default: this home)")
    at = "an instant, a day (UTC) or a record's number"
    journal.add_argument("--from", dest="begin", metavar="WHEN", default="", help=f"count from here on: {at}")
    journal.add_argument("--to", dest="end", metavar="WHEN", default="", help="count up to here, excluded")
    journal.add_argument(
        "--warm-up", metavar="SPAN", default="auto",
        help="history before --from that fills windows: 30d, all, or auto, as far as the features look back",
    )  # fmt: skip
    journal.add_argument(
        "--label-delay", metavar="SPAN", default="", help="when a label is known (default: longest seen)"
    )


def measured(args: argparse.Namespace) -> Summary | None:
    """Decide the home's events again; every figure of it, None when stopped by Ctrl-C."""
    for name in _FOR_FILES:
        if args.events is not None or getattr(args, name):
            what = "a history file" if args.events is not None else f"--{name}"
            raise UsageError(f"{what} does not go with --journal; leave one of them out")
    home = Home(Path(args.journal) if args.journal else default_home())
    if not home.journal.exists():
        raise UsageError(f"{home.folder} has no journal; name a home with --journal HOME, or start one: seawall up")
    with ExitStack() as opened:
        journal = Journal(home.journal, read_only=True)
        opened.callback(journal.close)
        policies = [read_policy(args.policy)[1] if args.policy else _champion(journal, home)]
        policies += [read_policy(args.against)[1]] if args.against else []
        question = _question(args, policies[0].pack)
        args.out.mkdir(parents=True, exist_ok=True)
        writers = [
            opened.enter_context(_Decisions(args.out / name, one)) for name, one in zip(FILES, policies, strict=False)
        ]
        history = JournalHistory(journal, home.cache / "history")
        with stoppable() as stop, progress_bar("backtest") as progress:
            try:
                found = measure(
                    history, policies, question, hashes=True, progress=progress, stop=stop, cache_dir=cache_folder(),
                    observe=lambda number, stretch, inside: writers[number].write(stretch, inside),
                )  # fmt: skip
            except StoppedError:
                print("seawall: stopped; nothing was written", file=sys.stderr)
                return None
        for writer in writers:
            writer.keep()
    if found.figures["left_out"]:
        print(
            f"seawall: {found.figures['left_out']:,} events of types that not every pack has are left out",
            file=sys.stderr,
        )
    return found.summary


def _champion(journal: Journal, home: Home) -> CompiledPolicy:
    found = activations(journal, Snapshots(home.snapshots))
    if not found:
        raise UsageError(f"{home.journal} names no policy yet; name a pack with --policy")
    return PackShelf(journal, home.cache).policy(found[-1].digest)


def _question(args: argparse.Namespace, pack: Pack) -> Question:
    labels = tuple(name for name in args.label.split(",") if name)
    if not labels:
        labels = ("fraud",) if "fraud" in pack.labels else tuple(pack.labels)[:1]
    span = {"auto": AUTO, "all": ALL}.get(args.warm_up)
    first, begin = _moment("--from", args.begin)
    end, until = _moment("--to", args.end)
    return Question(
        from_ms=begin,
        until_ms=until,
        first=first,
        end=end,
        warm_up_ms=_span("--warm-up", args.warm_up) if span is None else span,
        labels=labels,
        label_delay_ms=_span("--label-delay", args.label_delay) if args.label_delay else None,
    )


def _moment(option: str, text: str) -> tuple[int | None, int | None]:
    """(a record's number, None) or (None, ms)."""
    if not text:
        return None, None
    if text.isdecimal():
        return int(text), None
    try:
        return None, parse_instant(f"{text}T00:00:00.000Z" if len(text) == 10 else text)
    except ValueError as error:
        raise UsageError(f"{option} {text[:40]!r} {error}; or give a day or a record's number") from None


def _span(option: str, text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {text[:40]!r} {error}") from None


class _Decisions:
    """One policy's decisions of the period, as `seawall replay` writes them; under its name only when whole."""

    def __init__(self, path: Path, policy: CompiledPolicy) -> None:
        self._path, self._partial = path, path.with_name(path.name + ".partial")
        self._schema = decision_schema([], hashes=True)
        self._writer: Any = None

    def __enter__(self) -> _Decisions:
        self._writer = pq.ParquetWriter(self._partial, self._schema, compression="zstd", compression_level=1)
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._partial.unlink(missing_ok=True)

    def write(self, stretch: Stretch, inside: Any) -> None:
        """Append the decisions where `inside` is true."""
        block, decided = stretch
        ids = [block.event_ids[row] for row in decided.rows.tolist()]
        table = decision_table(self._schema, decided, ids, block.time("event_time")[decided.rows], [])
        self._writer.write_table(table.filter(inside))

    def keep(self) -> None:
        """Put it under its name."""
        self._writer.close()
        self._partial.replace(self._path)
