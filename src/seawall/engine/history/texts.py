"""Text columns: keys, codes, strings, currencies and booleans of an Arrow array, checked on its distinct values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seawall.engine.columns import MISSING, IntColumn, Ints, TextColumn
from seawall.engine.event import MAX_KEY, MAX_STRING
from seawall.engine.history.problems import RowProblem
from seawall.engine.money import EXPONENTS

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SHOWN = 40


def check_key(text: str) -> str:
    """What is wrong with a key or code, "" when nothing is."""
    if not 1 <= len(text) <= MAX_KEY:
        return f"has {len(text):,} characters; keys have 1 to {MAX_KEY}" if text else "is empty; leave it out instead"
    if not text.isprintable() and _CONTROL.search(text):
        return "holds a control character; clean the file"
    return ""


def check_string(text: str) -> str:
    """What is wrong with a string."""
    return f"has {len(text):,} characters; at most {MAX_STRING:,} are taken" if len(text) > MAX_STRING else ""


def check_currency(text: str) -> str:
    """What is wrong with a currency."""
    return "" if text in EXPONENTS else f"unknown currency {text[:_SHOWN]!r}; write an ISO 4217 code, like CNY"


CHECKS: dict[str, Callable[[str], str]] = {
    "key": check_key,
    "code": check_key,
    "string": check_string,
    "currency": check_currency,
}


def text_column(array: Any, kind: str, column: str) -> TextColumn:
    """Distinct texts and a code a row; whole numbers become decimal text. RowProblem for a value not of `kind`."""
    encoded = _dictionary(array, column)
    codes = codes_of(encoded.indices)
    texts = _texts(encoded.dictionary, column)
    check = CHECKS[kind]
    for code, text in enumerate(texts if kind not in ("key", "code") or not _all_plain(texts) else ()):
        if message := check(text):
            at = np.flatnonzero(codes == code)
            if len(at):
                raise RowProblem(int(at[0]), column, message)
    return merged(codes, texts)


def merged(codes: Ints, texts: Sequence[str]) -> TextColumn:
    """The same with every text once."""
    first: dict[str, int] = {}
    moved = [first.setdefault(text, len(first)) for text in texts]
    if len(first) == len(texts):
        return TextColumn(codes, texts)
    table = np.array([*moved, -1], dtype=np.int64)
    return TextColumn(table[codes], list(first))


def text_values(array: Any, column: str) -> list[str]:
    """One text a row, as text_column reads them; RowProblem for an absent one or one that is no key."""
    if array.null_count:
        raise RowProblem(int(np.flatnonzero(absent(array))[0]), column, "is absent; every row needs one")
    texts = _texts(array, column)
    for index, text in enumerate(() if _all_plain(texts) else texts):
        if message := check_key(text):
            raise RowProblem(index, column, message)
    return texts


def _all_plain(texts: list[str]) -> bool:
    """True when all are good keys, seen at a glance; False when each must be looked at."""
    if not texts:
        return True
    lengths = list(map(len, texts))
    together = "".join(texts)
    return min(lengths) >= 1 and max(lengths) <= MAX_KEY and together.isascii() and together.isprintable()


def bool_column(array: Any, column: str) -> IntColumn:
    """Booleans from booleans, 0 and 1, or true and false in any case."""
    kind = array.type
    if pa.types.is_boolean(kind):
        values = pc.cast(array, pa.int64())
    elif pa.types.is_integer(kind):
        values = array.cast(pa.int64())
    else:
        column_ = text_column(array, "string", column)
        table = [{"true": 1, "1": 1, "false": 0, "0": 0}.get(text.lower(), 2) for text in column_.texts]
        codes = np.array([*table, MISSING], dtype=np.int64)[column_.codes]
        return IntColumn(_only_bits(codes, column))
    return IntColumn(_only_bits(integers(values), column))


def _only_bits(values: Ints, column: str) -> Ints:
    wrong = np.flatnonzero((values != 0) & (values != 1) & (values != MISSING))
    if len(wrong):
        raise RowProblem(int(wrong[0]), column, "is neither true nor false")
    return values


def codes_of(indices: Any) -> Ints:
    """Dictionary indices as int64, -1 where null."""
    values = pc.fill_null(indices.cast(pa.int64()), -1)
    return np.ascontiguousarray(values.to_numpy(zero_copy_only=False))


def integers(array: Any) -> Ints:
    """An int64 array as numpy, MISSING where null."""
    if array.null_count:
        array = pc.fill_null(array, MISSING)
    return np.ascontiguousarray(array.to_numpy(zero_copy_only=False))


def absent(array: Any) -> Any:
    """bool[n], true where null."""
    return pc.is_null(array).to_numpy(zero_copy_only=False)


def _dictionary(array: Any, column: str) -> Any:
    if pa.types.is_dictionary(array.type):
        return array
    if pa.types.is_null(array.type):
        array = array.cast(pa.string())
    _check_type(array.type, column)
    return array.dictionary_encode()


def _check_type(kind: Any, column: str) -> None:
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise RowProblem(-1, column, f"holds {kind}; text or whole numbers are needed, convert the file")


def _texts(values: Any, column: str) -> list[str]:
    _check_type(values.type, column)
    if pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    try:
        texts: list[str] = values.to_pylist()
    except UnicodeDecodeError:
        raise RowProblem(-1, column, "holds text that is not UTF-8; convert the file") from None
    return texts
