"""Reading backtests, and what can be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.queries import decisions
from seawall.apps.errors import UnknownError
from seawall.apps.jobs.models import DONE, Run
from seawall.apps.policies import bundles
from seawall.apps.policies.backtesting.reach import visible
from seawall.apps.policies.models import Draft, Version
from seawall.apps.policies.models.backtest import Backtest
from seawall.apps.policies.states import CHAMPION
from seawall.console import formatting
from seawall.engine.policy import CompiledPolicy

MOST_CHOICES = 100
GONE = "gone"  # its run is no longer kept, and left nothing


def backtests(user: User) -> QuerySet[Backtest]:
    """Those within the person's reach, each with its `state`, without their results, which are large."""
    run = Subquery(Run.objects.filter(pk=OuterRef("run")).values("state")[:1])
    done = Case(When(done_at__isnull=False, then=Value(DONE)), default=Coalesce(run, Value(GONE)))
    return visible(user).select_related("asked_by").defer("result").annotate(state=done)


def get_backtest(user: User, backtest_id: UUID) -> Backtest:
    """One with its result. UnknownError where there is none within the person's reach."""
    found = visible(user).select_related("asked_by").filter(pk=backtest_id).first()
    if found is None:
        raise UnknownError(_("There is no such backtest."))
    return found


def run_of(asked: Backtest) -> Run | None:
    """Its run, while that is kept."""
    return Run.objects.filter(pk=asked.run).first() if asked.run else None


def candidates() -> list[tuple[str, str]]:
    """(digest, title) of what can be tried: open drafts, then versions, newest first."""
    drafts = Draft.objects.filter(version=None, discarded_at=None).select_related("policy").order_by("-changed_at")
    found = [(one.digest, f"{one.title} · {_('draft')}") for one in drafts[:MOST_CHOICES]]
    return found + bases()


def bases() -> list[tuple[str, str]]:
    """(digest, title) of versions to compare with: the champion first, then the newest."""
    versions = list(Version.objects.select_related("policy").order_by("-created_at")[:MOST_CHOICES])
    versions.sort(key=lambda one: one.state != CHAMPION)
    return [(one.digest, f"{one.label} · {one.get_state_display()}") for one in versions]


def decisions_of(user: User, sequences: Iterable[int]) -> dict[int, DecisionRow]:
    """Live decisions that this person may see, by the number of their record; imported history has none."""
    return decisions(user).in_bulk(list(sequences))


def label_choices() -> list[tuple[str, str]]:
    """(name, title) of the labels that the champion, or else the newest version, knows."""
    policy = _leading()
    if policy is None:
        return []
    language = "zh" if formatting.chinese() else "en"
    return [(one.name, one.title.get(language) or one.name) for one in policy.pack.labels.values()]


def usual_labels() -> list[str]:
    """The label that tells a fraud where nothing else is said: `fraud`, else the first."""
    names = [name for name, _title in label_choices()]
    return ["fraud"] if "fraud" in names else names[:1]


def _leading() -> CompiledPolicy | None:
    first = next(iter(bases()), None)
    return bundles.policy(first[0]) if first else None
