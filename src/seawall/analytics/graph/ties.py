"""Groups of members by what they have in common: a compiled pass over all pairs that share a value."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

from seawall.analytics.graph.network import Flags, Ints, Network


def tied(net: Network, least: int, held: Flags) -> Ints:
    """The number of each member's group, int64[members], -1 where `held` (bool[members]) is false: two members are in
    one group where a chain of held members leads from one to the other, each next two sharing `least` values or more.

    Takes time in proportion to the pairs of members that share a value: leave hubs out first.
    """
    side, back = net.members, net.shared
    return _tied(side.starts, side.neighbours, back.starts, back.neighbours, least, held)


@njit(cache=True)
def _root(parent: Ints, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True)
def _tied(starts: Ints, neighbours: Ints, back_starts: Ints, back: Ints, least: int, held: Flags) -> Ints:
    members = len(held)
    parent = np.arange(members)
    common = np.zeros(members, np.int32)  # values that a member shares with the one at hand
    met = np.empty(members, np.int64)
    for member in range(members):
        if not held[member] or starts[member + 1] - starts[member] < least:
            continue
        count = 0
        for index in range(starts[member], starts[member + 1]):
            value = neighbours[index]
            for place in range(back_starts[value], back_starts[value + 1]):
                other = back[place]
                if other >= member:
                    break
                if held[other]:
                    if common[other] == 0:
                        met[count] = other
                        count += 1
                    common[other] += 1
                    if common[other] == least:
                        one, two = _root(parent, member), _root(parent, other)
                        if one != two:
                            parent[max(one, two)] = min(one, two)
        for place in range(count):
            common[met[place]] = 0
    labels = np.full(members, -1, np.int64)
    found = 0
    for member in range(members):
        if held[member]:
            root = _root(parent, member)
            if root == member:
                labels[member] = found
                found += 1
            else:
                labels[member] = labels[root]
    return labels
