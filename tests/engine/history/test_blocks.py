from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from seawall.engine.columns import MISSING, Block, Column, IntColumn, TextColumn
from seawall.engine.door import ClearSealer, Door
from seawall.engine.errors import EventError, PackError
from seawall.engine.history import HistoryBlock, HistoryError, HistoryMapping, load_mapping, open_history, read_blocks
from seawall.engine.history.convert import Converter
from seawall.engine.history.problems import RowProblem
from seawall.engine.money import Rates
from seawall.engine.pack import Pack
from seawall.engine.times import format_instant, parse_instant

from .conftest import MAPPING, clock, payment, write_rows

Mapped = Callable[[str], HistoryMapping]
WIDE = """
event: {column: type}
event_id: event_id
event_time: {column: event_time, unit: rfc3339}
fields:
  customer: customer
  device: device
  country: country
  note: note
  secret: secret
  amount: amount
  currency: currency
  weight: weight
  pieces: pieces
  latitude: latitude
  online: online
  opened: opened
"""
_NEW_RATE = 20_000 * 86_400_000
_SECRET = "secret"  # sealed: nothing reads it, so columns leave it out


def value(column: Column, row: int) -> object:
    if isinstance(column, TextColumn):
        return None if column.codes[row] < 0 else column.texts[column.codes[row]]
    number = column.values[row].item()
    return None if number == MISSING or number != number else number


def records(block: Block) -> list[tuple[str, int, str, dict[str, object]]]:
    """Every record of a block as plain values."""
    result = []
    for row in range(len(block)):
        fields = {name: found for name, column in block.columns.items() if (found := value(column, row)) is not None}
        result.append((block.type_names[block.types[row]], int(block.times[row]), block.event_ids[row], fields))
    return result


def all_records(blocks: Iterator[HistoryBlock]) -> list[tuple[str, int, str, dict[str, object]]]:
    return [record for block in blocks for record in records(block.block)]


# --- the same as the door -------------------------------------------------------------------------------------------


def _rarely(seldom: st.SearchStrategy[Any], mostly: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda roll: seldom if roll == 0 else mostly)


_text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
_clean = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=6)
_key = _rarely(_text, st.one_of(st.sampled_from(["c1", "c2", "d1"]), _clean))
_rows = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["payment.card", "login"]),
        "event_time": st.one_of(st.integers(0, 2**42), st.integers(_NEW_RATE - 3, _NEW_RATE + 3)).map(format_instant),
        "customer": _key,
        "device": _key,
        "amount": _rarely(st.integers(-(10**15) - 1, 10**15 + 1), st.integers(-500, 500)),
        "currency": _rarely(st.sampled_from(["EUR", "XXY"]), st.sampled_from(["CNY", "USD", "JPY"])),
    },
    optional={
        "country": _key,
        "note": st.text(st.characters(codec="utf-8"), max_size=5),
        "secret": _text,
        "weight": st.decimals(-1000, 1000, places=3).map(str),
        "pieces": _rarely(st.just(2**53), st.integers(-(2**53) + 1, 2**53 - 1)),
        "latitude": _rarely(st.floats(), st.floats(-90, 90)),
        "online": st.booleans(),
        "opened": st.integers(0, 2**42).map(format_instant),
    },
)
_TYPES = {"amount": pa.int64(), "pieces": pa.int64(), "latitude": pa.float64(), "online": pa.bool_()}


@settings(max_examples=300, deadline=None)
@given(st.lists(_rows, min_size=1, max_size=4))
def test_columns_are_what_the_door_admits(pack: Pack, wide: HistoryMapping, rows: list[dict[str, Any]]) -> None:
    rates = Rates()
    rates.add("USD", "CNY", 0, Decimal("0.5"))
    rates.add("USD", "CNY", 20_000 * 86_400_000, Decimal("7.1834"))
    rates.add("JPY", "CNY", 0, Decimal("0.0471"))
    bodies = [row | {"event_id": f"e{index}"} for index, row in enumerate(rows)]
    bodies = [{name: item for name, item in body.items() if _declared(pack, body, name)} for body in bodies]
    wanted: list[Any] = []
    for body in bodies:
        try:
            door = Door(pack, rates, ClearSealer(), lambda body=body: parse_instant(body["event_time"]))
            wanted.append(door.admit_object(body))
        except EventError:
            wanted.append(None)
    schema = pa.schema(
        [(name, _TYPES.get(name, pa.string())) for name in ["type", "event_id", "event_time", *wide.fields]]
    )
    table = pa.Table.from_pylist(bodies, schema=schema)
    try:
        got = Converter(pack, wide, rates).rows(table)
    except RowProblem as problem:
        refused = problem.index
        event(f"refused: {problem.column}")
    else:
        refused = -1
        event("admitted")
    if refused >= 0:
        assert wanted[refused] is None
        return
    assert None not in wanted
    for row, admitted_event in enumerate(wanted):
        fields = {name: found for name, column in got.columns.items() if (found := value(column, row)) is not None}
        assert fields.pop("received_at") == admitted_event.event_time == got.times[row]
        admitted = {name: item for name, item in admitted_event.fields.items() if name != _SECRET}
        assert fields == {name: item if not isinstance(item, bool) else int(item) for name, item in admitted.items()}


