"""From feature definitions to a memory plan: tables of entity records, chains inside them, readers of each chain.

A *space* numbers the values of one key or code field; a *table* holds the records of one entity (a key or a tuple of
keys); a *chain* is one stream of values of an entity under one condition at one resolution and offset, shared by all
windows and aggregations that can share it; a *reader* turns one window of a chain into one feature's value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..graph.definition import Links
from ..graph.plan import LinkPlan, readers_of
from .definition import ALWAYS_EXCLUDE, DAY, EXACT, Feature

_Item = TypeVar("_Item")
INT, DOUBLE, TEXT = "int", "double", "text"
BITS_PER_WORD = 62
MAX_NODES = 1 << 20  # 32 MB of one entity in one chain
_KIND = {
    "count": "sum", "sum": "sum", "mean": "sum", "std": "sum", "min": "min", "max": "max",
    "distinct": "distinct", "first": "first", "last": "last", "time_since": "last",
}  # fmt: skip
_HEAD_WORDS = {"sum": 2, "square": 2, "min": 2, "max": 2, "distinct": 2, "first": 2, "last": 3}
_WINDOW_WORDS = {"sum": 4, "square": 4, "min": 3, "max": 3, "distinct": 3, "first": 2, "last": 0}
_PERIOD_DAYS = {"day": 2, "week": 8, "month": 32, "quarter": 93, "year": 367}
COMPOSITE_PREFIX_WORDS = 2  # the packed key, the effective time it was last seen


@dataclass(frozen=True, slots=True)
class Condition:
    """When an event enters a chain: its type is one of `on` and `where`, if any, is true."""

    on: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True)
class CalendarColumn:
    """An input column: start of the period holding t - offset_ms."""

    calendar: str
    zone: str
    offset_ms: int


@dataclass(slots=True)
class Reader:
    feature: int  # index in name order
    agg: str
    window: int  # index in the chain
    include: bool
    default: float | int | None
    scale: int


@dataclass(slots=True)
class Chain:
    kind: str
    table: int
    condition: int
    value: int | None  # index of the value column; None where nothing or the time itself is stored
    resolution: int
    calendar: int | None  # index of the calendar column
    offset_ms: int
    stores_time: bool = False
    period_ms: int = 0  # longest period of the calendar, with a clock change
    windows: list[int] = field(default_factory=list)  # lengths in ms, ascending; [0] for a calendar window
    squares: bool = False
    readers: list[Reader] = field(default_factory=list)
    word: int = 0  # first word in the record
    number: int = 0

    @property
    def window_words(self) -> list[int]:
        start = self.word + _HEAD_WORDS[self.kind]
        return [start + index * _WINDOW_WORDS[self.kind] for index in range(len(self.windows))]

    @property
    def square_word(self) -> int:
        return self.word + _HEAD_WORDS[self.kind] + len(self.windows) * _WINDOW_WORDS[self.kind]

    @property
    def pending_word(self) -> int:
        squares = _HEAD_WORDS["square"] + len(self.windows) * _WINDOW_WORDS["square"] if self.squares else 0
        return self.square_word + squares

    @property
    def grows(self) -> bool:
        """Whether one entity's nodes here are bounded by its traffic only, not by the number of buckets."""
        if self.kind == "last":
            return self.offset_ms > 0
        return self.kind == "distinct" or self.offset_ms > 0 or (self.resolution == EXACT and self.calendar is None)

    @property
    def nodes_word(self) -> int:
        """Where a growing chain counts its nodes; the word after it holds the time of the newest event it left out."""
        return self.pending_word + (3 if self.offset_ms else 0)

    @property
    def words(self) -> int:
        return self.nodes_word + (2 if self.grows else 0) - self.word

    @property
    def reach_ms(self) -> int:
        """How far behind the newest event this chain can still hold or read anything."""
        longest = self.period_ms if self.calendar is not None else self.windows[-1]
        return longest + self.offset_ms + self.resolution

    @property
    def pushes(self) -> int:
        """Most nodes that one event can add (leaving a pending queue gives back as many as it takes)."""
        return 1 + int(self.squares)


@dataclass(slots=True)
class Table:
    """Records of one entity. A composite of three keys hangs on the slots of its first two (`parent`)."""

    entity: tuple[str, ...]
    space: int  # id column of the (last) key
    parent: int | None  # table whose slot is the first half of the packed key; None for a single key
    first_space: int | None  # id column of the first key of a pair
    chains: list[Chain] = field(default_factory=list)
    words: int = 0

    @property
    def composite(self) -> bool:
        return len(self.entity) > 1


