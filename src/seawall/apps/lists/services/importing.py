"""The two passes over an import's lines: the dry run, and putting what is new on the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _

from seawall.apps.errors import InvalidError
from seawall.apps.lists import bulk, reading
from seawall.apps.lists.declared import definition
from seawall.apps.lists.models import Import
from seawall.apps.lists.services import imports, spool
from seawall.apps.lists.services.delivery import path_of
from seawall.apps.lists.services.putting import Putter
from seawall.apps.lists.services.sender import Sender
from seawall.apps.lists.services.sorting import BAD, DUPLICATE, FRESH, PRESENT, Sorted, Sorter

Progress = Callable[[int, int], Any]
MOST_LINES = 2_000_000  # the engine's lists hold no more
_COUNTS = {FRESH: "fresh", DUPLICATE: "duplicates", PRESENT: "present", BAD: "bad"}


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
    total = made.lines
    made.added = made.refused = 0

    def tell() -> None:
        progress(counts.total(), total)

    with (
        bulk.room(), _report(made) as report, Sender(path_of(made.list)) as sender,
        Putter(made, sender, report, tell) as putter,
    ):  # fmt: skip
        for chunk in _chunks(made):
            counts.update(row.verdict for row in chunk)
            for row in chunk:
                if row.verdict != FRESH:
                    _tell(report, row)
            putter.put([row for row in chunk if row.verdict == FRESH])
            tell()
        putter.finish()
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
