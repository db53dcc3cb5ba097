"""The 15 features of the card benchmark against an independent computation by DuckDB, on real data."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import seawall
from seawall.engine.history import load_mapping
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy
from seawall.engine.replay import replay

PACK = Path(seawall.__file__).parent / "packs" / "card_benchmark"
DATA = Path(__file__).parents[3] / "shared" / "data" / "card-transactions"
ROWS = 200_000
DAYS = (1, 7, 30)
_DAY = 86_400
_CUSTOMER = """
select a.TRANSACTION_ID, {columns} from history a join history b
on a.CUSTOMER_ID = b.CUSTOMER_ID and b.TRANSACTION_ID <= a.TRANSACTION_ID group by all order by all
"""
_TERMINAL = """
select a.TRANSACTION_ID, {columns} from history a left join history b
on a.TERMINAL_ID = b.TERMINAL_ID and b.TX_TIME_SECONDS <= a.TX_TIME_SECONDS - {week} group by all order by all
"""


@pytest.mark.skipif(not DATA.is_dir(), reason="the card transactions are not here")
def test_features_agree_with_duckdb(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    (source,) = DATA.glob("*.parquet")
    events = tmp_path / "events.parquet"
    table = pq.ParquetFile(source).read_row_group(0).slice(0, ROWS)
    pq.write_table(table, events)
    policy = compile_policy(load_pack(PACK))
    out = tmp_path / "out.parquet"
    replay(events, load_mapping(PACK / "mapping.yaml", policy.pack), policy, out, hashes=False)
    wanted = _by_duckdb(duckdb, events)
    got = pq.read_table(out)
    assert got.column("event_id").to_pylist() == [str(number) for number in wanted["TRANSACTION_ID"].tolist()]
    assert len(wanted) == 15
    for name, values in wanted.items():
        if name != "TRANSACTION_ID":
            ours = got.column(name).to_numpy()
            np.testing.assert_allclose(ours, values, rtol=1e-9, atol=1e-9, err_msg=name)
    assert wanted["terminal_risk_7d"].max() > 0


def _by_duckdb(duckdb: Any, events: Path) -> dict[str, Any]:
    """Every feature from a join of the history with itself: pairs of transactions, no windows."""
    connection = duckdb.connect()
    connection.execute(f"create view history as select * from read_parquet('{events}')")
    connection.execute("set threads = 1")

    def query(text: str, columns: list[str]) -> dict[str, Any]:
        result: dict[str, Any] = connection.execute(text.format(columns=", ".join(columns), week=7 * _DAY)).fetchnumpy()
        return result

    customer, terminal = [], []
    for days in DAYS:
        recent = f"filter (b.TX_TIME_SECONDS > a.TX_TIME_SECONDS - {days * _DAY})"
        before = f"filter (b.TX_TIME_SECONDS > a.TX_TIME_SECONDS - {(7 + days) * _DAY})"
        customer += [
            f"count(*) {recent} as customer_count_{days}d",
            f"avg(b.TX_AMOUNT) {recent} as customer_mean_{days}d",
        ]
        terminal.append(f"count(b.TX_FRAUD) {before} as terminal_count_{days}d")
        terminal.append(f"coalesce(avg(b.TX_FRAUD) {before}, 0) as terminal_risk_{days}d")
    clock = ["(dayofweek(a.TX_DATETIME) in (0, 6))::int as weekend", "(hour(a.TX_DATETIME) <= 6)::int as night"]
    return query(_CUSTOMER, [*clock, *customer]) | query(_TERMINAL, terminal)
