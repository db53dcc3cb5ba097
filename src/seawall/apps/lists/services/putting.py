"""New lines of an import on their way: one chunk is answered while the next one is read; each ends as a row."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from seawall.apps.audit.services import actor_name
from seawall.apps.errors import ServiceError
from seawall.apps.lists import bulk
from seawall.apps.lists.declared import definition, entity_kind
from seawall.apps.lists.models import Import
from seawall.apps.lists.origin import id_of
from seawall.apps.lists.services.sender import Answer, Sender, Sent
from seawall.apps.lists.services.sorting import Sorted
from seawall.apps.lists.services.spool import Report
from seawall.apps.lists.states import ACTIVE, IMPORT, REFUSED
from seawall.apps.outbox.engine import DeliveryError
from seawall.engine.lists import FOREVER
from seawall.engine.times import format_instant

WAITS = (1, 2, 5, 10, 20, 30, 60, 60, 60)  # seconds between tries while the decision API cannot be reached
REFUSED_BY_ENGINE = gettext_noop("The decision engine refused it: %(problem)s")
_COLUMNS = (
    "entry_id",
    "key",
    "shown",
    "reason",
    "quiet_since",
    "valid_from",
    "valid_until",
    "state",
    "sequence",
    "problem",
    "ended_at",
)
_OURS = ["batch_id", "source", "source_ref", "shown", "author_id"]  # what the journal does not tell of an entry


@dataclass
class _Chunk:
    """Lines by their entries' ids, and what was sent of them."""

    rows: dict[str, Sorted]
    bodies: dict[str, dict[str, Any]]
    sent: Sent


class Putter:
    """Puts chunks of new lines on the list, the import's counts with them; a context manager. Left by an error, what
    was answered is still written."""

    def __init__(self, made: Import, sender: Sender, report: Report, alive: Callable[[], Any]) -> None:
        self._made, self._sender, self._report, self._alive = made, sender, report, alive
        self._id = id_of(made.pk, "")
        self._owner = actor_name(made.author)
        self._checker = actor_name(made.checker) if made.checker else ""
        self._begun: dict[int, str] = {}  # instants as the door reads them: most lines have the same
        self._same = {
            "list": made.list, "kind": entity_kind(definition(made.list)), "source": IMPORT, "source_ref": str(made.pk),
            "author_id": made.author_id, "owner": self._owner, "approved_by": self._checker, "batch_id": made.pk,
        }  # fmt: skip
        self._flying: deque[_Chunk] = deque()

    def __enter__(self) -> Putter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        while kind is not None and self._flying:
            chunk = self._flying.popleft()
            self._write(chunk, dict(zip(chunk.bodies, chunk.sent.answers(), strict=True)))

    def put(self, rows: list[Sorted]) -> None:
        """Send a chunk, and end the one before it."""
        by_id = {f"{self._id}{row.line.number}": row for row in rows}
        missing = self._without_known(by_id)
        bodies = {entry_id: self._body(entry_id, row) for entry_id, row in missing.items()}
        self._flying.append(_Chunk(missing, bodies, self._sender.begin(list(bodies.values()))))
        if len(self._flying) > 1:
            self._end(self._flying.popleft())

    def finish(self) -> None:
        """End what is still on its way."""
        while self._flying:
            self._end(self._flying.popleft())

    def _without_known(self, by_id: dict[str, Sorted]) -> dict[str, Sorted]:
        """The lines that no earlier try has brought to an end; those are counted."""
        rows = bulk.find(self._made.list, "entry_id", list(by_id), "entry_id", "state", "problem", "batch_id")
        known = {entry_id: (state, why) for entry_id, state, why, batch in rows if batch is not None}
        for entry_id, (state, why) in known.items():
            self._made.added, self._made.refused = (
                self._made.added + (state != REFUSED), self._made.refused + (state == REFUSED)
            )  # fmt: skip
            if state == REFUSED:
                self._tell(by_id[entry_id], why)
        return {entry_id: row for entry_id, row in by_id.items() if entry_id not in known}

    def _body(self, entry_id: str, row: Sorted) -> dict[str, Any]:
        body = {
            "entry_id": entry_id, "key": row.line.key, "reason": row.line.reason or self._made.reason,
            "owner": self._owner, "valid_from": self._instant(row.start),
        }  # fmt: skip
        if row.end < FOREVER:
            body["valid_until"] = self._instant(row.end)
        if self._checker:
            body["approved_by"] = self._checker
        return body

    def _instant(self, at_ms: int) -> str:
        if at_ms not in self._begun:
            if len(self._begun) >= 1_000:
                self._begun.clear()
            self._begun[at_ms] = format_instant(at_ms)
        return self._begun[at_ms]

    def _end(self, chunk: _Chunk) -> None:
        found: dict[str, Answer] = {}
        try:
            for entry_id, answer in self._answered(chunk):
                found[entry_id] = answer
        finally:
            self._write(chunk, found)

    def _answered(self, chunk: _Chunk) -> Iterator[tuple[str, Answer]]:
        """Each body's answer. What cannot be delivered is tried again for some minutes; then ServiceError."""
        left, sent, waits = chunk.bodies, chunk.sent, iter(WAITS)
        while left:
            answers = dict(zip(left, sent.answers(), strict=True))
            failed = {key: left[key] for key, answer in answers.items() if isinstance(answer, DeliveryError)}
            yield from ((key, answer) for key, answer in answers.items() if key not in failed)
            if len(failed) == len(left):
                wait = next(waits, None)
                if wait is None:
                    raise ServiceError(_("The decision API cannot be reached; go on with the import when it is back."))
                _sleep(wait, self._alive)
            elif failed:
                waits = iter(WAITS)
            if failed:
                sent = self._sender.begin(list(failed.values()))
            left = failed

    def _write(self, chunk: _Chunk, answers: dict[str, Answer]) -> None:
        """What has ended becomes a row, in one transaction with the counts. The follower may have made it already."""
        ended = {entry_id: answer for entry_id, answer in answers.items() if not isinstance(answer, DeliveryError)}
        rows = [self._row(entry_id, chunk.rows[entry_id], answer) for entry_id, answer in ended.items()]
        made = self._made
        with transaction.atomic():
            bulk.upsert(_COLUMNS, rows, self._same, _OURS)
            added = sum(isinstance(answer, int) for answer in ended.values())
            made.added, made.refused = made.added + added, made.refused + len(ended) - added
            Import.objects.filter(pk=made.pk).update(added=made.added, refused=made.refused)
        for entry_id, answer in ended.items():
            if not isinstance(answer, int):
                self._tell(chunk.rows[entry_id], str(answer))

    def _row(self, entry_id: str, row: Sorted, answer: Answer) -> tuple[Any, ...]:
        reason = row.line.reason or self._made.reason
        known = (entry_id, row.key, row.shown, reason, row.start, row.start, row.end)
        if isinstance(answer, int):
            return (*known, ACTIVE, answer, "", None)
        return (*known, REFUSED, None, str(answer)[:300], timezone.now())

    def _tell(self, row: Sorted, problem: str) -> None:
        self._report.add(row.line.number, REFUSED, row.shown or row.key, REFUSED_BY_ENGINE, problem=problem[:300])


def _sleep(seconds: int, alive: Callable[[], Any]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        alive()
        time.sleep(min(1.0, max(0.0, until - time.monotonic())))
