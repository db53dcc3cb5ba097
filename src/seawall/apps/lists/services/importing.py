"""The two passes over an import's lines: the dry run, and putting what is new on the list."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from seawall.apps.audit.services import actor_name
from seawall.apps.errors import InvalidError, ServiceError
from seawall.apps.lists import reading
from seawall.apps.lists.declared import definition, entity_kind
from seawall.apps.lists.models import Entry, Import
from seawall.apps.lists.services import imports, spool
from seawall.apps.lists.services.delivery import path_of
from seawall.apps.lists.services.sender import Sender
from seawall.apps.lists.services.sorting import BAD, DUPLICATE, FRESH, PRESENT, Sorted, Sorter
from seawall.apps.lists.states import ACTIVE, IMPORT, REFUSED, SENDING
from seawall.apps.outbox.engine import DeliveryError
from seawall.engine.lists import FOREVER
from seawall.engine.times import format_instant

Progress = Callable[[int, int], Any]
MOST_LINES = 2_000_000  # the engine's lists hold no more
WAITS = (1, 2, 5, 10, 20, 30, 60, 60, 60)  # seconds between tries while the decision API cannot be reached
REFUSED_BY_ENGINE = gettext_noop("The decision engine refused it: %(problem)s")
_COUNTS = {FRESH: "fresh", DUPLICATE: "duplicates", PRESENT: "present", BAD: "bad"}
_DONE = "UPDATE {table} SET state = %s, sequence = %s, problem = %s WHERE id = %s AND state = %s"


def check_file(made: Import, progress: Progress) -> None:
    """The dry run: counts what each line would do, and writes the report. InvalidError for a file that is none."""
    counts: Counter[str] = Counter()
    with _report(made) as report:
        for chunk in _chunks(made):
            for row in chunk:
                counts[row.verdict] += 1
                if row.verdict != FRESH:
                    _tell(report, row)
            progress(counts.total(), 0)
    _count(made, counts)
    imports.checked(made)


def put_on_list(made: Import, progress: Progress) -> None:
    """Send what is new, the rest into the report. Stopped at any line, it goes on there: each line has its own entry,
    and an entry that was sent twice is one entry. ServiceError while there is no decision API."""
    counts: Counter[str] = Counter()
    found, total = definition(made.list), made.lines
    made.added = made.refused = 0
    with _report(made) as report, Sender(path_of(made.list)) as sender:
        for chunk in _chunks(made):
            counts.update(row.verdict for row in chunk)
            for row in chunk:
                if row.verdict != FRESH:
                    _tell(report, row)
            _put(made, entity_kind(found), [row for row in chunk if row.verdict == FRESH], sender, report,
                 lambda: progress(counts.total(), total))  # fmt: skip
            Import.objects.filter(pk=made.pk).update(added=made.added, refused=made.refused)
            progress(counts.total(), total)
    _count(made, counts)
    imports.finished(made)


@contextmanager
def _report(made: Import) -> Iterator[spool.Report]:
    report = spool.Report(made.pk)
    try:
        yield report
    except BaseException:
        report.close(keep=False)
        raise
    report.close(keep=True)


def _chunks(made: Import) -> Iterator[list[Sorted]]:
    start = int(made.created_at.timestamp() * 1000)
    raw = spool.lines(made.pk, reading.LONGEST_LINE)
    try:
        for chunk in Sorter(made, definition(made.list), start).chunks(reading.lines_of(made.format, raw)):
            if chunk[-1].line.number > MOST_LINES:
                raise InvalidError(_("A file has at most %(most)s lines.") % {"most": f"{MOST_LINES:,}"})
            yield chunk
    except reading.HeaderError as error:
        raise InvalidError(_(str(error))) from None


def _tell(report: spool.Report, row: Sorted) -> None:
    shown = row.shown or ("***" if row.verdict == BAD else row.key)
    report.add(row.line.number, row.verdict, shown, row.why, **({"problem": row.problem} if row.problem else {}))


def _count(made: Import, counts: Counter[str]) -> None:
    made.lines = counts.total()
    for verdict, name in _COUNTS.items():
        setattr(made, name, counts[verdict])


def _put(made: Import, kind: str, rows: list[Sorted], sender: Sender, report: spool.Report,
         alive: Callable[[], Any]) -> None:  # fmt: skip
    by_id = {f"{made.pk}-{row.line.number}": row for row in rows}
    owner = actor_name(made.author)
    checker = actor_name(made.checker) if made.checker else ""
    with transaction.atomic():
        Entry.objects.bulk_create(
            [
                Entry(
                    list=made.list, entry_id=entry_id, kind=kind, key=row.key, shown=row.shown,
                    reason=row.line.reason or made.reason, source=IMPORT, source_ref=str(made.pk),
                    valid_from=row.start, valid_until=row.end, state=SENDING, author_id=made.author_id, owner=owner,
                    approved_by=checker, batch=made,
                )
                for entry_id, row in by_id.items()
            ],
            ignore_conflicts=True,
        )  # fmt: skip
    known = Entry.objects.filter(list=made.list, entry_id__in=list(by_id)).values_list("entry_id", "pk", "state")
    waiting = {entry_id: pk for entry_id, pk, state in known if state == SENDING}
    made.refused += sum(state == REFUSED for _entry, _pk, state in known)
    made.added += sum(state not in (SENDING, REFUSED) for _entry, _pk, state in known)
    ended = []
    for entry_id, answer in _sent(sender, {one: _body(one, by_id[one], made, owner, checker) for one in waiting},
                                  alive):  # fmt: skip
        is_in = isinstance(answer, int)
        problem = "" if is_in else str(answer)[:300]
        ended.append((ACTIVE if is_in else REFUSED, answer if is_in else None, problem, waiting[entry_id], SENDING))
        made.added, made.refused = made.added + is_in, made.refused + (not is_in)
        if not is_in:
            row = by_id[entry_id]
            report.add(row.line.number, REFUSED, row.shown or row.key, REFUSED_BY_ENGINE, problem=problem)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_DONE.format(table=connection.ops.quote_name(Entry._meta.db_table)), ended)


def _body(entry_id: str, row: Sorted, made: Import, owner: str, checker: str) -> dict[str, Any]:
    body = {
        "entry_id": entry_id, "key": row.line.key, "reason": row.line.reason or made.reason, "owner": owner,
        "valid_from": format_instant(row.start),
    }  # fmt: skip
    if row.end < FOREVER:
        body["valid_until"] = format_instant(row.end)
    return body | ({"approved_by": checker} if checker else {})


def _sent(sender: Sender, bodies: dict[str, dict[str, Any]], alive: Callable[[], Any]) -> Iterator[tuple[str, Any]]:
    """Each body's answer. What cannot be delivered is tried again for some minutes; then ServiceError."""
    left, waits = bodies, iter(WAITS)
    while left:
        answers = dict(zip(left, sender.send(list(left.values())), strict=True))
        failed = {key: left[key] for key, answer in answers.items() if isinstance(answer, DeliveryError)}
        yield from ((key, answer) for key, answer in answers.items() if key not in failed)
        if len(failed) == len(left):
            wait = next(waits, None)
            if wait is None:
                raise ServiceError(_("The decision API cannot be reached; go on with the import when it is back."))
            _sleep(wait, alive)
        elif failed:
            waits = iter(WAITS)
        left = failed


def _sleep(seconds: int, alive: Callable[[], Any]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        alive()
        time.sleep(min(1.0, max(0.0, until - time.monotonic())))