def _declared(pack: Pack, body: dict[str, Any], name: str) -> bool:
    return name in pack.events[body["type"]].fields or name in ("type", "event_id", "event_time")


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory, pack: Pack) -> HistoryMapping:
    path = tmp_path_factory.mktemp("mapping") / "wide.yaml"
    path.write_text(WIDE, encoding="utf-8")
    return load_mapping(path, pack)


@pytest.mark.parametrize("suffix", [".csv", ".ndjson"])
def test_files_without_types_give_the_same_blocks_as_parquet(
    pack: Pack, wide: HistoryMapping, tmp_path: Path, suffix: str
) -> None:
    rows = [
        {
            "event_id": f"e{i}", "type": ("payment.card", "login")[i % 2], "event_time": clock(i), "customer": "零001",
            "device": "d1", "country": "CN", "note": "a,b", "amount": 5 * i, "currency": "CNY", "weight": 1.125,
            "pieces": i, "latitude": -1.5, "online": i % 3 == 0, "opened": clock(i),
        }
        for i in range(9)
    ]  # fmt: skip
    rows[3]["device"] = "d2"
    wanted = all_records(
        read_blocks(open_history(write_rows(tmp_path / "h.parquet", [r | {"secret": "s"} for r in rows])), wide, pack)
    )
    got = all_records(
        read_blocks(open_history(write_rows(tmp_path / f"h{suffix}", [r | {"secret": "s"} for r in rows])), wide, pack)
    )
    assert got == wanted
    assert got[0][3]["weight"] == 1125
    assert got[0][3]["hint"] == 1
    assert "amount" not in got[1][3]


# --- labels ---------------------------------------------------------------------------------------------------------


def sequence(blocks: Iterator[HistoryBlock]) -> list[str]:
    return [f"{name.removeprefix('label.')}:{event_id}" for name, _, event_id, _ in all_records(blocks)]


def test_a_label_comes_before_the_events_of_its_millisecond(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    rows = [payment(1, clock(0), fraud=1), payment(2, clock(59)), payment(3, clock(60)), payment(4, clock(61))]
    blocks = list(read_blocks(open_history(write_rows(tmp_path / "h.parquet", rows)), mapped(MAPPING), pack))
    assert sequence(iter(blocks)) == [
        "payment.card:e-1", "payment.card:e-2", "fraud:e-1", "payment.card:e-3", "payment.card:e-4",
    ]  # fmt: skip
    label = records(blocks[0].block)[2]
    assert label == ("label.fraud", parse_instant(clock(60)), "e-1", {"customer": "c1"})
    assert blocks[0].event_at.tolist() == [0, 1, 3, 4]
    assert blocks[0].labels[0].tolist() == [parse_instant(clock(60)), MISSING, MISSING, MISSING]


def test_a_label_never_comes_before_its_own_event_and_not_after_the_last(
    pack: Pack, mapped: Mapped, tmp_path: Path
) -> None:
    text = MAPPING.replace("delay: 1h", "time: known")
    known = {"known": clock(0)}
    late = {"known": clock(99)}
    rows = [payment(1, clock(5), fraud=1, **known), payment(2, clock(6)), payment(3, clock(7), fraud=1, **late)]
    blocks = read_blocks(open_history(write_rows(tmp_path / "h.parquet", rows)), mapped(text), pack)
    assert sequence(blocks) == ["payment.card:e-1", "fraud:e-1", "payment.card:e-2", "payment.card:e-3"]


def test_labels_carry_the_keys_they_declare_and_measuring_labels_are_no_records(
    pack: Pack, mapped: Mapped, tmp_path: Path
) -> None:
    text = MAPPING.replace("  amount:", "  device: device\n  amount:")
    text += "  - {label: abuse, column: abuse, equals: yes, delay: 1m}\n"
    text += "  - {label: hidden, column: abuse, equals: yes, delay: 1m, record: false}\n"
    rows = [payment(1, clock(0), fraud=1, abuse="yes", device="d1"), payment(2, clock(60), abuse="no", device=None)]
    (block,) = read_blocks(open_history(write_rows(tmp_path / "h.parquet", rows)), mapped(text), pack)
    found = records(block.block)
    assert [record[0] for record in found] == ["payment.card", "label.abuse", "label.fraud", "payment.card"]
    assert found[1][3] == {"customer": "c1", "device": "d1"}
    assert found[2][3] == {"customer": "c1"}
    assert [(labels != MISSING).tolist() for labels in block.labels] == [[True, False]] * 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=40),
    st.integers(1, 7),
)
def test_blocks_hold_the_same_sequence_however_they_are_cut(
    pack: Pack, shared: tuple[HistoryMapping, Path], events: list[tuple[int, bool, str]], size: int
) -> None:
    mapping, folder = shared
    rows = [payment(i, clock(minute), who, fraud=int(fraud)) for i, (minute, fraud, who) in enumerate(events)]
    history = open_history(write_rows(folder / "h.parquet", rows))
    whole = all_records(read_blocks(history, mapping, pack, 10_000))
    assert all_records(read_blocks(history, mapping, pack, size)) == whole
    assert [record[2] for record in whole if record[0] == "payment.card"] == [row["id"] for row in rows]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, pack: Pack) -> tuple[HistoryMapping, Path]:
    folder = tmp_path_factory.mktemp("shared")
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return load_mapping(folder / "mapping.yaml", pack), folder


