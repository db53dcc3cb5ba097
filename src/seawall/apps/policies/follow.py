"""Joins this room to the journal's follower: what champion, challenger and shadows said is counted, exactly once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import ActivationRow, DecisionRow, LabelRow
from seawall.apps.decisions.registry import Followed, register_follower
from seawall.apps.policies.checking import check
from seawall.apps.policies.models import Crossing, Cursor, Deployment, Labelled, Policy, Tally, Version
from seawall.apps.policies.models.deployment import CHALLENGER, CHAMPION, SHADOW
from seawall.apps.policies.services import deployments, versions
from seawall.apps.policies.services.deployments import Place
from seawall.engine.journal import ActivationRecord, decode

BATCH = 500
_BAND = 10
_VALUES = 900  # parameters of one statement
_ADD = """
INSERT INTO {table} ({columns}, decisions, amount) VALUES {rows}
ON CONFLICT ({columns}) DO UPDATE SET
    decisions = {table}.decisions + excluded.decisions, amount = {table}.amount + excluded.amount
"""
_KEYS = {
    Tally: ("epoch", "policy", "served", "outcome", "band"),
    Crossing: ("epoch", "policy", "other", "outcome", "others_outcome"),
    Labelled: ("epoch", "policy", "served", "label", "outcome"),
}
Counts = dict[tuple[Any, ...], list[int]]


@register_follower
def on_decisions(batch: Sequence[Followed]) -> None:
    """Called in the follower's transaction. Where a champion decides alone there is nothing to count."""
    compared = [one for one in batch if one.others]
    if not compared:
        return
    epochs = _Epochs(compared[0].row.sequence, compared[-1].row.sequence)
    tallies: Counts = {}
    crossings: Counts = {}
    for one in compared:
        row, epoch = one.row, epochs.of(one.row.sequence)
        _count(tallies, (epoch, row.policy, True, row.outcome, _band(row.score)), row.base_amount)
        for other in one.others:
            if not other.outcome:
                continue  # it came to none: a fault of its own
            _count(tallies, (epoch, other.policy, False, other.outcome, _band(other.score)), row.base_amount)
            _count(crossings, (epoch, row.policy, other.policy, row.outcome, other.outcome), row.base_amount)
    _write(Tally, tallies)
    _write(Crossing, crossings)


def take_in_activations() -> int:
    """Bring versions and deployments up to what the journal says: the first pack of a home, and whatever was activated
    by others than this room. How many records."""
    after = _cursor("activations")
    rows = list(ActivationRow.objects.filter(sequence__gt=after).order_by("sequence")[:BATCH])
    for row in rows:
        with transaction.atomic():
            if not Deployment.objects.filter(sequence=row.sequence).exists():
                record = _record(row)
                deployments.seen(row.sequence, row.at, _placed(row, record), str(getattr(record, "note", "")))
            _advance("activations", row.sequence)
    return len(rows)


def take_in_labels() -> int:
    """Count labels of decisions that several policies judged; how many were looked at."""
    after = _cursor("labels")
    rows = list(LabelRow.objects.filter(sequence__gt=after).order_by("sequence")[:BATCH])
    if not rows:
        return 0
    found: Counts = {}
    if Tally.objects.exists():
        for row in rows:
            for key, amount in _labelled(row):
                _count(found, key, amount)
    with transaction.atomic():
        _write(Labelled, found)
        _advance("labels", rows[-1].sequence)
    return len(rows)


def _labelled(label: LabelRow) -> Iterable[tuple[tuple[Any, ...], int]]:
    """What each policy had said to the labelled event; a label given twice counts once."""
    before = LabelRow.objects.filter(label=label.label, event_id=label.event_id, sequence__lt=label.sequence)
    row = DecisionRow.objects.filter(event_id=label.event_id, sequence__lt=label.sequence).order_by("-sequence").first()
    if row is None or before.exists():
        return
    record = archive().event(row.sequence)
    others = getattr(record, "others", ()) if record is not None else ()
    if not others:
        return
    epoch = _Epochs(row.sequence, row.sequence).of(row.sequence)
    yield (epoch, row.policy, True, label.label, row.outcome), row.base_amount
    for other in others:
        if other.outcome:
            yield (epoch, other.policy, False, label.label, other.outcome), row.base_amount


def _record(row: ActivationRow) -> ActivationRecord:
    batch = next(archive().batches(row.sequence - 1))
    found = next(decode(one) for one in batch.records if one.sequence == row.sequence)
    assert isinstance(found, ActivationRecord), "the follower has indexed it as one"
    return found


def _placed(row: ActivationRow, record: Any) -> list[Place]:
    """What an activation record runs."""
    found = [Place(_version(row.policy, row.digest), CHAMPION)]
    challenger = getattr(record, "challenger", None)
    if challenger is not None:
        version = _version(challenger.policy, challenger.digest)
        found.append(Place(version, CHALLENGER, record.share, record.entity))
    found += [Place(_version(one.policy, one.digest), SHADOW) for one in getattr(record, "shadows", ())]
    return found


def _version(label: str, digest: str) -> Version:
    known = Version.objects.select_related("policy").filter(bundle=digest).first()
    if known is not None:
        return known
    files = archive().bundle(digest)
    name, _at, number = label.partition("@")
    clash = Policy.objects.filter(name=name, versions__number=int(number)).exists()
    if not clash:
        return versions.see(files)
    pack = check(files).pack  # the engine had that number first: ours can never be deployed and gives it up
    assert pack is not None, "the engine runs it"
    return versions.displace(files, pack)


class _Epochs:
    """Journal records of the activations that a stretch of the journal lies under."""

    def __init__(self, first: int, last: int) -> None:
        rows = ActivationRow.objects.filter(sequence__lte=last).order_by("-sequence").values_list("sequence", flat=True)
        self._found: list[int] = []
        for sequence in rows.iterator():
            self._found.insert(0, sequence)
            if sequence <= first:
                break

    def of(self, sequence: int) -> int:
        place = bisect_right(self._found, sequence)
        return self._found[place - 1] if place else 0


def _band(score: int) -> int:
    return score - score % _BAND


def _count(counts: Counts, key: tuple[Any, ...], amount: int) -> None:
    found = counts.setdefault(key, [0, 0])
    found[0] += 1
    found[1] += amount


def _write(model: Any, counts: Counts) -> None:
    columns = _KEYS[model]
    rows = [(*key, *values) for key, values in counts.items()]
    step = _VALUES // (len(columns) + 2)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            places = ", ".join([f"({', '.join(['%s'] * len(part[0]))})"] * len(part))
            table = connection.ops.quote_name(model._meta.db_table)
            statement = _ADD.format(table=table, columns=", ".join(columns), rows=places)
            cursor.execute(statement, [value for row in part for value in row])


def _cursor(name: str) -> int:
    found = Cursor.objects.filter(pk=name).first()
    return found.sequence if found else -1


def _advance(name: str, sequence: int) -> None:
    Cursor.objects.update_or_create(pk=name, defaults={"sequence": sequence})
