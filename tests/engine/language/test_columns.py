"""Column programs: hoisting, fallback, the disk cache, and arguments that numba would not check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seawall.engine.language import Expression, Name, Scope, Type, check, compile_columns

from .columns import MISSING, Columns

NAMES = {
    "country": Name("country", Type.STRING),
    "city": Name("city", Type.STRING),
    "merchant": Name("merchant", Type.KEY),
    "n": Name("n", Type.INT),
}
SCOPE = Scope(NAMES, {"watch": "merchant"})
TYPES = {name: entry.type for name, entry in NAMES.items()} | {"merchant in lists.watch": Type.BOOL}
TEXTS = [
    'country.startsWith("C") && n > 1',
    'lower(country) == "cn"',
    "country + city == 'CNx'",
    "country == 'CN' || city in ['A', 'B']",
    "size(country)",
    "merchant in lists.watch",
    "country < 'D'",
    "city < country",
]


def checked(texts: list[str]) -> list[Expression]:
    return [check(text, SCOPE) for text in texts]


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    return Columns(checked(TEXTS), TYPES, tmp_path_factory.mktemp("cache"))


def test_hoisting_and_fallback(columns: Columns) -> None:
    program = columns.program
    assert [(extra.slot_name, extra.field, extra.type) for extra in program.hoisted] == [
        ('startsWith(country, "C")', "country", Type.BOOL),
        ('lower(country) == "cn"', "country", Type.BOOL),
        ("size(country)", "country", Type.INT),
        ('country < "D"', "country", Type.BOOL),
    ]
    assert program.fallback == [2, 7]
    assert program.constants == ["CN", "A", "B"]
    assert [program.slots[extra.slot_name] for extra in program.hoisted] == [5, 6, 7, 8]
    assert {name: program.slots[name] for name in TYPES} == {name: place for place, name in enumerate(TYPES)}


def test_results_and_columns_left_alone(columns: Columns) -> None:
    rows = [{"country": "CN", "city": None, "n": 2, "merchant in lists.watch": True}, {"city": "B", "n": 0}]
    values, conditions = columns.run(rows)
    assert [values[0][k] for k in (0, 1, 3, 4, 5, 6)] == [True, True, True, 2, True, True]
    assert [conditions[0][k] for k in range(8)] == [1, 1, 9, 1, 9, 1, 1, 9]
    assert [conditions[1][k] for k in range(8)] == [0, 2, 9, 1, 9, 2, 2, 9]


def test_arguments_are_checked(columns: Columns) -> None:
    program = columns.program
    rows, codes = np.zeros((3, 9), np.int64), np.zeros(3, np.int64)
    out = np.zeros((3, 8), np.uint8)
    program.run_conditions(rows, codes, out)
    for bad in [
        (rows[:, :8].copy(), codes, out),
        (rows.astype(np.float64), codes, out),
        (np.asfortranarray(rows), codes, out),
        (rows, codes[:2], out),
        (rows, codes, out[:2]),
        (rows, codes, out.astype(np.int64)),
    ]:
        with pytest.raises(ValueError, match="a column program takes rows"):
            program.run_conditions(*bad)


def test_a_second_process_finds_the_cache(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from seawall.engine.language import Name, Scope, Type, check, compile_columns\n"
        "scope = Scope({'n': Name('n', Type.INT)})\n"
        "program = compile_columns([check('n > 1', scope)], {'n': 0}, pathlib.Path(sys.argv[1]))\n"
        "program.warm(values=False)\n"
        "print(sum(program._module.conditions.stats.cache_hits.values()))\n"
    )
    hits = [
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert [int(hit) for hit in hits] == [0, 1]
    assert len(list(tmp_path.glob("*.py"))) == 1


def test_a_tampered_source_is_replaced(tmp_path: Path) -> None:
    program = compile_columns(checked(["n > 7654"]), {"n": 0}, tmp_path)
    source = program.path.read_text()
    del sys.modules[program.path.stem]
    program.path.write_text("raise SystemExit('not ours')\n")
    assert compile_columns(checked(["n > 7654"]), {"n": 0}, tmp_path).path.read_text() == source


def test_the_lowest_int_stands_for_missing() -> None:
    columns = Columns(checked(["-9223372036854775807 - n"]), TYPES)
    values, _ = columns.run([{"n": 1}, {"n": 0}, {"n": 2}])
    assert values == [[None], [-9223372036854775807], [None]]
    assert MISSING == -(2**63)
