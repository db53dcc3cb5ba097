"""From the links of a pack and the features that read them to what the kernel needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..feature.definition import Feature
from .definition import BUCKETS, COMPONENTS, GROWTH, KINDS, RECENT, Links

_MISSING = -0x8000000000000000
HEADER_WORDS = 13  # of the context, then a row a space, a row a growth window, a row a reader
SPACE_WORDS, READER_WORDS = 6, 8
PERIOD_WORDS, GROWTH_WORDS = 3, 1 + BUCKETS // 2  # of one period of a component, and more for each growth window
POOL_WORDS = 16  # the pool's header


@dataclass(frozen=True, slots=True)
class LinkReader:
    """One feature: its place in name order, what it computes, where from and through which shared keys (by number)."""

    feature: int
    kind: str
    entity: int  # number of the key it starts from, 0 being the member's
    by: tuple[int, ...]
    hops: int
    include: bool
    growth: int  # number of its growth window
    default: int | None


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """Links as columns of input rows: `spaces` holds the id column of each of `links.keys`, `conditions` the condition
    of each shared key, `mark` that of the marks (-1: none)."""

    links: Links
    spaces: tuple[int, ...]
    conditions: tuple[int, ...]
    mark: int
    growth: tuple[int, ...]  # seconds of a bucket, a number a growth window
    readers: tuple[LinkReader, ...]

    @property
    def has_components(self) -> bool:
        """Whether anything reads components: they cost memory."""
        return any(reader.kind in COMPONENTS for reader in self.readers)

    @property
    def period_words(self) -> int:
        """Words of one period in a record."""
        return PERIOD_WORDS + GROWTH_WORDS * len(self.growth) if self.has_components else 0

    def headers(self, space: int) -> int:
        """Lists that a value of a key has: a member one for each shared key."""
        return len(self.links.shared) if space == 0 else 1

    def record_words(self, space: int) -> int:
        """Words of the record of a value: its mark, its lists' headers, its two periods."""
        return 1 + self.headers(space) + 2 * self.period_words

    def capacity(self, number: int) -> int:
        """The most entries of a list of the values of shared key `number` (from 1); the members' lists have RECENT."""
        return 1 << self.links.shared[number - 1].hub.bit_length()

    @property
    def pool_words(self) -> int:
        """Most words of the pool that one event takes: every list it touches may move to a larger place."""
        return sum(RECENT + self.capacity(number) for number in range(1, len(self.spaces)))

    def constants(self, space_column: int, features: int) -> list[int]:
        """The context words; addresses are still 0 (see kernel.py for their order)."""
        keys = len(self.spaces)
        spaces_at = HEADER_WORDS
        growth_at = spaces_at + SPACE_WORDS * keys
        readers_at = growth_at + len(self.growth)
        marked = [self.links.keys.index(key) for key in self.links.marks]
        words = [
            0, 0, keys, self.links.within_ms // 1000, self.period_words, len(self.growth), 8 * growth_at,
            len(self.readers), 8 * readers_at, features, self._bit(self.mark), sum(1 << number for number in marked),
            self.links.period_ms // 1000,
        ]  # fmt: skip
        for number, column in enumerate(self.spaces):
            hub = self.links.shared[number - 1].hub if number else 0
            condition = self._bit(self.conditions[number - 1]) if number else 0
            record = self.record_words(number)
            words += [0, 8 * (space_column + column), 8 * record, 8 * (1 + self.headers(number)), condition, hub]
        words += self.growth
        for one in self.readers:
            mask = sum(1 << number for number in one.by)
            default = _MISSING if one.default is None else one.default
            words += [
                8 * one.feature, KINDS.index(one.kind), one.entity, mask, one.hops, int(one.include), one.growth,
                default,
            ]  # fmt: skip
        return words

    @staticmethod
    def _bit(condition: int) -> int:
        """Where a condition's bit stands in an input row: byte offset * 64 + bit, 0 for none."""
        if condition < 0:
            return 0
        word, bit = divmod(condition, 62)
        return 8 * (2 + word) * 64 + bit


def readers_of(links: Links, features: Sequence[Feature]) -> tuple[tuple[LinkReader, ...], tuple[int, ...]]:
    """The readers of the features (in name order) that read links, and the buckets of their growth windows (s)."""
    growth: list[int] = []
    readers: list[LinkReader] = []
    every = [one.key for one in links.shared]
    for index, feature in enumerate(features):
        if not feature.link:
            continue
        window = 0
        if feature.link == GROWTH:
            assert feature.window is not None, f"{feature.name} has a window"
            bucket = feature.window.last_ms // 1000 // BUCKETS
            if bucket not in growth:
                growth.append(bucket)
            window = growth.index(bucket)
        by = tuple(1 + every.index(key) for key in feature.by or every)
        entity = links.keys.index(feature.entity[0])
        default = None if feature.default is None else int(feature.default)
        readers.append(
            LinkReader(index, feature.link, entity, by, feature.hops, feature.include_current, window, default)
        )
    return tuple(readers), tuple(growth)
