"""How often rules would fire, counted on the newest decisions: a rule that matches nearly everything is told before it
decides anything."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Max

from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.reading import policy_of
from seawall.apps.decisions.today import row_for
from seawall.engine.journal import EventRecord
from seawall.engine.policy import CompiledPolicy

SAMPLE = 500  # newest decisions that are looked at
ENOUGH = 20  # events of a rule's types below which a rate says nothing
WIDE = 0.5  # a rule that fires on so large a share of its events is warned of
STEP = 100  # records of the journal after which the sample is taken anew
_KEPT = 16  # contents whose rates are remembered
_lock = threading.Lock()
_samples: OrderedDict[tuple[str, int], Sample] = OrderedDict()
_rates: OrderedDict[tuple[str, str, int], dict[str, HitRate]] = OrderedDict()


@dataclass(frozen=True)
class HitRate:
    """How often a rule fired among `events` of the sample that it runs on and whose values are known."""

    rule: str
    events: int
    hits: int

    @property
    def share(self) -> float:
        """Hits by events, 0 where there is none."""
        return self.hits / self.events if self.events else 0.0

    @property
    def wide(self) -> bool:
        """Whether it matches more than a rule should."""
        return self.events >= ENOUGH and self.share >= WIDE


@dataclass(frozen=True)
class Sample:
    """The newest decided events of a home, newest first; `mark` moves with the journal."""

    home: str
    mark: int
    records: tuple[EventRecord, ...]


def sample() -> Sample:
    """The newest decisions; taken anew after STEP records more, at once while there are few. ArchiveError."""
    home, last = str(settings.HOME.folder), DecisionRow.objects.aggregate(last=Max("sequence"))["last"] or 0
    mark = last if last < SAMPLE else last // STEP * STEP
    with _lock:
        known = _samples.get((home, mark))
    if known is None:
        known = Sample(home, mark, tuple(newest()))
        with _lock:
            _keep(_samples, (home, mark), known, 1)
    return known


def rates(digest: str, policy: CompiledPolicy, taken: Sample) -> dict[str, HitRate]:
    """`hit_rates` of the content on a sample, counted once."""
    key = (digest, taken.home, taken.mark)
    with _lock:
        known = _rates.get(key)
    if known is None:
        known = hit_rates(policy, taken.records)
        with _lock:
            _keep(_rates, key, known, _KEPT)
    return known


def _keep(known: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)


def newest(limit: int = SAMPLE) -> list[EventRecord]:
    """The newest decided events, newest first. ArchiveError where the journal cannot be read."""
    source = archive()
    found = []
    for sequence in DecisionRow.objects.order_by("-sequence").values_list("sequence", flat=True)[:limit]:
        record = source.event(sequence)
        if record is not None and record.decision is not None:
            found.append(record)
    return found


def hit_rates(policy: CompiledPolicy, records: Sequence[EventRecord]) -> dict[str, HitRate]:
    """Every rule's and table row's rate on the records; those whose values were not computed then are left out."""
    events: dict[str, int] = {}
    hits: dict[str, int] = {}
    deciders: Mapping[str, CompiledPolicy | None] = {
        label: policy_of(label) for label in {one.decision.policy for one in records if one.decision}
    }
    for record in records:
        assert record.decision is not None, "the sample holds decisions"
        ruleset, then = policy.rulesets.get(record.event.type), deciders[record.decision.policy]
        if ruleset is None or then is None or record.event.version > policy.pack.events[record.event.type].version:
            continue
        row, lacking = row_for(record, then, policy)
        bits, _faults = ruleset.conditions(row)
        for place, entry in enumerate(ruleset.entries):
            if lacking.isdisjoint(entry.expression.leaves):
                events[entry.id] = events.get(entry.id, 0) + 1
                hits[entry.id] = hits.get(entry.id, 0) + (bits >> place & 1)
    return {rule: HitRate(rule, count, hits[rule]) for rule, count in events.items()}
