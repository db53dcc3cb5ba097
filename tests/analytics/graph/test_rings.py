import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.graph import RingTerms, find_rings, network
from seawall.analytics.graph.ties import tied

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 8)), max_size=60)


def flags(n, *true):
    found = np.zeros(n, bool)
    found[list(true)] = True
    return found


def of(pairs, members=None, values=None):
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return network(table[:, 0], table[:, 1], members, values)


def slow_groups(pairs, members, least, held):
    """Groups by the definition: pairs of members, joined until nothing changes."""
    uses = {member: {value for one, value in pairs if one == member} for member in range(members) if held[member]}
    groups = [{member} for member in uses]
    joined = True
    while joined:
        joined = False
        for one in groups:
            other = next(
                (
                    two for two in groups
                    if two is not one and any(len(uses[a] & uses[b]) >= least for a in one for b in two)
                ),
                None,
            )  # fmt: skip
            if other is not None:
                one |= other
                groups.remove(other)
                joined = True
                break
    return sorted(map(sorted, groups))


@settings(max_examples=60, deadline=None)
@given(EDGES, st.integers(1, 3), st.sets(st.integers(0, 11)))
def test_ties_agree_with_the_definition(pairs, least, left_out):
    held = ~flags(12, *left_out)
    labels = tied(of(pairs, 12, 9), least, held)
    groups = [np.flatnonzero(labels == label).tolist() for label in range(labels.max(initial=-1) + 1)]
    assert sorted(groups) == slow_groups(pairs, 12, least, held)
    assert (labels >= 0).tolist() == held.tolist()


def test_a_ring_says_what_holds_it_together():
    pairs = [(member, value) for member in (1, 3, 5, 7) for value in (0, 1)]
    pairs += [(1, 2), (0, 3), (2, 3)]  # a value of one member alone; a pair, too small
    net = of(pairs, 9, 4)
    (ring,) = find_rings(net, flags(9, 1, 3), flags(9, 7), RingTerms(full_size=16))
    assert ring.members.tolist() == [1, 3, 5, 7]
    assert ring.shared.tolist() == [0, 1]
    assert (ring.links, ring.density, ring.fraud, ring.growth, ring.ties) == (8, 1.0, 0.5, 0.25, 1)
    assert ring.score == round(100 * (1 * 0.5 + 3 * 1.0 + 4 * 0.5 + 2 * 0.25) / 10, 1)


def test_a_chain_has_no_density():
    pairs = [(n, n) for n in range(5)] + [(n + 1, n) for n in range(5)]
    (ring,) = find_rings(of(pairs), flags(6), flags(6))
    assert (len(ring.members), ring.density) == (6, 0.0)


def test_large_groups_fall_apart_into_what_is_tied_more_strongly():
    chain = [(n, n) for n in range(40)] + [(n + 1, n) for n in range(39)]  # everybody hangs together
    rings = [(member, 100 + 2 * start + k) for start in (0, 20) for member in range(start, start + 5) for k in range(2)]
    found = find_rings(of(chain + rings), flags(40, 20, 21, 22), flags(40), RingTerms(max_members=10))
    assert [ring.members.tolist() for ring in found] == [[20, 21, 22, 23, 24], [0, 1, 2, 3, 4]]
    assert {ring.ties for ring in found} == {2}


def test_the_most_suspicious_come_first_and_no_more_than_asked():
    pairs = [(member, member // 4) for member in range(40)]
    found = find_rings(of(pairs), flags(40, 8, 9, 30), flags(40), most=3)
    assert [int(ring.members[0]) for ring in found] == [8, 28, 0]


def test_hubs_are_left_out_by_their_bound():
    pairs = [(member, 0) for member in range(30)] + [(member, 1 + member // 3) for member in range(30)]
    net = of(pairs).without_hubs(5)
    assert len(net.shared) == 11
    assert net.links == 30
    assert {len(ring.members) for ring in find_rings(net, flags(30), flags(30))} == {3}


@settings(max_examples=40, deadline=None)
@given(EDGES)
def test_both_sides_hold_the_same_links_once(pairs):
    net = of(pairs, 12, 9)
    forth = {(n, int(v)) for n in range(12) for v in net.members.neighbours[slice(*net.members.starts[n : n + 2])]}
    back = {(int(n), v) for v in range(9) for n in net.shared.neighbours[slice(*net.shared.starts[v : v + 2])]}
    assert forth == back == set(pairs)
    assert net.links == len(set(pairs))


def test_there_are_no_rings_in_nothing():
    assert find_rings(of([], 3, 2), flags(3), flags(3)) == []


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="one length"):
        network(np.zeros(2, np.int64), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="member holds -1"):
        of([(-1, 0)])
    with pytest.raises(ValueError, match="run from 0 to 1"):
        of([(2, 0)], 2)
    with pytest.raises(ValueError, match="one flag a member"):
        find_rings(of([(0, 0)]), flags(2), flags(1))
    with pytest.raises(ValueError, match="min_members"):
        RingTerms(min_members=1)
    with pytest.raises(ValueError, match="weights"):
        RingTerms(size=0, density=0, fraud=0, growth=0)
