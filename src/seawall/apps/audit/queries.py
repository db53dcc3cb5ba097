"""Reading the record: the index in the control database, the entries in the ledger itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import UnknownError
from seawall.ledger import Checkpoint, Entry, Ledger, LedgerError

NEWEST_CHECKPOINTS = 20


@contextmanager
def reading() -> Iterator[Ledger]:
    """The ledger, read-only. UnknownError while nothing was ever recorded."""
    try:
        ledger = Ledger.open(settings.LEDGER_FILE, read_only=True)
    except LedgerError:
        if settings.LEDGER_FILE.exists():
            raise
        raise UnknownError(_("The ledger is empty.")) from None
    with ledger:
        yield ledger


def entries() -> QuerySet[Outbox]:
    """The index of all entries, those that still wait included."""
    return Outbox.objects.all()


def entries_of(object_type: str, object_id: object) -> QuerySet[Outbox]:
    """What was done to one object, the oldest first."""
    return Outbox.objects.filter(object_type=object_type, object_id=str(object_id)).order_by("id")


def waiting() -> int:
    """How many entries have not reached the ledger yet."""
    return Outbox.objects.filter(ledger_index=None).count()


def people() -> dict[str, str]:
    """What the ledger calls a person -> their name; names themselves are never in the ledger."""
    return {f"user:{one.pk}": str(one) for one in User.objects.only("username", "display_name")}


def actions() -> list[str]:
    """Every action there is an entry of, by an index."""
    return sorted(Outbox.objects.order_by().values_list("action", flat=True).distinct())


def object_types() -> list[str]:
    """Every kind of object there is an entry of, by an index."""
    return sorted(Outbox.objects.order_by().values_list("object_type", flat=True).distinct())


@dataclass(frozen=True)
class Shown:
    """An entry as the ledger holds it, with the proof that it is in its tree of today."""

    entry: Entry
    time: datetime
    size: int
    root: str
    path: Sequence[str]


def entry(index: int) -> Shown:
    """One entry. UnknownError where there is none; LedgerError for a damaged one."""
    with reading() as ledger:
        size = len(ledger)
        if not 0 <= index < size:
            raise UnknownError(_("The ledger has no such entry."))
        found, head = ledger.entry(index), ledger.head()
        path = [one.hex() for one in ledger.inclusion_proof(index, head.size)]
    return Shown(found, datetime.fromtimestamp(found.time / 1000, UTC), head.size, head.root.hex(), path)


def last_checkpoint() -> Checkpoint | None:
    """The newest signed checkpoint, if any."""
    try:
        with reading() as ledger:
            return ledger.last_checkpoint()
    except UnknownError:
        return None
