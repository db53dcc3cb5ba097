"""Figures of the room out of the decisions' roll-ups: cheap however many decisions there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Sum

from seawall.apps.accounts.models import User
from seawall.apps.decisions import queries as decisions
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.models import DecisionRow, HourRule
from seawall.apps.decisions.reading import active_policy
from seawall.apps.decisions.selection import HOUR, hours_of_week
from seawall.apps.decisions.words import titled
from seawall.console.words import OUTCOMES

HOURS = 24
RATE_SECONDS = 30
MOST_COUNTED = 200_000  # records that the rate looks back over: beyond them it is "at least"
LEAST = 20  # decisions of an hour of the week, so that its share says something
TOP_RULES = 8
FEED = 12


@dataclass(frozen=True)
class Rate:
    """Decisions a second over the last RATE_SECONDS; `more`: at least so many."""

    per_second: float
    more: bool


def rate(now: int) -> Rate:
    """How many decisions were asked for lately, by the time their events were received (ms)."""
    newest = DecisionRow.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    if newest is None:
        return Rate(0.0, False)
    least = newest - MOST_COUNTED
    first = _received_after(now - RATE_SECONDS * 1000, least, newest)
    count = DecisionRow.objects.filter(sequence__gte=first).count()
    return Rate(count / RATE_SECONDS, first == least)


def _received_after(at: int, low: int, high: int) -> int:
    """The first sequence number from `low` to one past `high` whose event came after an instant: no index is needed,
    since what comes later has the larger number."""
    high += 1
    while low < high:
        middle = (low + high) // 2
        rows = DecisionRow.objects.filter(sequence__gte=middle).order_by("sequence")
        found = rows.values_list("received_at", flat=True).first()
        if found is None or found > at:
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True)
class Day:
    """The last 24 hours and, for comparison, the 24 before: counts and amounts (minor units) by outcome, by hour."""

    first_hour: int
    counts: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    amounts_before: dict[str, int] = field(default_factory=dict)
    hourly: dict[str, list[int]] = field(default_factory=dict)  # outcome -> HOURS counts

    @property
    def total(self) -> int:
        """All decisions."""
        return sum(self.counts.values())

    def share(self, outcome: str) -> float | None:
        """Of all decisions as a fraction."""
        return self.counts.get(outcome, 0) / self.total if self.total else None

    def change(self, outcome: str) -> float | None:
        """Against the day before as a fraction; None where there was nothing to compare with."""
        return _change(self.counts.get(outcome, 0), self.before.get(outcome, 0))

    def amount_change(self, outcome: str) -> float | None:
        """The same of the amounts."""
        return _change(self.amounts.get(outcome, 0), self.amounts_before.get(outcome, 0))


def _change(now: int, before: int) -> float | None:
    return (now - before) / before if before else None


def day(now: int) -> Day:
    """Roll-ups of whole hours: the current one and the 23 before it, against the 24 before those."""
    first = now - now % HOUR - (HOURS - 1) * HOUR
    counts: dict[str, int] = defaultdict(int)
    amounts: dict[str, int] = defaultdict(int)
    before: dict[str, int] = defaultdict(int)
    amounts_before: dict[str, int] = defaultdict(int)
    hourly: dict[str, list[int]] = {outcome: [0] * HOURS for outcome in OUTCOMES}
    for hour, outcome, number, amount in _hours(first - HOURS * HOUR, first + HOURS * HOUR):
        if hour < first:
            before[outcome] += number
            amounts_before[outcome] += amount
            continue
        counts[outcome] += number
        amounts[outcome] += amount
        hourly.setdefault(outcome, [0] * HOURS)[(hour - first) // HOUR] += number
    return Day(first, dict(counts), dict(amounts), dict(before), dict(amounts_before), hourly)


def _hours(start: int, end: int) -> Iterable[tuple[int, str, int, int]]:
    rows = decisions.hourly(start, end).order_by().values_list("hour", "outcome")
    return rows.annotate(n=Sum("decisions"), sum=Sum("amount"))


@dataclass(frozen=True)
class Ruled:
    """A rule with how often it fired."""

    rule: str
    title: str
    decisions: int


def top_rules(now: int) -> list[Ruled]:
    """The rules that fired most in the last 24 hours."""
    first = now - now % HOUR - (HOURS - 1) * HOUR
    rows = HourRule.objects.filter(hour__gte=first).order_by().values_list("rule").annotate(n=Sum("decisions"))
    titles = _titles()
    return [Ruled(rule, titles.get(rule, rule), n) for rule, n in rows.order_by("-n", "rule")[:TOP_RULES]]


def _titles() -> dict[str, str]:
    """Rules by their titles in the active policy; those of older policies show their names."""
    try:
        policy = active_policy()
    except ArchiveError:
        return {}
    return {entry.id: titled(entry.title, entry.id) for entry in policy.entries} if policy else {}


def week(now: int) -> list[list[float | None]]:
    """Share of decisions that were not approved, by weekday (Monday first) and hour of the platform's clock, over the
    last PATTERN_DAYS days; None where fewer than LEAST were decided."""
    flagged = [[0] * 24 for _ in range(7)]
    total = [[0] * 24 for _ in range(7)]
    cell = {at: place for place, starts in hours_of_week(now).items() for at in starts}
    for hour, outcome, number, _amount in _hours(min(cell), now + 1):
        day, of_day = cell[hour]
        total[day][of_day] += number
        if outcome != "approve":
            flagged[day][of_day] += number
    return [
        [round(100 * flagged[d][h] / total[d][h], 2) if total[d][h] >= LEAST else None for h in range(24)]
        for d in range(7)
    ]


def feed(user: User) -> list[DecisionRow]:
    """The newest decisions this person may see that were not simply approved."""
    rows = decisions.decisions(user)
    newest: list[DecisionRow] = []
    for outcome in OUTCOMES:
        if outcome != "approve":  # each outcome by its own index, then merged
            newest += rows.filter(outcome=outcome).order_by("-sequence")[:FEED]
    return sorted(newest, key=lambda row: -row.sequence)[:FEED]
