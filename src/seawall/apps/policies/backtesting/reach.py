"""Whose scope reaches which backtest: a report counts everybody of its period, so a narrowed scope must hold it all."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import scopes
from seawall.apps.accounts.scope import Scope
from seawall.apps.policies.models.backtest import Backtest

VIEW = "policies.view"


def visible(user: User) -> QuerySet[Backtest]:
    """The backtests within the person's reach; none where policies may not be seen."""
    held = [one for one in scopes(user, VIEW) if one.queues is None and one.cases is None]
    if any(one.everything for one in held):
        return Backtest.objects.all()
    whole = Q(pk__in=[])
    for one in held:
        whole |= _inside(one)
    return Backtest.objects.filter(whole)


def _inside(scope: Scope) -> Q:
    """Backtests whose whole period lies in the scope's days; an open end reaches beyond any day."""
    condition = Q()
    if scope.start is not None:
        condition &= Q(from_at__gte=_midnight(scope.start))
    if scope.end is not None:
        condition &= Q(until_at__lte=_midnight(scope.end + timedelta(days=1)))
    return condition


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
