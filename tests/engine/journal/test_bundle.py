from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.journal import JournalError, bundle, pack_bundle, unpack_bundle

PARTS = st.text(st.characters(codec="utf-8", categories=("L", "N"), include_characters="-_ ."), min_size=1, max_size=9)
NAMES = st.lists(PARTS.filter(lambda part: part not in (".", "..") and part.isprintable()), min_size=1, max_size=3)
FILES = st.dictionaries(NAMES.map("/".join), st.binary(max_size=50), max_size=6)


@given(FILES, st.randoms())
def test_the_same_files_are_the_same_bytes(files: dict[str, bytes], draw: object) -> None:
    data = pack_bundle(files)
    assert unpack_bundle(data) == files
    assert pack_bundle(dict(reversed(files.items()))) == data


def test_one_bundle_has_one_form_for_ever() -> None:
    data = pack_bundle({"rules.yaml": b"rules: []\n", "models/m.txt": b""})
    assert data == b"seawall-bundle-1\n\x92\x92\xacmodels/m.txt\xc4\x00\x92\xaarules.yaml\xc4\nrules: []\n"


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../up", "a/../b", "a//b", "./a", "a/", "a\\b", "c:x", "a\nb", "a\0", "\ud800", "n" * 256],
)
def test_a_name_is_a_plain_relative_path(name: str) -> None:
    with pytest.raises(JournalError, match="is not a plain relative path"):
        pack_bundle({name: b""})
    with pytest.raises(JournalError, match=r"is not a plain relative path|cannot be decoded"):
        unpack_bundle(b"seawall-bundle-1\n" + msgspec.msgpack.encode([(name.replace("\ud800", "\0"), b"")]))


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_FILES", 2)
    monkeypatch.setattr(bundle, "MAX_BUNDLE", 10)
    assert pack_bundle({"a": b"12345", "b": b"67890"})
    with pytest.raises(JournalError, match="at most 2 files, not 3"):
        pack_bundle({"a": b"", "b": b"", "c": b""})
    with pytest.raises(JournalError, match="at most 10 bytes, not 11"):
        pack_bundle({"a": b"12345", "b": b"678901"})
    with pytest.raises(JournalError, match="too large"):
        unpack_bundle(b"seawall-bundle-1\n" + bytes(1_000))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a bundle"),
        (b"PK\x03\x04", "not a bundle"),
        (b"seawall-bundle-1\n", "cannot be decoded"),
        (b"seawall-bundle-1\n\x91\x92\xa1a\x01", "cannot be decoded"),
        (b"seawall-bundle-1\n\x92\x92\xa1b\xc4\x00\x92\xa1a\xc4\x00", "not in canonical form"),
        (b"seawall-bundle-1\n\x92\x92\xa1a\xc4\x00\x92\xa1a\xc4\x00", "not in canonical form"),
    ],
)
def test_what_is_no_bundle(data: bytes, words: str) -> None:
    with pytest.raises(JournalError, match=words):
        unpack_bundle(data)
