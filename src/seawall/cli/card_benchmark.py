"""The card benchmark's transactions: its file read, and its features computed by the engine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv as pa_csv

from seawall.analytics.fraud import UNKNOWN, Transactions
from seawall.cli.inputs import UsageError, cache_folder, find_pack
from seawall.engine.engine import Engine
from seawall.engine.history import load_mapping, open_history, read_blocks
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PACK = "card_benchmark"
ID, TIME, CUSTOMER, TERMINAL, AMOUNT, LABEL = COLUMNS = (
    "TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD",
)  # fmt: skip
PLACES = ("card-transactions", "data/card-transactions", "../shared/data/card-transactions")
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class CardFile:
    """n transactions by time: the columns that the pack's mapping names, and what the protocol reads of them."""

    table: Any
    transactions: Transactions

    def between(self, first: int, end: int) -> CardFile:
        """The transactions of the days from `first` up to, and without, `end`."""
        start, stop = np.searchsorted(self.transactions.days, [first, end]).tolist()
        days, customers, fraud = self.transactions.days, self.transactions.customers, self.transactions.fraud
        part = Transactions(days[start:stop], customers[start:stop], fraud[start:stop])
        return CardFile(self.table.slice(start, stop - start), part)


def find_file(named: Path | None) -> Path:
    """The file that was named, else the one Parquet file in one of the folders where the benchmark's data may lie."""
    if named is not None:
        return named
    for place in PLACES:
        found = sorted(Path(place).glob("*.parquet"))
        if found:
            return found[0]
    raise UsageError(f"no card transactions in {', '.join(PLACES)}; name the benchmark's file with --data FILE")


def read_file(path: Path) -> CardFile:
    """Transactions in order of time (then of their number). UsageError says what the file lacks."""
    table = _read(path)
    absent = [name for name in COLUMNS if name not in table.column_names]
    if absent:
        raise UsageError(f"{path} has no column {', '.join(absent)}; it has: {', '.join(table.column_names[:20])}")
    columns = {name: table.column(name) for name in COLUMNS}
    try:
        columns[TIME] = columns[TIME].cast(pa.timestamp("ms"), safe=False)
        columns[LABEL] = _label(columns[LABEL])
    except pa.ArrowException as error:
        raise UsageError(f"{path}: {TIME} or {LABEL} cannot be read: {str(error).splitlines()[0][:160]}") from None
    for name in (ID, TIME, CUSTOMER, TERMINAL, AMOUNT):
        if columns[name].null_count:
            raise UsageError(f"{path}: {name} is empty in {columns[name].null_count:,} rows; every row needs one")
    table = pa.table(columns).sort_by([(TIME, "ascending"), (ID, "ascending")])
    days = table.column(TIME).cast(pa.int64()).to_numpy() // _DAY_MS
    customers = table.column(CUSTOMER).combine_chunks().dictionary_encode()
    codes = pa.chunked_array([customers]).combine_chunks().indices.to_numpy().astype(np.int64)
    fraud = table.column(LABEL).fill_null(UNKNOWN).to_numpy()
    return CardFile(table, Transactions(days, codes, fraud))


def feature_rows(file: CardFile, rows: Ints, names: Sequence[str], progress: Callable[[int, int], None]) -> Floats:
    """The features `names` of the transactions `rows` (ascending), as the engine had them when each was decided.

    float64[len(rows), len(names)], NaN where missing. Labels reach the engine by the pack's mapping: with its delay.
    """
    folder = find_pack(PACK)
    policy = compile_policy(load_pack(folder))
    mapping = load_mapping(folder / "mapping.yaml", policy.pack)
    chosen = np.array([policy.vector_names.index(name) for name in names])
    engine = Engine(policy, cache_folder())
    matrix = np.full((len(rows), len(names)), np.nan)
    done = 0
    with tempfile.TemporaryDirectory(prefix="seawall-") as scratch:
        path = Path(scratch) / "transactions.parquet"
        pq.write_table(file.table, path)
        for block in read_blocks(open_history(path), mapping, policy.pack):
            decided = engine.step_block(block.block, hashes=False, features=True)
            start, stop = np.searchsorted(rows, [done, done + len(block.rows)])
            matrix[start:stop] = decided.features[rows[start:stop] - done][:, chosen]
            done += len(block.rows)
            progress(done, len(file.table))
    return matrix


def _read(path: Path) -> Any:
    try:
        if path.name.lower().endswith((".csv", ".csv.gz")):
            return pa_csv.read_csv(path)
        return pq.read_table(path)
    except pa.ArrowException as error:
        raise UsageError(f"{path} is no Parquet or CSV: {str(error).splitlines()[0][:160]}") from None


def _label(column: Any) -> Any:
    """1, 0, or null where the label is not known, whatever kind of column holds it."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = pc.if_else(pc.equal(column, ""), None, column)
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)
    known = column.cast(pa.int64())
    strange = pc.invert(pc.is_in(known, pa.array([0, 1, None], pa.int64())))
    if pc.any(strange).as_py():
        raise pa.ArrowInvalid(f"{LABEL} holds something else than 0 and 1")
    return known
