"""Background work: following the journal, journal checkpoints into the ledger, checks of the roll-ups."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Sum

from seawall.apps.audit.services import record_journal_checkpoint
from seawall.apps.decisions.archive import Archive, ArchiveError, archive
from seawall.apps.decisions.models import ActivationRow, DecisionRow, HourCount, Position
from seawall.apps.decisions.reduce import Reducer
from seawall.apps.decisions.registry import erasure_followers, followers, list_followers, setting_followers
from seawall.apps.decisions.writing import write
from seawall.engine.journal import Record

BATCH = 1_000
CHECKPOINT_EVERY_SECONDS = 600
log = structlog.get_logger(__name__)


class FollowError(Exception):
    """The journal is not the one that was followed so far."""


def follow_once() -> int:
    """Apply the next stretch of the journal; how many records, 0 where there is nothing new."""
    return follow(BATCH)


def follow(limit: int = BATCH) -> int:
    """Apply about `limit` records (whole batches of the journal), exactly once, in one transaction with the position.

    A crash before its commit leaves nothing, so the records come again; two followers at once take turns. Raises
    ArchiveError for a damaged journal, FollowError where the journal is not the one that was followed so far.
    """
    source = archive()
    position = Position.objects.filter(pk=1).first() or Position()
    last = source.last()
    _check_same(source, position, last)
    if last <= position.sequence:
        return 0
    records, chain = _read(source, position.sequence, limit)
    if not records:
        return 0
    digests: dict[str, str] = {}
    for policy, digest, beside in ActivationRow.objects.order_by("sequence").values_list("policy", "digest", "beside"):
        digests |= beside | {policy: digest}
    newest = ActivationRow.objects.order_by("-sequence").first()
    reducer = Reducer(source.policy, digests, newest.policy if newest else "", source.decision_id)
    reduced = reducer.reduce(records)
    with transaction.atomic():
        if not _advance(position, records[-1].sequence, chain):
            return 0  # another follower was faster
        write(reduced)
        if reduced.lists:
            for list_follower in list_followers():
                list_follower(reduced.lists)
        if reduced.followed:
            for follower in followers():
                follower(reduced.followed)
        if reduced.settings:
            pack = source.policy(newest.digest).pack if newest else None
            for setting_follower in setting_followers():
                setting_follower(reduced.settings, pack)
        if reduced.erasures:
            for erasure_follower in erasure_followers():
                erasure_follower(reduced.erasures, reduced.erasable)
    return len(records)


def follow_all(limit: int = BATCH) -> int:
    """Follow until there is nothing new; how many records."""
    total = 0
    while done := follow(limit):
        total += done
    return total


def _read(source: Archive, after: int, limit: int) -> tuple[list[Record], str]:
    """Whole batches, and the chain after the last of them. What is good before a damaged batch is taken first."""
    records: list[Record] = []
    chain = ""
    try:
        for batch in source.batches(after):
            if not batch.chain:
                break  # its tail is damaged; the next reading says so
            records += batch.records
            chain = batch.chain.hex()
            if len(records) >= limit:
                break
    except ArchiveError:
        if not records:
            raise
    return records, chain


def _check_same(source: Archive, position: Position, last: int) -> None:
    if position.sequence < 0:
        return
    if last < position.sequence:
        raise FollowError(
            f"the journal ends at record {last:,}, but {position.sequence:,} were followed; "
            "restore control.db from the same backup as journal.db"
        )
    if source.chain_at(position.sequence) != position.chain:
        raise FollowError(
            f"the journal's chain at record {position.sequence:,} is not the one followed; "
            "restore control.db from the same backup as journal.db"
        )


def _advance(position: Position, sequence: int, chain: str) -> bool:
    """Move the position, unless somebody else has."""
    if position.sequence < 0 and not Position.objects.filter(pk=1).exists():
        Position.objects.create(pk=1)
    moved = Position.objects.filter(pk=1, sequence=position.sequence).update(sequence=sequence, chain=chain)
    return bool(moved)


def checkpoint_journal() -> bool:
    """Write where the journal stands into the ledger, if it has moved. ConflictError: the journal was changed."""
    position = Position.objects.filter(pk=1).first()
    if position is None or not position.chain:
        return False
    return record_journal_checkpoint(position.sequence, position.chain) is not None


def check_rollups() -> bool:
    """Nightly: whether the roll-ups add up to the rows they stand for; a difference is logged."""
    with transaction.atomic():
        rows = DecisionRow.objects.count()
        counted = HourCount.objects.aggregate(sum=Sum("decisions"))["sum"] or 0
    if rows != counted:
        log.error("rollups", rows=rows, counted=counted)
    return bool(rows == counted)
