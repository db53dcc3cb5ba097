"""From a plan to the text of its kernel: a straight-line driver over the primitives of ops.py.

The generated module has four entry points, all over plain int64 addresses (numba unboxes an int in nanoseconds, an
array in microseconds): `step(C, inputs, n, outputs, stride, vectors)`, `sweep(C, table, start, stop, t, calendars)`
and `table_copy` of ops. C is the context: addresses of the pool, of each table's records, of each hash table, and of
each space's last-seen times (`Context`).
"""

from __future__ import annotations

from pathlib import Path

from .plan import BITS_PER_WORD, COMPOSITE_PREFIX_WORDS, DOUBLE, INT, Chain, Plan, Reader, Table

_AHEAD = 8  # events between two stages of prefetching


class Context:
    """Places of the addresses in the context words of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.pool = 0
        self.records = [1 + index for index in range(len(plan.tables))]
        after = 1 + len(plan.tables)
        self.slots = {index: after + n for n, index in enumerate(i for i, t in enumerate(plan.tables) if t.composite)}
        after += len(self.slots)
        distinct = [chain.number for chain in plan.chains if chain.kind == "distinct"]
        self.sets = {number: after + n for n, number in enumerate(distinct)}
        after += len(self.sets)
        self.seen = [after + index for index in range(len(plan.spaces))]
        self.words = after + len(plan.spaces)


def kernel_source(plan: Plan, checked: bool = False) -> str:
    """The whole module: primitives, one pair of functions a chain, the driver, the sweeper.

    checked: every load and store is held against the regions that `Arena` names in REGIONS (a debugging aid, slow and
    never cached: the table's address is part of the code).
    """
    primitives = (Path(__file__).parent / "ops.py").read_text(encoding="utf-8")
    emitter = _Emitter(plan)
    text = "\n".join([primitives, *emitter.chains(), emitter.step(), *emitter.sweeps()])
    return _with_checks(text) if checked else text


_CHECKS = """
REGIONS = np.zeros(1024, np.int64)
_REGIONS_AT = REGIONS.ctypes.data


@njit
def inside(address):
    for region in range(raw_ld(_REGIONS_AT)):
        low = raw_ld(_REGIONS_AT + 8 + 16 * region)
        if low <= address and address + 8 <= raw_ld(_REGIONS_AT + 16 + 16 * region):
            return True
    return False


@njit
def ld(address):
    if not inside(address):
        raise IndexError("the kernel loads outside its buffers")
    return raw_ld(address)


@njit
def st(address, value):
    if not inside(address):
        raise IndexError("the kernel stores outside its buffers")
    raw_st(address, value)


# --- node pool"""


def _with_checks(text: str) -> str:
    text = text.replace("def ld(", "def raw_ld(", 1).replace("def st(", "def raw_st(", 1)
    text = text.replace("# --- node pool", _CHECKS, 1)
    return text.replace("cache=True, ", "").replace("(cache=True)", "").replace("forceinline=True", "")


class _Emitter:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.context = Context(plan)

    # --- chains -----------------------------------------------------------------------------------------------------

    def chains(self) -> list[str]:
        return [text for chain in self.plan.chains for text in (self._expire(chain), self._chain(chain))]

    def _limits(self, chain: Chain) -> list[str]:
        """The time below which a node is outside each window; f is t at the chain's resolution, c a period's start."""
        if chain.calendar is not None:
            return ["c"]
        return [f"f - {chain.offset_ms + length - chain.resolution}" for length in chain.windows]

    def _floor(self, chain: Chain, time: str) -> str:
        return time if chain.resolution == 1 else f"{time} // {chain.resolution} * {chain.resolution}"

    def _expire(self, chain: Chain) -> str:
        """Let everything leave that has left by now, and with an offset let in what has come of age."""
        lines = [f"@njit\ndef expire_{chain.number}(R, P, T, K, f, c):", *_indented(self._count_from(chain), 1)]
        limits = self._limits(chain)
        lines += [f"    lim{w} = {limit}" for w, limit in enumerate(limits)]
        lines += [f"    {text}" for text in self._expire_windows(chain)]
        if chain.offset_ms:
            admitted = f"f - {chain.offset_ms - chain.resolution + 1}"
            lines += [
                f"    Q = R + {8 * chain.pending_word}",
                f"    while ld(Q + 8) != 0 and ld(Q + 16) <= {admitted}:",
                "        old = ld(Q + 8)",
                f"        time = {self._floor(chain, 'ld(Q + 16)')}",
                "        v = ld(P + old + 8)",
                f"        pending_pop(Q, P, {chain.squares})",
                f"        if time >= lim{len(limits) - 1}:",
            ]
            lines += _indented(self._push(chain, "time", guarded=True), 3)
        return "\n".join([*lines, *_indented(self._count_to(chain), 1)]) + "\n"

    def _count_from(self, chain: Chain) -> list[str]:
        return ["live = nodes_live(P)"] if chain.grows else []

    def _count_to(self, chain: Chain) -> list[str]:
        """Keep the chain's own count of nodes: what the pool gained since `_count_from`."""
        at = f"R + {8 * chain.nodes_word}"
        return [f"st({at}, ld({at}) + nodes_live(P) - live)"] if chain.grows else []

    def _expire_windows(self, chain: Chain) -> list[str]:
        head = f"R + {8 * chain.word}"
        lines = []
        for w, word in enumerate(chain.window_words):
            last = w == len(chain.windows) - 1
            where = f"R + {8 * word}"
            if chain.kind == "sum":
                lines.append(f"sum_expire({head}, {where}, P, lim{w}, {last})")
            elif chain.kind in ("min", "max"):
                lines.append(f"max_expire({head}, {where}, P, lim{w}, {last})")
            elif chain.kind == "distinct":
                lines.append(f"distinct_expire({head}, {where}, P, T, lim{w}, {last})")
            elif chain.kind == "first":
                lines.append(f"first_expire({head}, {where}, P, lim{w}, {last})")
        if chain.kind == "last":
            lines.append(f"last_expire({head}, lim{len(chain.windows) - 1})")
        if chain.squares:
            lines += [
                f"square_expire(R + {8 * chain.square_word}, {self._square_window(chain, w)}, P, lim{w}, "
                f"{w == len(chain.windows) - 1})"
                for w in range(len(chain.windows))
            ]
        return lines

    def _square_window(self, chain: Chain, window: int) -> str:
        return f"R + {8 * (chain.square_word + 2 + 4 * window)}"

    def _push(self, chain: Chain, time: str, guarded: bool) -> list[str]:
        """Statements that put v into the chain at `time`; guarded: a window may have passed that time already."""
        head = f"R + {8 * chain.word}"
        windows = [f"R + {8 * word}" for word in chain.window_words]
        guards = [f"if {time} >= lim{w}: " if guarded else "" for w in range(len(windows))]
        if chain.kind == "sum":
            lines = [f"node = sum_push({head}, P, {time}, v)"]
            lines += [f"{guards[w]}sum_enter({where}, node, {time}, v)" for w, where in enumerate(windows)]
        elif chain.kind in ("min", "max"):
            value = "-v" if chain.kind == "min" else "v"
            lines = [f"node = max_push({head}, P, {time}, {value})", "if node != 0:"]
            lines += [f"    max_enter({where}, node, {time}, {value}, lim{w})" for w, where in enumerate(windows)]
        elif chain.kind == "distinct":
            lines = [f"node, seen, successor = distinct_push({head}, P, T, {time}, (K << 32) | (v + 1))"]
            lines += [
                f"distinct_enter({where}, P, node, seen, successor, {time}, lim{w})" for w, where in enumerate(windows)
            ]
        elif chain.kind == "first":
            lines = [f"node = first_push({head}, P, {time}, v)"]
            lines += [f"first_enter({where}, node, {time}, lim{w})" for w, where in enumerate(windows)]
        else:
            lines = [f"last_push({head}, {time}, v)"]
        if chain.squares:
            lines += [
                "low, high = square(v)",
                f"moment = square_push(R + {8 * chain.square_word}, P, {time}, low, high)",
            ]
            lines += [
                f"{guards[w]}square_enter({self._square_window(chain, w)}, moment, {time}, low, high)"
                for w in range(len(windows))
            ]
        return lines

    def _chain(self, chain: Chain) -> str:
        """One event: expire, read what excludes it, push, read what includes it."""
        limits = self._limits(chain)
        lines = [
            f"@njit\ndef chain_{chain.number}(R, P, T, K, t, f, c, v, enters, reads, o):",
            f"    expire_{chain.number}(R, P, T, K, f, c)",
        ]
        lines += [f"    lim{w} = {limit}" for w, limit in enumerate(limits)]
        before = [reader for reader in chain.readers if not reader.include]
        after = [reader for reader in chain.readers if reader.include]
        if before:
            lines.append("    if reads:")
            lines += [f"        {text}" for reader in before for text in self._read(chain, reader)]
        lines.append("    if enters and v != MISSING:")
        if chain.grows:
            lines += [
                f"        if ld(R + {8 * chain.nodes_word}) >= {self.plan.max_nodes}:",
                f"            st(R + {8 * chain.nodes_word + 8}, t)",
                "        else:",
                *_indented([*self._count_from(chain), *self._admit(chain), *self._count_to(chain)], 3),
            ]
        else:
            lines += _indented(self._admit(chain), 2)
        if after:
            lines.append("    if reads:")
            lines += [f"        {text}" for reader in after for text in self._read(chain, reader)]
        return "\n".join(lines) + "\n"

    def _admit(self, chain: Chain) -> list[str]:
        """Statements that take the current event in: at once, or into the pending queue."""
        if chain.offset_ms:
            return [f"pending_push(R + {8 * chain.pending_word}, P, t, v, {chain.squares})"]
        return self._push(chain, "c" if chain.calendar is not None else "f", guarded=False)

    # --- readers ----------------------------------------------------------------------------------------------------

    def _read(self, chain: Chain, reader: Reader) -> list[str]:
        lines = self._read_exact(chain, reader)
        if not chain.grows:
            return lines
        lost = f"ld(R + {8 * chain.nodes_word + 8})"
        return [
            f"if {lost} != 0 and {lost} >= lim{reader.window}:",
            *_indented(self._degrade(reader), 1),
            "else:",
            *_indented(lines, 1),
        ]

    def _degrade(self, reader: Reader) -> list[str]:
        """Missing, and said so: the exact value is not to be had."""
        place = 8 * (len(self.plan.features) + reader.feature // BITS_PER_WORD)
        missing = "NAN_BITS" if self.plan.types[reader.feature] == DOUBLE else "MISSING"
        bit = 1 << reader.feature % BITS_PER_WORD
        return [f"st(o + {8 * reader.feature}, {missing})", f"st(o + {place}, ld(o + {place}) | {bit})"]

    def _read_exact(self, chain: Chain, reader: Reader) -> list[str]:
        window = f"R + {8 * chain.window_words[reader.window]}"
        out = f"o + {8 * reader.feature}"
        double = self.plan.types[reader.feature] == DOUBLE
        empty = self._empty(reader, double)
        scale = f" / {float(reader.scale)!r}" if reader.scale != 1 else ""

        def put(value: str) -> str:
            return f"st({out}, bits_of({value}))" if double else f"st({out}, {value})"

        if chain.kind == "sum":
            lines = [f"n = ld({window} + 16) & COUNT_MASK", "if n == 0:", f"    st({out}, {empty})"]
            if reader.agg == "count":
                return [*lines, "else:", f"    st({out}, n)"]
            lines += [
                f"elif not sum_fits({window}) or ld({window} + 24) == MISSING:",
                *_indented(self._degrade(reader), 1),
                "else:",
            ]
            total = f"ld({window} + 24)"
            if reader.agg == "sum":
                return [*lines, "    " + put(f"float({total}){scale}" if double else total)]
            if reader.agg == "mean":
                return [*lines, "    " + put(f"float({total}) / float(n){scale}")]
            moments = self._square_window(chain, reader.window)
            return [*lines, "    " + put(f"deviation(n, {total}, ld({moments} + 16), ld({moments} + 24)){scale}")]
        if chain.kind in ("min", "max"):
            value = f"-ld({window} + 16)" if chain.kind == "min" else f"ld({window} + 16)"
            present = f"ld({window}) == 0"
        elif chain.kind == "distinct":
            value, present = f"ld({window} + 16)", f"ld({window} + 16) == 0"
        elif chain.kind == "first":
            value, present = f"ld(P + ld({window}) + 8)", f"ld({window}) == 0"
        else:
            head = f"R + {8 * chain.word}"
            value, present = f"ld({head} + 16)", f"ld({head}) == 0 or ld({head} + 8) < lim{reader.window}"
            if reader.agg == "time_since":
                value = f"t - {chain.offset_ms} - {value}"
        value = f"float({value}){scale}" if double else value
        return [f"if {present}:", f"    st({out}, {empty})", "else:", "    " + put(value)]

    def _empty(self, reader: Reader, double: bool) -> str:
        default = reader.default
        if default is None and reader.agg in ("count", "sum", "distinct"):
            default = 0
        if default is None:
            return "NAN_BITS" if double else "MISSING"
        return f"bits_of({float(default) + 0.0!r})" if double else repr(int(default))

    def _missing(self, table: Table) -> list[str]:
        lines = [
            f"st(o + {8 * reader.feature}, {'NAN_BITS' if self.plan.types[reader.feature] == DOUBLE else 'MISSING'})"
            for chain in table.chains
            for reader in chain.readers
        ]
        return ["if reads:", *[f"    {line}" for line in lines]] if lines else ["pass"]

    # --- the driver -------------------------------------------------------------------------------------------------

    def step(self) -> str:
        plan = self.plan
        body = ["t = ld(i)", "flags = ld(i + 8)", "enters = (flags & 1) != 0", "reads = (flags & 2) != 0"]
        body += [f"f{r} = t // {r} * {r}" if r != 1 else "f1 = t" for r in sorted({1, *plan.resolutions})]
        body += [f"w{n} = ld(i + {8 * (2 + n)})" for n in range(plan.condition_words)]
        for space in range(len(plan.spaces)):
            body.append(f"id{space} = ld(i + {8 * (plan.space_column + space)})")
            body.append(f"if id{space} >= 0: st(seen{space} + 8 * id{space}, t)")
        if plan.degraded_words:
            zero = [f"    st(o + {8 * (len(plan.features) + word)}, 0)" for word in range(plan.degraded_words)]
            body += ["if reads:", *zero]
        for number, table in enumerate(plan.tables):
            body += self._table(number, table)
        if plan.ratios:
            body += ["if reads:", *[f"    {line}" for ratio in plan.ratios for line in self._ratio(ratio)]]
        body += ["if vectors != 0 and reads:", f"    q = vectors + k * {8 * len(plan.features)}"]
        body += [f"    {line}" for line in self._vector()]
        lines = [
            "@njit(cache=True, nogil=True, error_model='numpy')",
            "def step(C, inputs, n, outputs, stride, vectors):",
            *[f"    {line}" for line in self._addresses()],
            "    for k in range(n):",
            f"        i = inputs + k * {8 * plan.input_words}",
            "        o = outputs + k * stride",
            *[f"        {line}" for line in self._prefetches()],
            *[f"        {line}" for line in body],
        ]
        return "\n".join(lines) + "\n"

    def _addresses(self) -> list[str]:
        context = self.context
        lines = [f"P = ld(C + {8 * context.pool})"]
        lines += [f"B{n} = ld(C + {8 * word})" for n, word in enumerate(context.records)]
        lines += [f"S{n} = ld(C + {8 * word})" for n, word in context.slots.items()]
        lines += [f"D{n} = ld(C + {8 * word})" for n, word in context.sets.items()]
        lines += [f"seen{n} = ld(C + {8 * word})" for n, word in enumerate(context.seen)]
        return lines

    def _prefetches(self) -> list[str]:
        """Ask early for the memory of events to come: first their records, whose addresses follow from the ids alone,
        then, the records being there, the nodes and set entries they lead to, last the nodes behind the set entries."""
        records, nodes, members = [], [], []
        for number, table in enumerate(self.plan.tables):
            if table.composite:
                continue
            own = f"ld(j + {8 * (self.plan.space_column + table.space)})"
            find = [f"R = B{number} + {own} * {8 * table.words}", f"if {own} >= 0:"]
            records += [find[0], *[f"prefetch(R + {64 * line})" for line in range(table.words // 8)]]
            words, sets = [], []
            for chain in table.chains:
                words += [chain.pending_word, chain.pending_word + 1] if chain.offset_ms else [chain.word]
                words += [] if chain.kind == "last" else chain.window_words[-2:]
                if chain.kind == "distinct" and chain.value is not None:
                    other = f"ld(j + {8 * (self.plan.space_column - 1 - chain.value)})"
                    key = f"(({own} + 1) << 32) | ({other} + 1)"
                    sets.append(f"D{chain.number} + 32 + 16 * (mix({key}) & ld(D{chain.number}))")
            nodes += [*find, *[f"    prefetch(P + ld(R + {8 * word}))" for word in words]]
            nodes += [f"    prefetch({slot})" for slot in sets]
            members += [f"prefetch(P + ld({slot} + 8))" for slot in sets]
        lines = []
        for distance, stage in ((3 * _AHEAD, records), (2 * _AHEAD, nodes), (_AHEAD, members)):
            if stage:
                lines.append(f"if k + {distance} < n:")
                lines.append(f"    j = inputs + (k + {distance}) * {8 * self.plan.input_words}")
                lines += [f"    {line}" for line in stage]
        return lines

    def _table(self, number: int, table: Table) -> list[str]:
        stride = 8 * table.words
        if not table.composite:
            guard = f"id{table.space} >= 0"
            find = [f"K{number} = id{table.space} + 1", f"R = B{number} + id{table.space} * {stride}"]
        else:
            half = f"K{table.parent}" if table.parent is not None else f"(id{table.first_space} + 1)"
            first = f"{half} > 0" if table.parent is not None else f"id{table.first_space} >= 0"
            guard = f"{first} and id{table.space} >= 0"
            find = [
                f"slot = slot_of(S{number}, ({half} << 32) | (id{table.space} + 1), B{number}, {stride})",
                f"K{number} = slot + 1",
                f"R = B{number} + slot * {stride}",
                "st(R + 8, t)",
            ]
        lines = [f"K{number} = 0", f"if {guard}:", *[f"    {line}" for line in find]]
        for chain in table.chains:
            word, bit = divmod(chain.condition, BITS_PER_WORD)
            floor = f"f{chain.resolution}"
            calendar = "0" if chain.calendar is None else f"ld(i + {8 * (self.plan.calendar_column + chain.calendar)})"
            members = f"D{chain.number}" if chain.kind == "distinct" else "0"
            lines.append(
                f"    chain_{chain.number}(R, P, {members}, K{number}, t, {floor}, {calendar}, {self._value(chain)}, "
                f"enters and ((w{word} >> {bit}) & 1) != 0, reads, o)"
            )
        return [*lines, "else:", *[f"    {line}" for line in self._missing(table)]]

    def _value(self, chain: Chain) -> str:
        if chain.stores_time:
            return "t"
        if chain.value is None:
            return "0"
        if chain.value < 0:  # an id column: -1 stands for missing there
            return f"(id{-1 - chain.value} if id{-1 - chain.value} >= 0 else MISSING)"
        return f"ld(i + {8 * (self.plan.value_column + chain.value)})"

    def _ratio(self, ratio: tuple[int, int, int, float | None]) -> list[str]:
        feature, top, bottom, default = ratio
        out = f"o + {8 * feature}"
        empty = "NAN_BITS" if default is None else f"bits_of({default!r})"
        return [
            f"a, a_ok = {self._number(top)}",
            f"b, b_ok = {self._number(bottom)}",
            "if not (a_ok and b_ok):",
            f"    st({out}, NAN_BITS)",
            "elif b == 0.0:",
            f"    st({out}, {empty})",
            "else:",
            f"    st({out}, bits_of(a / b + 0.0))",
        ]

    def _vector(self) -> list[str]:
        """The features as doubles, missing as NaN; text and value features are the host's."""
        lines = ["pass"]
        for index, kind in enumerate(self.plan.types):
            if not self.plan.features[index].agg:
                continue
            if kind == DOUBLE:
                lines.append(f"st(q + {8 * index}, ld(o + {8 * index}))")
            elif kind == INT:
                lines += [
                    f"x = ld(o + {8 * index})",
                    f"st(q + {8 * index}, NAN_BITS if x == MISSING else bits_of(float(x)))",
                ]
        return lines

    def _number(self, feature: int) -> str:
        bits = f"ld(o + {8 * feature})"
        if self.plan.types[feature] == DOUBLE:
            return f"double_of({bits}), {bits} != NAN_BITS"
        return f"float({bits}), {bits} != MISSING"

    # --- the sweeper ------------------------------------------------------------------------------------------------

    def sweeps(self) -> list[str]:
        """Per table: let old nodes of idle entities go; forget composites and clear single records unseen for long."""
        texts = [self._sweep(number, table) for number, table in enumerate(self.plan.tables)]
        branches = []
        for number in range(len(self.plan.tables)):
            branches += [f"    if table == {number}:", f"        sweep_{number}(C, start, stop, t, calendars)"]
        driver = "@njit(cache=True, nogil=True, error_model='numpy')\ndef sweep(C, table, start, stop, t, calendars):\n"
        return [*texts, driver + "\n".join(branches or ["    pass"]) + "\n"]

    def _sweep(self, number: int, table: Table) -> str:
        stride = 8 * table.words
        lines = [
            f"@njit\ndef sweep_{number}(C, start, stop, t, calendars):",
            *[f"    {line}" for line in self._addresses()],
            *[f"    f{r} = t // {r} * {r}" for r in sorted({1, *self.plan.resolutions})],
            "    for slot in range(start, stop):",
            f"        R = B{number} + slot * {stride}",
        ]
        if table.composite:
            lines += ["        if ld(R + 8) == MISSING or ld(R) == 0:", "            continue"]
        for chain in table.chains:
            calendar = "0" if chain.calendar is None else f"ld(calendars + {8 * chain.calendar})"
            members = f"D{chain.number}" if chain.kind == "distinct" else "0"
            lines.append(f"        expire_{chain.number}(R, P, {members}, slot + 1, f{chain.resolution}, {calendar})")
        reach = max([chain.reach_ms for chain in self.plan.chains if self._hangs_on(chain.table, number)], default=0)
        if table.composite:
            lines += [
                f"        if ld(R + 8) < t - {reach}:",
                f"            slot_free(S{number}, B{number}, {stride}, slot)",
            ]
        else:
            lines += [
                f"        if ld(seen{table.space} + 8 * slot) < t - {self.plan.reach[table.space]}:",
                f"            clear_words(R, {table.words})",
            ]
        return "\n".join(lines) + "\n"

    def _hangs_on(self, table: int, ancestor: int) -> bool:
        """Whether records of `table` are found through slots of `ancestor` (or are its own)."""
        current: int | None = table
        while current is not None:
            if current == ancestor:
                return True
            current = self.plan.tables[current].parent
        return False


def _indented(lines: list[str], levels: int) -> list[str]:
    return [" " * 4 * levels + line for line in lines]


assert COMPOSITE_PREFIX_WORDS == 2, "the sweeper reads the key at word 0 and the last sight at word 1"
