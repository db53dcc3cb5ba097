"""Primitives of the window kernel: raw loads and stores over flat memory, compiled by numba.

Everything is an int64 address or an int64 value. A *record* (R) holds one entity's words of one chain, a *window*
slice (W) lies inside it, P is the base of the node pool; a node is named by its byte offset from P, 0 meaning none.
Nodes are 32 bytes. Times in nodes are bucket starts in ms; a node has left a window when its
time is below the window's `lim`. This file is also pasted in front of every generated driver (emit.py), so that one
module holds the whole kernel and numba's disk cache can never pair it with other primitives.

A sum's count word packs count + 2**40 * wraps, where wraps counts the times the int64 sum wrapped around: the pair is
an exact 128-bit total, order-free, and costs nothing while the total fits.
"""

# mypy: ignore-errors
# (numba infers these types itself, from int64 addresses and values; intrinsics have no Python signature to check)
import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

MISSING = -0x8000000000000000
NAN_BITS = 0x7FF8000000000000
WRAP = 1 << 40
COUNT_MASK = WRAP - 1
NODE = 32
IS_INT, IS_DOUBLE, NOT_OURS = 0, 1, 2  # what as_vector does with a feature
_I64 = ir.IntType(64)

# Only entry points are called from Python: the others save the time of compiling a wrapper each.
_INSIDE = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "no_rewrites": True}
entry = njit(cache=True, nogil=True, error_model="numpy")


def compiled_once(dispatcher):
    """Keep numba from compiling a function again for every constant that is passed to it."""
    by_types = dispatcher.get_call_template
    dispatcher.get_call_template = lambda args, kws: by_types([types.unliteral(one) for one in args], kws)
    return dispatcher


def called(function):
    return compiled_once(njit(**_INSIDE)(function))


def inlined(function):
    return compiled_once(njit(forceinline=True, **_INSIDE)(function))


# --- memory -----------------------------------------------------------------------------------------------------------


@intrinsic
def ld(typing_context, address):
    def codegen(context, builder, signature, args):
        return builder.load(builder.inttoptr(args[0], _I64.as_pointer()))

    return types.int64(types.int64), codegen


@intrinsic
def st(typing_context, address, value):
    def codegen(context, builder, signature, args):
        builder.store(args[1], builder.inttoptr(args[0], _I64.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


@intrinsic
def prefetch(typing_context, address):
    def codegen(context, builder, signature, args):
        byte_pointer, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte_pointer, flag, flag, flag]), name
        )
        builder.call(function, [builder.inttoptr(args[0], byte_pointer), flag(1), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@intrinsic
def bits_of(typing_context, value):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], _I64)

    return types.int64(types.float64), codegen


@intrinsic
def double_of(typing_context, bits):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


@intrinsic
def mix(typing_context, key):
    """A 64-bit finaliser: spreads packed (entity, value) ids over a power-of-two table."""

    def codegen(context, builder, signature, args):
        x, factor, half = args[0], _I64(0xD6E8FEB86659FD93 - (1 << 64)), _I64(32)
        for _ in range(2):
            x = builder.mul(builder.xor(x, builder.lshr(x, half)), factor)
        return builder.xor(x, builder.lshr(x, half))

    return types.int64(types.int64), codegen


@intrinsic
def plus(typing_context, a, b):
    """a + b modulo 2**64. numba's own + promises LLVM that it never wraps, and a test of the result may vanish."""

    def codegen(context, builder, signature, args):
        return builder.add(args[0], args[1])

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def minus(typing_context, a, b):
    """a - b modulo 2**64, as `plus`."""

    def codegen(context, builder, signature, args):
        return builder.sub(args[0], args[1])

    return types.int64(types.int64, types.int64), codegen


# --- node pool: node 0 is the header [bump, free list, free count] ----------------------------------------------------


@inlined
def node_new(P):
    free = ld(P + 8)
    if free != 0:
        st(P + 8, ld(P + free))
        st(P + 16, ld(P + 16) - 1)
        return free
    node = ld(P)
    st(P, node + NODE)
    return node


@inlined
def node_free(P, node):
    st(P + node, ld(P + 8))
    st(P + 8, node)
    st(P + 16, ld(P + 16) + 1)


@inlined
def nodes_live(P):
    return (ld(P) >> 5) - ld(P + 16)


# --- open-addressing table of packed keys: header [mask, used, next slot, free slots], then (key, value) pairs --------


