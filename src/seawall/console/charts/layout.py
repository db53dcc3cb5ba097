"""Where the nodes of a graph go: a force-directed layout in Python, so that page and print show the same picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDS = 200
_GRAVITY = 0.08
_GOLDEN = np.pi * (3 - np.sqrt(5))


def spread(count: int, links: Sequence[tuple[int, int]], aspect: float = 2.0) -> list[tuple[float, float]]:
    """A place in the unit square for each of `count` nodes (Fruchterman and Reingold 1991, with gravity; not random).

    `links` are pairs of node indices; `aspect` is width over height of the space. O(ROUNDS · count²): for ≤ 300 nodes.
    """
    if count == 0:
        return []
    turn = np.arange(count) * _GOLDEN
    radius = np.sqrt((np.arange(count) + 0.5) / count)
    places = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    ends = np.array([pair for pair in links if pair[0] != pair[1]], dtype=np.int64).reshape(-1, 2)
    ideal = np.sqrt(4.0 / count)
    for step in range(ROUNDS):
        apart = places[:, None, :] - places[None, :, :]
        distance = np.maximum(np.linalg.norm(apart, axis=2), 1e-3)
        push = (apart * (ideal**2 / distance**2)[:, :, None]).sum(axis=1)
        along = places[ends[:, 0]] - places[ends[:, 1]]
        pull = along * (np.linalg.norm(along, axis=1) / ideal)[:, None]
        np.add.at(push, ends[:, 0], -pull)
        np.add.at(push, ends[:, 1], pull)
        push -= places * _GRAVITY * np.array([1.0, aspect]) * count * ideal**2
        length = np.maximum(np.linalg.norm(push, axis=1), 1e-9)
        heat = 0.2 * (1 - step / ROUNDS)
        places = places + push * (np.minimum(length, heat) / length)[:, None]
    low, high = places.min(axis=0), places.max(axis=0)
    wide = np.where(high - low > 1e-9, high - low, 1.0)
    unit = np.where(high - low > 1e-9, (places - low) / wide, 0.5)
    return [(round(float(x), 4), round(float(y), 4)) for x, y in unit]
