from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.money import EXPONENTS, MAX_MINOR, MoneyError, Rates, convert, exponent, parse_major
from seawall.engine.times import DAY


@pytest.mark.parametrize(
    ("code", "digits"),
    [("CNY", 2), ("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("ISK", 0), ("XOF", 0), ("KWD", 3), ("BHD", 3),
     ("TND", 3), ("CLF", 4), ("UYW", 4), ("CLP", 0), ("VND", 0), ("HUF", 2), ("TWD", 2), ("XCG", 2), ("BGN", 2)],
)  # fmt: skip
def test_exponents(code: str, digits: int) -> None:
    assert exponent(code) == digits


def test_the_table_is_whole_and_without_what_is_no_money() -> None:
    assert len(EXPONENTS) == 180
    assert not {"XAU", "XDR", "XTS", "XXX"} & set(EXPONENTS)
    assert {code for code in EXPONENTS if not (len(code) == 3 and code.isascii() and code.isupper())} == set()


@pytest.mark.parametrize("code", ["XXX", "cny", "", "RMB"])
def test_an_unknown_currency_is_named(code: str) -> None:
    with pytest.raises(MoneyError, match=f"'{code}' is not an ISO 4217"):
        exponent(code)


@pytest.mark.parametrize(
    ("value", "digits", "minor"),
    [("12.34", 2, 1234), ("-0.01", 2, -1), ("1200", 0, 1200), ("1.5", 3, 1500), ("12.3400", 2, 1234), (7, 2, 700),
     (0.1 + 0.2, 2, 30), (1234.56, 2, 123456), (Decimal("0.0001"), 4, 1), ("10000000000000.00", 2, MAX_MINOR)],
)  # fmt: skip
def test_major_units_to_minor_exactly(value: str | int | float | Decimal, digits: int, minor: int) -> None:
    assert parse_major(value, digits) == minor


@pytest.mark.parametrize(
    "value",
    ["12.345", 12.345, "", "1e3", "1,000", " 1", "١", "10000000000000.01", 1e300, -1e300, float("nan"), float("inf"),
     Decimal("NaN"), Decimal("1e999999"), Decimal("1e-999999"), Decimal("1." + "0" * 500 + "1"), True, None,
     12.34 + 1e-7, 5e-324 + 0.005, "9" * 30],
)  # fmt: skip
def test_refuses_what_is_no_exact_amount(value: object) -> None:
    with pytest.raises(MoneyError):
        parse_major(value, 2)  # type: ignore[arg-type]


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.integers(0, 4))
def test_exact_text_survives(minor: int, digits: int) -> None:
    text = f"{Decimal(minor).scaleb(-digits):f}"
    assert parse_major(text, digits) == minor
    assert parse_major(Decimal(text), digits) == minor


@given(st.integers(-(10**9), 10**9))
def test_a_float_of_a_minor_unit_survives(minor: int) -> None:
    assert parse_major(minor / 100, 2) == minor


RATES = st.decimals(min_value="0.000001", max_value=10_000, places=6)
SOURCES, BASES = st.sampled_from(["USD", "JPY", "KWD"]), st.sampled_from(["CNY", "JPY"])


@given(st.integers(-(10**8), 10**8), RATES, SOURCES, BASES)
def test_conversion_is_the_nearest_even_of_the_exact_product(
    amount: int, rate: Decimal, source: str, base: str
) -> None:
    exact = Fraction(amount) * Fraction(rate) * Fraction(10) ** (EXPONENTS[base] - EXPONENTS[source])
    assert convert(amount, source, base, rate) == round(exact)  # a Fraction rounds half to even


@pytest.mark.parametrize(("amount", "converted"), [(5, 2), (15, 8), (25, 12), (-5, -2), (-15, -8), (0, 0)])
def test_halves_go_to_even(amount: int, converted: int) -> None:
    assert convert(amount, "CNY", "CNY", Decimal("0.5")) == converted
    assert Decimal(amount * Decimal("0.5")).quantize(Decimal(1), ROUND_HALF_EVEN) == converted


def test_minor_units_differ() -> None:
    assert convert(1000, "JPY", "CNY", Decimal("0.05")) == 5000  # 1000 yen are 50.00 yuan
    assert convert(1000, "KWD", "CNY", Decimal(23)) == 2300  # 1.000 dinar is 23.00 yuan


def test_a_conversion_beyond_the_bound_is_refused() -> None:
    with pytest.raises(MoneyError, match="more than"):
        convert(MAX_MINOR, "USD", "CNY", Decimal(7))


def test_the_latest_rate_on_or_before_the_day() -> None:
    table = Rates()
    table.add("USD", "CNY", 10 * DAY, Decimal("7.10"))
    table.add("USD", "CNY", 5 * DAY, Decimal("7.05"))
    table.add("USD", "CNY", 10 * DAY, Decimal("7.1200"))  # corrects the first
    assert table.latest("USD", "CNY", 10 * DAY - 1).text == "7.05"
    assert table.latest("USD", "CNY", 10 * DAY).text == "7.12"
    assert table.latest("USD", "CNY", 99 * DAY).convert(100) == 712
    with pytest.raises(MoneyError, match="no rate of USD in CNY"):
        table.latest("USD", "CNY", 5 * DAY - 1)
    with pytest.raises(MoneyError, match="not an ISO 4217"):
        table.latest("XYZ", "CNY", 5 * DAY)
    one = table.latest("CNY", "CNY", 0)
    assert (one.text, one.convert(123)) == ("1", 123)


@pytest.mark.parametrize(
    ("currency", "day", "rate"),
    [("USD", 1, "7"), ("USD", -DAY, "7"), ("USD", 0, "0"), ("USD", 0, "-7"), ("USD", 0, "NaN"), ("USD", 0, "1e13"),
     ("CNY", 0, "1.1"), ("XYZ", 0, "1"), ("USD", 0, "1." + "1" * 60)],
)  # fmt: skip
def test_refuses_rates_that_cannot_be(currency: str, day: int, rate: str) -> None:
    with pytest.raises(MoneyError):
        Rates().add(currency, "CNY", day, Decimal(rate))


def test_a_rate_is_a_decimal() -> None:
    with pytest.raises(MoneyError, match="Decimal"):
        Rates().add("USD", "CNY", 0, 7.1)  # type: ignore[arg-type]