@called
def table_find(T, key):
    mask = ld(T)
    entry = T + 32
    i = mix(key) & mask
    while True:
        found = ld(entry + 16 * i)
        if found == key or found == 0:
            return entry + 16 * i
        i = (i + 1) & mask


@called
def table_delete(T, key):
    mask = ld(T)
    entry = T + 32
    at = table_find(T, key)
    if ld(at) == 0:
        return
    st(T + 8, ld(T + 8) - 1)
    i = (at - entry) >> 4
    j = i
    while True:
        j = (j + 1) & mask
        other = ld(entry + 16 * j)
        if other == 0:
            break
        home = mix(other) & mask
        if ((j - home) & mask) >= ((j - i) & mask):
            st(entry + 16 * i, other)
            st(entry + 16 * i + 8, ld(entry + 16 * j + 8))
            i = j
    st(entry + 16 * i, 0)


@entry
def table_copy(source, target):
    """Re-insert every pair of one table into a larger, zeroed one whose mask is already set."""
    entry = source + 32
    for i in range(ld(source) + 1):
        key = ld(entry + 16 * i)
        if key != 0:
            at = table_find(target, key)
            st(at, key)
            st(at + 8, ld(entry + 16 * i + 8))
    st(target + 8, ld(source + 8))
    st(target + 16, ld(source + 16))
    st(target + 24, ld(source + 24))


@called
def slot_of(T, key, B, stride):
    """Slot of a composite entity, given on first sight; word 0 of its record holds the key, or the next free slot."""
    at = table_find(T, key)
    if ld(at) != 0:
        return ld(at + 8)
    slot = ld(T + 24) - 1
    if slot >= 0:
        st(T + 24, ld(B + slot * stride))
    else:
        slot = ld(T + 16)
        st(T + 16, slot + 1)
    st(B + slot * stride, key)
    st(at, key)
    st(at + 8, slot)
    st(T + 8, ld(T + 8) + 1)
    return slot


@called
def slot_free(T, B, stride, slot):
    R = B + slot * stride
    table_delete(T, ld(R))
    for i in range(stride >> 3):
        st(R + 8 * i, 0)
    st(R, ld(T + 24))
    st(R + 8, MISSING)
    st(T + 24, slot + 1)


# --- pending queue of a feature with an offset: [head, tail, tail time]; nodes [time, value, next, spare] -------------
# Letting an event out of the queue must not need more nodes than it gives back: room is made before events, not before
# drains. Where it will enter two chains (second moments), a spare node waits with it.


@inlined
def pending_push(Q, P, t, v, spare):
    node = node_new(P)
    st(P + node, t)
    st(P + node + 8, v)
    st(P + node + 16, 0)
    if spare:
        st(P + node + 24, node_new(P))
    head = ld(Q)
    if head != 0:
        st(P + head + 16, node)
    else:
        st(Q + 8, node)
        st(Q + 16, t)
    st(Q, node)


@inlined
def pending_pop(Q, P, spare):
    node = ld(Q + 8)
    following = ld(P + node + 16)
    st(Q + 8, following)
    if following == 0:
        st(Q, 0)
    else:
        st(Q + 16, ld(P + following))
    if spare:
        node_free(P, ld(P + node + 24))
    node_free(P, node)


# --- count, sum, mean: R = [head, head time]; W = [tail, tail time, count word, sum]; nodes [time, word, sum, next] ---


@inlined
def sum_expire(R, W, P, lim, last):
    node = ld(W)
    if node == 0 or ld(W + 8) >= lim:
        return
    word = ld(W + 16)
    total = ld(W + 24)
    time = 0
    while True:
        word -= ld(P + node + 8)
        v = ld(P + node + 16)
        before = total
        total = minus(before, v)
        if ((before ^ v) & (before ^ total)) < 0:
            word += -WRAP if v > 0 else WRAP
        following = ld(P + node + 24)
        if last:
            node_free(P, node)
        node = following
        if node == 0:
            if last:
                st(R, 0)
            break
        time = ld(P + node)
        if time >= lim:
            break
    st(W, node)
    st(W + 8, time)
    st(W + 16, word)
    st(W + 24, total)