@dataclass(slots=True)
class Plan:
    features: list[Feature]  # all, in name order: the order of the vector and of `content_hash`
    types: list[str]  # INT, DOUBLE or TEXT (an id in the feature's space) per feature
    spaces: list[str]
    values: list[str]
    conditions: list[Condition]
    calendars: list[CalendarColumn]
    resolutions: list[int]
    tables: list[Table]
    chains: list[Chain]
    ratios: list[tuple[int, int, int, float | None]]  # feature, numerator, denominator, default
    text_space: dict[int, int]  # feature index -> space of its ids
    reach: list[int]  # per space: ms after which an unseen id can be forgotten
    max_nodes: int  # of one entity in one chain; what comes beyond is left out and its features marked degraded
    links: LinkPlan | None = None
    signature: str = ""  # what FeatureState.signature found, once it was asked

    @property
    def condition_words(self) -> int:
        return -(-len(self.conditions) // BITS_PER_WORD)

    @property
    def input_words(self) -> int:
        return 2 + self.condition_words + len(self.spaces) + len(self.values) + len(self.calendars)

    @property
    def space_column(self) -> int:
        return 2 + self.condition_words

    @property
    def value_column(self) -> int:
        return self.space_column + len(self.spaces)

    @property
    def calendar_column(self) -> int:
        return self.value_column + len(self.values)

    @property
    def degraded_words(self) -> int:
        return -(-len(self.features) // BITS_PER_WORD)

    def degraded_names(self, words: Sequence[int]) -> list[str]:
        """Features whose exact value is not to be had, as `feature:name`, in name order."""
        return [
            f"feature:{self.features[word * BITS_PER_WORD + bit].name}"
            for word, bits in enumerate(words)
            for bit in range(BITS_PER_WORD)
            if bits >> bit & 1
        ]


def make_plan(
    features: Iterable[Feature],
    keys: Collection[str],
    always: Collection[tuple[str, str]] = (),
    max_nodes: int = MAX_NODES,
    links: Links | None = None,
) -> Plan:
    """Lay out the state of `features`.

    keys: the key and code field names, whose values are numbered text; every other `of` is an integer column.
    always: (event type, field) pairs where the field is never absent; a count may share a sum's chain there.
    links: what features with a `link` read; without such a feature they cost nothing.
    """
    ordered = sorted(features, key=lambda feature: feature.name)
    assert len({feature.name for feature in ordered}) == len(ordered), "feature names are unique"
    planner = _Planner(ordered, frozenset(keys), frozenset(always), max_nodes, links)
    return planner.build()


class _Planner:
    def __init__(
        self,
        features: list[Feature],
        keys: frozenset[str],
        always: frozenset[tuple[str, str]],
        max_nodes: int,
        links: Links | None,
    ) -> None:
        self.max_nodes = max_nodes
        self.links = links
        self.features = features
        self.keys = keys
        self.always = always
        self.spaces: list[str] = []
        self.values: list[str] = []
        self.conditions: list[Condition] = []
        self.calendars: list[CalendarColumn] = []
        self.tables: dict[tuple[str, ...], Table] = {}
        self.chains: dict[tuple[object, ...], Chain] = {}
        self.text_space: dict[int, int] = {}

    def build(self) -> Plan:
        windowed = [(i, f) for i, f in enumerate(self.features) if f.agg and f.agg != "ratio"]
        # sums before counts, so that a count finds a chain to share
        for index, feature in sorted(windowed, key=lambda pair: (pair[1].agg == "count", pair[0])):
            self._add(index, feature)
        self._lay_out()
        links = self._links()
        names = {feature.name: index for index, feature in enumerate(self.features)}
        ratios = [
            (i, names[f.parts[0]], names[f.parts[1]], None if f.default is None else float(f.default))
            for i, f in enumerate(self.features)
            if f.agg == "ratio"
        ]
        chains = list(self.chains.values())
        tables = list(self.tables.values())
        return Plan(
            features=self.features,
            types=[self._type(index, feature) for index, feature in enumerate(self.features)],
            spaces=self.spaces,
            values=self.values,
            conditions=self.conditions,
            calendars=self.calendars,
            resolutions=sorted({chain.resolution for chain in chains if chain.calendar is None}),
            tables=tables,
            chains=chains,
            ratios=ratios,
            text_space=self.text_space,
            reach=self._reach(tables, chains, links),
            max_nodes=self.max_nodes,
            links=links,
        )

    def _add(self, index: int, feature: Feature) -> None:
        assert feature.window is not None, f"{feature.name} has a window"
        assert feature.entity, f"{feature.name} has an entity"
        table = self._table(feature.entity)
        condition = _index(self.conditions, Condition(feature.on, feature.where))
        kind = _KIND[feature.agg]
        value = self._value(index, feature)
        window = feature.window
        calendar = None
        resolution = feature.resolution_ms
        if window.calendar:
            calendar = _index(self.calendars, CalendarColumn(window.calendar, window.zone, feature.offset_ms))
            resolution = 1
        stores_time = feature.agg == "time_since"
        place = (kind, table, condition, resolution, calendar, feature.offset_ms, stores_time)
        chain = self._shared(place, feature, value)
        if chain is None:
            chain = Chain(kind, table, condition, value, resolution, calendar, feature.offset_ms, stores_time)
            chain.period_ms = _PERIOD_DAYS.get(window.calendar, 0) * DAY
            self.chains[(*place, value)] = chain
        if window.last_ms not in chain.windows:
            chain.windows = sorted([*chain.windows, window.last_ms])
        chain.squares = chain.squares or feature.agg == "std"
        include = feature.include_current and feature.agg not in ALWAYS_EXCLUDE
        chain.readers.append(Reader(index, feature.agg, window.last_ms, include, feature.default, feature.scale))

    def _shared(self, place: tuple[object, ...], feature: Feature, value: int | None) -> Chain | None:
        exact = self.chains.get((*place, value))
        if exact is not None or feature.agg != "count":
            return exact
        for (*other, column), chain in self.chains.items():
            if tuple(other) == place and isinstance(column, int):
                name = self.values[column]
                if all((event_type, name) in self.always for event_type in feature.on):
                    return chain
        return None

    def _table(self, entity: tuple[str, ...]) -> int:
        if entity not in self.tables:
            parent = first = None
            if len(entity) == 2:
                first = _index(self.spaces, entity[0])
            elif len(entity) > 2:
                parent = self._table(entity[:-1])
            self.tables[entity] = Table(entity, _index(self.spaces, entity[-1]), parent, first)
        return list(self.tables).index(entity)

    def _value(self, index: int, feature: Feature) -> int | None:
        if not feature.of or feature.agg == "time_since":
            return None
        if feature.agg == "distinct" or feature.of in self.keys:
            space = _index(self.spaces, feature.of)
            if feature.agg != "distinct":
                self.text_space[index] = space
            return -1 - space  # an id column, told apart from value columns by its sign
        return _index(self.values, feature.of)

    def _lay_out(self) -> None:
        tables = list(self.tables.values())
        for table in tables:
            table.words = COMPOSITE_PREFIX_WORDS if table.composite else 0
        for number, chain in enumerate(self.chains.values()):
            table = tables[chain.table]
            chain.number = number
            chain.word = table.words
            table.words += chain.words
            table.chains.append(chain)
            for reader in chain.readers:
                reader.window = chain.windows.index(reader.window)
        for table in tables:
            table.words = -(-max(table.words, 1) // 8) * 8  # whole cache lines

    def _links(self) -> LinkPlan | None:
        if self.links is None or not any(feature.link for feature in self.features):
            return None
        links = self.links
        readers, growth = readers_of(links, self.features)
        conditions = tuple(_index(self.conditions, Condition(one.on, one.where)) for one in links.shared)
        mark = _index(self.conditions, Condition(links.marked_by, "")) if links.marked_by else -1
        spaces = tuple(_index(self.spaces, key) for key in links.keys)
        return LinkPlan(links, spaces, conditions, mark, growth, readers)

    def _type(self, index: int, feature: Feature) -> str:
        if index in self.text_space:
            return TEXT
        if feature.link or feature.agg in ("count", "distinct", "time_since"):
            return INT
        if feature.agg in ("sum", "min", "max", "first", "last") and feature.scale == 1:
            return INT
        return DOUBLE

    def _reach(self, tables: Sequence[Table], chains: Sequence[Chain], links: LinkPlan | None) -> list[int]:
        reach = [0] * len(self.spaces)
        if links is not None:
            for space in links.spaces:
                reach[space] = links.links.reach_ms
        for chain in chains:
            spaces = {self.spaces.index(key) for key in tables[chain.table].entity}
            if chain.value is not None and chain.value < 0:
                spaces.add(-1 - chain.value)
            for space in spaces:
                reach[space] = max(reach[space], chain.reach_ms)
        return reach


def _index(items: list[_Item], item: _Item) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
