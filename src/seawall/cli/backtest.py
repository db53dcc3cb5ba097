"""seawall backtest: what a policy would have done, as a page, as data and on the terminal."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from seawall import __version__
from seawall.analytics.backtest.summary import Source, Summary, as_json, summarise
from seawall.cli import INTERRUPTED, OK
from seawall.cli import backtest_journal as on_journal
from seawall.cli.facts import Facts
from seawall.cli.inputs import (
    PACK_HELP,
    UsageError,
    add_history_arguments,
    add_language_argument,
    cache_folder,
    read_entries,
    read_mapping,
    read_policy,
)
from seawall.cli.report.page import render
from seawall.cli.report.terminal import say, show
from seawall.cli.running import progress_bar, say_stopped, stoppable
from seawall.engine.history import HistoryMapping, open_history
from seawall.engine.money import EXPONENTS
from seawall.engine.policy import CompiledPolicy
from seawall.engine.replay import replay

_DECISIONS = ("decisions.parquet", "decisions-against.parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall backtest`."""
    add_history_arguments(parser, needed=False)
    own = f"{PACK_HELP} (with --journal, by default: the pack that decides)"
    parser.add_argument("--policy", metavar="A", default="", help=own)
    parser.add_argument("--against", metavar="B", default="", help="another pack, to see who changes side")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the report")
    parser.add_argument(
        "--label", metavar="NAME", default="", help="the mapped label that tells frauds (default: first)"
    )
    on_journal.add_arguments(parser)
    add_language_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Replay under one or two policies, compute the statistics, write the report."""
    if args.journal is not None:
        return report(args, on_journal.measured(args))
    if args.events is None or not args.policy:
        raise UsageError("name a history file and a pack with --policy, or the home's own history with --journal")
    names = [name for name in (args.policy, args.against) if name]
    sides = [_side(name, args.mapping) for name in names]
    (policy, mapping), other = sides[0], sides[1:]
    labels = [source.label for source in mapping.labels]
    if args.label and args.label not in labels:
        raise UsageError(f"{mapping.file} maps no label {args.label!r}; it maps: {', '.join(labels) or 'none'}")
    if other and other[0][0].pack.base_currency != policy.pack.base_currency:
        raise UsageError(f"{names[0]} and {names[1]} count in different base currencies; compare packs of one currency")
    args.out.mkdir(parents=True, exist_ok=True)
    facts = Facts(policy.pack, mapping, args.label)
    if not _replay_all(args, sides, facts):
        return INTERRUPTED
    decided = [facts.decisions(args.out / name) for name, _ in zip(_DECISIONS, sides, strict=False)]
    summary = summarise(
        _source(args, [policy for policy, _ in sides], mapping, facts),
        decided[0],
        [[entry.id for entry in side.entries] for side, _ in sides],
        decided[1] if other else None,
    )
    return report(args, summary)


def report(args: argparse.Namespace, summary: Summary | None) -> int:
    """Write the report's files and show its figures; None: the work was stopped."""
    if summary is None:
        return INTERRUPTED
    _write(args.out / "summary.json", json.dumps(as_json(summary), ensure_ascii=False, indent=1))
    _write(args.out / "report.html", render(summary, args.lang))
    show(summary, Console(), args.lang)
    print(say("report", args.lang, path=args.out / "report.html"))
    return OK


def _side(name: str, mapping: str) -> tuple[CompiledPolicy, HistoryMapping]:
    folder, policy = read_policy(name)
    return policy, read_mapping(mapping, folder, policy.pack)


def _replay_all(args: argparse.Namespace, sides: list[tuple[CompiledPolicy, HistoryMapping]], facts: Facts) -> bool:
    """Replay under each policy; the facts are gathered with the first. False when stopped by Ctrl-C."""
    observers: list[Callable[..., None] | None] = [facts.observe, None]
    with stoppable() as stop:
        for (policy, mapping), name, observe in zip(sides, _DECISIONS, observers, strict=False):
            with progress_bar(policy.label) as progress:
                result = replay(
                    args.events,
                    mapping,
                    policy,
                    args.out / name,
                    features="none",
                    hashes=True,
                    progress=progress,
                    resume=not args.fresh,
                    stop=stop,
                    observe=observe,
                    entries=read_entries(args.entries, policy.pack, args.lists),
                    cache_dir=cache_folder(),
                )
            if not result.finished:
                say_stopped(result, args.out / name)
                return False
    return True


def _source(args: argparse.Namespace, policies: list[CompiledPolicy], mapping: HistoryMapping, facts: Facts) -> Source:
    base = policies[0].pack.base_currency
    return Source(
        events=args.events.name,
        events_fingerprint=open_history(args.events).fingerprint(),
        mapping=mapping.file,
        mapping_hash=mapping.content_hash,
        policies=tuple((policy.label, policy.pack.content_hash) for policy in policies),
        lists=args.lists,
        label=facts.label_name,
        label_delay_ms=facts.delay_ms,
        currency=base,
        exponent=EXPONENTS[base],
        version=__version__,
    )


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
