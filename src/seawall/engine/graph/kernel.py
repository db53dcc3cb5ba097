"""The links' kernel: looking around in what store.py keeps, and what one record changes and reads."""

# mypy: ignore-errors
# ruff: noqa: F405
# (numba infers these types itself, from int64 addresses and values)
from seawall.engine.graph.store import *  # noqa: F403

# --- links --- looking around -----------------------------------------------------------------------------------------


@inlined
def visit(T, code):
    """1 where the code was not visited before and there is room for it; T: visited, their places, the table."""
    place = mix(code) & (PLACES - 1)
    table = T + TABLE_AT
    while True:
        there = ld(table + 8 * place)
        if there == code + 1:
            return 0
        if there == 0:
            break
        place = (place + 1) & (PLACES - 1)
    count = ld(T)
    if count == BREADTH + 1:
        return 0
    st(table + 8 * place, code + 1)
    st(T + 8 + 16 * count, code)
    st(T + 16 + 16 * count, place)
    st(T, count + 1)
    return 1


@called
def forget_visits(T):
    """Make the table empty again."""
    for index in range(ld(T)):
        st(T + TABLE_AT + 8 * ld(T + 16 + 16 * index), 0)
    st(T, 0)


@inlined
def ask_early(C, at, count, number):
    """Let the processor fetch the records of a list's values, all at a time, before they are looked at."""
    S = space_of(C, number)
    records, size = ld(S), ld(S + 16)
    for index in range(count):
        prefetch(records + (ld(at + 8 * index) & ID_MASK) * size)


@called
def visit_members(C, T, shared, now):
    """Visit the members of a shared value that is no hub, the newest first."""
    header = ld(record_of(C, shared) + 8)
    at = ld(C) + 8 * (header >> 16)
    ask_early(C, at, header & 255, 0)
    for index in range(header & 255):
        link = ld(at + 8 * index)
        if not is_fresh(C, link, now) or ld(T) > BREADTH:
            break
        visit(T, (link & ID_MASK) << 3)


@called
def visit_linked(C, T, code, mask, now, through):
    """Visit what a value is linked with; of a member, the values it shares or, `through` them, who else has them."""
    if code & 7 != 0:
        if mask >> (code & 7) & 1 and not is_hub(C, code, now):
            visit_members(C, T, code, now)
        return
    R = record_of(C, code)
    for number in range(1, ld(C + 16)):
        header = ld(R + 8 * number)
        if mask >> number & 1:
            at = ld(C) + 8 * (header >> 16)
            ask_early(C, at, header & 255, number)
            for index in range(header & 255):
                link = ld(at + 8 * index)
                if not is_fresh(C, link, now):
                    break
                shared = ((link & ID_MASK) << 3) | number
                if not is_hub(C, shared, now):
                    if through:
                        visit_members(C, T, shared, now)
                    else:
                        visit(T, shared)


@called
def linked(C, code, mask, now, marked_only):
    """How many other members share a value with this one (or, from a shared value, use it)."""
    T = ld(C + 8)
    visit(T, code)
    visit_linked(C, T, code, mask, now, True)
    found = ld(T) - 1
    if marked_only:
        found = 0
        for index in range(1, ld(T)):
            found += 1 if is_marked(C, ld(T + 8 + 16 * index), now) else 0
    forget_visits(T)
    return found


@called
def look_further(C, T, code, mask, now):
    """Visit what a value is linked with; whether one of the new ones is marked."""
    before = ld(T)
    visit_linked(C, T, code, mask, now, False)
    for index in range(before, ld(T)):  # noqa: SIM110 - numba has no any()
        if is_marked(C, ld(T + 8 + 16 * index), now):
            return True
    return False


@called
def distance(C, code, mask, hops, now):
    """Links to the nearest marked value, MISSING where none is near."""
    if is_marked(C, code, now):
        return 0
    T = ld(C + 8)
    visit(T, code)
    found, level, head = MISSING, 0, 0
    while found == MISSING and level < hops and head < ld(T) and ld(T) <= BREADTH:
        level += 1
        end = ld(T)
        while head < end and ld(T) <= BREADTH:
            if look_further(C, T, ld(T + 8 + 16 * head), mask, now):
                found = level
                break
            head += 1
    forget_visits(T)
    return found


# --- links: one record


@called
def connect(C, member, shared, now):
    """Note that a member uses a shared value."""
    P = ld(C)
    number = shared & 7
    touch(P, record_of(C, member) + 8 * number, RECENT, shared >> 3, now)
    touch(P, record_of(C, shared) + 8, ld(space_of(C, number) + 40) + 1, member >> 3, now)
    if ld(C + 32) != 0 and not is_hub(C, shared, now):
        period = now // ld(C + 96)
        unite(C, member, shared, period - 1, now)
        unite(C, member, shared, period, now)


@called
def take_in(C, i, now):
    """What a record changes: its links, its marks."""
    member = ld(i + ld(space_of(C, 0) + 8))
    if member >= 0:
        for number in range(1, ld(C + 16)):
            S = space_of(C, number)
            if holds(i, ld(S + 32)):
                shared = ld(i + ld(S + 8))
                if shared >= 0:
                    connect(C, member << 3, (shared << 3) | number, now)
    mark = ld(C + 80)
    if mark != 0 and holds(i, mark):
        for number in range(ld(C + 16)):
            if ld(C + 88) >> number & 1:
                value = ld(i + ld(space_of(C, number) + 8))
                if value >= 0:
                    st(record_of(C, (value << 3) | number), now + 1)


@called
def value_of(C, Q, code, now):
    """The value of one reader for an entity."""
    kind, mask = ld(Q + 8), ld(Q + 24)
    if kind == DISTANCE:
        found = distance(C, code, mask, ld(Q + 32), now)
        return ld(Q + 56) if found == MISSING else found
    if kind == SIZE:
        return members_of_component(C, code, now)
    if kind == GROWTH:
        return growth_of_component(C, code, ld(Q + 48), now)
    return linked(C, code, mask, now, kind == LINKED_MARKED)


@called
def read_links(C, i, o, vector, now, include):
    """The features that read after (include: 1) or before the record's own links."""
    Q = C + ld(C + 64)
    for _ in range(ld(C + 56)):
        if ld(Q + 40) == include:
            number = ld(Q + 16)
            own = ld(i + ld(space_of(C, number) + 8))
            value = MISSING if own < 0 else value_of(C, Q, (own << 3) | number, now)
            st(o + ld(Q), value)
            if vector != 0:
                st(vector + ld(Q), as_double_bits(value))
        Q += READER_BYTES


@entry
def step_links(C, inputs, size, n, outputs, stride, vectors):
    """The links over input rows of `size` bytes, after `step`: their state and the features that read them."""
    for k in range(n):
        i, o = inputs + k * size, outputs + k * stride
        vector = vectors + k * 8 * ld(C + 72) if vectors != 0 else 0
        now, flags = ld(i) // 1000, ld(i + 8)
        if flags & 2 != 0:
            read_links(C, i, o, vector, now, 0)
        if flags & 1 != 0:
            take_in(C, i, now)
        if flags & 2 != 0:
            read_links(C, i, o, vector, now, 1)
