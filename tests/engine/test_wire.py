import pytest

from seawall.engine.errors import EventError
from seawall.engine.wire import MAX_BODY, ListEntryBody, Wire, refusal

KINDS = {"amount": "money", "card": "key", "note": "bool"}


@pytest.mark.parametrize(
    ("message", "field", "text"),
    [
        ("Object contains unknown field `amout`", "amout", "is not declared; did you mean amount?"),
        ("Object contains unknown field `` ` - at `$.x` ``", "` ` - at `$.x` `", "is not declared; known: "),
        ("Object missing required field `card`", "card", "is required"),
        ("Expected `int`, got `str` - at `$.amount`", "amount", "expected int, got str; send whole minor units"),
        ("Expected `bool`, got `str` - at `$.note`", "note", "expected bool, got str"),
        ("Invalid value 'a.c' - at `$.type`", "type", "unknown type 'a.c'; did you mean a.b?"),
        ("Invalid enum value 'X' - at `$.currency`", "currency", "unknown currency 'X'"),
        ("Expected `object`, got `array`", "", "the body is not a record: expected object, got array"),
    ],
)
def test_refusals_name_the_field(message: str, field: str, text: str) -> None:
    error = refusal(message, "type", ["a.b"], KINDS)
    assert error.field == field
    assert error.message.startswith(text)


def test_a_long_unknown_name_is_cut() -> None:
    error = refusal(f"Object contains unknown field `{'x' * 5000}`", "type", [], KINDS)
    assert len(str(error)) < 300


def test_the_size_of_a_body_is_bounded() -> None:
    wire = Wire({"": ListEntryBody}, "list", {})
    with pytest.raises(EventError, match=f"at most {MAX_BODY:,}"):
        wire.decode(b" " * (MAX_BODY + 1))
