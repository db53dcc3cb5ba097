"""Which lines of an import are new, double, on the list already, or bad. Memory stays bounded: what was seen lies in a
temporary database, as digests under a key that is made for the one pass."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext_noop

from seawall.apps.decisions.archive import archive
from seawall.apps.errors import InvalidError
from seawall.apps.lists import bulk
from seawall.apps.lists.declared import entity_kind, is_sensitive, is_stand_in, key_problem, masked_as
from seawall.apps.lists.models import LONGEST_REASON, Import
from seawall.apps.lists.origin import id_of
from seawall.apps.lists.reading import Line
from seawall.apps.lists.services.entries import check_times
from seawall.apps.lists.states import OPEN
from seawall.engine.lists import FOREVER, ListDefinition

FRESH, DUPLICATE, PRESENT, BAD = "fresh", "duplicate", "present", "bad"
CHUNK = 960
DOUBLE = gettext_noop("The value stands in an earlier line.")
THERE = gettext_noop("The value is on the list already, or on its way.")
LONG_REASON = gettext_noop("The reason is too long.")
BAD_VALUE = gettext_noop("The value cannot be used: %(problem)s")


@dataclass(slots=True)
class Sorted:
    """A line with its verdict. `key`: as the journal has it ("": not yet), `shown`: a mask where it is sensitive."""

    line: Line
    verdict: str
    key: str
    shown: str
    start: int
    end: int
    why: str = ""
    problem: str = ""


class Sorter:
    """Sorts the lines of one import, chunk by chunk."""

    def __init__(self, made: Import, found: ListDefinition, start: int) -> None:
        self._made, self._found, self._start = made, found, start
        self._sensitive, self._space = is_sensitive(found), entity_kind(found)
        self._default = FOREVER if made.valid_until is None else int(made.valid_until.timestamp() * 1000)
        self._own = id_of(made.pk, "")
        self._ends: dict[int, str] = {}  # what is wrong with an end: most lines have the same

    def chunks(self, lines: Iterable[Line]) -> Iterator[list[Sorted]]:
        """Each line once, in the order of the file."""
        left = iter(lines)
        with tempfile.TemporaryDirectory(prefix="seawall-import-") as folder, closing(_seen(Path(folder))) as seen:
            salt = os.urandom(32)
            while chunk := list(islice(left, CHUNK)):
                yield self._sort(chunk, seen, salt)

    def _sort(self, chunk: list[Line], seen: sqlite3.Connection, salt: bytes) -> list[Sorted]:
        rows = [self._first(line) for line in chunk]
        good = [row for row in rows if row.verdict == FRESH]
        for row in good:
            digest = hashlib.blake2b(row.line.key.encode(), key=salt, digest_size=16).digest()
            if not seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount:
                row.verdict, row.why = DUPLICATE, DOUBLE
        if self._sensitive:
            self._stand_ins(good)
        known = self._known([row.key for row in good if row.key])
        for row in good:
            if row.verdict == FRESH and row.key in known:
                row.verdict, row.why = PRESENT, THERE
        return rows

    def _first(self, line: Line) -> Sorted:
        """What can be told of a line by itself."""
        row = Sorted(line, FRESH, "" if self._sensitive else line.key, "", self._start, self._default)
        if line.valid_until is not None:
            row.end = int(line.valid_until.timestamp() * 1000)
        if self._sensitive and line.key:
            row.shown = masked_as(self._found, line.key)
        if line.problem:
            row.verdict, row.why = BAD, line.problem
        elif problem := key_problem(line.key):
            row.verdict, row.why, row.problem = BAD, BAD_VALUE, problem
            row.shown = ""
        elif len(line.reason) > LONGEST_REASON:
            row.verdict, row.why = BAD, LONG_REASON
        elif problem := self._end_problem(row.end):
            row.verdict, row.why, row.problem = BAD, "%(problem)s", problem
        return row

    def _end_problem(self, end: int) -> str:
        if end not in self._ends:
            if len(self._ends) >= 1_000:
                self._ends.clear()
            try:
                check_times(self._found, self._start, end)
                self._ends[end] = ""
            except InvalidError as error:
                self._ends[end] = str(error)
        return self._ends[end]

    def _stand_ins(self, rows: list[Sorted]) -> None:
        clear = [row for row in rows if not is_stand_in(self._space, row.line.key)]
        for row in rows:
            row.key = row.line.key
        for row, key in zip(clear, archive().surrogates(self._space, [row.line.key for row in clear]), strict=True):
            row.key = key or ""

    def _known(self, keys: list[str]) -> set[str]:
        """Which of them have an open entry that this import did not make."""
        rows = bulk.find(self._found.name, "key", keys, "key", "entry_id", "state")
        return {key for key, entry_id, state in rows if state in OPEN and not entry_id.startswith(self._own)}


def _seen(folder: Path) -> sqlite3.Connection:
    made = sqlite3.connect(folder / "seen.db", isolation_level=None)
    for text in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-32000", "locking_mode=EXCLUSIVE"):
        made.execute(f"PRAGMA {text}")
    made.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")
    made.execute("BEGIN")
    return made
