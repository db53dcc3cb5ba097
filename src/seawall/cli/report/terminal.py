"""The report in a terminal: the figures a reviewer asks for first."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from seawall.cli.report.summary import Judged, Summary
from seawall.cli.report.words import change_finding, count, headline, money, percent


def show(summary: Summary, console: Console) -> None:
    """Print headline, outcomes, quality, rules and, with a second policy, who changes side."""
    source, cover = summary.source, summary.coverage
    console.print(f"[bold]{headline(summary).en}[/bold]")
    console.print(
        f"{percent(cover.share)} of events are old enough to judge, {count(cover.frauds)} known frauds "
        f"({percent(cover.fraud_rate, 2)})"
    )
    for judged in (summary.a, summary.b):
        if judged is not None:
            _outcomes(judged, summary, console)
    if cover.frauds:
        _quality(summary, console)
    _rules(summary.a, summary, console)
    good = summary.a.customers
    if cover.frauds:
        saved = money(summary.a.money.saved, source.exponent, source.currency)
        total = money(summary.a.money.total, source.exponent, source.currency)
        console.print(f"saved {saved} of {total} fraud ({percent(summary.a.money.saved_share)})")
        console.print(
            f"good customers declined {count(good.declined)} of {count(good.customers)} "
            f"({percent(good.share_declined, 2)}), stopped in any way {percent(good.share_stopped, 2)}"
        )
    load = summary.a.alerts["review"]
    console.print(f"alerts a day (review or worse): mean {load.mean:,.1f}, p95 {load.p95:,}, most {load.most:,}")
    if summary.comparison is not None:
        console.print(change_finding(summary).en)


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    return table


def _outcomes(judged: Judged, summary: Summary, console: Console) -> None:
    source = summary.source
    table = _table(judged.policy, ("outcome", "events", "share", "amount", "known frauds"))
    for one in judged.outcomes:
        amount = money(one.amount, source.exponent, source.currency)
        table.add_row(one.outcome, count(one.events), percent(one.share, 2), amount, count(one.frauds))
    console.print(table)


def _quality(summary: Summary, console: Console) -> None:
    table = _table("alerts", ("level", "alerts", "precision", "recall", "F1", "missed"))
    for judged in (summary.a, summary.b):
        for level, found in judged.quality.items() if judged else ():
            words = level if level == "decline" else f"{level} or worse"
            name = words if summary.b is None or judged is None else f"{judged.policy}: {words}"
            table.add_row(
                name, count(found.alerts), percent(found.precision), percent(found.recall), percent(found.f1),
                count(found.false_negatives),
            )  # fmt: skip
    console.print(table)


def _rules(judged: Judged, summary: Summary, console: Console) -> None:
    table = _table("rules", ("rule", "hits", "exclusive", "precision", "recall", "F1"))
    for rule in judged.rules:
        found = rule.quality
        table.add_row(
            rule.rule, count(rule.hits), count(rule.exclusive), percent(found.precision), percent(found.recall),
            percent(found.f1),
        )  # fmt: skip
    console.print(table)
