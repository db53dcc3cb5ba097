"""Compiled walks over a forest: trees (one row) or rows (many) eight at a time, summed in the order of the trees.

All kernels are in this one module, so that numba's disk cache never pairs one with an older other.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from .base import Matrix, Vector
from .ensemble import EXPONENTIAL, HALVING, MISSING_NONE, MISSING_ZERO, PLAIN, SET, SIGMOID
from .forest import LANES, Forest, Packed

Indices = npt.NDArray[np.int64]
_ZERO = float(np.float32(1e-35))  # LightGBM takes what is no further from 0 as 0
_BLOCK = 64  # rows whose columns are kept at hand together; a multiple of LANES
_INT32 = 2147483648.0


@njit(cache=True, nogil=True)
def unpack(packed: Packed) -> Forest:
    """The forest that `forest.pack` packed, without copying."""
    at = packed[: 16 * 13].view(np.int64)
    return Forest(
        packed[at[0] : at[1]].view(np.int32),
        packed[at[2] : at[3]].view(np.uint8),
        packed[at[4] : at[5]].view(np.float64),
        packed[at[6] : at[7]].view(np.int32),
        packed[at[8] : at[9]].view(np.int32),
        packed[at[10] : at[11]].view(np.uint32),
        packed[at[12] : at[13]].view(np.float64),
        packed[at[14] : at[15]].view(np.int32),
        packed[at[16] : at[17]].view(np.int32),
        packed[at[18] : at[19]].view(np.float64),
        packed[at[20] : at[21]].view(np.int32),
        packed[at[22] : at[23]].view(np.int32),
        packed[at[24] : at[25]].view(np.int32),
    )


@njit(cache=True, nogil=True)
def spread(forest: Forest, row: Vector, columns: Vector) -> None:
    """Fill the columns of one row, the leaves' last."""
    for index in range(forest.kind.shape[0]):
        value = row[forest.source[index]]
        kind = forest.kind[index]
        if abs(value) <= _ZERO and kind != PLAIN:
            value = 0.0
        if kind == SET:
            value = _member(forest, index, value)
        elif math.isnan(value):
            value = 0.0 if kind == MISSING_NONE else forest.fill[index]
        elif kind == MISSING_ZERO and value == 0.0:
            value = forest.fill[index]
        columns[index] = value
    columns[forest.kind.shape[0]] = -np.inf


@njit(cache=True, nogil=True)
def spread_rows(packed: Packed, matrix: Matrix, columns: Matrix) -> None:
    """Fill the columns of many rows."""
    forest = unpack(packed)
    for row in range(matrix.shape[0]):
        spread(forest, matrix[row], columns[row])


@njit(cache=True, nogil=True)
def _member(forest: Forest, index: int, value: float) -> float:
    if not -1.0 < value < _INT32:  # a NaN too
        return math.nan
    category = int(value)
    word = category >> 5
    if word >= forest.set_words[index]:
        return math.nan
    inside = (forest.sets[forest.set_start[index] + word] >> np.uint32(category & 31)) & np.uint32(1)
    return -math.inf if inside else math.nan


@njit(cache=True, nogil=True)
def sum_row(forest: Forest, row: Vector) -> float:
    """The sum of the trees' answers for one row."""
    columns = np.empty(forest.source.shape[0])
    spread(forest, row, columns)
    x, threshold, column, child = columns, forest.threshold, forest.column, forest.child
    order, root = forest.order, forest.root
    answers = np.empty(root.shape[0])
    for group in range(0, order.shape[0], LANES):
        a, b, c, d = root[order[group]], root[order[group + 1]], root[order[group + 2]], root[order[group + 3]]
        e, f, g, h = root[order[group + 4]], root[order[group + 5]], root[order[group + 6]], root[order[group + 7]]
        for _ in range(forest.depth[order[group + 7]]):
            a = child[a] + (not x[column[a]] <= threshold[a])
            b = child[b] + (not x[column[b]] <= threshold[b])
            c = child[c] + (not x[column[c]] <= threshold[c])
            d = child[d] + (not x[column[d]] <= threshold[d])
            e = child[e] + (not x[column[e]] <= threshold[e])
            f = child[f] + (not x[column[f]] <= threshold[f])
            g = child[g] + (not x[column[g]] <= threshold[g])
            h = child[h] + (not x[column[h]] <= threshold[h])
        answers[order[group]] = forest.value[a]
        answers[order[group + 1]] = forest.value[b]
        answers[order[group + 2]] = forest.value[c]
        answers[order[group + 3]] = forest.value[d]
        answers[order[group + 4]] = forest.value[e]
        answers[order[group + 5]] = forest.value[f]
        answers[order[group + 6]] = forest.value[g]
        answers[order[group + 7]] = forest.value[h]
    total = 0.0
    for tree in range(root.shape[0]):
        total += answers[tree]
    return total


