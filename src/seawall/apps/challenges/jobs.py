"""Background work: following the decision API's challenges into this room's index."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from uuid import UUID

from django.db import transaction

from seawall.apps.challenges.models import Challenge, Position, Step
from seawall.apps.challenges.source import Happened, steps_after
from seawall.apps.challenges.words import OPEN
from seawall.apps.decisions.models import Position as Followed

BATCH = 1_000
_MOVES = (
    "state", "reason", "ended_at", "attempts_left", "sends_left", "result_id", "stuck"
)  # fmt: skip


def follow_once(limit: int = BATCH) -> int:
    """Apply the next steps, each exactly once, in one transaction with the position; how many, 0 for nothing new.

    A step waits until the decision that it is about is indexed. ArchiveError where challenges.db cannot be read.
    """
    position = Position.objects.filter(pk=1).first() or Position()
    found = steps_after(position.number, limit)
    if not found:
        return 0
    reach = Followed.objects.filter(pk=1).values_list("sequence", flat=True).first()
    ready = list(takewhile(lambda one: reach is not None and one.sequence <= reach, found))
    if not ready:
        return 0
    with transaction.atomic():
        if not _advance(position, ready[-1].number):
            return 0  # another follower was faster
        _write(ready)
    return len(ready)


def _advance(position: Position, number: int) -> bool:
    """Move the position, unless somebody else has."""
    if not position.number:
        Position.objects.get_or_create(pk=1)
    return bool(Position.objects.filter(pk=1, number=position.number).update(number=number))


def _write(steps: Sequence[Happened]) -> None:
    rows: dict[str, Challenge] = {}
    for one in steps:
        row = rows.get(one.challenge)
        if row is None:  # its first step in the batch: for a challenge that is new, the one that opened it
            rows[one.challenge] = row = Challenge(
                id=UUID(one.challenge), decision_id=one.sequence, method=one.method, kind=one.kind,
                provider=one.provider, opened_at=one.at, expires_at=one.expires_at,
            )  # fmt: skip
        row.state, row.reason = one.state, one.reason
        row.ended_at, row.stuck = one.ended_at if one.state != OPEN else None, bool(one.stuck)
        row.attempts_left, row.sends_left = one.attempts_left, one.sends_left
        row.result_id = UUID(one.decision_id) if one.decision_id else None
    Challenge.objects.bulk_create(rows.values(), update_conflicts=True, unique_fields=["id"], update_fields=_MOVES)
    Step.objects.bulk_create(
        Step(number=one.number, challenge_id=UUID(one.challenge), at=one.at, what=one.what, detail=one.detail)
        for one in steps
    )
