"""One batch of a history file as columns of admitted values: what the door would have made of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seawall.engine.columns import MISSING, Column, IntColumn, Ints, NumberColumn, TextColumn
from seawall.engine.event import TAKES, Derive, Field
from seawall.engine.history.instants import instants
from seawall.engine.history.mapping import Constant, HistoryMapping, LabelSource, Source
from seawall.engine.history.numbers import decimal_column, int_column, money_column, number_column
from seawall.engine.history.problems import RowProblem
from seawall.engine.history.readers import INTEGER, REAL, TEXT
from seawall.engine.history.texts import bool_column, check_key, merged, text_column, text_values
from seawall.engine.money import EXPONENTS, MAX_MINOR, MoneyError, Rates
from seawall.engine.pack.model import Pack
from seawall.engine.times import DAY

_KINDS = {"int": INTEGER, "money": INTEGER, "decimal": REAL, "number": REAL}
_FITS = 2**62


@dataclass(frozen=True, slots=True)
class Rows:
    """n events of one batch, in file order.

    types: int64[n] codes into `type_names`. labels: for each mapped label int64[n], the time it is known, MISSING
    where the event has none. columns: admitted fields; sealed ones are left out, since nothing reads them.
    """

    types: Ints
    times: Ints
    event_ids: list[str]
    columns: Mapping[str, Column]
    labels: tuple[Ints, ...]


class Converter:
    """Turns tables of one mapped file into Rows. RowProblem names the first row that the door would refuse."""

    def __init__(self, pack: Pack, mapping: HistoryMapping, rates: Rates) -> None:
        self.pack, self.mapping, self.rates = pack, mapping, rates
        self.type_names = mapping.types
        self.event_types = [pack.events[name] for name in mapping.types]
        self.declared = {name: field for kind in self.event_types for name, field in kind.fields.items()}
        self.fields = {name: self.declared[name] for name in mapping.fields}

    def expected(self) -> dict[str, str]:
        """The columns to read, and what a file without types should take them for."""
        mapping = self.mapping
        wanted = dict.fromkeys(mapping.columns(), TEXT)
        for name, source in mapping.fields.items():
            kind = self.fields[name].type
            wanted[source.column] = REAL if source.unit == "major" else _KINDS.get(kind, TEXT)
        for source in (mapping.event_time, *mapping.fields.values()):
            if source.unit in ("s", "ms", "us", "ns"):
                wanted[source.column] = INTEGER
        wanted[mapping.event_id.column] = TEXT
        wanted.pop("", None)
        return wanted

    def rows(self, table: Any) -> Rows:
        """Convert one table (n rows)."""
        arrays = _Arrays(table)
        types = self._types(arrays)
        times = instants(arrays[self.mapping.event_time.column], self.mapping.event_time)
        if len(gone := np.flatnonzero(times == MISSING)):
            raise RowProblem(int(gone[0]), self.mapping.event_time.column, "is absent; every row needs a time")
        columns = self._fields(arrays, types)
        if "amount" in columns:
            columns |= self._base_amount(columns, times, len(table))
        columns |= self._derived(columns, types)
        columns["received_at"] = IntColumn(times)  # in a file every record arrives at its own time
        ids = text_values(arrays[self.mapping.event_id.column], self.mapping.event_id.column)
        sealed = [name for name, field in self.fields.items() if field.sealed]
        kept = {name: column for name, column in columns.items() if name not in sealed}
        return Rows(types, times, ids, kept, tuple(self._label(label, arrays, times) for label in self.mapping.labels))

    # --- fields -----------------------------------------------------------------------------------------------------

    def _types(self, arrays: _Arrays) -> Ints:
        source = self.mapping.type
        if source.constant:
            return np.zeros(arrays.rows, dtype=np.int64)
        column = text_column(arrays[source.column], "key", source.column)
        codes = {text: self.type_names.index(name) for text, name in source.values.items()}
        table = np.array([*(codes.get(text, -1) for text in column.texts), -1], dtype=np.int64)
        types = table[column.codes]
        if len(wrong := np.flatnonzero(types < 0)):
            code = column.codes[wrong[0]]
            value = "is absent" if code < 0 else f"{column.texts[code][:40]!r} is no event type of the mapping"
            raise RowProblem(int(wrong[0]), source.column, f"{value}; known: {', '.join(sorted(codes))}")
        return types

    def _fields(self, arrays: _Arrays, types: Ints) -> dict[str, Column]:
        """Every mapped field; where a row's type does not declare it, or its cell is null, it is absent."""
        columns: dict[str, Column] = {}
        money = [name for name, field in self.fields.items() if field.type == "money"]
        for name in [*(name for name in self.fields if name not in money), *money]:  # money may need the currency
            field, source = self.fields[name], self.mapping.fields[name]
            column = self._field(field, source, arrays, columns)
            owners = np.array([name in kind.fields for kind in self.event_types])
            if not owners.all():
                column = _only(column, owners[types])
            required = np.array([name in kind.fields and kind.fields[name].required for kind in self.event_types])
            if required.any():
                gone = np.flatnonzero(required[types] & ~present(column))
                if len(gone):
                    kind = self.type_names[int(types[gone[0]])]
                    raise RowProblem(int(gone[0]), source.column or name, f"is absent, but {kind} requires {name}")
            columns[name] = column
        return columns

    def _field(self, field: Field, source: Source, arrays: _Arrays, columns: Mapping[str, Column]) -> Column:
        if source.constant is not None:
            return _constant(field, source.constant, arrays.rows)
        array, column = arrays[source.column], source.column
        if field.type == "money":
            return money_column(array, source.unit, _exponents(columns.get("currency"), self.pack), column)
        if field.type == "decimal":
            return decimal_column(array, field.scale, column)
        if field.type == "time":
            return IntColumn(instants(array, source))
        if field.type == "int":
            return int_column(array, column)
        if field.type == "number":
            return number_column(array, column)
        return bool_column(array, column) if field.type == "bool" else text_column(array, field.type, column)

    # --- what the door adds -----------------------------------------------------------------------------------------

    def _base_amount(self, columns: Mapping[str, Column], times: Ints, rows: int) -> dict[str, Column]:
        amount, currency = columns["amount"], columns.get("currency")
        assert isinstance(amount, IntColumn)
        named = currency if isinstance(currency, TextColumn) else TextColumn(np.full(rows, -1, dtype=np.int64), [])
        has = amount.values != MISSING
        if len(gone := np.flatnonzero(has & (named.codes < 0))):
            raise RowProblem(int(gone[0]), self._column_of("currency"), "is absent; an amount needs its currency")
        base = self.pack.base_currency
        if all(text == base for text in named.texts):
            ones = TextColumn(np.where(has, 0, -1), ["1"])
            return {"base_amount": amount, "fx_rate": ones}
        return self._converted(amount.values, named, has, times)

    def _converted(self, amounts: Ints, named: TextColumn, has: Any, times: Ints) -> dict[str, Column]:
        """One rate a currency and day, applied to all rows of the pair."""
        base, result = self.pack.base_currency, np.full(len(amounts), MISSING, dtype=np.int64)
        codes, texts = np.full(len(amounts), -1, dtype=np.int64), list[str]()
        where = np.flatnonzero(has)
        pairs, pair_of = np.unique(np.stack([named.codes[where], times[where] // DAY]), axis=1, return_inverse=True)
        for pair, (currency, day) in enumerate(pairs.T.tolist()):
            rows = where[pair_of.reshape(-1) == pair]
            try:
                rate = self.rates.latest(named.texts[currency], base, day * DAY)
            except MoneyError as error:
                raise RowProblem(int(rows[0]), self._column_of("currency"), str(error)) from None
            result[rows] = self._at_rate(amounts[rows], rate.numerator, rate.denominator, rows)
            codes[rows] = len(texts)
            texts.append(rate.text)
        return {"base_amount": IntColumn(result), "fx_rate": merged(codes, texts)}

    def _at_rate(self, amounts: Ints, numerator: int, denominator: int, rows: Ints) -> Ints:
        """Half to even, in int64 where nothing can overflow."""
        largest = int(np.abs(amounts).max(initial=0))
        exact = largest * numerator < _FITS and 2 * denominator < _FITS
        values = amounts if exact else amounts.astype(object)
        quotient, rest = values * numerator // denominator, values * numerator % denominator
        up = (2 * rest > denominator) | ((2 * rest == denominator) & (quotient % 2 == 1))
        quotient = quotient + up
        if len(far := np.flatnonzero(np.abs(quotient) > MAX_MINOR)):
            message = f"converts to more than {MAX_MINOR} minor units"
            raise RowProblem(int(rows[far[0]]), self._column_of("amount"), message)
        return np.asarray(quotient, dtype=np.int64)

    def _column_of(self, field: str) -> str:
        source = self.mapping.fields.get(field)
        return source.column or field if source else field

    def _derived(self, columns: Mapping[str, Column], types: Ints) -> dict[str, Column]:
        """Derived fields, computed once a distinct value of their source."""
        derived: dict[str, Column] = {}
        for code, kind in enumerate(self.event_types):
            for derive in kind.derive:
                if derive.source in columns:
                    column = _only(_derive(derive, columns[derive.source]), types == code)
                    earlier = derived.get(derive.name)
                    derived[derive.name] = column if earlier is None else _either(earlier, column)
        return derived

    # --- labels -----------------------------------------------------------------------------------------------------

    def _label(self, label: LabelSource, arrays: _Arrays, times: Ints) -> Ints:
        """int64[n]: when the label of each event is known, MISSING where it has none."""
        marked = _equals(arrays[label.column], label.equals, label.column)
        if label.time is None:
            return np.where(marked, times + label.delay_ms, MISSING)
        known = instants(arrays[label.time.column], label.time)
        if len(gone := np.flatnonzero(marked & (known == MISSING))):
            raise RowProblem(int(gone[0]), label.time.column, f"is absent, but the row is labelled {label.label}")
        return np.where(marked, known, MISSING)


class _Arrays:
    """The columns of a table, each as one Arrow array."""

    def __init__(self, table: Any) -> None:
        self.table, self.rows = table, len(table)

    def __getitem__(self, name: str) -> Any:
        chunked = self.table.column(name)
        array = chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def present(column: Column) -> Any:
    """bool[n]: where the column has a value."""
    if isinstance(column, TextColumn):
        return column.codes >= 0
    return column.values != MISSING if isinstance(column, IntColumn) else ~np.isnan(column.values)


def _exponents(currency: Column | None, pack: Pack) -> int | Ints:
    """Decimals of the rows' currencies; one number where all have the same."""
    if not isinstance(currency, TextColumn) or not currency.texts:
        return EXPONENTS[pack.base_currency]
    digits = [EXPONENTS[text] for text in currency.texts]
    if len(set(digits)) == 1:
        return digits[0]
    return np.array([*digits, EXPONENTS[pack.base_currency]], dtype=np.int64)[currency.codes]


def _constant(field: Field, value: Constant, rows: int) -> Column:
    if isinstance(value, str):
        if field.type in ("key", "code") and (message := check_key(value)):
            raise RowProblem(-1, field.name, f"the constant {message}")
        return TextColumn(np.zeros(rows, dtype=np.int64), [value])
    if field.type == "number":
        return NumberColumn(np.full(rows, float(value)))
    return IntColumn(np.full(rows, int(value), dtype=np.int64))


def _only(column: Column, rows: Any) -> Column:
    """The column where `rows` (bool[n]) is true, absent elsewhere."""
    if isinstance(column, TextColumn):
        return TextColumn(np.where(rows, column.codes, -1), column.texts)
    if isinstance(column, IntColumn):
        return IntColumn(np.where(rows, column.values, MISSING))
    return NumberColumn(np.where(rows, column.values, np.nan))


def _either(first: Column, second: Column) -> Column:
    """Two columns of one type that never both have a value."""
    if isinstance(first, TextColumn):
        assert isinstance(second, TextColumn), "one name has one type"
        moved = np.where(second.codes >= 0, second.codes + len(first.texts), first.codes)
        return merged(moved, [*first.texts, *second.texts])
    assert isinstance(first, IntColumn), "derived values are texts or integers"
    assert isinstance(second, IntColumn), "one name has one type"
    return IntColumn(np.where(first.values == MISSING, second.values, first.values))


def _derive(derive: Derive, source: Column) -> Column:
    name, argument = derive.take
    take = TAKES[name].function
    if isinstance(source, TextColumn):
        codes, values = source.codes, [take(text, argument) for text in source.texts]
    else:
        assert isinstance(source, IntColumn), f"{name} takes texts and times"
        distinct, inverse = np.unique(source.values, return_inverse=True)
        codes, values = inverse.reshape(-1), [None if v == MISSING else take(v, argument) for v in distinct.tolist()]
    if derive.type == "int":
        table = [MISSING if value is None else int(value) for value in values]
        return IntColumn(np.array([*table, MISSING], dtype=np.int64)[codes])
    first: dict[str, int] = {}
    moved = [-1 if value is None else first.setdefault(str(value), len(first)) for value in values]
    return TextColumn(np.array([*moved, -1], dtype=np.int64)[codes], list(first))


def _equals(array: Any, value: Constant, column: str) -> Any:
    """bool[n]: where the cell equals the value; null is no match."""
    kind = array.type
    if pa.types.is_null(kind):
        return np.zeros(len(array), dtype=bool)
    if isinstance(value, bool):
        return bool_column(array, column).values == int(value)
    textual = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if isinstance(value, str) or textual:
        if not textual:
            raise RowProblem(-1, column, f"holds {kind}; equals is the text {value!r}, write a number or true")
        if isinstance(value, str):
            return pc.fill_null(pc.equal(array, value), False).to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(kind):
        raise RowProblem(-1, column, f"holds true and false; equals is {value!r}, write true or false")
    return number_column(array, column).values == float(value)
