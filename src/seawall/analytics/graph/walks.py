"""Paths and surroundings in a network, for one investigation at a time.

A node is (0, number) for a member, (1, number) for a shared value.
"""

from __future__ import annotations

from collections import deque

from seawall.analytics.graph.network import Ints, Network

Node = tuple[int, int]
MAX_VISITED = 100_000


def surroundings(net: Network, start: Node, hops: int, most: int = 1_000) -> dict[Node, int]:
    """Every node at most `hops` links from `start` with its distance, nearest first; at most `most` nodes, `start`
    among them. ValueError for a node that there is not."""
    _check(net, start)
    found, waiting = {start: 0}, deque([start])
    while waiting and len(found) < most:
        node = waiting.popleft()
        if found[node] == hops:
            break
        for other in _neighbours(net, node):
            if other not in found:
                if len(found) == most:
                    break
                found[other] = found[node] + 1
                waiting.append(other)
    return found


def shortest_path(net: Network, start: Node, end: Node, hops: int = 12) -> list[Node]:
    """Nodes from `start` to `end` over the fewest links, at most `hops`; [] where there is no such path, or none was
    found among MAX_VISITED nodes. Searches from both ends, always from the side with fewer nodes at its edge."""
    _check(net, start)
    _check(net, end)
    if start == end:
        return [start]
    came: tuple[dict[Node, Node | None], dict[Node, Node | None]] = ({start: None}, {end: None})
    edges = [[start], [end]]
    for _ in range(hops):
        side = 0 if len(edges[0]) <= len(edges[1]) else 1
        own, others, edge = came[side], came[1 - side], []
        for node in edges[side]:
            for other in _neighbours(net, node):
                if other not in own:
                    own[other] = node
                    if other in others:
                        return [*reversed(_back(came[0], other)), *_back(came[1], other)[1:]]
                    edge.append(other)
        if not edge or len(own) + len(others) > MAX_VISITED:
            return []
        edges[side] = edge
    return []


def _back(came: dict[Node, Node | None], node: Node) -> list[Node]:
    path = [node]
    while (before := came[path[-1]]) is not None:
        path.append(before)
    return path


def _neighbours(net: Network, node: Node) -> list[Node]:
    kind, number = node
    side = net.shared if kind else net.members
    found: Ints = side.neighbours[side.starts[number] : side.starts[number + 1]]
    return [(1 - kind, other) for other in found.tolist()]


def _check(net: Network, node: Node) -> None:
    kind, number = node
    held = len(net.shared if kind else net.members)
    if kind not in (0, 1) or not 0 <= number < held:
        raise ValueError(
            f"there is no node {node}: (0, number) is a member, (1, number) a shared value, below {held:,}"
        )
