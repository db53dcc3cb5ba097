"""mapping.yaml: which column of a history file is which field of which event, and where its labels are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seawall.engine.errors import PackError, Problem
from seawall.engine.event import Field
from seawall.engine.money import EXPONENTS
from seawall.engine.pack.model import Pack, Place
from seawall.engine.pack.reader import Node, did_you_mean
from seawall.engine.times import parse_duration
from seawall.engine.yaml import load as load_yaml

TIME_UNITS = ("datetime", "rfc3339", "s", "ms", "us", "ns")
MONEY_UNITS = ("minor", "major")
_KEYS = ("event", "event_id", "event_time", "fields", "labels", "sort", "duplicates", "rates")
_TIME_KEYS = ("column", "zone", "unit", "truncate")
_UNITS: Mapping[str, tuple[str, ...]] = {"money": MONEY_UNITS, "time": TIME_UNITS}

Constant = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a column of the file, or (column "") one constant for every row.

    `unit` tells how a money or time column counts; `zone` is that of times that name none; `truncate` drops what a time
    has beyond milliseconds instead of refusing it.
    """

    place: Place = field(compare=False)
    column: str = ""
    constant: Constant | None = None
    unit: str = ""
    zone: str = "UTC"
    truncate: bool = False


@dataclass(frozen=True, slots=True)
class TypeSource:
    """The event type of a row: `constant`, or what `values` says of the column's value."""

    place: Place = field(compare=False)
    constant: str = ""
    column: str = ""
    values: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class LabelSource:
    """A label where `column` equals `equals`, arriving `delay_ms` after the event or at the time in `time`.

    `record`: it becomes a record of the sequence; else it only tells a backtest what the event was.
    """

    place: Place = field(compare=False)
    label: str
    column: str
    equals: Constant
    delay_ms: int = 0
    time: Source | None = None
    record: bool = True


@dataclass(frozen=True, slots=True)
class HistoryMapping:
    """A checked mapping for one pack. `content_hash`: SHA-256 over its data (not its layout or comments)."""

    file: str
    type: TypeSource
    event_id: Source
    event_time: Source
    fields: Mapping[str, Source]
    labels: tuple[LabelSource, ...]
    sort: bool
    skip_duplicates: bool
    rates: Path | None
    content_hash: str

    @property
    def types(self) -> tuple[str, ...]:
        """The event types rows can have, in a fixed order."""
        return (self.type.constant,) if self.type.constant else tuple(dict.fromkeys(self.type.values.values()))

    def columns(self) -> dict[str, Place]:
        """Every column the mapping names, with the place that names it."""
        times = [label.time for label in self.labels if label.time is not None]
        sources = [self.event_id, self.event_time, *self.fields.values(), *times]
        named = [(source.column, source.place) for source in sources]
        named += [(self.type.column, self.type.place), *((label.column, label.place) for label in self.labels)]
        return {column: place for column, place in reversed(named) if column}

    def check_columns(self, names: Collection[str], file: str) -> None:
        """PackError naming every mapped column that the file does not have, and what it has."""
        known = list(names)
        shown = ", ".join(known[:40]) + (", …" if len(known) > 40 else "")
        problems = [
            Problem(
                f"{file} has no column {column!r}",
                f"{hint}; it has: {shown}" if (hint := _close(column, known)) else f"it has: {shown}",
                place.file, place.line, place.column,
            )
            for column, place in self.columns().items() if column not in known
        ]  # fmt: skip
        if problems:
            raise PackError(sorted(problems, key=lambda problem: (problem.line, problem.column)))


def load_mapping(path: Path, pack: Pack) -> HistoryMapping:
    """Read and check a mapping for the events of `pack`. PackError carries every problem with line and column."""
    try:
        document = load_yaml(path.read_bytes(), path.name)
    except OSError as error:
        raise PackError([Problem(f"cannot be read: {error.strerror}", "name a mapping file", str(path))]) from None
    problems: list[Problem] = []
    root = Node(document, document.data, (), problems)
    mapping = _Reader(root, pack, path).mapping()
    if problems:
        raise PackError(problems)
    assert mapping is not None, "a mapping without problems is complete"
    return mapping


