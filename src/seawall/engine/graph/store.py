"""What the links' kernel keeps: records, lists, components.

Pasted, before kernel.py, behind the primitives of feature/ops.py into one module (see state.py).

C is the links' context: address of the pool, of the scratch, number of keys, seconds a link lasts, words of a period,
growth windows, where their buckets stand, readers, where they stand, features, the marks' condition, the marked keys (a
bit each), seconds of a period. Then a row a key: its records, its id column, bytes of a record, where its periods
begin, its condition, its hub bound. A *code* names a value: id * 8 + number of its key (0: a member).

A list holds what a value was linked to, the newest first: a word is seconds << 30 | id. Its header is place << 16 |
log2 of its room << 8 | entries. Lists lie in the pool, whose words are: next free word, then a chain of freed places
for each size.

A component is a tree of codes in each of two periods, the one of now (too short to be read) and the one before, which
goes on to grow: number of the period, parent, all values << 32 | members, and for each growth window the newest bucket
and eight counts of 32 bits.
"""

# mypy: ignore-errors
# ruff: noqa: F405
# (numba infers these types itself, from int64 addresses and values)
from seawall.engine.feature.ops import *  # noqa: F403

# --- links ------------------------------------------------------------------------------------------------------------

SECONDS, ID_MASK = 30, (1 << 30) - 1
LOW = (1 << 32) - 1
RECENT, BREADTH, PLACES = 32, 128, 512
SPACES_AT, SPACE_BYTES, READER_BYTES = 104, 48, 64
TABLE_AT = 8 * (4 + 2 * BREADTH)  # of the scratch
LINKED, LINKED_MARKED, DISTANCE, SIZE, GROWTH = 0, 1, 2, 3, 4


@inlined
def space_of(C, number):
    """The row of a key."""
    return C + SPACES_AT + SPACE_BYTES * number


@inlined
def record_of(C, code):
    """The record of a value."""
    S = space_of(C, code & 7)
    return ld(S) + (code >> 3) * ld(S + 16)


@inlined
def holds(i, place):
    """Whether a condition holds for an input row; place is byte offset * 64 + bit."""
    return (ld(i + (place >> 6)) >> (place & 63)) & 1


@inlined
def is_fresh(C, link, now):
    """Whether what a link tells of was seen recently enough."""
    return now - (link >> SECONDS) < ld(C + 24)


@inlined
def is_marked(C, code, now):
    """Whether a value carries a mark that still counts."""
    marked = ld(record_of(C, code))
    return marked != 0 and now - (marked - 1) < ld(C + 24)


# --- links: lists


@called
def take_place(P, size):
    """A place for 2**size entries."""
    chain = P + 8 * (1 + size)
    place = ld(chain)
    if place != 0:
        st(chain, ld(P + 8 * place))
        return place
    place = ld(P)
    st(P, place + (1 << size))
    return place


@called
def larger(P, header):
    """The same list with twice the room."""
    size, count, old = (header >> 8) & 255, header & 255, header >> 16
    place = take_place(P, size + 1)
    for index in range(count):
        st(P + 8 * (place + index), ld(P + 8 * (old + index)))
    st(P + 8 * old, ld(P + 8 * (1 + size)))
    st(P + 8 * (1 + size), old)
    return (place << 16) | ((size + 1) << 8) | count


@called
def touch(P, H, limit, number, now):
    """Put an id in front of the list whose header is at H; of more than `limit` the oldest goes."""
    header = ld(H)
    if header == 0:
        header = take_place(P, 0) << 16
    count = header & 255
    at = P + 8 * (header >> 16)
    found = 0
    while found < count and ld(at + 8 * found) & ID_MASK != number:
        found += 1
    if found == count:
        if count == limit:
            found = limit - 1
        else:
            if count == 1 << ((header >> 8) & 255):
                header = larger(P, header)
                at = P + 8 * (header >> 16)
            header += 1
    for index in range(found, 0, -1):
        st(at + 8 * index, ld(at + 8 * (index - 1)))
    st(at, (now << SECONDS) | number)
    st(H, header)


