"""Exact Shapley values of trees, off the path: what each feature added to a row's score, whatever the order.

The game is the path-dependent one of TreeSHAP (Lundberg et al. 2020, `tree_path_dependent`; LightGBM's `pred_contrib`):
a split on an unknown feature answers the mean of its children, weighed by the training data that came by.

A leaf that splits on D features is reached with weight prod_j (o_j t + z_j (1 - t)), t being the chance that a feature
is known, o_j 1 where the row takes the leaf's way at j, z_j the share of the data that does. A feature's Shapley value
is the integral over t of the difference that knowing it makes (Owen 1972). The integrand is a polynomial of degree
D - 1, so Gauss and Legendre's rule of D / 2 points is exact; every term is positive, so nothing cancels. One walk down
and one up a tree do all features at once, as in Linear TreeSHAP (Yu et al. 2022): nodes times points a row.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
MAX_POINTS = 64  # 128 features on one path


class Nodes(Protocol):
    """Flat arrays of the trees: see `Forest` of the engine's models."""

    @property
    def source(self) -> Ints: ...
    @property
    def threshold(self) -> Floats: ...
    @property
    def column(self) -> Ints: ...
    @property
    def child(self) -> Ints: ...
    @property
    def value(self) -> Floats: ...
    @property
    def root(self) -> Ints: ...


class Trees(Protocol):
    """A model of trees, as the engine loads it; `cover` is the training data that came by each node."""

    @property
    def features(self) -> tuple[str, ...]: ...
    @property
    def forest(self) -> Nodes: ...
    @property
    def cover(self) -> Floats: ...
    @property
    def divisor(self) -> float: ...
    def columns(self, matrix: Floats) -> Floats: ...


class Explanation(NamedTuple):
    """`values` float64[rows, features] and `expected`: expected + a row's sum is its sum of trees over the divisor.

    Units: log-odds for LightGBM `binary`, the probability for a random forest, halvings for an isolation forest.
    """

    values: Floats
    expected: float


