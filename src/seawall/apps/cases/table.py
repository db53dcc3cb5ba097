"""The table intake.yaml, checked: which decisions become alerts of what severity, about whom, joined for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from seawall.apps.cases.severity import RANKS
from seawall.engine.yaml import load

FILE = Path(__file__).with_name("intake.yaml")
OWN_FILE = "alerts.yaml"
_KEYS = {"outcomes", "rules", "entities", "typologies", "window_hours", "labels"}
_MORE_KEYS = {"queues", "quiet"}
_LANGUAGES = {"zh", "en"}
_LONGEST_HOURS = 24 * 366


class TableError(Exception):
    """The table cannot be read; the text names file and key."""


@dataclass(frozen=True)
class Typology:
    """What differs for one typology."""

    entities: tuple[str, ...]
    window: timedelta
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NamedQueue:
    """A queue that rules name, as it is made at first; it takes alerts of `typologies` by itself."""

    title: Mapping[str, str]
    typologies: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """`outcomes`: outcome → least severity; `rules`: least severity of a fired rule; ranks of severity.py."""

    outcomes: Mapping[str, int]
    rules: int
    usual: Typology
    typologies: Mapping[str, Typology] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, NamedQueue] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()  # reason codes that by themselves ask for no work

    def typology(self, name: str) -> Typology:
        """Its own settings, else the usual ones."""
        return self.typologies.get(name, self.usual)


def table() -> Table:
    """The home's own table, else the package's; read again when the file changes."""
    own = settings.HOME.folder / OWN_FILE
    path = own if own.is_file() else FILE
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, modified: int) -> Table:
    return read_table(load(path.read_bytes(), path.name).data, path.name)


def read_table(data: Mapping[str, Any], name: str = "intake.yaml") -> Table:
    """Check and freeze the file's content. TableError says what is wrong where."""
    if not isinstance(data, Mapping) or set(data) - _MORE_KEYS != _KEYS:
        raise TableError(
            f"{name}: the keys must be {', '.join(sorted(_KEYS))}, and perhaps {', '.join(sorted(_MORE_KEYS))}"
        )
    usual = Typology(_names(data["entities"], f"{name}: entities"), _hours(data["window_hours"], name))
    typologies = {
        key: Typology(
            _names(own["entities"], f"{name}: {key}") if "entities" in own else usual.entities,
            _hours(own["window_hours"], f"{name}: {key}") if "window_hours" in own else usual.window,
            _title(own["title"], f"{name}: {key}") if "title" in own else {},
        )
        for key, own in data["typologies"].items()
    }
    outcomes = {outcome: _rank(word, name) for outcome, word in data["outcomes"].items()}
    queues = {
        key: NamedQueue(
            _title(own.get("title"), f"{name}: queue {key}"), _names(own.get("typologies"), f"{name}: queue {key}")
        )
        for key, own in data.get("queues", {}).items()
    }
    quiet = frozenset(_names(data["quiet"], f"{name}: quiet")) if "quiet" in data else frozenset[str]()
    return Table(outcomes, _rank(data["rules"], name), usual, typologies, dict(data["labels"]), queues, quiet)


def _rank(word: Any, where: str) -> int:
    if word not in RANKS:
        raise TableError(f"{where}: {word!r} is no severity; write one of {', '.join(RANKS)}")
    return RANKS[word]


def _title(title: Any, where: str) -> dict[str, str]:
    if not isinstance(title, Mapping) or set(title) != _LANGUAGES or not all(title.values()):
        raise TableError(f"{where}: write a title in both languages, like {{zh: 试卡, en: Card testing}}")
    return {key: str(text) for key, text in title.items()}


def _names(names: Any, where: str) -> tuple[str, ...]:
    if not isinstance(names, Sequence) or isinstance(names, str) or not names:
        raise TableError(f"{where}: list at least one name")
    return tuple(str(name) for name in names)


def _hours(hours: Any, where: str) -> timedelta:
    if not isinstance(hours, int | float) or not 0 < hours <= _LONGEST_HOURS:
        raise TableError(f"{where}: window_hours must be more than 0 and at most {_LONGEST_HOURS:,}")
    return timedelta(hours=hours)
