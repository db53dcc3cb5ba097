"""Random well-typed expressions and random rows, with every limit of the types among the values."""

from __future__ import annotations

import random
from typing import Any

from seawall.engine.language import Name, Scope, Type

NAMES = {
    "b0": Name("b0", Type.BOOL, nullable=False), "b1": Name("b1", Type.BOOL), "b2": Name("b2", Type.BOOL),
    "i0": Name("i0", Type.INT, nullable=False), "i1": Name("i1", Type.INT), "i2": Name("i2", Type.INT),
    "m1": Name("m1", Type.MONEY), "m2": Name("m2", Type.MONEY),
    "d0": Name("d0", Type.DOUBLE, nullable=False), "d1": Name("d1", Type.DOUBLE), "d2": Name("d2", Type.DOUBLE),
    "s0": Name("s0", Type.STRING, nullable=False), "s1": Name("s1", Type.STRING),
    "k1": Name("k1", Type.KEY), "k2": Name("k2", Type.KEY),
    "t1": Name("t1", Type.TIMESTAMP), "t2": Name("t2", Type.TIMESTAMP), "u1": Name("u1", Type.DURATION),
}  # fmt: skip
LISTED = "k1 in lists.watch"
SCOPE = Scope(NAMES, {"watch": "k1"}, zone="America/New_York")
TYPES = {name.name: name.type for name in NAMES.values()} | {LISTED: Type.BOOL}
BY_TYPE: dict[Type, list[str]] = {}
for _name in NAMES.values():
    BY_TYPE.setdefault(_name.type, []).append(_name.name)

TOP = 2**63 - 1
INTS = (0, 1, -1, 2, 3, 7, -8, 100, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, TOP, TOP - 1, -TOP, 3037000500)
DOUBLES = (0.0, -0.0, 0.5, -1.5, 2.5, 1.0, 3.0, 100.25, 2.0**53, 2.0**63, -(2.0**63), 1e300, -1e308, 1.7e308, 5e-324)
STRINGS = ("", "a", "b", "CN", "cn", "CNX", "é", "ß", "😀", "-12", "3.5", "9" * 20)
TIMES = (0, 1, -1, 1_790_000_000_000, 1_772_953_200_000, -2_208_988_800_000, 4_102_444_799_999, 4_102_444_800_000, TOP)
PATTERNS = ("^C", "N$", "[a-z]+", "(a|b)*c?", ".", "\\\\d{{2,}}")
ZONES = ("", ', "UTC"', ', "Asia/Shanghai"', ', "Europe/Paris"')


def row(rng: random.Random) -> dict[str, Any]:
    """One row; nullable names are missing now and then."""
    pools: dict[Type, tuple[Any, ...]] = {
        Type.BOOL: (True, False), Type.INT: INTS, Type.MONEY: INTS, Type.DOUBLE: DOUBLES, Type.STRING: STRINGS,
        Type.KEY: STRINGS[:4], Type.TIMESTAMP: TIMES, Type.DURATION: INTS,
    }  # fmt: skip
    values: dict[str, Any] = {}
    for name in NAMES.values():
        absent = name.nullable and rng.random() < 0.2
        values[name.name] = None if absent else rng.choice(pools[name.type])
    values[LISTED] = None if values["k1"] is None else rng.random() < 0.5
    return values