# --- order and duplicates -------------------------------------------------------------------------------------------


def test_sort_is_by_time_and_stable_and_keeps_the_rows(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    rows = [payment(1, clock(9)), payment(2, clock(3)), payment(3, clock(9)), payment(4, clock(3))]
    history = open_history(write_rows(tmp_path / "h.parquet", rows))
    blocks = list(read_blocks(history, mapped(MAPPING + "sort: event_time\n"), pack, 3))
    assert [record[2] for record in all_records(iter(blocks))] == ["e-2", "e-4", "e-1", "e-3"]
    assert np.concatenate([block.rows for block in blocks]).tolist() == [1, 3, 0, 2]


def test_a_repeated_id_is_refused_with_both_rows(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    rows = [payment(i, clock(i)) for i in range(5)] + [payment(2, clock(9))]
    history = open_history(write_rows(tmp_path / "h.parquet", rows))
    for size in (2, 100):
        with pytest.raises(HistoryError, match=r"row 6, column id: 'e-2' stands in row 3 too; .* duplicates: skip"):
            list(read_blocks(history, mapped(MAPPING), pack, size))


def test_repeated_ids_can_be_skipped(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    rows = [
        payment(1, clock(0)),
        payment(1, clock(1)),
        payment(2, clock(2)),
        payment(1, clock(3)),
        payment(3, clock(4)),
    ]
    history = open_history(write_rows(tmp_path / "h.parquet", rows))
    for size in (1, 2, 100):
        blocks = list(read_blocks(history, mapped(MAPPING + "duplicates: skip\n"), pack, size))
        assert [record[1:3] for record in all_records(iter(blocks))] == [
            (parse_instant(clock(0)), "e-1"), (parse_instant(clock(2)), "e-2"), (parse_instant(clock(4)), "e-3"),
        ]  # fmt: skip
        assert np.concatenate([block.rows for block in blocks]).tolist() == [0, 2, 4]


def test_numbers_become_decimal_text(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    rows = [payment(1, clock(0)) | {"id": 10, "customer": 7}, payment(2, clock(1)) | {"id": -3, "customer": 7}]
    found = all_records(read_blocks(open_history(write_rows(tmp_path / "h.parquet", rows)), mapped(MAPPING), pack))
    assert [(record[2], record[3]["customer"]) for record in found] == [("10", "7"), ("-3", "7")]


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"amount": None}, "amount", "is absent, but payment.card requires amount"),
        ({"customer": None}, "customer", "is absent, but payment.card requires customer"),
        ({"customer": ""}, "customer", "is empty"),
        ({"customer": "a\x07b"}, "customer", "holds a control character"),
        ({"customer": "x" * 257}, "customer", "has 257 characters"),
        ({"amount": 10**15 + 1}, "amount", "is beyond"),
        ({"at": None}, "at", "every row needs a time"),
        ({"at": "1969-12-31T23:59:59.000Z"}, "at", "outside the years 1970 to 2200"),
        ({"at": "2201-01-01T00:00:00.000Z"}, "at", "outside the years 1970 to 2200"),
        ({"at": "yesterday"}, "at", "'yesterday' is not an RFC 3339 time"),
        ({"id": None}, "id", "is absent; every row needs one"),
        ({"id": "e\n1"}, "id", "holds a control character"),
        ({"id": "e-0"}, "id", "stands in row 1 too"),
    ],
)
def test_a_bad_value_is_named_by_row_and_column(
    pack: Pack, mapped: Mapped, tmp_path: Path, change: dict[str, Any], column: str, words: str
) -> None:
    rows = [payment(i, clock(i)) for i in range(8)]
    rows[5] |= change
    history = open_history(write_rows(tmp_path / "h.parquet", rows))
    with pytest.raises(HistoryError) as error:
        list(read_blocks(history, mapped(MAPPING), pack, 3))
    assert f"row 6, column {column}: " in str(error.value)
    assert words in str(error.value)
    with pytest.raises(HistoryError, match=f"column {column}: "):
        list(read_blocks(history, mapped(MAPPING + "sort: event_time\n"), pack, 3))


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("amount", pa.array([float("nan")]), "is not a finite number"),
        ("amount", pa.array([float("-inf")]), "is not a finite number"),
        ("amount", pa.array(["12 yuan"]), "is not a whole number"),
        ("customer", pa.array([1.5]), "text or whole numbers are needed"),
        ("fraud", pa.array([True]), "write true or false"),
        ("fraud", pa.array(["maybe"]), "'maybe' is not a number"),
        ("at", pa.array([1.0]), "which is no time"),
    ],
)
def test_wrong_types_are_named(
    pack: Pack, mapped: Mapped, tmp_path: Path, name: str, array: pa.Array, words: str
) -> None:
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([payment(1, clock(0))])
    pq.write_table(table.set_column(table.column_names.index(name), name, array), tmp_path / "h.parquet")
    with pytest.raises(HistoryError) as error:
        list(read_blocks(open_history(tmp_path / "h.parquet"), mapped(MAPPING), pack))
    assert f"column {name}: " in str(error.value)
    assert words in str(error.value)


