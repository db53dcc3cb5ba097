"""The ten features as polars and DuckDB compute them: from integer-coded keys in their own memory, on one thread.

Each answers with a column a feature; `row` numbers the events, since results need not come in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seawall.bench.stream import Stream
from seawall.engine.feature.definition import DAY, HOUR, MINUTE, Feature
from seawall.engine.pack.model import Pack

from . import load

Values = dict[str, npt.NDArray[np.float64]]
Job = tuple[str, Callable[[], Any], Callable[[Any], Values]]  # name, the timed work, its result as columns in row order
_SPAN = {MINUTE: "1m", HOUR: "1h", DAY: "24h", 7 * DAY: "168h"}
_SQL = {"count": "count(*)", "sum": "sum(amount)", "max": "max(amount)", "mean": "avg(amount)"}


def polars_job(stream: Stream, pack: Pack) -> Job | None:
    """Rolling expressions over groups; distinct, which has none, as rolling groups put back in row order."""
    loaded = load("polars", "polars")
    if loaded is None:
        return None
    pl, name = loaded
    keys = _keys(pack)
    frame = pl.DataFrame({"time": stream.times, "amount": stream.amounts} | {one: stream.keys[one] for one in keys})
    frame = frame.with_columns(pl.from_epoch("time", time_unit="ms"), pl.lit(1).alias("one")).with_row_index("row")

    def rolling(feature: Feature) -> Any:
        column = pl.col("one" if feature.agg == "count" else "amount")
        how = getattr(column, f"rolling_{'sum' if feature.agg == 'count' else feature.agg}_by")
        return how("time", window_size=_span(feature), closed="right").over(feature.entity[0]).alias(feature.name)

    plain = [rolling(feature) for feature in pack.features.values() if feature.agg != "distinct"]
    distinct = [feature for feature in pack.features.values() if feature.agg == "distinct"]

    def run() -> Any:
        result = frame.select("row", *plain)
        for feature in distinct:
            groups = frame.rolling("time", period=_span(feature), closed="right", group_by=feature.entity[0])
            counted = groups.agg(pl.col("row").last(), pl.col(feature.of).n_unique().alias(feature.name))
            result = result.hstack(counted.sort("row").select(feature.name))
        return result

    def values(result: Any) -> Values:
        return {one: result[one].to_numpy().astype(np.float64) for one in pack.features}

    return name, run, values


def duckdb_job(stream: Stream, pack: Pack) -> Job | None:
    """One SELECT with a RANGE window a feature; the result is fetched as numpy columns in whatever order it has."""
    loaded = load("duckdb", "duckdb")
    if loaded is None:
        return None
    duckdb, name = loaded
    keys = _keys(pack)
    connection = duckdb.connect(config={"threads": 1})
    columns = {"row": np.arange(len(stream)), "time": stream.times, "amount": stream.amounts}
    columns |= {one: stream.keys[one] for one in keys}
    names = ", ".join(columns)
    connection.register("given", columns)
    connection.execute(f"CREATE TABLE events AS SELECT {names} FROM given")  # noqa: S608 - our own names
    chosen = [f"{_call(feature)} OVER {_range(feature)} AS {feature.name}" for feature in pack.features.values()]
    query = f"SELECT row, {', '.join(chosen)} FROM events"  # noqa: S608 - names of our own pack

    def run() -> Any:
        return connection.execute(query).fetchnumpy()

    def values(result: Any) -> Values:
        order = np.argsort(result["row"])
        return {one: np.asarray(result[one], np.float64)[order] for one in pack.features}

    return name, run, values


def _keys(pack: Pack) -> list[str]:
    return sorted({name for feature in pack.features.values() for name in feature.entity})


def _span(feature: Feature) -> str:
    assert feature.window is not None, "these features have windows"
    return _SPAN[feature.window.last_ms]


def _call(feature: Feature) -> str:
    return f"count(DISTINCT {feature.of})" if feature.agg == "distinct" else _SQL[feature.agg]


def _range(feature: Feature) -> str:
    """The window (t - w, t] over whole milliseconds."""
    assert feature.window is not None, "these features have windows"
    back = feature.window.last_ms - 1
    return f"(PARTITION BY {feature.entity[0]} ORDER BY time RANGE BETWEEN {back} PRECEDING AND CURRENT ROW)"
