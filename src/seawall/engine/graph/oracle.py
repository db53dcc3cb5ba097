"""The contract of links, executed literally: the judge of the kernel.

It keeps every link that was ever seen and answers each question from all of them. Time is in whole seconds: s(t) is
t // 1000. Something seen at s is *fresh* at now while now - s < `within`.

* Shared value x of key k has as users the members whose link with it is fresh, the one seen last first. With more than
  `hub` users it is a hub, and links nobody.
* Member m uses, of key k, the RECENT values it was seen with last, as far as fresh.
* linked: the other members that use a value that m uses and that is no hub; from a shared value, its users. Counted up
  to BREADTH. linked_marked: those of them with a fresh mark.
* distance: links to the nearest value with a fresh mark, breadth first, over at most BREADTH other values; the keys in
  their order, the value seen last first.
* component: period p is [p * period, (p + 1) * period). Read in period p it is the values joined by links seen since
  period p - 1 began, each link as it was then: not those with a hub. Its size is the number of its members; its growth
  over w the number of members that were first linked since then in one of the newest 8 buckets of w / 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..feature.definition import Feature
from .definition import BREADTH, BUCKETS, DISTANCE, GROWTH, LINKED_MARKED, RECENT, SIZE, Links

Value = tuple[str, str]  # key and value


@dataclass(frozen=True)
class LinkRecord:
    """One record of the sequence. t: effective time, ms. `links`: the shared keys whose condition holds; `marks`: it is
    a label that marks; `enters`: False for a record later than the lateness bound."""

    t: int
    fields: Mapping[str, str]
    links: Sequence[str] = ()
    marks: bool = False
    enters: bool = True


@dataclass
class LinkOracle:
    """Evaluates the features of `links` record by record; the other features are left out."""

    links: Links
    features: Sequence[Feature]
    _seen: dict[tuple[Value, Value], tuple[int, int]] = field(default_factory=dict)  # member, shared: second, order
    _marks: dict[Value, int] = field(default_factory=dict)
    _joined: list[tuple[int, Value, Value]] = field(default_factory=list)  # links that were none with a hub
    _order: int = 0

    def step(self, record: LinkRecord, read: bool = True) -> dict[str, int | None]:
        """Take the next record; with `read`, every feature's value as seen by it (None: missing)."""
        now = record.t // 1000
        values = self._read(record, now, include=False) if read else {}
        if record.enters:
            self._take_in(record, now)
        return values | (self._read(record, now, include=True) if read else {})

    def _take_in(self, record: LinkRecord, now: int) -> None:
        member = record.fields.get(self.links.member)
        for shared in self.links.shared:
            value = record.fields.get(shared.key)
            if shared.key in record.links and member is not None and value is not None:
                self._order += 1
                link = (self.links.member, member), (shared.key, value)
                self._seen[link] = now, self._order
                if not self._is_hub(link[1], now):
                    self._joined.append((now, *link))
        if record.marks:
            self._marks |= {(key, record.fields[key]): now for key in self.links.marks if key in record.fields}

    def _read(self, record: LinkRecord, now: int, include: bool) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for feature in self.features:
            if feature.link and feature.include_current == include:
                key = feature.entity[0]
                value = record.fields.get(key)
                found[feature.name] = None if value is None else self._value(feature, (key, value), now)
        return found

    def _value(self, feature: Feature, start: Value, now: int) -> int | None:
        by = feature.by or tuple(one.key for one in self.links.shared)
        if feature.link == SIZE:
            return sum(key == self.links.member for key, _ in self._component(start, now))
        if feature.link == GROWTH:
            assert feature.window is not None, "growth has a window"
            return self._growth(start, feature.window.last_ms // 1000 // BUCKETS, now)
        if feature.link == DISTANCE:
            found = self._distance(start, by, feature.hops, now)
            return int(feature.default) if found is None and feature.default is not None else found
        linked = self._linked(start, by, now)
        return sum(self._is_marked(one, now) for one in linked) if feature.link == LINKED_MARKED else len(linked)

    # --- neighbours

    def _is_fresh(self, second: int, now: int) -> bool:
        return now - second < self.links.within_ms // 1000

    def _is_marked(self, value: Value, now: int) -> bool:
        return value in self._marks and self._is_fresh(self._marks[value], now)

    def _users(self, shared: Value, now: int) -> list[Value]:
        """The newest first."""
        seen = {one: when for (one, other), when in self._seen.items() if other == shared}
        return [one for one in sorted(seen, key=lambda one: -seen[one][1]) if self._is_fresh(seen[one][0], now)]

    def _is_hub(self, shared: Value, now: int) -> bool:
        hub = next(one.hub for one in self.links.shared if one.key == shared[0])
        return len(self._users(shared, now)) > hub

    def _neighbours(self, value: Value, by: Sequence[str], now: int) -> list[Value]:
        if value[0] != self.links.member:
            return self._users(value, now) if value[0] in by and not self._is_hub(value, now) else []
        found: list[Value] = []
        for shared in self.links.shared:
            if shared.key in by:
                seen = {v: w for (m, v), w in self._seen.items() if m == value and v[0] == shared.key}
                recent = sorted(seen, key=lambda one: -seen[one][1])[:RECENT]
                fresh = [one for one in recent if self._is_fresh(seen[one][0], now)]
                found += [one for one in fresh if not self._is_hub(one, now)]
        return found

    def _linked(self, start: Value, by: Sequence[str], now: int) -> list[Value]:
        around = [start] if start[0] != self.links.member else self._neighbours(start, by, now)
        found = [one for shared in around for one in self._neighbours(shared, by, now) if one != start]
        return list(dict.fromkeys(found))[:BREADTH]

    def _distance(self, start: Value, by: Sequence[str], hops: int, now: int) -> int | None:
        if self._is_marked(start, now):
            return 0
        visited, level = [start], [start]
        for depth in range(1, hops + 1):
            further: list[Value] = []
            for value in level:
                for one in self._neighbours(value, by, now):
                    if one not in visited and len(visited) <= BREADTH:
                        if self._is_marked(one, now):
                            return depth
                        visited.append(one)
                        further.append(one)
            level = further
        return None

    # --- components

    def _since(self, now: int) -> list[tuple[int, Value, Value]]:
        period = self.links.period_ms // 1000
        return [one for one in self._joined if one[0] >= (now // period - 1) * period]

    def _component(self, start: Value, now: int) -> set[Value]:
        links = self._since(now)
        found, before = {start}, 0
        while len(found) > before:
            before = len(found)
            for _, member, shared in links:
                if member in found or shared in found:
                    found |= {member, shared}
        return found

    def _growth(self, start: Value, bucket: int, now: int) -> int:
        component = self._component(start, now)
        first: dict[Value, int] = {}
        for second, member, _ in self._since(now):
            first.setdefault(member, second)
        return sum(one in component and now // bucket - second // bucket < BUCKETS for one, second in first.items())