def test_an_unknown_currency_and_one_without_a_rate(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    text = MAPPING.replace("{constant: CNY}", "currency")
    for code, words in (("EURO", "unknown currency 'EURO'"), ("EUR", "no rate of EUR in CNY")):
        rows = [payment(1, clock(0), currency="CNY"), payment(2, clock(1), currency=code)]
        history = open_history(write_rows(tmp_path / "h.parquet", rows))
        with pytest.raises(HistoryError, match=rf"row 2, column currency: {words}"):
            list(read_blocks(history, mapped(text), pack))


def test_rates_from_a_file(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    text = MAPPING.replace("{constant: CNY}", "currency") + "rates: rates.csv\n"
    (tmp_path / "rates.csv").write_text("currency,day,rate\nUSD,2026-02-28,7\nUSD,2026-03-02,7.105\n")
    rows = [payment(1, clock(0), currency="USD", amount=100), payment(2, clock(1500), currency="USD", amount=100)]
    rows.append(payment(3, clock(1501), currency="CNY", amount=5))
    found = all_records(read_blocks(open_history(write_rows(tmp_path / "h.parquet", rows)), mapped(text), pack))
    assert [(record[3]["base_amount"], record[3]["fx_rate"]) for record in found] == [
        (700, "7"),
        (710, "7.105"),
        (5, "1"),
    ]
    (tmp_path / "rates.csv").write_text("currency,day,rate\nUSD,2026-02-28,seven\n")
    with pytest.raises(HistoryError, match=r"rates.csv, row 1, column rate: 'seven' is no rate"):
        list(read_blocks(open_history(tmp_path / "h.parquet"), mapped(text), pack))


def test_a_missing_column_is_a_problem_of_the_mapping(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    history = open_history(write_rows(tmp_path / "h.parquet", [{"id": "1", "at": clock(0), "Customer": "c"}]))
    with pytest.raises(PackError, match=r"has no column 'customer' \(did you mean Customer\?"):
        list(read_blocks(history, mapped(MAPPING), pack))


def test_a_file_without_rows_gives_no_blocks(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    schema = pa.schema([(name, pa.string()) for name in ("id", "at", "customer", "amount", "fraud")])
    history = open_history(write_rows(tmp_path / "h.parquet", [], schema))
    assert list(read_blocks(history, mapped(MAPPING), pack)) == []
    assert list(read_blocks(history, mapped(MAPPING + "sort: event_time\n"), pack)) == []


def test_int_column_absent_marks_do_not_leak_into_labels(pack: Pack, mapped: Mapped, tmp_path: Path) -> None:
    rows = [payment(1, clock(0), fraud=1), payment(2, clock(70))]
    (block,) = read_blocks(open_history(write_rows(tmp_path / "h.parquet", rows)), mapped(MAPPING), pack)
    amounts = block.block.columns["amount"]
    assert isinstance(amounts, IntColumn)
    assert amounts.values.tolist() == [1000, MISSING, 1000]
