from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from seawall.sealing import SealingError, TamperError
from seawall.sealing.seal import DataKey, key_id_of, open_value, seal_value

KEY = DataKey("AAAAAAA0", AESGCM(bytes(32)))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(NAMES, NAMES, st.binary(max_size=300))
def test_what_is_sealed_opens_in_its_place(subject: str, place: str, value: bytes) -> None:
    text = seal_value(KEY, subject, place, value)
    assert text.isascii()
    assert key_id_of(text) == KEY.key_id
    assert open_value(KEY, subject, place, text) == value


def test_an_older_text_still_opens() -> None:
    """Golden: the form of a sealed text is a promise to every journal."""
    text = "sw1.AAAAAAA0.pecLO82yy6km_dYS.Phti7UOz1ZcX8xdLyoFw3VgF9UT61F8"
    assert open_value(KEY, "c-1", "e-1/note", text) == b'"hello"'


@given(NAMES, NAMES, NAMES, NAMES)
def test_no_other_place_or_subject_opens_it(subject: str, place: str, subject2: str, place2: str) -> None:
    text = seal_value(KEY, subject, place, b"value")
    if (subject, place) != (subject2, place2):
        with pytest.raises(TamperError):
            open_value(KEY, subject2, place2, text)


def test_every_single_changed_character_is_found() -> None:
    text = seal_value(KEY, "c-1", "e-1/note", b"some value")
    for place, character in enumerate(text):
        for other in {"A", "B", "_", ".", "=", "\n"} - {character}:
            with pytest.raises(TamperError):
                open_value(KEY, "c-1", "e-1/note", text[:place] + other + text[place + 1 :])
    for end in range(len(text)):
        with pytest.raises(TamperError):
            open_value(KEY, "c-1", "e-1/note", text[:end])
    with pytest.raises(TamperError):
        open_value(KEY, "c-1", "e-1/note", text + "A")


@given(st.text(max_size=120))
def test_any_text_is_refused_cleanly(text: str) -> None:
    with pytest.raises(TamperError):
        open_value(KEY, "c-1", "place", "sw1." + text)


def test_no_two_texts_are_alike() -> None:
    assert len({seal_value(KEY, "c", "p", b"same") for _ in range(500)}) == 500


def test_bounds() -> None:
    seal_value(KEY, "c", "p", bytes(1 << 20))
    with pytest.raises(SealingError, match="too long to seal"):
        seal_value(KEY, "c", "p", bytes((1 << 20) + 1))
    for subject, place in (("", "p"), ("c" * 4097, "p"), ("c", "p" * 4097)):
        with pytest.raises(SealingError, match="1 to 4096 bytes"):
            seal_value(KEY, subject, place, b"")
    with pytest.raises(SealingError, match="valid Unicode"):
        seal_value(KEY, "\ud800", "p", b"")
