"""The hot path of a plan's kernel: `step`, a function a table, and the prefetching of events to come."""

from __future__ import annotations

from .chains import ChainFunctions, indented
from .context import Context, bits
from .plan import BITS_PER_WORD, DOUBLE, Chain, Plan, Table

_AHEAD = 8  # events between two stages of prefetching


class Driver:
    """Texts of `step` and what it calls, for the chain functions of one plan."""

    def __init__(self, plan: Plan, context: Context, chains: ChainFunctions) -> None:
        self.plan = plan
        self.context = context
        self.chains = chains

    def texts(self) -> list[str]:
        tables = [self._table(number, table) for number, table in enumerate(self.plan.tables)]
        return [*self._stages(), *tables, self._ratios(), self._step()]

    def _step(self) -> str:
        plan, context = self.plan, self.context
        features = 8 * len(plan.features)
        body = [
            f"i = inputs + k * {8 * plan.input_words}",
            "o = outputs + k * stride",
            *self._prefetches(),
            "t = ld(i)",
            "reads = ld(i + 8) & 2",
            *(f"f{r} = t // {r} * {r}" if r != 1 else "f1 = t" for r in self._resolutions(plan.chains)),
            f"mark_seen(C + {8 * context.seen[0]}, i + {8 * plan.space_column}, {len(plan.spaces)}, t)"
            if plan.spaces
            else "pass",
            f"if reads != 0: clear_words(o + {features}, {plan.degraded_words})",
        ]
        for number, table in enumerate(plan.tables):
            half = f", K{table.parent}" if table.parent is not None else ""
            floors = "".join(f", f{r}" for r in self._resolutions(table.chains))
            body.append(f"K{number} = table_{number}(C, i, o, t{half}{floors})")
        body += [
            "if reads != 0:",
            "    ratios(o)",
            "    if vectors != 0:",
            f"        as_vector(vectors + k * {features}, o, C + {8 * context.types}, {len(plan.features)})",
        ]
        head = ["@entry", "def step(C, inputs, n, outputs, stride, vectors):", "    for k in range(n):"]
        return "\n".join([*head, *indented(body, 2)]) + "\n"

    def _resolutions(self, chains: list[Chain]) -> list[int]:
        return sorted({chain.resolution for chain in chains})

    # --- a table ------------------------------------------------------------------------------------------------------

    def _table(self, number: int, table: Table) -> str:
        """One event at one table's entity: its packed key's half, 0 where a key is absent."""
        floors = self._resolutions(table.chains)
        names = ["C", "i", "o", "t", *(["half"] if table.parent is not None else []), *(f"f{r}" for r in floors)]
        start, stop = self.context.absent[number]
        absent = [f"    if reads != 0: put_pairs(o, C + {8 * start}, C + {8 * stop})"] if stop > start else []
        body = [
            "flags = ld(i + 8)",
            "reads = flags & 2",
            f"own = {self._id(table.space)}",
        ]
        if table.composite and table.parent is None:
            assert table.first_space is not None, "a pair has a first key"
            body.append(f"half = {self._id(table.first_space)} + 1")
        body += [
            "if own < 0 or half == 0:" if table.composite else "if own < 0:",
            *absent,
            "    return 0",
            f"B = ld(C + {8 * self.context.records[number]})",
            "P = ld(C)",
            *self._find(number, table),
        ]
        used = sorted({chain.condition // BITS_PER_WORD for chain in table.chains})
        body += [f"w{word} = ld(i + {8 * (2 + word)})" for word in used]
        body += [self._call(chain) for chain in table.chains]
        head = ["@inlined", f"def table_{number}({', '.join(names)}):"]
        return "\n".join([*head, *indented(body, 1), "    return K"]) + "\n"

    def _id(self, space: int) -> str:
        return f"ld(i + {8 * (self.plan.space_column + space)})"

    def _find(self, number: int, table: Table) -> list[str]:
        stride = 8 * table.words
        if not table.composite:
            return [f"R = B + own * {stride}", "K = own + 1"]
        slots = f"ld(C + {8 * self.context.slots[number]})"
        return [
            f"slot = slot_of({slots}, (half << 32) | (own + 1), B, {stride})",
            f"R = B + slot * {stride}",
            "st(R + 8, t)",
            "K = slot + 1",
        ]

    def _call(self, chain: Chain) -> str:
        word, bit = divmod(chain.condition, BITS_PER_WORD)
        floor = f"f{chain.resolution}"
        base = floor if chain.calendar is None else f"ld(i + {8 * (self.plan.calendar_column + chain.calendar)})"
        members = f"ld(C + {8 * self.context.sets[chain.number]})" if chain.kind == "distinct" else "0"
        row = f"C + {8 * self.context.rows[chain.number]}"
        arguments = [row, f"R + {8 * chain.word}", "P", members, "K", "t", floor, base, self._value(chain)]
        arguments += [f"flags & (w{word} >> {bit})", "reads", "o"]
        return f"{self.chains.event[chain.number]}({', '.join(arguments)})"

    def _value(self, chain: Chain) -> str:
        if chain.stores_time:
            return "t"
        if chain.value is None:
            return "0"
        if chain.value < 0:
            return f"number_or_missing({self._id(-1 - chain.value)})"
        return f"ld(i + {8 * (self.plan.value_column + chain.value)})"

    # --- ratios -------------------------------------------------------------------------------------------------------

    def _ratios(self) -> str:
        lines = ["@called", "def ratios(o):", "    pass"]
        for feature, top, bottom, default in self.plan.ratios:
            empty = "NAN_BITS" if default is None else repr(bits(default))
            lines.append(f"    ratio(o + {8 * feature}, {self._double(top)}, {self._double(bottom)}, {empty})")
        return "\n".join(lines) + "\n"

    def _double(self, feature: int) -> str:
        word = f"ld(o + {8 * feature})"
        return word if self.plan.types[feature] == DOUBLE else f"as_double_bits({word})"

    # --- prefetching --------------------------------------------------------------------------------------------------

    def _stages(self) -> list[str]:
        """Ask early for the memory of events to come: first their records, whose addresses follow from the ids alone,
        then, the records being there, the nodes and set entries they lead to, last the nodes behind the set entries."""
        records, nodes, members = ["pass"], ["pass"], ["pass"]
        for number, table in enumerate(self.plan.tables):
            if table.composite:
                continue
            own, R = f"own{number}", f"R{number}"
            find = [
                f"{own} = ld(j + {8 * (self.plan.space_column + table.space)})",
                f"{R} = ld(C + {8 * self.context.records[number]}) + {own} * {8 * table.words}",
                f"if {own} >= 0:",
            ]
            records += [*find, f"    prefetch_lines({R}, {table.words // 8})"]
            words, sets = [], []
            for chain in table.chains:
                words += [chain.pending_word, chain.pending_word + 1] if chain.offset_ms else [chain.word]
                words += [] if chain.kind == "last" else chain.window_words[-2:]
                if chain.kind == "distinct" and chain.value is not None:
                    other = f"ld(j + {8 * (self.plan.space_column - 1 - chain.value)})"
                    place = f"ld(C + {8 * self.context.sets[chain.number]})"
                    sets.append(f"home_of({place}, (({own} + 1) << 32) | ({other} + 1))")
            nodes += [*find, *[f"    prefetch_behind(P, {R} + {8 * word})" for word in words]]
            nodes += [f"    prefetch({slot})" for slot in sets]
            members += [*find, *[f"    prefetch_behind(P, {slot} + 8)" for slot in sets]] if sets else []
        stages = {"records": records, "nodes": nodes, "members": members}
        return [
            "\n".join(["@inlined", f"def ahead_{name}(C, j):", "    P = ld(C)", *indented(lines, 1)]) + "\n"
            for name, lines in stages.items()
        ]

    def _prefetches(self) -> list[str]:
        return [
            f"if k + {distance} < n: ahead_{stage}(C, i + {distance * 8 * self.plan.input_words})"
            for distance, stage in ((3 * _AHEAD, "records"), (2 * _AHEAD, "nodes"), (_AHEAD, "members"))
        ]
