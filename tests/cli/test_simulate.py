from pathlib import Path

import pyarrow.parquet as pq

from .conftest import Run


def test_the_same_seed_gives_the_same_history(seawall: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        ran = seawall("simulate", "--out", f"{name}.parquet", "--customers", "100", "--days", "3", "--seed", "5")
        assert ran.status == 0
    tables = [pq.read_table(tmp_path / f"{name}.parquet") for name in ("a", "b")]
    assert tables[0].equals(tables[1])
    assert ran.out.startswith(f"{tables[0].num_rows:,} events of 100 customers over 3 days")


def test_a_simulated_history_replays_with_the_example_pack(seawall: Run) -> None:
    seawall("simulate", "--out", "h.parquet", "--customers", "200", "--days", "5", "--attacks", "0.05")
    ran = seawall("backtest", "h.parquet", "--policy", "example_card", "--out", "report")
    assert ran.status == 0, ran.err
    assert "known frauds" in ran.out
