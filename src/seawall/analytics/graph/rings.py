"""Rings: groups of members that hang together by what they share, scored by size, density, fraud and growth.

A connected group that is small enough is one candidate. A larger one is taken apart by asking for more: only members
that share k values or more stay tied, for k = 2, 3, ... until the pieces are small enough. One value in common happens
by chance to everybody, and such chains run through a whole network; several in common with the same others do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seawall.analytics.graph.network import Flags, Ints, Network
from seawall.analytics.graph.ties import tied

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RingTerms:
    """What counts as a ring, and how its score of 0 to 100 is made up: weights of four parts from 0 to 1.

    size: log2(members) / log2(full_size); density: see `Ring`; fraud: the share of members with a mark; growth: the
    share of members that are new. Weights are relative to their sum.
    """

    min_members: int = 3
    max_members: int = 500
    max_ties: int = 8
    full_size: int = 64
    size: float = 1.0
    density: float = 3.0
    fraud: float = 4.0
    growth: float = 2.0

    def __post_init__(self) -> None:
        if not 2 <= self.min_members <= self.max_members:
            raise ValueError("min_members is 2 to max_members")
        if min(self.size, self.density, self.fraud, self.growth) < 0 or self.total == 0:
            raise ValueError("weights are 0 or more, and one of them is more")
        if self.full_size < 2:
            raise ValueError("full_size is 2 or more")

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return self.size + self.density + self.fraud + self.growth


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring. members, shared: numbers, ascending; of shared values only those that two of its members use.

    density: how much more than a chain holds it together, from 0 (without any one link it falls apart) to 1 (every
    member uses every shared value): (links - nodes + 1) / (members * shared - nodes + 1), 1 where no more is
    possible (one shared value). ties: the least that two tied members share, 1 for a whole connected group.
    """

    members: Ints
    shared: Ints
    links: int
    density: float
    fraud: float
    growth: float
    ties: int
    score: float


@dataclass(frozen=True, slots=True)
class _Groups:
    """Candidates by number: members int64[m] with the number of each one's group (ascending), and each group's ties."""

    members: Ints
    numbers: Ints
    ties: Ints


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the scores of groups are made of, a number a group each; see `Ring`."""

    members: Ints
    links: Ints
    density: Floats
    fraud: Floats
    growth: Floats

    def scores(self, terms: RingTerms) -> Floats:
        """0 to 100."""
        size = np.minimum(1.0, np.log2(self.members) / np.log2(terms.full_size))
        parts = terms.size * size + terms.density * self.density + terms.fraud * self.fraud + terms.growth * self.growth
        scores: Floats = np.round(100 * parts / terms.total, 1)
        return scores


def find_rings(
    net: Network, marked: Flags, new: Flags, terms: RingTerms | None = None, most: int = 1_000
) -> list[Ring]:
    """The rings of a network without hubs, the highest score first (then the largest, then by first member).

    marked, new: bool[members], whether each is known as fraud, and whether it came lately. At most `most` rings.
    ValueError where the arrays do not fit the network.
    """
    terms = terms or RingTerms()
    if marked.shape != (len(net.members),) or new.shape != marked.shape:
        raise ValueError(f"marked and new are one flag a member, {len(net.members):,} each")
    groups = _candidates(net, terms)
    if not len(groups.members):
        return []
    parts = _measure(net, groups, marked, new)
    scores = parts.scores(terms)
    starts = np.searchsorted(groups.numbers, np.arange(len(groups.ties) + 1))
    order = np.lexsort((groups.members[starts[:-1]], -parts.members, -scores))[:most].tolist()
    return [
        Ring(
            members=groups.members[starts[one] : starts[one + 1]],
            shared=_shared_by(net, groups.members[starts[one] : starts[one + 1]]),
            links=int(parts.links[one]),
            density=float(parts.density[one]),
            fraud=float(parts.fraud[one]),
            growth=float(parts.growth[one]),
            ties=int(groups.ties[one]),
            score=float(scores[one]),
        )
        for one in order
    ]


def _candidates(net: Network, terms: RingTerms) -> _Groups:
    """Connected groups of the right size, those that are too large by ever stronger ties."""
    held = np.ones(len(net.members), bool)
    members, sizes, ties = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for k in range(1, terms.max_ties + 1):
        numbers = tied(net, k, held)
        size = np.bincount(numbers[held], minlength=1)[numbers] * held
        found = np.flatnonzero((size >= terms.min_members) & (size <= terms.max_members))
        found = found[np.argsort(numbers[found], kind="stable")]
        first = np.flatnonzero(np.diff(numbers[found], prepend=-1))
        members.append(found)
        sizes.append(size[found[first]])
        ties.append(np.full(len(first), k))
        held = size > terms.max_members
        if not held.any():
            break
    numbers = np.repeat(np.arange(sum(map(len, sizes))), np.concatenate(sizes))
    return _Groups(np.concatenate(members), numbers, np.concatenate(ties))


def _measure(net: Network, groups: _Groups, marked: Flags, new: Flags) -> _Parts:
    count = len(groups.ties)
    members = np.bincount(groups.numbers, minlength=count)
    number = np.full(len(net.members), -1, np.int64)
    number[groups.members] = groups.numbers
    owners = np.repeat(number, net.members.degrees)
    inside = owners >= 0
    pairs = owners[inside] * len(net.shared) + net.members.neighbours[inside]
    pairs, uses = np.unique(pairs, return_counts=True)
    holders, uses = pairs[uses > 1] // len(net.shared), uses[uses > 1]
    shared = np.bincount(holders, minlength=count)
    links = np.bincount(holders, weights=uses, minlength=count).astype(np.int64)
    tree = members + shared - 1
    possible = members * shared - tree
    density = np.where(possible > 0, (links - tree) / np.maximum(possible, 1), 1.0)
    fraud, growth = (
        np.bincount(groups.numbers, weights=flags[groups.members], minlength=count) / members for flags in (marked, new)
    )
    return _Parts(members, links, density, fraud, growth)


def _shared_by(net: Network, members: Ints) -> Ints:
    """Shared values that at least two of the members use, ascending."""
    side = net.members
    used = np.concatenate([side.neighbours[side.starts[one] : side.starts[one + 1]] for one in members])
    values, uses = np.unique(used, return_counts=True)
    return values[uses > 1]
