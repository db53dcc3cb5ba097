"""How far a role reaches: queues, cases, a range of days. What an object is, the object's own room says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.errors import InvalidError

T = TypeVar("T")
MOST_NAMED = 200
_KEYS = ("queues", "cases", "from", "until")


@dataclass(frozen=True)
class Facts:
    """What a scope can be held against. None: this object has no such thing, so a scope that names one excludes it."""

    queue: str | None = None
    case: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Scope:
    """A part of the work. None in a field: not narrowed there. Days are the platform's, both ends included."""

    queues: frozenset[str] | None = None
    cases: frozenset[str] | None = None
    start: date | None = None
    end: date | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Scope()

    def holds(self, facts: Facts) -> bool:
        """Whether an object lies within."""
        if self.queues is not None and facts.queue not in self.queues:
            return False
        if self.cases is not None and facts.case not in self.cases:
            return False
        if self.start is None and self.end is None:
            return True
        if facts.at is None:
            return False
        day = timezone.localtime(facts.at).date()
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


def parse_scope(data: Mapping[str, Any]) -> Scope:
    """The scope that an assignment's JSON means. InvalidError names the part that cannot be read."""
    unknown = sorted(set(data) - set(_KEYS))
    if unknown:
        raise InvalidError(_("A scope has no %(key)s; it has queues, cases, from and until.") % {"key": unknown[0]})
    start, end = _day(data, "from"), _day(data, "until")
    if start and end and end < start:
        raise InvalidError(_("The scope ends before it begins; swap its days."))
    return Scope(_names(data, "queues"), _names(data, "cases"), start, end)


def _names(data: Mapping[str, Any], key: str) -> frozenset[str] | None:
    if key not in data:
        return None
    names = data[key]
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise InvalidError(_("%(key)s must be a list of names.") % {"key": key})
    if not 0 < len(names) <= MOST_NAMED:
        raise InvalidError(_("%(key)s must name 1 to %(most)d.") % {"key": key, "most": MOST_NAMED})
    return frozenset(names)


def _day(data: Mapping[str, Any], key: str) -> date | None:
    if key not in data:
        return None
    try:
        return date.fromisoformat(data[key])
    except (TypeError, ValueError):
        raise InvalidError(_("%(key)s must be a day like 2026-11-22.") % {"key": key}) from None


_FACTS: dict[type, Callable[[Any], Facts]] = {}


def describes(kind: type[T]) -> Callable[[Callable[[T], Facts]], Callable[[T], Facts]]:
    """Register how objects of a model are held against scopes."""

    def add(facts: Callable[[T], Facts]) -> Callable[[T], Facts]:
        _FACTS[kind] = facts
        return facts

    return add


def facts_of(obj: Any) -> Facts:
    """What a scope sees of an object; an object of an unregistered kind lies in no narrowed scope."""
    if isinstance(obj, Facts):
        return obj
    describe = next((_FACTS[kind] for kind in type(obj).__mro__ if kind in _FACTS), None)
    return describe(obj) if describe else Facts()
