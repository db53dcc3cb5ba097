"""The functions of a plan's chains: one for every shape, its constants in a row of their own.

Two chains share a function when its text is the same for both. What differs only in number (window lengths, an offset,
the features read) lies in the chain's row of constants, at D; what changes the course (kind, how many windows, readers)
is the text.
"""

from __future__ import annotations

from dataclasses import replace

from .context import CONSTANTS_AT, RESOLUTION_AT, bits
from .plan import BITS_PER_WORD, DOUBLE, Chain, Plan, Reader

_NAME = "<name>"


class ChainFunctions:
    """`expire` and `event` name the functions of each chain by its number, `shapes` numbers the expiry functions."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.expire: dict[int, str] = {}
        self.event: dict[int, str] = {}
        self.shapes: dict[int, int] = {}
        self.expiries: list[str] = []
        self._names: dict[str, str] = {}
        for chain in plan.chains:
            local = replace(chain, word=0)
            number = chain.number
            self.expire[number] = self._share("expire", self._expire(local))
            if self.expire[number] not in self.expiries:
                self.expiries.append(self.expire[number])
            self.shapes[number] = self.expiries.index(self.expire[number])
            self.event[number] = self._share("chain", self._event(local))

    def texts(self) -> list[str]:
        return [self._degrade_text(), *(text.replace(_NAME, name) for text, name in self._names.items())]

    def _share(self, kind: str, text: str) -> str:
        return self._names.setdefault(text, f"{kind}_{len(self._names)}")

    # --- expiry and entry: H is the chain's place in the record, f is t at the chain's resolution, b what its windows
    # reach back from: f, or the start of a calendar period ------------------------------------------------------------

    def _expire(self, chain: Chain) -> str:
        """Let everything leave that has left by now, and with an offset let in what has come of age."""
        body = [*self._count_from(chain), *self._limits(chain), *self._expire_windows(chain)]
        if chain.offset_ms:
            body += [
                f"Q = H + {8 * chain.pending_word}",
                f"offset = {self._offset(chain)}",
                f"res = ld(D + {RESOLUTION_AT})",
                "due = f - (offset - res + 1)",
                "while ld(Q + 8) != 0 and ld(Q + 16) <= due:",
                "    old = ld(Q + 8)",
                "    time = ld(Q + 16) // res * res",
                "    v = ld(P + old + 8)",
                f"    pending_pop(Q, P, {chain.squares})",
                f"    if time >= lim{len(chain.windows) - 1}:",
                *indented(self._push(chain, "time", guarded=True), 2),
            ]
        body += self._count_to(chain)
        return "\n".join(["@called", f"def {_NAME}(D, H, P, T, K, f, b):", *indented(body, 1)]) + "\n"

    def _limits(self, chain: Chain) -> list[str]:
        """The time below which a node is outside each window."""
        return [f"lim{w} = b - ld(D + {CONSTANTS_AT + 8 * w})" for w in range(len(chain.windows))]

    def _offset(self, chain: Chain) -> str:
        return f"ld(D + {CONSTANTS_AT + 8 * len(chain.windows)})"

    def _count_from(self, chain: Chain) -> list[str]:
        return ["live = nodes_live(P)"] if chain.grows else []

    def _count_to(self, chain: Chain) -> list[str]:
        """Keep the chain's own count of nodes: what the pool gained since `_count_from`."""
        at = f"H + {8 * chain.nodes_word}"
        return [f"st({at}, ld({at}) + nodes_live(P) - live)"] if chain.grows else []

    def _expire_windows(self, chain: Chain) -> list[str]:
        lines = []
        for w, word in enumerate(chain.window_words):
            last = w == len(chain.windows) - 1
            where = f"H + {8 * word}"
            if chain.kind == "sum":
                lines.append(f"sum_expire(H, {where}, P, lim{w}, {last})")
            elif chain.kind in ("min", "max"):
                lines.append(f"max_expire(H, {where}, P, lim{w}, {last})")
            elif chain.kind == "distinct":
                lines.append(f"distinct_expire(H, {where}, P, T, lim{w}, {last})")
            elif chain.kind == "first":
                lines.append(f"first_expire(H, {where}, P, lim{w}, {last})")
        if chain.kind == "last":
            lines.append(f"last_expire(H, lim{len(chain.windows) - 1})")
        if chain.squares:
            lines += [
                f"square_expire(H + {8 * chain.square_word}, {self._square_window(chain, w)}, P, lim{w}, "
                f"{w == len(chain.windows) - 1})"
                for w in range(len(chain.windows))
            ]
        return lines

    def _square_window(self, chain: Chain, window: int) -> str:
        return f"H + {8 * (chain.square_word + 2 + 4 * window)}"

    def _push(self, chain: Chain, time: str, guarded: bool) -> list[str]:
        """Statements that put v into the chain at `time`; guarded: a window may have passed that time already."""
        windows = [f"H + {8 * word}" for word in chain.window_words]
        guards = [f"if {time} >= lim{w}: " if guarded else "" for w in range(len(windows))]
        if chain.kind == "sum":
            lines = [f"node = sum_push(H, P, {time}, v)"]
            lines += [f"{guards[w]}sum_enter({where}, node, {time}, v)" for w, where in enumerate(windows)]
        elif chain.kind in ("min", "max"):
            value = "-v" if chain.kind == "min" else "v"
            lines = [f"node = max_push(H, P, {time}, {value})", "if node != 0:"]
            lines += [f"    max_enter({where}, node, {time}, {value}, lim{w})" for w, where in enumerate(windows)]
        elif chain.kind == "distinct":
            lines = [f"node, seen, successor = distinct_push(H, P, T, {time}, (K << 32) | (v + 1))"]
            lines += [
                f"distinct_enter({where}, P, node, seen, successor, {time}, lim{w})" for w, where in enumerate(windows)
            ]
        elif chain.kind == "first":
            lines = [f"node = first_push(H, P, {time}, v)"]
            lines += [f"first_enter({where}, node, {time}, lim{w})" for w, where in enumerate(windows)]
        else:
            lines = [f"last_push(H, {time}, v)"]
        if chain.squares:
            lines += [
                "low, high = square(v)",
                f"moment = square_push(H + {8 * chain.square_word}, P, {time}, low, high)",
            ]
            lines += [
                f"{guards[w]}square_enter({self._square_window(chain, w)}, moment, {time}, low, high)"
                for w in range(len(windows))
            ]
        return lines

    def _event(self, chain: Chain) -> str:
        """One event: expire, read what excludes it, push, read what includes it."""
        before = [(n, reader) for n, reader in enumerate(chain.readers) if not reader.include]
        after = [(n, reader) for n, reader in enumerate(chain.readers) if reader.include]
        body = [f"{self.expire[chain.number]}(D, H, P, T, K, f, b)", *self._limits(chain)]
        body += self._reads(chain, before)
        body.append("if enters & 1 != 0 and v != MISSING:")
        if chain.grows:
            body += [
                f"    if ld(H + {8 * chain.nodes_word}) >= {self.plan.max_nodes}:",
                f"        st(H + {8 * chain.nodes_word + 8}, t)",
                "    else:",
                *indented([*self._count_from(chain), *self._admit(chain), *self._count_to(chain)], 2),
            ]
        else:
            body += indented(self._admit(chain), 1)
        body += self._reads(chain, after)
        head = f"def {_NAME}(D, H, P, T, K, t, f, b, v, enters, reads, o):"
        return "\n".join(["@called", head, *indented(body, 1)]) + "\n"

    def _admit(self, chain: Chain) -> list[str]:
        """Statements that take the current event in: at once, or into the pending queue."""
        if chain.offset_ms:
            return [f"pending_push(H + {8 * chain.pending_word}, P, t, v, {chain.squares})"]
        return self._push(chain, "b", guarded=False)

    # --- readers ------------------------------------------------------------------------------------------------------

    def _reads(self, chain: Chain, readers: list[tuple[int, Reader]]) -> list[str]:
        if not readers:
            return []
        return [
            "if reads != 0:",
            *indented([line for n, reader in readers for line in self._read(chain, n, reader)], 1),
        ]

    def _read(self, chain: Chain, number: int, reader: Reader) -> list[str]:
        lines = self._read_exact(chain, number, reader)
        place = CONSTANTS_AT + 8 * ((len(chain.windows) + (1 if chain.offset_ms else 0)) + number)
        bind = f"at{number} = ld(D + {place})"
        if not chain.grows:
            return [bind, *lines]
        lost = f"lost{number}"
        return [
            bind,
            f"{lost} = ld(H + {8 * chain.nodes_word + 8})",
            f"if {lost} != 0 and {lost} >= lim{reader.window}:",
            *indented(self._degrade(number, reader), 1),
            "else:",
            *indented(lines, 1),
        ]

    def _degrade(self, number: int, reader: Reader) -> list[str]:
        missing = "NAN_BITS" if self.plan.types[reader.feature] == DOUBLE else "MISSING"
        return [f"degrade(o, at{number}, {missing})"]

    def _degrade_text(self) -> str:
        """Missing, and said so: the exact value is not to be had."""
        body = [
            "st(o + at, missing)",
            "feature = at >> 3",
            f"word = o + {8 * len(self.plan.features)} + feature // {BITS_PER_WORD} * 8",
            f"st(word, ld(word) | (1 << feature % {BITS_PER_WORD}))",
        ]
        return "\n".join(["@called", "def degrade(o, at, missing):", *indented(body, 1)]) + "\n"

    def _read_exact(self, chain: Chain, number: int, reader: Reader) -> list[str]:
        window = f"H + {8 * chain.window_words[reader.window]}" if chain.kind != "last" else "H"
        out = f"o + at{number}"
        double = self.plan.types[reader.feature] == DOUBLE
        empty = self._empty(reader, double)
        scale = f" / {float(reader.scale)!r}" if reader.scale != 1 else ""

        def put(value: str) -> str:
            return f"st({out}, bits_of({value}))" if double else f"st({out}, {value})"

        if chain.kind == "sum":
            count = f"n{number}"
            lines = [f"{count} = ld({window} + 16) & COUNT_MASK", f"if {count} == 0:", f"    st({out}, {empty})"]
            if reader.agg == "count":
                return [*lines, "else:", f"    st({out}, {count})"]
            lines += [
                f"elif not sum_fits({window}) or ld({window} + 24) == MISSING:",
                *indented(self._degrade(number, reader), 1),
                "else:",
            ]
            total = f"ld({window} + 24)"
            if reader.agg == "sum":
                return [*lines, "    " + put(f"float({total}){scale}" if double else total)]
            if reader.agg == "mean":
                return [*lines, "    " + put(f"float({total}) / float({count}){scale}")]
            moments = self._square_window(chain, reader.window)
            deviation = f"deviation({count}, {total}, ld({moments} + 16), ld({moments} + 24)){scale}"
            return [*lines, "    " + put(deviation)]
        if chain.kind in ("min", "max"):
            value = f"-ld({window} + 16)" if chain.kind == "min" else f"ld({window} + 16)"
            present = f"ld({window}) == 0"
        elif chain.kind == "distinct":
            value, present = f"ld({window} + 16)", f"ld({window} + 16) == 0"
        elif chain.kind == "first":
            value, present = f"ld(P + ld({window}) + 8)", f"ld({window}) == 0"
        else:
            value, present = "ld(H + 16)", f"ld(H) == 0 or ld(H + 8) < lim{reader.window}"
            if reader.agg == "time_since":
                value = f"t - {self._offset(chain)} - {value}" if chain.offset_ms else f"t - {value}"
        value = f"float({value}){scale}" if double else value
        return [f"if {present}:", f"    st({out}, {empty})", "else:", "    " + put(value)]

    def _empty(self, reader: Reader, double: bool) -> str:
        default = reader.default
        if default is None and reader.agg in ("count", "sum", "distinct"):
            default = 0
        if default is None:
            return "NAN_BITS" if double else "MISSING"
        return repr(bits(float(default) + 0.0) if double else int(default))


def indented(lines: list[str], levels: int) -> list[str]:
    return [" " * 4 * levels + line for line in lines]
