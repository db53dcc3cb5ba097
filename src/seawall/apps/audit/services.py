"""Writing to the ledger: `record` inside a command's transaction, `drain` after it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from seawall.apps.audit.models import Outbox, Salt
from seawall.apps.errors import ConflictError
from seawall.ledger import (
    Checkpoint,
    Ledger,
    LedgerError,
    NewEntry,
    StoreError,
    commit,
    create_key,
    load_key,
    new_salt,
)
from seawall.ledger.audit import Report
from seawall.ledger.entry import encode
from seawall.ledger.verify import verify_file

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User

BATCH = 500
SYSTEM = "system"
PASSPHRASE = "SEAWALL_LEDGER_PASSPHRASE"  # noqa: S105 - the variable's name
KEY = "outbox"  # the member of an entry's data that names its outbox row
log = structlog.get_logger(__name__)


def actor_name(actor: User | str) -> str:
    """As the ledger knows an actor: `user:ID` for people, a plain word for the system's own parts."""
    return actor if isinstance(actor, str) else f"user:{actor.pk}"


def record(
    actor: User | str,
    action: str,
    object_type: str,
    object_id: object,
    data: Mapping[str, Any] | None = None,
    private: Mapping[str, str] | None = None,
) -> Outbox:
    """Add one ledger entry to the running transaction: it is recorded exactly if the transaction commits.

    `data` holds no personal data (ids, codes, counts); what is personal goes into `private`, of which only salted
    commitments are kept. A command that came by an API token names it as `token`.
    Raises EntryError for data that the ledger cannot hold, RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("record() belongs into the transaction of the command it records")
    salts = {name: new_salt() for name in private or {}}
    row = Outbox(
        actor=actor_name(actor), action=action, object_type=object_type, object_id=str(object_id),
        data=dict(data or {}) | _by_token(actor),
        commitments={name: commit(name, value, salts[name]) for name, value in (private or {}).items()},
    )  # fmt: skip
    encode(_entry(row), index=0, time=0, previous=bytes(32))  # what the ledger would refuse is refused here, in time
    row.save(force_insert=True)
    Salt.objects.bulk_create([Salt(entry=row, name=name, salt=salt) for name, salt in salts.items()])
    transaction.on_commit(_drain_soon, robust=True)
    return row


def _by_token(actor: User | str) -> dict[str, str]:
    """The API token by which a command came, if it did."""
    token = None if isinstance(actor, str) else actor.token
    return {"token": str(token.pk)} if token else {}


def record_journal_checkpoint(sequence: int, chain: str) -> Outbox | None:
    """Record where the journal stood (`chain`: its chain hash in hexadecimal); None if that is recorded already.

    Raises ConflictError when another chain hash was recorded for the same sequence: the journal was changed.
    """
    with transaction.atomic():
        known = Outbox.objects.filter(
            action="journal.checkpoint", object_type="journal", object_id=str(sequence)
        ).first()
        if known is None:
            return record(SYSTEM, "journal.checkpoint", "journal", sequence, {"sequence": sequence, "chain": chain})
        if known.data["chain"] != chain:
            raise ConflictError(
                f"the journal's chain at {sequence:,} is {chain}, but {known.data['chain']} was recorded; "
                "the journal has been changed: keep both files and look at the backups"
            )
        return None


def drain() -> int:
    """Send what waits, in order, each entry exactly once; returns how many. LedgerError leaves everything waiting.

    The control database's write lock makes drains take turns. An entry that reached the ledger just before a crash is
    found there by its outbox key and only marked.
    """
    sent = 0
    while Outbox.objects.filter(ledger_index=None).exists():
        with transaction.atomic(durable=True):
            rows = list(Outbox.objects.select_for_update().filter(ledger_index=None).order_by("id")[:BATCH])
            last = Outbox.objects.aggregate(last=Max("ledger_index"))["last"]
            with _ledger(-1 if last is None else last) as ledger:
                arrived = _arrived(ledger, -1 if last is None else last)
                new = [row for row in rows if str(row.key) not in arrived]
                for index, row in zip(ledger.append([_entry(row) for row in new]), new, strict=True):
                    arrived[str(row.key)] = index
            for row in rows:
                row.ledger_index = arrived[str(row.key)]
            Outbox.objects.bulk_update(rows, ["ledger_index"])
            sent += len(rows)
    return sent


def _drain_soon() -> None:
    """After a commit: a ledger that cannot be written stops no command, the entries wait in the outbox."""
    try:
        drain()
    except LedgerError as error:
        log.error("ledger", problem=str(error), waiting=Outbox.objects.filter(ledger_index=None).count())


def _entry(row: Outbox) -> NewEntry:
    data = {**row.data, KEY: str(row.key)}
    return NewEntry(row.actor, row.action, row.object_type, row.object_id, data, row.commitments)


def _ledger(last: int) -> Ledger:
    """The ledger, made if nothing was ever sent. LedgerError when it lacks entries that were."""
    path = settings.LEDGER_FILE
    if last < 0 and path.exists() and path.stat().st_size == 0:
        path.unlink()  # a crash while it was being made
    if last < 0 and not path.exists():
        return Ledger.create(path)
    ledger = Ledger.open(path)
    if len(ledger) <= last:
        ledger.close()
        raise StoreError(f"ledger {path} ends before entry {last:,}, which was recorded; restore it from a backup")
    return ledger


def _arrived(ledger: Ledger, last: int) -> dict[str, int]:
    """Outbox keys of the entries beyond the last one that the outbox knows to have arrived."""
    return {str(entry.data.get(KEY)): entry.index for entry in ledger.entries(last + 1)}


def sign_checkpoint() -> Checkpoint | None:
    """Sign where the ledger stands, with HOME/ledger.key (made on first use); None while nothing is new."""
    drain()
    path = settings.LEDGER_FILE
    if not path.exists():
        return None
    with Ledger.open(path) as ledger:
        last = ledger.last_checkpoint()
        if len(ledger) == (last.head.size if last else 0):
            return None
        key, passphrase = path.with_suffix(".key"), os.environ.get(PASSPHRASE) or None
        make = load_key if key.exists() else create_key
        return ledger.checkpoint(make(key, ledger.origin, passphrase))


def verify(actor: User | str) -> Report:
    """Check every byte of the ledger against hashes and checkpoints; that and what came of it is an entry too."""
    drain()
    sign_checkpoint()
    report = verify_file(settings.LEDGER_FILE)
    with transaction.atomic():
        found = {"entries": report.entries, "ok": report.ok, "findings": len(report.findings) + report.more}
        record(actor, "ledger.verified", "ledger", report.origin or "ledger", found)
    return report
