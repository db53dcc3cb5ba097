"""seawall demo: the main job from end to end on a history made here, as the commands that a user would type."""

from __future__ import annotations

import argparse
import math
import os
import shlex
from datetime import date
from pathlib import Path

from seawall.cli import OK, main
from seawall.cli.inputs import UsageError, add_language_argument
from seawall.simulator import Simulation

PACK = "example_card"
FIELDS = ("event_id", "type", "event_time", "customer", "card", "merchant", "device", "amount", "currency")
FEWEST, MOST = 1_000, 20_000_000
_CUSTOMERS, _DAYS, _START = 100, 90, date(2026, 1, 1)  # fewest customers of a simulation; days the demo would cover
_TEXTS = {
    "begin": {
        "zh": "生成约 {events:,} 笔银行卡支付(含带标签的攻击),再用随附策略包 {pack} 回测。",
        "en": "Making about {events:,} card payments, labelled attacks among them, then backtesting the pack {pack}.",
    },
    "end": {
        "zh": "报告:{report}\n用自己的数据:写一份映射文件(docs/reference/mapping.md),再运行上面最后一条命令。",
        "en": "Report: {report}\n"
        "Your own data: write a mapping (docs/reference/mapping.md), then run the last command above.",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall demo`."""
    parser.add_argument("--events", metavar="N", type=int, default=200_000, help="about how many payments (200000)")
    parser.add_argument("--seed", metavar="N", type=int, default=7, help="the same seed gives the same history")
    where = "folder of history and report (default: HOME/demo, or ./seawall-demo without a home)"
    parser.add_argument("--out", metavar="DIR", type=Path, help=where)
    add_language_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run each command of the demo, showing it first; stops at the first that fails, with its status."""
    if not FEWEST <= args.events <= MOST:
        raise UsageError(f"--events {args.events} is outside {FEWEST:,} to {MOST:,}; choose a number within")
    folder: Path = args.out or _default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    _say("begin", args.lang, events=args.events, pack=PACK)
    for command in commands(args.events, args.seed, folder, args.lang):
        print(f"\n$ seawall {shlex.join(command)}", flush=True)
        status = main(command)
        if status != OK:
            return status
    print()
    _say("end", args.lang, report=(folder / "report.html").resolve().as_uri())
    return OK


def commands(events: int, seed: int, folder: Path, lang: str) -> list[list[str]]:
    """The command lines of the demo, without the leading `seawall`."""
    customers, days = size(events, seed)
    history = str(folder / "history.parquet")
    simulate = ["simulate", "--out", history, "--customers", str(customers), "--days", str(days), "--seed", str(seed)]
    backtest = ["backtest", history, "--policy", PACK, "--out", str(folder), "--lang", lang]
    return [[*simulate, "--start", _START.isoformat(), "--fields", *FIELDS], backtest]


def size(events: int, seed: int) -> tuple[int, int]:
    """Customers and days whose payments come to about `events`: three months, less where few customers would do."""
    daily = Simulation(seed, 10 * _CUSTOMERS, 1, _START).expected_events / (10 * _CUSTOMERS)
    customers = max(_CUSTOMERS, math.ceil(events / (daily * _DAYS)))
    return customers, max(1, min(_DAYS, round(events / (daily * customers))))


def _default_folder() -> Path:
    home = os.environ.get("SEAWALL_HOME")
    return Path(home) / "demo" if home else Path("seawall-demo")


def _say(text: str, lang: str, **values: object) -> None:
    print(_TEXTS[text][lang].format(**values), flush=True)
