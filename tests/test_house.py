"""The house's papers keep their word: links lead somewhere, promises name real tests, commands are what CI runs."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

import seawall

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CONCEPTS = ("event", "features", "rules", "policy", "decision", "replay", "backtest", "snapshot", "ledger")
REFERENCES = ("decision", "events", "expressions", "features", "mapping", "packs", "policy", "semantics")
LONGEST = 400
LONG_MODULES = {
    "src/seawall/engine/feature/ops.py": "the kernel's primitives, pasted whole into every generated module",
}
_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_HAN = re.compile(r"[一-鿿]")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Heading anchors as hosting sites make them: lower case, spaces to hyphens, punctuation dropped."""
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in _HEADING.findall(prose(page))}


def links(page: Path) -> list[str]:
    return [target for target in _LINK.findall(prose(page)) if not target.startswith(("https://", "http://"))]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    pending = [ROOT / "README.md"]
    while pending:
        page = pending.pop()
        if page not in reached and page.suffix == ".md" and page.is_file():
            reached.add(page)
            pending += [(page.parent / target.partition("#")[0]).resolve() for target in links(page)]
    assert [name(page) for page in PAGES if page not in reached] == []


def test_the_pages_that_must_be_there() -> None:
    wanted = [*(f"docs/concepts/{one}.md" for one in CONCEPTS), *(f"docs/reference/{one}.md" for one in REFERENCES)]
    assert [path for path in wanted if not (ROOT / path).is_file()] == []


# --- two languages ----------------------------------------------------------------------------------------------------

PAIRS = [("README.md", "README.zh-CN.md"), *((f"docs/concepts/{c}.md", f"docs/zh/concepts/{c}.md") for c in CONCEPTS)]


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_say_as_much(english: str, chinese: str) -> None:
    one, other = ROOT / english, ROOT / chinese
    levels = [re.findall(r"^#+", line) for line in prose(one).splitlines() if line.startswith("#")]
    assert [re.findall(r"^#+", line) for line in prose(other).splitlines() if line.startswith("#")] == levels
    bold = [len(re.findall(r"\*\*.+?\*\*", prose(page), re.DOTALL)) for page in (one, other)]
    assert bold[0] == bold[1], "the same points are made"
    assert _FENCED.findall(one.read_text("utf-8")) == _FENCED.findall(other.read_text("utf-8")), "examples are the same"
    assert len(_HAN.findall(prose(other))) > 100
    assert not _HAN.search(_LINK.sub("", prose(one)).replace("海塘", "").replace("简体中文", ""))


def test_every_concept_has_its_translation() -> None:
    assert {p.name for p in (ROOT / "docs/concepts").glob("*.md")} == {f"{concept}.md" for concept in CONCEPTS}
    assert {p.name for p in (ROOT / "docs/zh/concepts").glob("*.md")} == {f"{concept}.md" for concept in CONCEPTS}


# --- promises ---------------------------------------------------------------------------------------------------------


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def golden_names() -> frozenset[str]:
    files = (ROOT / "tests/engine/feature/golden").glob("*.yaml")
    return frozenset(case["name"] for file in files for case in yaml.safe_load(file.read_text("utf-8")))


def exists(reference: str) -> bool:
    if reference.startswith("golden: "):
        return reference.removeprefix("golden: ") in golden_names()
    path, _, test = reference.partition("::")
    file = ROOT / "tests" / path
    return test.startswith("test_") and file.is_file() and test in functions_of(file)


def test_every_promise_names_tests_that_exist() -> None:
    text = (ROOT / "docs/reference/semantics.md").read_text("utf-8")
    rows = re.findall(r"^\| (?!the engine|---)(.+) \| (.+) \|$", text, re.MULTILINE)
    assert len(rows) > 60
    held_by = {promise: re.findall(r"`([^`]+)`", tests) for promise, tests in rows}
    assert [promise for promise, tests in held_by.items() if not tests] == []
    assert [test for tests in held_by.values() for test in tests if not exists(test)] == []


# --- commands ---------------------------------------------------------------------------------------------------------


def commands(readme: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / readme).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    printed = subprocess.run([ROOT / ".ci/run", "--print"], capture_output=True, text=True, check=True).stdout
    own = [line for line in commands("README.md") if line.endswith("pytest")]
    assert printed.splitlines() == own
    assert len(own) == 1


def test_the_readme_names_real_verbs() -> None:
    from seawall.cli import VERBS

    text = (ROOT / "README.md").read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"(?:`|bin/)seawall ([a-z]+)", text))
    assert named >= {"demo", "replay", "backtest", "doctor", "licenses", "policy"}
    assert named - VERBS.keys() == set()


# --- the house itself -------------------------------------------------------------------------------------------------


def test_the_changelog_has_this_version() -> None:
    assert f"\n## {seawall.__version__} — " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_no_module_is_long_without_a_reason() -> None:
    lengths = {name(p): len(p.read_text("utf-8").splitlines()) for p in (ROOT / "src").rglob("*.py")}
    lengths = {path: lines for path, lines in lengths.items() if "/migrations/" not in path}  # made, not written
    assert {path for path, lines in lengths.items() if lines > LONGEST} == LONG_MODULES.keys()


def test_every_room_has_a_layer() -> None:
    """Rooms are folders of modules; packs is data. import-linter's own `exhaustive` says the same, less readably."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (layers,) = [one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    declared = set(re.findall(r"\w+", " ".join(layers)))
    rooms = {path.parent.name for path in (ROOT / "src/seawall").glob("*/*.py")}
    assert rooms <= declared
    assert not list((ROOT / "src/seawall/packs").rglob("*.py"))


def test_no_page_names_a_machine() -> None:
    found = [name(page) for page in PAGES if re.search(r"(?<![\w.])/(work|home|root|tmp)/", page.read_text("utf-8"))]
    assert found == []
