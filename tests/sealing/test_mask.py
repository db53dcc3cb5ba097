from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sealing import MASKS, SealingError, mask

CASES = [
    ("phone", "13800000000", "138****0000"),
    ("phone", "+86 138-0000-0000", "+86138****0000"),
    ("phone", "+44 20 7946 0958", "***0958"),
    ("phone", "110", "***"),
    ("phone", "not a phone", "***"),
    ("id_number", "11010119900307000X", "110***********000X"),
    ("id_number", "１１０１０１１９９００３０７０００Ｘ", "110***********000X"),
    ("id_number", "AB123456", "A***6"),
    ("id_number", "A1", "***"),
    ("pan", "4111111111111111", "411111******1111"),
    ("pan", "6222 0200 0000 0000 000", "622202*********0000"),
    ("pan", "4111-1111-1111-1", "411111***1111"),
    ("pan", "411111111111", "***"),
    ("email", "anna@example.com", "a***@example.com"),
    ("email", "a@example.com", "***@example.com"),
    ("email", "no address", "***"),
    ("name", "张三", "张*"),
    ("name", "王小明", "王**"),
    ("name", "阿迪力·买买提", "阿******"),
    ("name", "张", "***"),
    ("name", "Anna Maria Smith", "A*** M*** S***"),
    ("name", "J Smith", "*** S***"),
    ("name", "", "***"),
    ("generic", "secret-code", "s***e"),
    ("generic", "12345", "***"),
    ("generic", "line\nbreak here", "***"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), CASES)
def test_masks(kind: str, value: str, expected: str) -> None:
    assert mask(kind, value) == expected


@given(st.sampled_from(sorted(MASKS)), st.text(max_size=40))
def test_something_is_always_hidden(kind: str, value: str) -> None:
    shown = mask(kind, value)
    assert "*" in shown
    assert shown.isprintable()


@given(st.from_regex(r"[0-9]{13,19}", fullmatch=True))
def test_a_pan_shows_ten_digits_at_most(pan: str) -> None:
    shown = mask("pan", pan)
    assert (shown[:6], shown[-4:], len(shown)) == (pan[:6], pan[-4:], len(pan))
    assert set(shown[6:-4]) == {"*"}


def test_an_unknown_kind_names_the_known() -> None:
    with pytest.raises(SealingError, match=r"no mask for kind 'cvv'; choose one of phone, "):
        mask("cvv", "123")
