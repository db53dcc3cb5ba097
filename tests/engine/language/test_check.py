"""Problems carry their place and a suggestion; types follow the table; constants are folded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.language import ExpressionError, Name, Scope, Type, check, evaluate, parse, render

NAMES = [
    Name("amount", Type.MONEY),
    Name("mean", Type.DOUBLE),
    Name("count", Type.INT),
    Name("limit", Type.INT, nullable=False),
    Name("country", Type.STRING),
    Name("merchant", Type.KEY),
    Name("card", Type.KEY),
    Name("at", Type.TIMESTAMP),
    Name("age", Type.DURATION),
    Name("flag", Type.BOOL),
    Name("phone", Type.STRING, refusal="it is sealed; derive a clear code at the door"),
]
MODELS = {
    "fraud": Name("models.fraud", Type.DOUBLE),
    "spend": Name("models.spend", Type.DOUBLE, refusal="is scored on login"),
}
SCOPE = Scope({name.name: name for name in NAMES}, {"watch_merchants": "merchant"}, MODELS, zone="Asia/Shanghai")


def folded(text: str) -> object:
    expression = check(text, SCOPE)
    assert not expression.names
    return evaluate(expression, {})


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "suggestion"),
    [
        ("amuont > 5", 1, 1, "unknown name 'amuont'", "did you mean 'amount'?"),
        ("flag &&\n  cuont > 5", 2, 3, "unknown name 'cuont'", "did you mean 'count'?"),
        ("phone == '1'", 1, 1, "'phone' may not be used: it is sealed; derive a clear code at the door", ""),
        ("has(phone)", 1, 5, "'phone' may not be used: it is sealed; derive a clear code at the door", ""),
        ("starsWith(country, 'C')", 1, 1, "unknown function 'starsWith'", "did you mean 'startsWith'?"),
        ("merchant in lists.watch_merchant", 1, 19, "unknown list 'watch_merchant'", "did you mean 'watch_merchants'?"),
        ("card in lists.watch_merchants", 1, 1, "holds values of 'merchant'", "write merchant in lists."),
        ("models.frued > 0.5", 1, 8, "unknown model 'frued'", "did you mean 'fraud'?"),
        ("models > 0.5", 1, 1, "unknown name 'models'", "models.card_fraud"),
        ("has(models.frued)", 1, 12, "unknown model 'frued'", "did you mean 'fraud'?"),
        ("models.spend > 0.5", 1, 8, "'models.spend' may not be used: is scored on login", ""),
        ("count in models.fraud", 1, 17, "a score is a number, not a list", "in lists."),
        ("models.fraud.size > 1", 1, 14, "'.size' is not part of the language", ""),
        ("count in lists.watch_merchants", 1, 1, "'count' is an int; lists hold keys", ""),
        ("count / limit > 1.0", 1, 7, "'/' does not apply to int and int", "write double(a) / b"),
        ("amount + 100 > amount", 1, 8, "'+' does not apply to money and int", 'money("100")'),
        ("country > 5", 1, 9, "'>' does not apply to string and int", "quotes"),
        ("merchant > card", 1, 10, "'>' does not apply to key and key", "a key may only be compared"),
        ("merchant in ['a']", 1, 10, "a key cannot be in a list of string", "a key may only be compared"),
        ("age > 600", 1, 5, "'>' does not apply to duration and int", 'duration("10m")'),
        ("at > 5", 1, 4, "'>' does not apply to timestamp and int", "timestamp("),
        ("mean % 2", 1, 6, "'%' does not apply to double and int", "int(x) % n"),
        ("count && flag", 1, 1, "'&&' takes conditions, this is an int", "compare"),
        ("!count", 1, 2, "'!' takes conditions", "compare"),
        ("flag ? 1 : 'x'", 1, 6, "the branches differ in type: int and string", "quotes"),
        ("count = 5", 1, 7, "unexpected character '='", "write == to compare"),
        ("flag and flag", 1, 6, "unexpected 'and'", "write &&"),
        ("not flag", 1, 1, "unexpected 'not'", "write !"),
        ("country == “CN”", 1, 12, "unexpected character", "straight quotes"),
        ("country == 'CN", 1, 12, "the string is not closed", "end it with '"),
        ("country == 'a\\q'", 1, 14, "bad escape", "raw string"),
        ("count > 5u", 1, 9, "unsigned numbers", "drop the u"),
        ("count == null", 1, 10, "null is not part of the language", "has(name)"),
        ("{'a': 1}", 1, 1, "maps are not part of the language", "list"),
        ("(count > 5", 1, 11, "expected ')', found the end", "close"),
        ("count > ", 1, 9, "the text ends where a value was expected", ""),
        ("", 1, 1, "the text is empty", ""),
        ("[1, 2].exists(x)", 1, 8, "'exists' is not part of the language", ""),
        ("country.size2()", 1, 9, "unknown function 'size2'", "did you mean 'size'?"),
        ("count.abs()", 1, 7, "'abs' is not called with a dot", "abs(number)"),
        ("geo_km(1, 2, 3)", 1, 1, "'geo_km' does not take (int, int, int)", "geo_km(lat1"),
        ("min(count, country)", 1, 1, "'min' does not take (int, string)", "min(a, b"),
        ("country.field", 1, 9, "'.field' is not part of the language", "function"),
        ("lists.watch_merchants", 1, 7, "a list is not a value by itself", "merchant in lists"),
        ("count in [1, 'a']", 1, 10, "one type, not int and string", ""),
        ("count in [1, limit]", 1, 14, "a list holds constants only", "||"),
        ("[1, 2][count] > 1", 1, 7, "an index is a constant int", ""),
        ("count in 5", 1, 10, "'in' takes a list", "write x in"),
        ("amount > money(2000)", 1, 10, "money() takes one string constant", 'money(string)'),
        ("amount > money('20.005')", 1, 16, "the base currency has 2 decimal places", ""),
        ("amount > money('2,000')", 1, 16, "money takes digits", ""),
        ("age > duration('10')", 1, 16, "duration takes numbers with units", ""),
        ("at > timestamp('2026-02-30T00:00:00Z')", 1, 16, "no such instant", ""),
        ("hour(at, 'Asia/Shangai') > 5", 1, 10, "unknown time zone 'Asia/Shangai'", "IANA"),
        ("hour(at, country) > 5", 1, 10, "the zone of 'hour' must be a string constant", ""),
        ("country.matches('(a')", 1, 17, "bad pattern: a ( is not closed, at character 3", ""),
        ("country.matches('(?=a)')", 1, 17, "bad pattern: look-around", ""),
        ("country.matches(country)", 1, 17, "the pattern of 'matches' must be a string constant", ""),
        ("has(1)", 1, 1, "has() takes one name", "has(device)"),
        ("9223372036854775808 > 1", 1, 1, "too large for a 64-bit int", "1e20"),
        ("1e999 > 1.0", 1, 1, "too large for a double", ""),
        ("while > 1", 1, 1, "'while' is a reserved word", "another name"),
    ],
)  # fmt: skip
def test_a_problem_names_place_and_remedy(text: str, line: int, column: int, message: str, suggestion: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(text, SCOPE)
    problem = caught.value.problems[0]
    assert message in problem.message
    assert suggestion in problem.suggestion
    assert (problem.line, problem.column) == (line, column)


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ExpressionError) as caught:
        check("amuont > 5 && count / 2 > 1 && country.nope()", SCOPE)
    assert [problem.column for problem in caught.value.problems] == [1, 21, 40]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("amount + amount", Type.MONEY),
        ("-amount", Type.MONEY),
        ("amount - mean", Type.DOUBLE),
        ("amount * 3", Type.MONEY),
        ("3 * amount", Type.MONEY),
        ("amount * 0.5", Type.DOUBLE),
        ("amount / amount", Type.DOUBLE),
        ("amount / count", Type.DOUBLE),
        ("mean / amount", Type.DOUBLE),
        ("count + mean", Type.DOUBLE),
        ("count * count", Type.INT),
        ("at - at", Type.DURATION),
        ("at + age", Type.TIMESTAMP),
        ("age + age", Type.DURATION),
        ("country + 'x'", Type.STRING),
        ("amount > 5", Type.BOOL),
        ("amount > mean", Type.BOOL),
        ("merchant == card", Type.BOOL),
        ("merchant == 'x'", Type.BOOL),
        ("merchant in lists.watch_merchants", Type.BOOL),
        ("flag ? count : mean", Type.DOUBLE),
        ("flag ? merchant : card", Type.KEY),
        ("max(count, mean, amount)", Type.DOUBLE),
        ("min(amount, amount)", Type.MONEY),
        ("abs(age)", Type.DURATION),
        ("int(amount)", Type.INT),
        ("hour(at)", Type.INT),
        ("geo_km(1, 2.5, count, mean)", Type.DOUBLE),
        ("[1, 2] + [3]", Type.LIST),
    ],
)
def test_types(text: str, kind: Type) -> None:
    assert check(text, SCOPE).type is kind


@pytest.mark.parametrize(
    "text",
    ["amount * amount", "amount % 2", "at + at", "age * 2", "flag < flag", "merchant + 'x'", "amount + age", "-flag",
     "size(merchant)", "lower(merchant)", "flag == 1", "country == merchant + 'x'", "count in [duration('1m')]"],
)  # fmt: skip
def test_types_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        check(text, SCOPE)


def test_the_wanted_type() -> None:
    assert check("amount > 5", SCOPE, Type.BOOL).type is Type.BOOL
    assert check("count + 1", SCOPE, Type.DOUBLE).type is Type.DOUBLE
    with pytest.raises(ExpressionError, match="a condition is wanted here, this is an int"):
        check("count + 1", SCOPE, Type.BOOL)
    with pytest.raises(ExpressionError, match="a number is wanted"):
        check("country", SCOPE, Type.DOUBLE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('money("2000")', 200_000),
        ('money("-19.90")', -1_990),
        ('duration("1h30m")', 5_400_000),
        ('duration("-1.5s")', -1_500),
        ('duration("90d")', 7_776_000_000),
        ('timestamp("1970-01-01T08:00:00.250+08:00")', 250),
        ('timestamp("1969-12-31T23:59:59Z")', -1_000),
        ("7 % -5", 2),
        ("-7 % 5", -2),
        ("1 % 0", None),
        ("2.0 / 0", None),
        ("1e308 * 10.0", None),
        ("9223372036854775807 == 9223372036854775807.0", False),
        ("9007199254740993 > 9007199254740992.0", True),
        ("1 in [1.0, 2.5]", True),
        ("int(-2.9)", -2),
        ("int(1e19)", None),
        ("int('12')", 12),
        ("int('12x')", None),
        ("double('2.5e1')", 25.0),
        ("round(-2.5)", -3.0),
        ("round(0.49999999999999994)", 0.0),
        ("floor(-0.5)", -1.0),
        ("min(3, 1, 2)", 1),
        ("max(3, 1.5)", 3.0),
        ("lower('ÄB')", "äb"),
        ("hour(timestamp('2026-11-22T20:30:00Z'))", 4),
        ("hour(timestamp('2026-11-22T20:30:00Z'), 'UTC')", 20),
        ("weekday(timestamp('2026-11-22T10:00:00Z'))", 6),
        ("weekday(timestamp('2026-11-22T20:00:00Z'))", 0),
        ("day_of_month(timestamp('2024-02-29T00:00:00Z'))", 29),
        ("month(timestamp('2026-12-31T20:00:00Z'))", 1),
        ("days_between(timestamp('2026-11-22T15:00:00Z'), timestamp('2026-11-22T17:00:00Z'))", 1),
        ("false && 1 % 0 == 0", False),
        ("1 % 0 == 0 || true", True),
        ("1 % 0 == 0 && true", None),
        ("1 % 0 == 0 ? 1 : 2", None),
        ("[1, 2, 3][1]", 2),
        ("[1, 2, 3][3]", None),
        ("size(['a', 'b'])", 2),
        ("has(limit)", True),
    ],
)
def test_constants_are_folded(text: str, value: object) -> None:
    found = folded(text)
    assert (found, type(found)) == (value, type(value))


def test_distance_of_two_known_cities() -> None:
    shanghai_beijing = folded("geo_km(31.2304, 121.4737, 39.9042, 116.4074)")
    assert isinstance(shanghai_beijing, float)
    assert 1060 < shanghai_beijing < 1075
    assert folded("geo_km(91, 0, 0, 0)") is None


def test_money_follows_the_exponent_of_the_currency() -> None:
    assert evaluate(check('money("2000")', Scope(money_exponent=0)), {}) == 2000
    assert evaluate(check('money("0.005")', Scope(money_exponent=3)), {}) == 5


def test_names_are_slot_names_in_text_order() -> None:
    expression = check("count > 5 && merchant in lists.watch_merchants || has(country) && count < 9", SCOPE)
    assert expression.leaves == ("count", "merchant in lists.watch_merchants", "country")
    assert expression.names == set(expression.leaves)


def test_render_keeps_the_meaning() -> None:
    text = "!(flag || count > 5) && (count + 1) * 2 > limit && lower(country) in ['cn', \"a'b\"]"
    expression = check(text, SCOPE)
    again = check(render(expression.tree), SCOPE)
    assert render(again.tree) == render(expression.tree)
    assert again.tree == expression.tree


@pytest.mark.parametrize(
    "text",
    [
        "(" * 65 + "1" + ")" * 65,
        "!" * 70 + "true",
        " + ".join(["1"] * 70),
        "1" + " " * 10_000,
        " || ".join(["true"] * 2_001),
        "1 in [" + ", ".join(["1"] * 1_001) + "]",
    ],
)
def test_bounds(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_what_the_bounds_allow() -> None:
    assert folded(" || ".join(["false"] * 1_000)) is False
    assert folded("(" * 60 + "7" + ")" * 60) == 7
    assert folded("1000 in [" + ", ".join(map(str, range(1, 1_001))) + "]") is True


ALPHABET = st.sampled_from([*"ab1.,()[]{}'\"\\!&|=<>+-*/%?: \n_ru\x00é😀", "&&", "lists.", " in ", "has(", "0x", "//"])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(ALPHABET, max_size=40).map("".join)))
def test_any_text_parses_or_is_refused_cleanly(text: str) -> None:
    problems = []
    try:
        check(text, SCOPE)
    except ExpressionError as error:
        problems = error.problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


def test_a_models_score_is_a_double_that_may_be_missing() -> None:
    expression = check("models.fraud > 0.5 || !has(models.fraud) && count > 5", SCOPE)
    assert expression.leaves == ("models.fraud", "count")
    assert evaluate(expression, {"models.fraud": 0.75}) is True
    assert evaluate(expression, {"models.fraud": 0.25, "count": 9}) is False
    assert evaluate(expression, {"count": 9}) is True
    assert check(render(expression.tree), SCOPE).tree == expression.tree