class _Reader:
    """Reads the parts of one mapping, noting every problem on the way."""

    def __init__(self, root: Node, pack: Pack, path: Path) -> None:
        self.root, self.pack, self.path = root, pack, path

    def mapping(self) -> HistoryMapping | None:
        root = self.root
        if not root.members(_KEYS, ("event", "event_id", "event_time", "fields"), self.path.name):
            return None
        types = self.types(root["event"])
        event_id = self.column(root["event_id"], "event_id")
        event_time = self.time(root["event_time"], "event_time")
        fields = self.fields(root["fields"], [*types.values.values(), *([types.constant] if types.constant else [])])
        labels = tuple(label for node in root["labels"].items() if (label := self.label(node)) is not None)
        sort = root.choice("sort", ("event_time",))
        duplicates = root.choice("duplicates", ("refuse", "skip"))
        rates = root.text("rates")
        data = json.dumps(root.value, sort_keys=True, separators=(",", ":"), default=str)
        return HistoryMapping(
            file=self.path.name,
            type=types,
            event_id=event_id,
            event_time=event_time,
            fields=fields,
            labels=labels,
            sort=sort == "event_time",
            skip_duplicates=duplicates == "skip",
            rates=self.path.parent / rates if rates else None,
            content_hash=hashlib.sha256(b"seawall-mapping-1\n" + data.encode()).hexdigest(),
        )

    def types(self, node: Node) -> TypeSource:
        """`event: payment.card` or `event: {column: KIND, values: {card: payment.card}}`."""
        if isinstance(node.value, str):
            return TypeSource(node.place, constant=self.event_type(node, node.value))
        if node.value is None or not node.members(("column", "values"), ("column",), "event"):
            return TypeSource(node.place)
        if not node.has("values"):
            return TypeSource(node.place, "", node.text("column"), {name: name for name in self.pack.events})
        values = {text: self.event_type(member, member.value) for text, member in node["values"].entries()}
        if not values:
            node["values"].problem("names no event type", "like {card: payment.card}")
        return TypeSource(node["column"].place, "", node.text("column"), values)

    def event_type(self, node: Node, name: object) -> str:
        if isinstance(name, str) and name in self.pack.events:
            return name
        node.problem(f"unknown event type {name!r} in pack {self.pack.name}", did_you_mean(str(name), self.pack.events))
        return ""

    def column(self, node: Node, what: str) -> Source:
        """`event_id: COLUMN`; a mapping that names no column is a problem."""
        if isinstance(node.value, dict) and node.members(("column",), ("column",), what):
            return Source(node["column"].place, node.text("column"))
        if node.value is not None and not isinstance(node.value, dict | str):
            node.problem(f"{what} must name a column", "quote it if the column's name is a number")
        elif node.value == "":
            node.problem(f"{what} names no column", "name the column of the file")
        return Source(node.place, node.value if isinstance(node.value, str) else "")

    def time(self, node: Node, what: str) -> Source:
        """A time: {column, zone, unit, truncate}, or the column alone."""
        if not isinstance(node.value, dict):
            return self.column(node, what)
        node.members(_TIME_KEYS, ("column",), what)
        unit = node.choice("unit", TIME_UNITS)
        if node.has("zone") and unit not in ("", "datetime"):
            node["zone"].problem(f"a time in {unit} has its zone already", "remove zone, or write unit: datetime")
        zone = node.zone("zone", "UTC")
        return Source(node["column"].place, node.text("column"), None, unit, zone, node.boolean("truncate"))

    def fields(self, node: Node, types: Iterable[str]) -> dict[str, Source]:
        """Sources by field, for fields that at least one of the mapped types declares; required ones must be there."""
        declared: dict[str, Field] = {}
        for name in filter(None, types):
            declared |= self.pack.events[name].fields
        sources = {}
        for name, member in node.entries():
            if name not in declared and any(types):
                node.problem(f"unknown field {name!r}", did_you_mean(name, declared), key=name)
            elif name in declared:
                sources[name] = self.field(member, declared[name])
        for event_type in dict.fromkeys(filter(None, types)):
            fields = self.pack.events[event_type].fields.values()
            absent = [wanted.name for wanted in fields if wanted.required and wanted.name not in sources]
            if absent:
                node.problem(f"{event_type} requires {', '.join(absent)}", "map a column to it, or a constant")
        return sources

    def field(self, node: Node, declared: Field) -> Source:
        units = _UNITS.get(declared.type, ())
        if not isinstance(node.value, dict):
            return self.column(node, declared.name)
        more = _TIME_KEYS if declared.type == "time" else ("column", "unit") if units else ("column",)
        allowed = ("constant", *more)
        node.members(allowed, (), declared.name)
        if node.has("column") == node.has("constant"):
            node.problem(f"{declared.name} takes either a column or a constant", "write one of them")
            return Source(node.place)
        if node.has("constant"):
            return Source(node["constant"].place, constant=self.constant(node["constant"], declared))
        if declared.type == "time":
            return self.time(node, declared.name)
        return Source(node["column"].place, node.text("column"), None, node.choice("unit", units))

    def constant(self, node: Node, declared: Field) -> Constant | None:
        value = node.value
        if declared.type == "currency" and value not in EXPONENTS:
            node.problem(f"unknown currency {value!r}", "write an ISO 4217 code, like CNY")
        elif declared.type in ("key", "code", "string", "currency"):
            if not isinstance(value, str):
                node.problem(f"{declared.name} is text", "quote the constant")
        elif declared.type not in ("bool", "int", "number") or not isinstance(value, int | float):
            node.problem(f"{declared.name}, a {declared.type}, takes no constant {value!r}", "map a column")
        elif isinstance(value, bool) != (declared.type == "bool") or (declared.type == "int" and type(value) is float):
            node.problem(f"{value!r} is no {declared.type}", "write one")
        return value if isinstance(value, str | int | float | bool) else None

    def label(self, node: Node) -> LabelSource | None:
        """{label, column, equals, delay | time, record}."""
        allowed = ("label", "column", "equals", "delay", "time", "record")
        if not node.members(allowed, ("label", "column", "equals"), "label"):
            return None
        record = not node.has("record") or node.boolean("record")
        name = node.text("label")
        if record and name and name not in self.pack.labels:
            hint = did_you_mean(name, self.pack.labels) or "declare it in events.yaml, or add record: false"
            node["label"].problem(f"unknown label {name!r} in pack {self.pack.name}", hint)
        if node.has("delay") == node.has("time"):
            node.problem(f"label {name} needs either delay or time", "delay: 7d, or time: COLUMN")
        equals = node["equals"].value
        if isinstance(equals, dict | list):
            node["equals"].problem("equals must be one value", "a number, text, true or false")
            return None
        if equals is None:
            return None
        delay = self.delay(node)
        time = self.time(node["time"], "time") if node.has("time") else None
        return LabelSource(node["column"].place, name, node.text("column"), equals, delay, time, record)

    def delay(self, node: Node) -> int:
        text = node.text("delay")
        try:
            return parse_duration(text) if text else 0
        except ValueError as error:
            node["delay"].problem(f"delay {text!r} {error}")
            return 0


def _close(word: str, known: list[str]) -> str:
    hint = did_you_mean(word, known)
    if hint.startswith("did you mean"):
        return hint
    folded = {name.casefold(): name for name in known}
    return f"did you mean {folded[word.casefold()]}?" if word.casefold() in folded else ""
