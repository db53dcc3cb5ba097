import itertools
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.graph import network, shortest_path, surroundings

EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=40)


def of(pairs):
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return network(table[:, 0], table[:, 1], 10, 8)


def slow_distances(pairs, start):
    links = {}
    for member, value in pairs:
        links.setdefault((0, member), set()).add((1, value))
        links.setdefault((1, value), set()).add((0, member))
    found, waiting = {start: 0}, deque([start])
    while waiting:
        node = waiting.popleft()
        for other in links.get(node, ()):
            if other not in found:
                found[other] = found[node] + 1
                waiting.append(other)
    return found


@settings(max_examples=80, deadline=None)
@given(EDGES, st.integers(0, 9), st.integers(0, 6))
def test_surroundings_hold_what_is_near(pairs, member, hops):
    near = {node: far for node, far in slow_distances(pairs, (0, member)).items() if far <= hops}
    found = surroundings(of(pairs), (0, member), hops)
    assert found == near
    assert list(found.values()) == sorted(found.values())


@settings(max_examples=80, deadline=None)
@given(EDGES, st.integers(0, 9), st.tuples(st.integers(0, 1), st.integers(0, 7)))
def test_a_shortest_path_is_one_and_there_is_no_shorter(pairs, member, end):
    path = shortest_path(of(pairs), (0, member), end)
    far = slow_distances(pairs, (0, member)).get(end)
    assert (len(path) - 1 if path else None) == far
    if path:
        assert (path[0], path[-1]) == ((0, member), end)
        for (kind, one), (_, other) in itertools.pairwise(path):
            assert ((one, other) if kind == 0 else (other, one)) in set(pairs)


def test_a_path_may_be_too_long():
    net = of([(n, n) for n in range(7)] + [(n + 1, n) for n in range(7)])
    assert len(shortest_path(net, (0, 0), (0, 6))) == 13
    assert shortest_path(net, (0, 0), (0, 7)) == []
    assert len(shortest_path(net, (0, 0), (0, 7), hops=14)) == 15


def test_surroundings_end_at_their_bound():
    net = of([(n, 0) for n in range(10)])
    assert list(surroundings(net, (0, 3), 4, most=4)) == [(0, 3), (1, 0), (0, 0), (0, 1)]


@pytest.mark.parametrize("node", [(0, 10), (1, 8), (0, -1), (2, 0)])
def test_a_node_that_is_not_there_is_refused(node):
    with pytest.raises(ValueError, match="there is no node"):
        surroundings(of([(0, 0)]), node, 1)
