"""A stored result as its page shows it: two policies side by side, transitions with their decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from seawall.analytics.backtest import OUTCOMES
from seawall.apps.decisions.models import DecisionRow
from seawall.console import formatting
from seawall.console import words as console
from seawall.console.words import Text, Word

Find = Callable[[Iterable[int]], Mapping[int, DecisionRow]]


@dataclass(frozen=True)
class Line:
    """One figure of every policy, as text."""

    title: Text
    values: tuple[str, ...]
    hint: Text = ""


@dataclass(frozen=True)
class Sampled:
    """An event that changes sides; `row` is its live decision, None where it had none or it is not indexed."""

    sequence: int
    time: int
    amount: tuple[int, str]
    fraud: bool | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    row: DecisionRow | None


@dataclass(frozen=True)
class Moved:
    """One transition: how many events, and the largest of them."""

    before: Word
    after: Word
    events: int
    stricter: bool
    samples: tuple[Sampled, ...]


class Report:
    """What the template asks for. `result` is what `backtesting.process` wrote."""

    def __init__(self, result: Mapping[str, Any], find: Find) -> None:
        self._result, self._find = result, find
        self.summary = result["summary"]
        self.figures = result["figures"]
        self.coverage = self.summary["coverage"]
        self.sides = [one for one in (self.summary["a"], self.summary["b"]) if one]
        self.judged = self.sides[-1]
        self.currency = self.summary["source"]["currency"]
        self.delay = formatting.duration(self.summary["source"]["label_delay_ms"] / 1000)

    @property
    def judges(self) -> bool:
        """Whether there are labels to judge by."""
        return bool(self.coverage["frauds"])

    def lines(self) -> Iterator[Line]:
        """The figures that people decide by, a column a policy."""
        for code, name in enumerate(OUTCOMES):
            yield self._line(console.OUTCOMES[name].title, lambda one, c=code: _share(one["outcomes"][c]["share"], 2))
        yield self._line(_("Alerts a day, review or worse"), lambda one: _number(one["alerts"]["review"]["mean"], 1))
        yield self._line(_("on a busy day (p95)"), lambda one: _number(one["alerts"]["review"]["p95"]))
        if self.judges:
            yield self._line(_("Precision, review or worse"), lambda one: _share(one["quality"]["review"]["precision"]))
            yield self._line(_("Recall, review or worse"), lambda one: _share(one["quality"]["review"]["recall"]))
            yield self._line(_("Fraud declined or reviewed"), lambda one: self._money(one["money"]["saved"]))
            yield self._line(_("as a share of all fraud"), lambda one: _share(one["money"]["saved_share"]))
            yield self._line(_("Fraud approved"), lambda one: self._money(one["money"]["approved"]))
            yield self._line(_("Good customers declined"), lambda one: _number(one["customers"]["declined"]))
            yield self._line(
                _("Good customers stopped in any way"), lambda one: _share(one["customers"]["share_stopped"], 2)
            )

    def changes(self) -> Iterator[tuple[Text, Mapping[str, Any], tuple[int, str]]]:
        """(what, the change, its money) of the comparison."""
        compared = self.summary["comparison"]
        titles = {
            "newly_stopped": _("Newly reviewed or declined"),
            "no_longer_stopped": _("No longer reviewed or declined"),
            "stricter": _("Stricter in any way"),
            "milder": _("Milder in any way"),
        }
        for key, title in titles.items():
            yield title, compared[key], (compared[key]["amount"], self.currency)

    def moved(self) -> list[Moved]:
        """The transitions that change the outcome, the most frequent first."""
        samples = self._result["samples"]
        rows = self._find(one["sequence"] for many in samples.values() for one in many)
        found = []
        for row, before in enumerate(OUTCOMES):
            for column, after in enumerate(OUTCOMES):
                events = self.summary["comparison"]["transitions"][row][column]
                if row != column and events:
                    shown = tuple(self._sampled(one, rows) for one in samples.get(f"{before}>{after}", ()))
                    words = console.OUTCOMES[before], console.OUTCOMES[after]
                    found.append(Moved(*words, events, column > row, shown))
        return sorted(found, key=lambda one: -one.events)

    def rules(self) -> Iterator[tuple[Mapping[str, Any], float, int | None]]:
        """(rule, its hit rate, hits under the other policy) of the judged policy."""
        events = self.coverage["events"] or 1
        before = {rule["rule"]: rule["hits"] for rule in self.sides[0]["rules"]} if len(self.sides) > 1 else {}
        for rule in self.judged["rules"]:
            yield rule, rule["hits"] / events, before.get(rule["rule"])

    def money(self, minor: int) -> tuple[int, str]:
        """An amount with its currency."""
        return minor, self.currency

    def _sampled(self, one: Mapping[str, Any], rows: Mapping[int, DecisionRow]) -> Sampled:
        return Sampled(
            one["sequence"], one["time"], (one["amount"], self.currency), one["fraud"], one["a"], one["b"],
            rows.get(one["sequence"]),
        )  # fmt: skip

    def _line(self, title: Text, value: Callable[[Mapping[str, Any]], str]) -> Line:
        return Line(title, tuple(value(one) for one in self.sides))

    def _money(self, minor: int) -> str:
        return formatting.money(minor, self.currency)


def _share(value: float | None, decimals: int = 1) -> str:
    return formatting.percent(value, decimals) if value is not None else "—"


def _number(value: float | None, decimals: int | None = None) -> str:
    return formatting.number(value, decimals) if value is not None else "—"