@inlined
def sum_push(R, P, time, v):
    head = ld(R)
    if head != 0 and ld(R + 8) == time:
        before = ld(P + head + 16)
        total = plus(before, v)
        word = ld(P + head + 8) + 1
        if ((before ^ total) & (v ^ total)) < 0:
            word += WRAP if v > 0 else -WRAP
        st(P + head + 8, word)
        st(P + head + 16, total)
        return head
    node = node_new(P)
    st(P + node, time)
    st(P + node + 8, 1)
    st(P + node + 16, v)
    st(P + node + 24, 0)
    if head != 0:
        st(P + head + 24, node)
    st(R, node)
    st(R + 8, time)
    return node


@inlined
def sum_enter(W, node, time, v):
    if ld(W) == 0:
        st(W, node)
        st(W + 8, time)
    before = ld(W + 24)
    total = plus(before, v)
    word = ld(W + 16) + 1
    if ((before ^ total) & (v ^ total)) < 0:
        word += WRAP if v > 0 else -WRAP
    st(W + 16, word)
    st(W + 24, total)


@inlined
def sum_fits(W):
    return (ld(W + 16) >> 40) == 0


# --- second moments beside a sum chain: R = [head, head time]; W = [tail, tail time, low, high] -----------------------
# Nodes [time, low, high, next]; (high, low) is the unsigned 128-bit sum of squares, exact for 2**27 events of 10**15.


@inlined
def square(v):
    """v * v as (low, high) words, |v| < 2**50."""
    a = abs(v)
    top, bottom = a >> 32, a & 0xFFFFFFFF
    middle = 2 * top * bottom
    low = np.uint64(bottom) * np.uint64(bottom)
    shifted = np.uint64(middle) << np.uint64(32)
    total = low + shifted
    carry = 1 if total < low else 0
    return np.int64(total), top * top + (middle >> 32) + carry


@inlined
def add128(address, low, high):
    before = np.uint64(ld(address))
    after = before + np.uint64(low)
    st(address, np.int64(after))
    st(address + 8, ld(address + 8) + high + (1 if after < before else 0))


@inlined
def sub128(address, low, high):
    before = np.uint64(ld(address))
    st(address, np.int64(before - np.uint64(low)))
    st(address + 8, ld(address + 8) - high - (1 if before < np.uint64(low) else 0))


@inlined
def square_expire(R, W, P, lim, last):
    node = ld(W)
    if node == 0 or ld(W + 8) >= lim:
        return
    time = 0
    while True:
        sub128(W + 16, ld(P + node + 8), ld(P + node + 16))
        following = ld(P + node + 24)
        if last:
            node_free(P, node)
        node = following
        if node == 0:
            if last:
                st(R, 0)
            break
        time = ld(P + node)
        if time >= lim:
            break
    st(W, node)
    st(W + 8, time)


@inlined
def square_push(R, P, time, low, high):
    head = ld(R)
    if head != 0 and ld(R + 8) == time:
        add128(P + head + 8, low, high)
        return head
    node = node_new(P)
    st(P + node, time)
    st(P + node + 8, low)
    st(P + node + 16, high)
    st(P + node + 24, 0)
    if head != 0:
        st(P + head + 24, node)
    st(R, node)
    st(R + 8, time)
    return node


@inlined
def square_enter(W, node, time, low, high):
    if ld(W) == 0:
        st(W, node)
        st(W + 8, time)
    add128(W + 16, low, high)


@called
def two_product(a, b):
    """a * b as an unevaluated sum of two doubles (Dekker)."""
    p = a * b
    s = 134217729.0 * a
    a1 = s - (s - a)
    a2 = a - a1
    s = 134217729.0 * b
    b1 = s - (s - b)
    b2 = b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


@called
def multiply64(a, b):
    """Unsigned 64 x 64 -> (low, high)."""
    m = np.uint64(0xFFFFFFFF)
    s = np.uint64(32)
    a0, a1, b0, b1 = a & m, a >> s, b & m, b >> s
    t = a0 * b0
    k = t >> s
    u = a1 * b0 + k
    v = a0 * b1 + (u & m)
    return (v << s) + (t & m), a1 * b1 + (u >> s) + (v >> s)