@njit(cache=True, nogil=True)
def sum_rows(packed: Packed, matrix: Matrix, totals: Vector) -> None:
    """The sums of many rows into `totals`."""
    forest = unpack(packed)
    width = forest.source.shape[0]
    x = np.zeros(_BLOCK * width)
    threshold, column, child, value = forest.threshold, forest.column, forest.child, forest.value
    sums = np.empty(_BLOCK)
    for first in range(0, matrix.shape[0], _BLOCK):
        rows = min(_BLOCK, matrix.shape[0] - first)
        for row in range(rows):
            spread(forest, matrix[first + row], x[row * width : (row + 1) * width])
        sums[:] = 0.0
        for tree in range(forest.root.shape[0]):
            root, depth = forest.root[tree], forest.depth[tree]
            for row in range(0, rows, LANES):
                o = row * width
                p, q, r, s = o + width, o + 2 * width, o + 3 * width, o + 4 * width
                t, u, v = o + 5 * width, o + 6 * width, o + 7 * width
                a = b = c = d = e = f = g = h = root
                for _ in range(depth):
                    a = child[a] + (not x[o + column[a]] <= threshold[a])
                    b = child[b] + (not x[p + column[b]] <= threshold[b])
                    c = child[c] + (not x[q + column[c]] <= threshold[c])
                    d = child[d] + (not x[r + column[d]] <= threshold[d])
                    e = child[e] + (not x[s + column[e]] <= threshold[e])
                    f = child[f] + (not x[t + column[f]] <= threshold[f])
                    g = child[g] + (not x[u + column[g]] <= threshold[g])
                    h = child[h] + (not x[v + column[h]] <= threshold[h])
                sums[row] += value[a]
                sums[row + 1] += value[b]
                sums[row + 2] += value[c]
                sums[row + 3] += value[d]
                sums[row + 4] += value[e]
                sums[row + 5] += value[f]
                sums[row + 6] += value[g]
                sums[row + 7] += value[h]
        totals[first : first + rows] = sums[:rows]


@njit(cache=True, nogil=True)
def transform(total: float, kind: int, slope: float, divisor: float) -> float:
    """The score of a sum: averaged, then as the objective has it."""
    total = total / divisor
    if kind == SIGMOID:
        return 1.0 / (1.0 + math.exp(-slope * total))
    if kind == EXPONENTIAL:
        return math.exp(total)
    if kind == HALVING:
        return math.pow(2.0, total)
    return total


@njit(cache=True, nogil=True)
def transform_rows(totals: Vector, kind: int, slope: float, divisor: float) -> None:
    """`transform` of each sum, in place."""
    for row in range(totals.shape[0]):
        totals[row] = transform(totals[row], kind, slope, divisor)


@njit(cache=True, nogil=True)
def score_row(packed: Packed, row: Vector, kind: int, slope: float, divisor: float) -> float:
    """The score of one row, in one call."""
    return transform(sum_row(unpack(packed), row), kind, slope, divisor)


@njit(cache=True, nogil=True)
def path_differences(packed: Packed, row: Vector, by_feature: Vector) -> None:
    """Add to `by_feature` how much each split on the row's paths moved the expected answer."""
    forest = unpack(packed)
    columns = np.empty(forest.source.shape[0])
    spread(forest, row, columns)
    order, root, value = forest.order, forest.root, forest.value
    width = columns.shape[0]
    moved = np.zeros(LANES * width)  # by lane and column: lanes that add to one place would wait for each other
    for group in range(0, order.shape[0] - LANES, LANES):
        a, b, c, d = root[order[group]], root[order[group + 1]], root[order[group + 2]], root[order[group + 3]]
        e, f, g, h = root[order[group + 4]], root[order[group + 5]], root[order[group + 6]], root[order[group + 7]]
        p, q, r, s, t, u, v, w = value[a], value[b], value[c], value[d], value[e], value[f], value[g], value[h]
        for _ in range(forest.depth[order[group + 7]]):
            a, p = _descend(forest, columns, a, p, moved, 0)
            b, q = _descend(forest, columns, b, q, moved, width)
            c, r = _descend(forest, columns, c, r, moved, 2 * width)
            d, s = _descend(forest, columns, d, s, moved, 3 * width)
            e, t = _descend(forest, columns, e, t, moved, 4 * width)
            f, u = _descend(forest, columns, f, u, moved, 5 * width)
            g, v = _descend(forest, columns, g, v, moved, 6 * width)
            h, w = _descend(forest, columns, h, w, moved, 7 * width)
    for place in range(max(order.shape[0] - LANES, 0), root.shape[0]):  # the last group is padded by repetition
        at = root[order[place]]
        before = value[at]
        for _ in range(forest.depth[order[place]]):
            at, before = _descend(forest, columns, at, before, moved, 0)
    for lane in range(LANES):
        for column in range(forest.kind.shape[0]):
            by_feature[forest.source[column]] += moved[lane * width + column]


@njit(cache=True, nogil=True, inline="always")
def _descend(forest: Forest, columns: Vector, at: int, before: float, moved: Vector, lane: int) -> tuple[int, float]:
    """The node below `at` on the row's path and its value; a leaf is below itself and adds nothing."""
    column = forest.column[at]
    below = forest.child[at] + (not columns[column] <= forest.threshold[at])
    after = forest.value[below]
    moved[lane + column] += after - before
    return below, after


@njit(cache=True, nogil=True)
def highest(values: Vector, most: int) -> tuple[Indices, int]:
    """Places of the highest finite values above 0, highest first and equal ones in order, and how many there are."""
    found = np.empty(most, np.int64)
    count = 0
    for place in range(values.shape[0]):
        value = values[place]
        if not 0.0 < value < np.inf or (count == most and (most == 0 or value <= values[found[most - 1]])):
            continue
        at = count if count < most else most - 1
        while at > 0 and values[found[at - 1]] < value:
            found[at] = found[at - 1]
            at -= 1
        found[at] = place
        count = min(count + 1, most)
    return found, count
