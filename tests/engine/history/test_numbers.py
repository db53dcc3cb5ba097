from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.columns import MISSING
from seawall.engine.event import MAX_INT
from seawall.engine.history.numbers import decimal_column, int_column, money_column, number_column
from seawall.engine.history.problems import RowProblem
from seawall.engine.money import MAX_MINOR, MoneyError, parse_major

_near = st.integers(-(10**15), 10**15).map(lambda minor: minor / 100)
_floats = st.one_of(st.floats(), _near, _near.map(lambda x: float(np.nextafter(x, np.inf))), st.floats(-1e3, 1e3))


def expected(value: float, exponent: int) -> int | None:
    try:
        return parse_major(value, exponent)
    except MoneyError:
        return None


@given(st.lists(_floats, min_size=1, max_size=5), st.sampled_from([0, 2, 3]))
def test_major_floats_agree_with_exact_arithmetic(values: list[float], exponent: int) -> None:
    wanted = [expected(value, exponent) for value in values]
    try:
        got = money_column(pa.array(values, pa.float64()), "major", exponent, "x").values.tolist()
    except RowProblem as problem:
        got = [None if index == problem.index else value for index, value in enumerate(wanted)]
    assert got == wanted


@pytest.mark.parametrize("off", [0.0, 0.9e-8, 1.0e-8, 1.1e-8, -0.9e-8, -1.1e-8])
def test_the_edge_of_a_millionth_of_a_minor_unit(off: float) -> None:
    value = 0.57 + off
    wanted = expected(value, 2)
    array = pa.array([value])
    if wanted is None:
        with pytest.raises(RowProblem, match="more than 2 decimals"):
            money_column(array, "major", 2, "x")
    else:
        assert money_column(array, "major", 2, "x").values.tolist() == [wanted]


@given(st.lists(st.decimals(-(10**12), 10**12, places=2), min_size=1, max_size=4))
def test_major_text_is_exact(values: list[Decimal]) -> None:
    got = money_column(pa.array([str(v) for v in values]), "major", 2, "x").values.tolist()
    assert got == [int(value * 100) for value in values]


def test_absent_amounts_stay_absent_in_every_form() -> None:
    for array in (pa.array([None, 1.5]), pa.array([None, "1.5"]), pa.array([None, Decimal("1.5")])):
        assert money_column(array, "major", 2, "x").values.tolist() == [MISSING, 150]
    assert money_column(pa.array([None, 3]), "", 2, "x").values.tolist() == [MISSING, 3]


def test_each_row_has_the_exponent_of_its_currency() -> None:
    exponents = np.array([2, 0, 3])
    assert money_column(pa.array([1.5, 7.0, 0.125]), "major", exponents, "x").values.tolist() == [150, 7, 125]
    assert money_column(pa.array([1, 7, 2]), "major", exponents, "x").values.tolist() == [100, 7, 2000]


@pytest.mark.parametrize(
    ("array", "unit", "row", "words"),
    [
        (pa.array([1.0, float("nan")]), "major", 1, "is not a finite number"),
        (pa.array([1.0, float("inf")]), "", 1, "is not a finite number"),
        (pa.array([1.234]), "major", 0, "has more than 2 decimals"),
        (pa.array(["1.00", "1.234"]), "major", 1, "has more than 2 decimals"),
        (pa.array([1e30]), "major", 0, "is not an amount within"),
        (pa.array([1e15]), "major", 0, "is not an amount within"),
        (pa.array([10**15 // 100 + 1]), "major", 0, "is not an amount within"),
        (pa.array([1.5]), "", 0, "has a fraction"),
        (pa.array([0, MAX_MINOR + 1]), "", 1, "is beyond 1,000,000,000,000,000"),
        (pa.array(["7", "seven"]), "", 1, "'seven' is not a whole number"),
        (pa.array([2**63], pa.uint64()), "", 0, "is not a number that fits"),
        (pa.array([True]), "", -1, "holds bool"),
    ],
)
def test_amounts_that_cannot_be_taken(array: pa.Array, unit: str, row: int, words: str) -> None:
    with pytest.raises(RowProblem) as problem:
        money_column(array, unit, 2, "x")
    assert (problem.value.index, problem.value.column) == (row, "x")
    assert words in problem.value.message


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(1, 9))
def test_a_decimal_float_is_the_shortest_decimal_that_reads_back(scaled: int, scale: int) -> None:
    value = float(Decimal(scaled).scaleb(-scale))
    try:
        wanted = parse_major(Decimal(repr(value)), scale, MAX_INT)
    except MoneyError:
        with pytest.raises(RowProblem):
            decimal_column(pa.array([value]), scale, "x")
        return
    assert decimal_column(pa.array([value]), scale, "x").values.tolist() == [wanted]


def test_decimals_from_text_and_their_refusals() -> None:
    assert decimal_column(pa.array(["1.5", None]), 3, "x").values.tolist() == [1500, MISSING]
    with pytest.raises(RowProblem, match="more than 3 decimals"):
        decimal_column(pa.array(["1.0005"]), 3, "x")
    with pytest.raises(RowProblem, match="more than 3 decimals"):
        decimal_column(pa.array([0.12345]), 3, "x")


def test_whole_numbers_and_numbers() -> None:
    assert int_column(pa.array([1.0, None, -3.0]), "x").values.tolist() == [1, MISSING, -3]
    with pytest.raises(RowProblem, match="is beyond"):
        int_column(pa.array([2**53]), "x")
    values = number_column(pa.array([-0.0, None, 2.5]), "x").values
    assert np.signbit(values).tolist() == [False, False, False]
    assert np.isnan(values).tolist() == [False, True, False]
    assert number_column(pa.array(["2.5", "1e3"]), "x").values.tolist() == [2.5, 1000.0]
    for bad in (pa.array([float("nan")]), pa.array([1e301]), pa.array(["inf"])):
        with pytest.raises(RowProblem, match="is not a finite number"):
            number_column(bad, "x")