@called
def deviation(n, total, low, high):
    """Population standard deviation sqrt(n * sum(x^2) - sum(x)^2) / n, rounded once from about 106 bits.

    n < 2**40; total is the exact int64 sum; (high, low) the exact 128-bit sum of squares.
    """
    un = np.uint64(n)
    x0, x1 = multiply64(np.uint64(low), un)
    y0, y1 = multiply64(np.uint64(high), un)
    x1 = x1 + y0
    x2 = y1 + (np.uint64(1) if x1 < y0 else np.uint64(0))
    magnitude = np.uint64(total) if total >= 0 else np.uint64(0) - np.uint64(total)
    z0, z1 = multiply64(magnitude, magnitude)
    borrow = np.uint64(1) if x0 < z0 else np.uint64(0)
    x0 = x0 - z0
    next_borrow = np.uint64(1) if (x1 < z1 or (x1 == z1 and borrow == np.uint64(1))) else np.uint64(0)
    x1 = x1 - z1 - borrow
    x2 = x2 - next_borrow
    if x0 == np.uint64(0) and x1 == np.uint64(0) and x2 == np.uint64(0):
        return 0.0
    s, m = np.uint64(32), np.uint64(0xFFFFFFFF)
    big, small = 0.0, 0.0
    for part in (x2 >> s, x2 & m, x1 >> s, x1 & m, x0 >> s, x0 & m):
        big, small = big * 4294967296.0, small * 4294967296.0
        piece = float(np.int64(part))
        t = big + piece
        z = t - big
        e = (big - (t - z)) + (piece - z)
        small += e
        big = t + small
        small -= big - t
    root = math.sqrt(big)
    p, e = two_product(root, root)
    correction = ((big - p) - e + small) / (2.0 * root)
    r_big = root + correction
    r_small = correction - (r_big - root)
    fn = float(n)
    q = r_big / fn
    p, e = two_product(q, fn)
    return q + (((r_big - p) - e) + r_small) / fn


# --- max (min pushes -v): R = [head, head value]; W = [tail, tail time, tail value]; nodes [time, value, prev, next] --


@inlined
def max_expire(R, W, P, lim, last):
    node = ld(W)
    if node == 0 or ld(W + 8) >= lim:
        return
    time = 0
    while True:
        following = ld(P + node + 24)
        if last:
            node_free(P, node)
        node = following
        if node == 0:
            if last:
                st(R, 0)
            break
        if last:
            st(P + node + 16, 0)
        time = ld(P + node)
        if time >= lim:
            break
    st(W, node)
    if node != 0:
        st(W + 8, time)
        st(W + 16, ld(P + node + 8))


@inlined
def max_enter(W, node, time, v, lim):
    """After a push: a window whose maximum the new value beats (or that was empty) now begins at the new node."""
    if time >= lim and (ld(W) == 0 or ld(W + 16) <= v):
        st(W, node)
        st(W + 8, time)
        st(W + 16, v)


@inlined
def max_push(R, P, time, v):
    """New head, or 0 where the head of the same bucket is larger already (the new value can never matter)."""
    head = ld(R)
    if head != 0 and ld(R + 8) > v and ld(P + head) == time:
        return 0
    while head != 0 and ld(P + head + 8) <= v:
        previous = ld(P + head + 16)
        node_free(P, head)
        head = previous
    node = node_new(P)
    st(P + node, time)
    st(P + node + 8, v)
    st(P + node + 16, head)
    st(P + node + 24, 0)
    if head != 0:
        st(P + head + 24, node)
    st(R, node)
    st(R + 8, v)
    return node


# --- distinct: R = [head, head key]; W = [tail, tail time, count]; nodes [time, key, prev, next] by last sight --------


@inlined
def distinct_expire(R, W, P, T, lim, last):
    node = ld(W)
    if node == 0 or ld(W + 8) >= lim:
        return
    count = ld(W + 16)
    time = 0
    while True:
        following = ld(P + node + 24)
        count -= 1
        if last:
            table_delete(T, ld(P + node + 8))
            node_free(P, node)
        node = following
        if node == 0:
            if last:
                st(R, 0)
                st(R + 8, 0)
            break
        if last:
            st(P + node + 16, 0)
        time = ld(P + node)
        if time >= lim:
            break
    st(W, node)
    st(W + 8, time)
    st(W + 16, count)


@inlined
def distinct_push(R, P, T, time, key):
    """Moves or adds the key to the head. Returns (node, its earlier time or MISSING if new, its old successor).

    The successor is the node's old next (0 for the old head), needed by windows whose tail it was.
    """
    head = ld(R)
    if head != 0 and ld(R + 8) == key:
        old = ld(P + head)
        st(P + head, time)
        return head, old, head
    at = table_find(T, key)
    if ld(at) == 0:
        node = node_new(P)
        st(at, key)
        st(at + 8, node)
        st(T + 8, ld(T + 8) + 1)
        old, successor = MISSING, 0
    else:
        node = ld(at + 8)
        old = ld(P + node)
        previous = ld(P + node + 16)
        successor = ld(P + node + 24)
        st(P + successor + 16, previous)
        if previous != 0:
            st(P + previous + 24, successor)
    st(P + node, time)
    st(P + node + 8, key)
    st(P + node + 16, head)
    st(P + node + 24, 0)
    if head != 0:
        st(P + head + 24, node)
    st(R, node)
    st(R + 8, key)
    return node, old, successor


