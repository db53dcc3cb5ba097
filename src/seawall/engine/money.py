"""Money: ISO 4217 exponents, exact minor units, and conversion at dated rates rounded half to even."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right, insort
from dataclasses import dataclass
from decimal import Decimal, localcontext
from importlib.resources import files

from seawall.engine.errors import SeawallError
from seawall.engine.times import DAY, LAST_INSTANT

MAX_MINOR = 10**15  # the largest amount an event may carry, either sign
_MAX_DIGITS = 40
_FLOAT_DIGITS = 1_200  # more than any float or bounded text has, and their scaled values
_MAX_RATES = 5_000_000
_NEAR = Decimal("0.000001")  # of a minor unit: how far a binary float may lie from the amount it stands for
_MAJOR = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?", re.ASCII)


class MoneyError(SeawallError):
    """An amount, currency or rate that cannot be used."""


def _read_exponents() -> dict[str, int]:
    text = files("seawall.engine").joinpath("data/iso4217.csv").read_text("utf-8")
    return {row["code"]: int(row["exponent"]) for row in csv.DictReader(text.splitlines())}


EXPONENTS = _read_exponents()  # code -> decimals of its minor unit; withdrawn codes stay, history carries them


def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit: 2 for CNY, 0 for JPY, 3 for KWD."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency with a minor unit; write CNY, USD, …") from None


def parse_major(value: str | int | float | Decimal, exponent: int, bound: int = MAX_MINOR) -> int:
    """Minor units of an amount in major units ("12.34" with exponent 2 is 1234), exactly; at most `bound` either side.

    A float means the nearest minor unit, and is refused when it lies more than a millionth of one away from it.
    """
    number = _number(value)
    if not number.is_finite() or abs(number) > bound:
        raise MoneyError(f"is not an amount within {bound} minor units either side of 0")
    with localcontext(prec=_FLOAT_DIGITS):  # nothing below rounds
        exact = number.scaleb(exponent)
        minor = int(exact.to_integral_value())
        off = abs(exact - minor)
    if off > (_NEAR if isinstance(value, float) else 0):
        raise MoneyError(f"has more than {exponent} decimals; round it, or send it as exact text")
    if abs(minor) > bound:
        raise MoneyError(f"is not an amount within {bound} minor units either side of 0")
    return minor


def _number(value: str | int | float | Decimal) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise MoneyError(f"is {type(value).__name__}, not an amount; send a number or text")
    if isinstance(value, str) and not _MAJOR.fullmatch(value):
        raise MoneyError("is not an amount; write digits with a point, like 1234.50")
    number = Decimal(value)
    if isinstance(value, Decimal) and len(number.as_tuple().digits) > _MAX_DIGITS:
        raise MoneyError(f"has more than {_MAX_DIGITS} digits; round it")
    return number


def convert(amount_minor: int, currency: str, base: str, rate: Decimal) -> int:
    """Minor units of `base` for an amount in minor units of `currency`, at `rate` base units a unit, half to even."""
    return _convert(amount_minor, *_fraction(currency, base, rate))


def _fraction(currency: str, base: str, rate: Decimal) -> tuple[int, int]:
    """The rate between minor units, as numerator and denominator."""
    numerator, denominator = rate.as_integer_ratio()
    return numerator * 10 ** exponent(base), denominator * 10 ** exponent(currency)


def _convert(amount: int, numerator: int, denominator: int) -> int:
    quotient, rest = divmod(amount * numerator, denominator)
    quotient += (2 * rest, quotient & 1) > (denominator, 0)  # above half, or half with an odd quotient
    if abs(quotient) > MAX_MINOR:
        raise MoneyError(f"{amount} minor units convert to more than {MAX_MINOR}")
    return quotient


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """`rate` units of the base currency buy one unit of the currency, from `day_ms` (UTC midnight) on."""

    day_ms: int
    rate: Decimal
    text: str
    numerator: int
    denominator: int

    def convert(self, amount_minor: int) -> int:
        """Minor units of the base currency, half to even."""
        return _convert(amount_minor, self.numerator, self.denominator)


_ONE = Rate(0, Decimal(1), "1", 1, 1)


class Rates:
    """Dated exchange rates. A later `add` for the same day replaces the earlier one."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], list[Rate]] = {}
        self._count = 0

    def add(self, currency: str, base: str, day_ms: int, rate: Decimal) -> None:
        """Record a rate for a day (a multiple of a day since 1970, UTC)."""
        if day_ms % DAY or not 0 <= day_ms <= LAST_INSTANT:
            raise MoneyError(f"a rate's day is a UTC midnight between 1970 and 2200, in ms; {day_ms} is not")
        if not isinstance(rate, Decimal) or not rate.is_finite() or not Decimal("1e-12") <= rate <= Decimal("1e12"):
            raise MoneyError(f"the rate of {currency} in {base} must be a Decimal between 1e-12 and 1e12, not {rate!r}")
        if len(rate.as_tuple().digits) > _MAX_DIGITS:
            raise MoneyError(f"the rate of {currency} in {base} has more than {_MAX_DIGITS} digits; round it")
        if currency == base and rate != 1:
            raise MoneyError(f"the rate of {base} in itself is 1, not {rate}")
        entry = Rate(day_ms, rate, _plain(rate), *_fraction(currency, base, rate))
        history = self._rates.setdefault((currency, base), [])
        place = bisect_right(history, day_ms, key=_day) - 1
        if place >= 0 and history[place].day_ms == day_ms:
            history[place] = entry
            return
        if self._count >= _MAX_RATES:
            raise MoneyError(f"more than {_MAX_RATES:,} rates; remove old ones")
        self._count += 1
        insort(history, entry, key=_day)

    def latest(self, currency: str, base: str, at_ms: int) -> Rate:
        """The latest rate dated on or before the UTC day of `at_ms`; MoneyError when there is none."""
        if currency == base:
            return _ONE
        history = self._rates.get((currency, base), ())
        place = bisect_right(history, at_ms, key=_day) - 1
        if place < 0:
            exponent(currency)
            raise MoneyError(f"no rate of {currency} in {base} on or before the event's day; load one")
        return history[place]


def _day(rate: Rate) -> int:
    return rate.day_ms


def _plain(rate: Decimal) -> str:
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
