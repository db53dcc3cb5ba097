"""The report in a terminal: the figures a reviewer asks for first, in one language."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from seawall.analytics.backtest.summary import Judged, Summary
from seawall.cli.report.words import change_finding, count, headline, money, percent
from seawall.cli.words import outcome_word

_TEXTS: dict[str, dict[str, str]] = {
    "judged": {
        "en": "{share} of events are old enough to judge, {frauds} known frauds ({rate})",
        "zh": "{share} 的事件可评估,已知欺诈 {frauds} 笔({rate})",
    },
    "saved": {
        "en": "saved {saved} of {total} fraud ({share})",
        "zh": "挽回欺诈金额 {saved},占 {total} 的 {share}",
    },
    "good": {
        "en": "good customers declined {declined} of {customers} ({share}), stopped in any way {stopped}",
        "zh": "正常客户 {customers} 名,被拒绝 {declined} 名({share}),受任一影响者占 {stopped}",
    },
    "load": {
        "en": "alerts a day (review or worse): mean {mean:,.1f}, p95 {p95:,}, most {most:,}",
        "zh": "日均预警(审核及以上){mean:,.1f} 笔,p95 {p95:,} 笔,最多 {most:,} 笔",
    },
    "alerts": {"en": "alerts", "zh": "预警"},
    "rules": {"en": "rules", "zh": "规则"},
    "worse": {"en": "{outcome} or worse", "zh": "{outcome}及以上"},
    "report": {"en": "report: {path}", "zh": "报告:{path}"},
}
_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "outcomes": {
        "en": ("outcome", "events", "share", "amount", "known frauds"),
        "zh": ("决策结果", "事件", "占比", "金额", "已知欺诈"),
    },
    "quality": {
        "en": ("level", "alerts", "precision", "recall", "F1", "missed"),
        "zh": ("预警级别", "预警", "精确率", "召回率", "F1", "漏报"),
    },
    "rules": {
        "en": ("rule", "hits", "exclusive", "precision", "recall", "F1"),
        "zh": ("规则", "命中", "独有命中", "精确率", "召回率", "F1"),
    },
}


def show(summary: Summary, console: Console, language: str = "en") -> None:
    """Print headline, outcomes, quality, rules and, with a second policy, who changes side; `language` is en or zh."""
    _Terminal(summary, console, language).show()


def say(text: str, language: str, **values: object) -> str:
    """One of this report's sentences in the language."""
    return _TEXTS[text][language].format(**values)


class _Terminal:
    def __init__(self, summary: Summary, console: Console, language: str) -> None:
        self.summary, self.console, self.language = summary, console, language

    def show(self) -> None:
        summary, cover = self.summary, self.summary.coverage
        self.console.print(f"[bold]{getattr(headline(summary), self.language)}[/bold]")
        rate = percent(cover.fraud_rate, 2)
        self._print("judged", share=percent(cover.share), frauds=count(cover.frauds), rate=rate)
        for judged in (summary.a, summary.b):
            if judged is not None:
                self._outcomes(judged)
        if cover.frauds:
            self._quality()
        self._rules(summary.a)
        if cover.frauds:
            self._harm(summary.a)
        load = summary.a.alerts["review"]
        self._print("load", mean=load.mean, p95=load.p95, most=load.most)
        if summary.comparison is not None:
            self.console.print(getattr(change_finding(summary), self.language))

    def _print(self, text: str, **values: object) -> None:
        self.console.print(say(text, self.language, **values))

    def _money(self, minor: int) -> str:
        return money(minor, self.summary.source.exponent, self.summary.source.currency)

    def _outcome(self, name: str) -> str:
        return outcome_word(name, self.language)

    def _table(self, title: str, columns: str, rows: Sequence[Sequence[str]]) -> None:
        table = Table(title=title, title_justify="left")
        for index, column in enumerate(_COLUMNS[columns][self.language]):
            table.add_column(column, justify="right" if index else "left")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def _outcomes(self, judged: Judged) -> None:
        rows = [
            (self._outcome(o.outcome), count(o.events), percent(o.share, 2), self._money(o.amount), count(o.frauds))
            for o in judged.outcomes
        ]
        self._table(judged.policy, "outcomes", rows)

    def _quality(self) -> None:
        sides = [judged for judged in (self.summary.a, self.summary.b) if judged is not None]
        rows = []
        for judged in sides:
            for level, found in judged.quality.items():
                name = self._outcome(level)
                if level != "decline":
                    name = say("worse", self.language, outcome=name)
                if len(sides) > 1:
                    name = f"{judged.policy}: {name}"
                rows.append(
                    (
                        name, count(found.alerts), percent(found.precision), percent(found.recall), percent(found.f1),
                        count(found.false_negatives),
                    )
                )  # fmt: skip
        self._table(say("alerts", self.language), "quality", rows)

    def _rules(self, judged: Judged) -> None:
        rows = [
            (
                rule.rule, count(rule.hits), count(rule.exclusive), percent(rule.quality.precision),
                percent(rule.quality.recall), percent(rule.quality.f1),
            )
            for rule in judged.rules
        ]  # fmt: skip
        self._table(say("rules", self.language), "rules", rows)

    def _harm(self, judged: Judged) -> None:
        kept, good = judged.money, judged.customers
        saved, total = self._money(kept.saved), self._money(kept.total)
        self._print("saved", saved=saved, total=total, share=percent(kept.saved_share))
        self._print(
            "good",
            declined=count(good.declined),
            customers=count(good.customers),
            share=percent(good.share_declined, 2),
            stopped=percent(good.share_stopped, 2),
        )