@inlined
def distinct_enter(W, P, node, old, successor, time, lim):
    if time < lim:
        return
    if old < lim:  # new to this window
        st(W + 16, ld(W + 16) + 1)
        if ld(W) == 0:
            st(W, node)
            st(W + 8, time)
    elif ld(W) == node:  # the oldest member was seen again: the window begins at its successor
        st(W, successor)
        st(W + 8, ld(P + successor))


# --- first: R = [head, head time]; W = [tail, tail time]; nodes [time, value, -, next] --------------------------------


@inlined
def first_expire(R, W, P, lim, last):
    node = ld(W)
    if node == 0 or ld(W + 8) >= lim:
        return
    time = 0
    while True:
        following = ld(P + node + 24)
        if last:
            node_free(P, node)
        node = following
        if node == 0:
            if last:
                st(R, 0)
            break
        time = ld(P + node)
        if time >= lim:
            break
    st(W, node)
    st(W + 8, time)


@inlined
def first_push(R, P, time, v):
    head = ld(R)
    if head != 0 and ld(R + 8) == time:
        return head
    node = node_new(P)
    st(P + node, time)
    st(P + node + 8, v)
    st(P + node + 24, 0)
    if head != 0:
        st(P + head + 24, node)
    st(R, node)
    st(R + 8, time)
    return node


@inlined
def first_enter(W, node, time, lim):
    if time >= lim and ld(W) == 0:
        st(W, node)
        st(W + 8, time)


# --- last, time since: R = [present, bucket time, value] --------------------------------------------------------------


@inlined
def last_push(R, time, v):
    st(R, 1)
    st(R + 8, time)
    st(R + 16, v)


@inlined
def last_expire(R, lim):
    if ld(R + 8) < lim:
        st(R, 0)


# --- rows: what surrounds the chains ----------------------------------------------------------------------------------


@inlined
def clear_words(R, words):
    for i in range(words):
        st(R + 8 * i, 0)


@inlined
def mark_seen(seen, ids, spaces, t):
    """Note t as the last-seen time of every id of a row; seen holds the address of each space's times."""
    for space in range(spaces):
        number = ld(ids + 8 * space)
        if number >= 0:
            st(ld(seen + 8 * space) + 8 * number, t)


@inlined
def number_or_missing(number):
    """The value of an id column: -1 stands for missing there."""
    return number if number >= 0 else MISSING


@called
def put_pairs(o, start, stop):
    """Write out the (byte offset, value) pairs that lie from start to stop."""
    for pair in range(start, stop, 16):
        st(o + ld(pair), ld(pair + 8))


@inlined
def as_double_bits(value):
    """An integer feature as the bits of a double, missing as NaN."""
    return NAN_BITS if value == MISSING else bits_of(float(value))


@called
def as_vector(vector, o, kinds, features):
    """The features as doubles, missing as NaN; kinds holds a word a feature."""
    for at in range(0, 8 * features, 8):
        kind = ld(kinds + at)
        if kind == IS_INT:
            st(vector + at, as_double_bits(ld(o + at)))
        elif kind == IS_DOUBLE:
            st(vector + at, ld(o + at))


@called
def ratio(out, top, bottom, empty):
    """Quotient of two doubles given as bits; missing with either, `empty` over zero."""
    if top == NAN_BITS or bottom == NAN_BITS:
        st(out, NAN_BITS)
    elif double_of(bottom) == 0.0:
        st(out, empty)
    else:
        st(out, bits_of(double_of(top) / double_of(bottom) + 0.0))


# --- prefetching ------------------------------------------------------------------------------------------------------


@inlined
def prefetch_lines(R, lines):
    for line in range(lines):
        prefetch(R + 64 * line)


@inlined
def prefetch_behind(P, place):
    """The node whose offset lies at `place`."""
    prefetch(P + ld(place))


@inlined
def home_of(T, key):
    """Where a table's search for `key` begins."""
    return T + 32 + 16 * (mix(key) & ld(T))
