import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from seawall.engine.history import HistoryError, open_history
from seawall.engine.history.readers import INTEGER, TEXT

from .conftest import write_rows

ROWS = [{"id": f"e{i}", "n": i, "late": None if i < 7 else "x"} for i in range(10)]
COLUMNS = {"id": TEXT, "n": INTEGER}


@pytest.mark.parametrize("suffix", [".parquet", ".ndjson", ".csv"])
def test_every_kind_gives_the_same_rows_in_batches_of_the_size_asked_for(tmp_path: Path, suffix: str) -> None:
    history = open_history(write_rows(tmp_path / f"h{suffix}", ROWS))
    batches = list(history.batches(COLUMNS, 4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    rows = pa.concat_tables(batches).to_pylist()
    assert [(row["id"], int(row["n"])) for row in rows] == [(row["id"], row["n"]) for row in ROWS]
    assert batches[0].column_names == ["id", "n"]


@pytest.mark.parametrize("suffix", [".ndjson", ".csv"])
def test_compressed_text_is_read_too(tmp_path: Path, suffix: str) -> None:
    plain = write_rows(tmp_path / f"h{suffix}", ROWS)
    packed = tmp_path / f"h{suffix}.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert len(next(open_history(packed).batches(COLUMNS, 100))) == 10


def test_parquet_knows_its_rows_and_columns(tmp_path: Path) -> None:
    history = open_history(write_rows(tmp_path / "h.parquet", ROWS))
    assert (history.names, history.rows) == (("id", "n", "late"), 10)


def test_a_column_that_appears_late_in_ndjson_is_found(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "h.ndjson", [{"id": i} for i in range(1500)] + [{"id": 1500, "label_time": "t"}])
    history = open_history(path)
    assert "label_time" not in history.names
    assert history.has_column("label_time")
    assert not history.has_column("label")


def test_the_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "h.csv", ROWS)
    before = open_history(path).fingerprint()
    path.write_bytes(path.read_bytes().replace(b"e9", b"f9"))
    assert open_history(path).fingerprint() != before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("h.parquet", b"", "is damaged or no Parquet"),
        ("h.parquet", b"PAR1 and no more", "is damaged or no Parquet"),
        ("h.csv", b"", "is empty; the first line must name the columns"),
        ("h.csv", b"id,n,id\n1,2,3\n", "has the column 'id' twice"),
        ("h.ndjson", b"", "holds no rows"),
        ("h.ndjson", b'{"id": 1}\n{"id": 2\n', "row 2: is not JSON"),
        ("h.ndjson", b'{"id": 1}\n[2]\n', "row 2: is not a JSON object"),
        ("h.xlsx", b"x", "is of no known kind; use .parquet"),
        ("h.csv.gz", b"not gzip", "cannot be read: Not a gzipped file"),
    ],
)
def test_a_file_that_is_no_history_is_named_with_the_reason(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HistoryError) as error:
        open_history(path)
    assert str(path) in str(error.value)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_parquet_file_cut_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "h.parquet", ROWS)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(HistoryError, match="is damaged or no Parquet"):
        open_history(path)


def test_a_parquet_page_overwritten_is_refused_while_reading(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "h.parquet", [{"id": f"e{i}", "n": i} for i in range(5000)])
    data = bytearray(path.read_bytes())
    data[200:1200] = b"\xff" * 1000
    path.write_bytes(bytes(data))
    with pytest.raises(HistoryError, match="is damaged or no Parquet"):
        list(open_history(path).batches(COLUMNS, 1000))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("h.csv", b"id,n\n1,2\n1,2,3\n", "is damaged or no CSV: CSV parse error"),
        (
            "h.ndjson",
            b'{"id": "a", "n": 1}\n' * 1200 + b'{"id": "a", "n": "x"}\n',
            "row 1,201, column n: holds 'x', but int64",
        ),
        ("h.ndjson", b'{"id": "a", "n": 1}\n' * 1200 + b'{"id": "a"\n', "row 1,201: is not JSON"),
    ],
)
def test_a_bad_row_further_on_is_found(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HistoryError) as error:
        list(open_history(path).batches(COLUMNS, 100))
    assert words in str(error.value)


def test_an_absent_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(HistoryError, match=r"is not a file|is of no known kind"):
            open_history(path)
