import os
import subprocess
import sys
from pathlib import Path

import pytest

from seawall import __version__
from seawall.cli import VERBS, main

from .conftest import Run


def test_help_names_every_verb(seawall: Run) -> None:
    ran = seawall("--help")
    assert ran.status == 0
    for verb, (_, what) in VERBS.items():
        assert verb in ran.out
        assert " ".join(what.split()[:3]) in " ".join(ran.out.split())


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help(seawall: Run, verb: str) -> None:
    ran = seawall(verb, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"usage: seawall {verb}")


def test_help_loads_no_heavy_library() -> None:
    heavy = ("numpy", "numba", "pyarrow", "rich", "altair", "jinja2")
    code = (
        f"import sys; from seawall.cli import main; main(['--help']); print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(seawall: Run) -> None:
    assert seawall("--version").out == f"seawall {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required"),
        (("reply",), "invalid choice: 'reply'"),
        (("replay", "x.parquet"), "required: --policy, --out"),
        (("policy", "check", "card_benchmrk"), "(did you mean card_benchmark?)"),
        (("replay", "x.parquet", "--policy", "card_benchmark", "--out", "o.parquet"), "x.parquet: is not a file"),
        (
            ("replay", "x.parquet", "--policy", "card_benchmark", "--out", "o", "--engine", "ray"),
            "invalid choice: 'ray'",
        ),
        (("simulate", "--out", "h.parquet", "--customers", "1"), "customers: 1 is outside 100"),
        (("simulate", "--out", "h.txt"), "cannot write .txt"),
        (("simulate", "--out", "h.parquet", "--start", "soon"), "is not a date"),
    ],
)
def test_bad_input_is_one_line_on_standard_error_and_status_2(
    seawall: Run, arguments: tuple[str, ...], words: str
) -> None:
    ran = seawall(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("seawall: ")
    assert ran.err.count("\n") == 1
    assert words in ran.err


def test_a_bug_says_how_to_see_the_trace(seawall: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.cli.policy.find_pack", lambda name: 1 / 0)
    ran = seawall("policy", "check", "card_benchmark")
    assert ran.status == 1
    assert ran.err == "seawall: unexpected ZeroDivisionError: division by zero; SEAWALL_DEBUG=1 shows where\n"
    monkeypatch.setenv("SEAWALL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["policy", "check", "card_benchmark"])


@pytest.mark.parametrize(
    "arguments", [("--home", "h1", "policy", "show", "x"), ("policy", "--home", "h1", "show", "x")]
)
def test_home_may_stand_before_or_after_the_verb(
    seawall: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    monkeypatch.setenv("SEAWALL_HOME", "elsewhere")
    seawall(*arguments)
    assert os.environ["SEAWALL_HOME"] == str(tmp_path / "h1")


def test_home_may_stand_behind_a_verb_of_a_verb(seawall: Run, tmp_path: Path) -> None:
    ran = seawall("apikey", "create", "checkout", "--home", str(tmp_path / "h"))
    assert (ran.status, ran.out.splitlines()[-1][:3]) == (0, "sw_")
    assert (tmp_path / "h" / "access.db").is_file()