class Writer:
    """Writes expression texts of a wanted type."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def text(self, kind: Type, depth: int) -> str:
        """A text of type `kind`, nested about `depth` levels."""
        if depth <= 0 or self.rng.random() < 0.1:
            return self.leaf(kind)
        return self.rng.choice(self.forms(kind))(depth - 1)

    def leaf(self, kind: Type) -> str:
        if self.rng.random() < 0.7 or kind in (Type.KEY, Type.BOOL):
            if kind is Type.BOOL and self.rng.random() < 0.2:
                return self.rng.choice((f"({LISTED})", "has(i1)", "has(d1)", "has(k2)", "true", "false"))
            return self.rng.choice(BY_TYPE[kind])
        return self.constant(kind)

    def constant(self, kind: Type) -> str:
        match kind:
            case Type.INT:
                return str(self.rng.choice(INTS))
            case Type.DOUBLE:
                return repr(self.rng.choice(DOUBLES)).replace("e+", "e")
            case Type.MONEY:
                return f'money("{self.rng.choice((0, 1, -20, 99999))}.{self.rng.choice((0, 25))}")'
            case Type.TIMESTAMP:
                return 'timestamp("2026-11-01T06:30:00Z")'
            case Type.DURATION:
                return self.rng.choice(('duration("10m")', 'duration("-1d")', 'duration("0s")'))
        return f'"{self.rng.choice(STRINGS)}"'

    def forms(self, kind: Type) -> list[Any]:
        def of(template: str, *kinds: Type) -> Any:
            return lambda depth: "(" + template.format(*(self.text(k, depth) for k in kinds)) + ")"

        number = lambda: self.rng.choice((Type.INT, Type.MONEY, Type.DOUBLE))  # noqa: E731
        other = [of("{} ? {} : {}", Type.BOOL, kind, kind)]
        symbol = self.rng.choice(("+", "-", "*"))
        match kind:
            case Type.BOOL:
                compare = self.rng.choice(("==", "!=", "<", "<=", ">", ">="))
                same = self.rng.choice((Type.STRING, Type.TIMESTAMP, Type.DURATION))
                items = self.rng.choice((Type.INT, Type.DOUBLE, Type.STRING, Type.TIMESTAMP))
                listed = ", ".join(self.constant(items) for _ in range(self.rng.randrange(12)))
                return [
                    *[of("{} && {}", kind, kind), of("{} || {} || {}", kind, kind, kind), of("!{}", kind)] * 2,
                    *[of("{} " + compare + " {}", number(), number())] * 5,
                    of("{} " + compare + " {}", same, same),
                    of("{} " + self.rng.choice(("==", "!=")) + " {}", kind, kind),
                    of(
                        "{} " + self.rng.choice(("==", "!=")) + " {}",
                        Type.KEY,
                        self.rng.choice((Type.KEY, Type.STRING)),
                    ),
                    of("{} in [" + listed + "]", items),
                    of("{} in [true]", kind),
                    of("{}.startsWith({})", Type.STRING, Type.STRING),
                    of('{}.matches("' + self.rng.choice(PATTERNS) + '")', Type.STRING),
                    *other,
                ]
            case Type.INT:
                zone = self.rng.choice(ZONES)
                part = self.rng.choice(("hour", "weekday", "day_of_month", "month"))
                return [
                    *[of("{} " + symbol + " {}", kind, kind)] * 3,
                    of("{} % {}", kind, kind), of("-{}", kind), of("abs({})", kind), of("int({})", number()),
                    of("int({})", Type.STRING), of("min({}, {}, {})", kind, kind, kind), of("size({})", Type.STRING),
                    of(part + "({}" + zone + ")", Type.TIMESTAMP),
                    of("days_between({}, {}" + zone + ")", Type.TIMESTAMP, Type.TIMESTAMP), *other,
                ]  # fmt: skip
            case Type.MONEY:
                return [of("{} + {}", kind, kind), of("{} - {}", kind, kind), of("{} * {}", kind, Type.INT),
                        of("{} * {}", Type.INT, kind), of("-{}", kind), of("abs({})", kind),
                        of("max({}, {})", kind, kind), *other]  # fmt: skip
            case Type.DOUBLE:
                mixed = self.rng.choice(((kind, number()), (number(), kind)))
                divided = self.rng.choice(((kind, number()), (number(), kind), (Type.MONEY, number())))
                rounded = self.rng.choice(("floor", "ceil", "round", "double", "abs"))
                return [
                    *[of("{} " + symbol + " {}", *mixed)] * 3,
                    *[of("{} / {}", *divided)] * 3,
                    of("-{}", kind), of(rounded + "({})", kind), of("double({})", number()),
                    of("double({})", Type.STRING), of("max({}, {})", kind, Type.INT),
                    of("geo_km({}, {}, {}, {})", kind, kind, Type.INT, kind), *other,
                ]  # fmt: skip
            case Type.STRING:
                return [of("{} + {}", kind, kind), of("lower({})", kind), of("{}.upper()", kind), *other]
            case Type.TIMESTAMP:
                return [of("{} + {}", kind, Type.DURATION), of("{} - {}", kind, Type.DURATION), *other]
            case Type.DURATION:
                return [of("{} - {}", Type.TIMESTAMP, Type.TIMESTAMP), of("{} + {}", kind, kind), of("abs({})", kind),
                        *other]  # fmt: skip
        return [of("{}", kind), *other]
