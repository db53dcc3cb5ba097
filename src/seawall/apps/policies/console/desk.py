"""What the editor shows of a draft: its entries with their figures, the entry at hand, what the checker says there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import Q

from seawall.apps.accounts.models import User
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.words import titled
from seawall.apps.policies import queries, sampling
from seawall.apps.policies.backtesting.reach import visible
from seawall.apps.policies.changes import Change
from seawall.apps.policies.checking import NAMES
from seawall.apps.policies.editing.edits import KINDS
from seawall.apps.policies.models import Backtest, Draft
from seawall.apps.policies.queries import Content
from seawall.apps.policies.sampling import HitRate, Sample
from seawall.engine.errors import PackError, Problem
from seawall.engine.yaml import Document, load

TEXT_ONLY = frozenset(NAMES) - {"mapping.yaml"}


@dataclass(frozen=True)
class Figures:
    """What a rule's last backtest said."""

    hits: int
    precision: float | None


@dataclass(frozen=True)
class Entry:
    """A line of the editor's left side."""

    kind: str
    name: str
    title: str
    rate: HitRate | None = None
    figures: Figures | None = None
    problems: int = 0

    @property
    def show(self) -> str:
        """As the address names it."""
        return f"{self.kind}:{self.name}"


class Desk:
    """One draft's content, read once a request."""

    def __init__(self, draft: Draft, reader: User | None = None) -> None:
        """`reader`: only backtests within this person's reach give figures."""
        self.draft, self._reader = draft, reader
        self._lines: dict[str, dict[str, tuple[int, int]]] = {}
        self.content: Content = queries.content(draft.digest, _sample())

    @property
    def texts(self) -> Mapping[str, str]:
        """Its YAML files."""
        return self.content.texts

    @cached_property
    def changes(self) -> Sequence[Change]:
        """What it does otherwise than its base, in words."""
        return queries.changes(self.draft.base.digest, self.draft.digest)

    @cached_property
    def files(self) -> list[tuple[str, int]]:
        """(file, errors and warnings in it) in the order in which people think of them."""
        counts = [(name, sum(one.file == name for one in self.content.problems)) for name in NAMES]
        return [one for one in counts if one[0] in self.texts or one[0] in TEXT_ONLY]

    @cached_property
    def _documents(self) -> dict[str, Document | None]:
        return {name: _document(text, name) for name, text in self.texts.items()}

    def data(self, file: str) -> Any:
        """A file as data; None where it is empty or no YAML."""
        document = self._documents.get(file)
        return document.data if document is not None else None

    def readable(self, file: str) -> bool:
        """Whether forms can show it: whoever broke it mends its text."""
        return file not in self.texts or self._documents.get(file) is not None

    def entry(self, kind: str, name: str) -> dict[str, Any] | None:
        """An entry's members."""
        one = KINDS[kind]
        return next((item for item in self._items(kind) if str(item.get(one.name)) == name), None)

    def names(self, kind: str) -> list[str]:
        """Names of the entries of a kind, in order."""
        return [str(item.get(KINDS[kind].name)) for item in self._items(kind)]

    def entries(self, kind: str) -> list[Entry]:
        """Entries of a kind with what is known of them."""
        found = []
        for item in self._items(kind):
            name = str(item.get(KINDS[kind].name))
            title = item.get("title")
            words = titled(title, name) if isinstance(title, dict) else name
            figures = self._figures.get(name) if kind == "rule" else None
            found.append(Entry(kind, name, words, self._rate(kind, name), figures, len(self.here(kind, name))))
        return found

    def here(self, kind: str, name: str) -> list[Problem]:
        """Problems that stand inside an entry."""
        first, last = self.lines(kind, name)
        file = KINDS[kind].file
        return [one for one in self.content.problems if one.file == file and first <= one.line <= last]

    def lines(self, kind: str, name: str) -> tuple[int, int]:
        """First and last line of an entry; (0, 0) where it is not there."""
        if kind not in self._lines:
            self._lines[kind] = self._lines_of(kind)
        return self._lines[kind].get(name, (0, 0))

    def _lines_of(self, kind: str) -> dict[str, tuple[int, int]]:
        one = KINDS[kind]
        document = self._documents.get(one.file)
        items = (document.data or {}).get(one.path[0]) if document and isinstance(document.data, dict) else None
        if document is None or not isinstance(items, list):
            return {}
        starts = [document.place((*one.path, place))[0] for place in range(len(items))]
        ends = [*(start - 1 for start in starts[1:]), len(self.texts[one.file].splitlines())]
        found: dict[str, tuple[int, int]] = {}
        for item, start, end in zip(items, starts, ends, strict=True):
            if isinstance(item, dict):
                found.setdefault(str(item.get(one.name)), (start, max(start, end)))
        return found

    def _items(self, kind: str) -> list[dict[str, Any]]:
        one = KINDS[kind]
        data = self.data(one.file)
        items = data.get(one.path[0]) if isinstance(data, dict) else None
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []

    def _rate(self, kind: str, name: str) -> HitRate | None:
        if kind == "rule":
            return self.content.rates.get(name)
        rows = [rate for rule, rate in self.content.rates.items() if rule.startswith(f"{name}/")]
        if kind != "table" or not rows:
            return None
        return HitRate(name, max(one.events for one in rows), sum(one.hits for one in rows))

    @cached_property
    def _figures(self) -> dict[str, Figures]:
        tried = Q(candidate=self.draft.digest) | Q(draft=self.draft.pk) | Q(candidate=self.draft.base.digest)
        reach = visible(self._reader) if self._reader is not None else Backtest.objects.all()
        last = reach.filter(tried, done_at__isnull=False).order_by("-done_at").first()
        if last is None or last.result is None:
            return {}
        judged = last.result["summary"]["b"] or last.result["summary"]["a"]
        return {one["rule"]: Figures(one["hits"], one["quality"]["precision"]) for one in judged["rules"]}


def _sample() -> Sample | None:
    try:
        return sampling.sample()
    except ArchiveError:
        return None


@lru_cache(maxsize=64)
def _document(text: str, file: str) -> Document | None:
    """A file as data, to be read only; None where it is no YAML."""
    try:
        return load(text, file)
    except PackError:
        return None