@called
def is_hub(C, code, now):
    """Whether more members use a shared value than its key allows."""
    hub = ld(space_of(C, code & 7) + 40)
    header = ld(record_of(C, code) + 8)
    return header & 255 > hub and is_fresh(C, ld(ld(C) + 8 * ((header >> 16) + hub)), now)


# --- links: components


@inlined
def period_of(C, code, period):
    """Where a value keeps what it knows of a period."""
    S = space_of(C, code & 7)
    return record_of(C, code) + ld(S + 24) + (period & 1) * 8 * ld(C + 32)


@called
def forward(B, bucket):
    """Let eight counts stand at a bucket: those that it has passed are 0."""
    base = ld(B)
    if bucket - base >= 8:
        for word in range(1, 5):
            st(B + 8 * word, 0)
    else:
        for passed in range(base + 1, bucket + 1):
            word = B + 8 + 8 * ((passed & 7) >> 1)
            st(word, ld(word) & (LOW if passed & 1 else ~LOW))
    st(B, bucket)


@called
def appear(C, code, period, now):
    """Make a value part of a period, alone, unless it is."""
    A = period_of(C, code, period)
    if ld(A) == period + 2:
        return
    member = 1 if code & 7 == 0 else 0
    st(A, period + 2)
    st(A + 8, code)
    st(A + 16, (1 << 32) | member)
    for window in range(ld(C + 40)):
        B = A + 24 + 40 * window
        bucket = now // ld(C + ld(C + 48) + 8 * window)
        st(B, bucket)
        for word in range(1, 5):
            st(B + 8 * word, 0)
        word = B + 8 + 8 * ((bucket & 7) >> 1)
        st(word, member << 32 if bucket & 1 else member)


@called
def root_of(C, code, period):
    """The value that stands for the component; shortens the way there."""
    while True:
        A = period_of(C, code, period)
        parent = ld(A + 8)
        if parent == code:
            return code
        code = ld(period_of(C, parent, period) + 8)
        st(A + 8, code)


@called
def unite(C, one, other, period, now):
    """Make one component of two values' components."""
    appear(C, one, period, now)
    appear(C, other, period, now)
    one, other = root_of(C, one, period), root_of(C, other, period)
    if one == other:
        return
    A, Z = period_of(C, one, period), period_of(C, other, period)
    if ld(A + 16) < ld(Z + 16):
        one, A, Z = other, Z, A
    st(Z + 8, one)
    st(A + 16, ld(A + 16) + ld(Z + 16))
    for window in range(ld(C + 40)):
        bucket = now // ld(C + ld(C + 48) + 8 * window)
        B, Y = A + 24 + 40 * window, Z + 24 + 40 * window
        forward(B, bucket)
        forward(Y, bucket)
        for word in range(1, 5):
            st(B + 8 * word, ld(B + 8 * word) + ld(Y + 8 * word))


@called
def members_of_component(C, code, now):
    """How many members a value's component has."""
    period = now // ld(C + 96) - 1
    if ld(period_of(C, code, period)) != period + 2:
        return 1 if code & 7 == 0 else 0
    return ld(period_of(C, root_of(C, code, period), period) + 16) & LOW


@called
def growth_of_component(C, code, window, now):
    """How many of them came in the buckets of a growth window."""
    period = now // ld(C + 96) - 1
    if ld(period_of(C, code, period)) != period + 2:
        return 0
    B = period_of(C, root_of(C, code, period), period) + 24 + 40 * window
    forward(B, now // ld(C + ld(C + 48) + 8 * window))
    total = 0
    for word in range(1, 5):
        counts = ld(B + 8 * word)
        total += (counts & LOW) + (counts >> 32)
    return total