class Explainer:
    """Shapley values of one model; of a calibrated one, give the model inside: a calibration moves no feature.

    ValueError where its artefact does not say how much data came by each split.
    """

    def __init__(self, model: Trees) -> None:
        nodes = model.forest
        self.model = model
        self._paths = _paths(nodes.child, nodes.column, nodes.source, model.cover)
        if not np.all(self._paths.ratio > 0):
            raise ValueError("the artefact lacks the counts of training data by split; save the whole model again")
        distinct = int(self._paths.distinct.max())
        points = max((distinct + 1) // 2, 1)
        if points > MAX_POINTS:
            raise ValueError(f"a path splits on {distinct} features; at most {2 * MAX_POINTS} can be explained")
        at, weight = np.polynomial.legendre.leggauss(points)
        self._at, self._weight = (at + 1.0) / 2.0, weight / 2.0
        self._expected = _expected(nodes.child, nodes.value, nodes.root, self._paths.ratio)

    def explain(self, matrix: Floats) -> Explanation:
        """Shapley values of rows of the model's features, shape (rows, features), NaN being missing."""
        nodes, columns = self.model.forest, self.model.columns(matrix)
        ends = np.append(nodes.root[1:], len(nodes.child))
        values = np.zeros((len(columns), len(self.model.features)))
        _explain(
            nodes.root, ends, nodes.child, nodes.column, nodes.threshold, nodes.value, self._paths,
            self._at, self._weight, columns, values,
        )  # fmt: skip
        return Explanation(values / self.model.divisor, self._expected / self.model.divisor)


class _Paths(NamedTuple):
    """By node: its parent (-1: a root), the feature that splits there, the share `ratio` of its data that came here;
    the nearest node above that the same feature led to (-1: none), and the share of data that takes all this feature's
    splits up to here; how many distinct features led here."""

    parent: Ints
    feature: Ints
    ratio: Floats
    above: Ints
    share: Floats
    distinct: Ints


@njit(cache=True, nogil=True)
def _paths(child: Ints, column: Ints, source: Ints, cover: Floats) -> _Paths:
    count = child.shape[0]
    parent, above, distinct = np.full(count, -1, np.int32), np.full(count, -1, np.int32), np.zeros(count, np.int32)
    feature, ratio, share = np.full(count, -1, np.int32), np.ones(count), np.ones(count)
    for split in range(count):  # a child stands after its parent
        if child[split] == split:
            continue
        for node in range(child[split], child[split] + 2):
            parent[node], feature[node] = split, source[column[split]]
            ratio[node] = cover[node] / cover[split]
            place = split
            while place >= 0 and feature[place] != feature[node]:
                place = parent[place]
            above[node] = place
            share[node] = ratio[node] * (share[place] if place >= 0 else 1.0)
            distinct[node] = distinct[split] + (place < 0)
    return _Paths(parent, feature, ratio, above, share, distinct)


@njit(cache=True, nogil=True)
def _expected(child: Ints, value: Floats, root: Ints, ratio: Floats) -> float:
    """The sum of what the trees answer when nothing is known."""
    answer = value.copy()
    for node in range(child.shape[0] - 1, -1, -1):
        left = child[node]
        if left != node:
            answer[node] = ratio[left] * answer[left] + ratio[left + 1] * answer[left + 1]
    total = 0.0
    for place in root:
        total += answer[place]
    return total


@njit(cache=True, nogil=True)
def _explain(
    root: Ints, end: Ints, child: Ints, column: Ints, threshold: Floats, value: Floats, paths: _Paths,
    at: Floats, weight: Floats, columns: Floats, values: Floats,
) -> None:  # fmt: skip
    """Add to values[row, feature] what each tree gives it."""
    points = at.shape[0]
    largest = (end - root).max()
    taken = np.empty(largest, np.float64)  # 1 where the row goes every way on this feature down to the node, else 0
    reach = np.empty((largest, points))  # weight with which the node is reached, at each point
    below = np.empty((largest, points))  # sum over the leaves below of reach times value
    deeper = np.empty((largest, points))  # the part of it that further splits on the same feature lead to
    for row in range(columns.shape[0]):
        x = columns[row]
        for tree in range(root.shape[0]):
            first, count = root[tree], end[tree] - root[tree]
            if count == 1:
                continue
            reach[0], taken[0] = 1.0, 1.0
            for node in range(count):
                place = first + node
                below[node], deeper[node] = 0.0, 0.0
                left = child[place] - first
                if left == node:
                    for q in range(points):
                        below[node, q] = reach[node, q] * value[place]
                    continue
                goes_right = not x[column[place]] <= threshold[place]
                for side in range(2):
                    under = left + side
                    above, share = paths.above[first + under], paths.share[first + under]
                    one = 1.0 if goes_right == (side == 1) else 0.0
                    if above >= 0:
                        before, one_before = paths.share[above], taken[above - first]
                        one *= one_before
                        for q in range(points):
                            new, old = one * at[q] + share * (1.0 - at[q]), one_before * at[q] + before * (1.0 - at[q])
                            reach[under, q] = reach[node, q] * (new / old)
                    else:
                        for q in range(points):
                            reach[under, q] = reach[node, q] * (one * at[q] + share * (1.0 - at[q]))
                    taken[under] = one
            for node in range(count - 1, 0, -1):
                place = first + node
                share, one, above = paths.share[place], taken[node], paths.above[place]
                parent = paths.parent[place] - first
                total = 0.0
                for q in range(points):
                    mine = below[node, q] - deeper[node, q]
                    total += weight[q] * mine / (one * at[q] + share * (1.0 - at[q]))
                    below[parent, q] += below[node, q]
                values[row, paths.feature[place]] += (one - share) * total
                if above >= 0:
                    for q in range(points):
                        deeper[above - first, q] += below[node, q]
