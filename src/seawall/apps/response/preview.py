"""Dry run: what an action would do, to how many, before anybody does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from seawall.apps.decisions.models import DecisionRow, Entity, EntityLink
from seawall.apps.response.adapters import Asked, adapter_of
from seawall.apps.response.kinds import ALWAYS, KINDS, ActionKind

LOOKED_BACK = timedelta(days=7)
MOST_LOOKED_AT = 2_000  # newest decisions of the target


@dataclass(frozen=True)
class Preview:
    """`problem`: why it cannot be done. `decisions`: of the target in the last 7 days by outcome, with their amounts
    (minor units); `capped`: only the newest were counted. `standing`: the same is in effect already."""

    kind: ActionKind
    place: str
    problem: str
    four_eyes: bool
    decisions: Mapping[str, int] = field(default_factory=dict)
    amount: int = 0
    currency: str = ""
    capped: bool = False
    standing: int = 0
    ends: datetime | None = None
    undo_until: datetime | None = None

    @property
    def total(self) -> int:
        """How many decisions in all."""
        return sum(self.decisions.values())

    @property
    def approved(self) -> int:
        """How many of them were approved: those would have been different."""
        return self.decisions.get("approve", 0)


def four_eyes(asked: Asked) -> bool:
    """Whether a person needs a second one for it."""
    adapter = adapter_of(asked.kind)
    return KINDS[asked.kind].four_eyes == ALWAYS or (adapter is not None and adapter.four_eyes(asked))


def preview(asked: Asked, ttl: timedelta | None, now: datetime | None = None) -> Preview:
    """Look; nothing is changed. The kind must be one of KINDS and have an adapter."""
    from seawall.apps.response.models import Action
    from seawall.apps.response.states import LIVE

    at, adapter = now or timezone.now(), adapter_of(asked.kind)
    assert adapter is not None
    ends = at + ttl if ttl else None
    within = adapter.undo_within
    undo_until = ends if within is None else at + within if within else None
    rows: list[DecisionRow] = []
    entity = Entity.objects.filter(kind=asked.target_kind, value=asked.target).first() if asked.target else None
    if entity is not None:
        newest = EntityLink.objects.filter(entity=entity).order_by("-sequence").values_list("sequence", flat=True)
        since = int((at - LOOKED_BACK).timestamp() * 1000)
        rows = list(DecisionRow.objects.filter(sequence__in=list(newest[:MOST_LOOKED_AT]), effective_at__gte=since))
    same = Action.objects.filter(kind=asked.kind, target_kind=asked.target_kind, target=asked.target, state__in=LIVE)
    return Preview(
        KINDS[asked.kind], adapter.place(asked), adapter.problem(asked), four_eyes(asked),
        Counter(row.outcome for row in rows), sum(row.base_amount for row in rows if row.outcome == "approve"),
        next((row.currency for row in rows if row.currency), ""), len(rows) == MOST_LOOKED_AT,
        same.count() if asked.target else 0, ends, undo_until,
    )  # fmt: skip
