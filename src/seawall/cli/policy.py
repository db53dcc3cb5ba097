"""seawall policy check | test | show: look at a pack before it decides anything; the others work on a home."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seawall.cli import BAD_INPUT, FAILED, OK, policies
from seawall.cli.cases import run_case
from seawall.cli.inputs import PACK_HELP, cache_folder, find_pack, read_policy
from seawall.cli.show import describe
from seawall.engine.errors import PackError
from seawall.engine.history import load_mapping
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall policy`."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    helps: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
        "check": (_check, "print every problem of a pack with its place; status 1 if there is an error"),
        "test": (_test, "run the cases of tests.yaml through the engine; status 1 if one differs"),
        "show": (_show, "show features, models, rules, lists and what they cost"),
    }
    for name, (command, help_text) in helps.items():
        one = commands.add_parser(name, help=help_text, description=help_text[:1].upper() + help_text[1:] + ".")
        one.add_argument("pack", metavar="PACK", help=PACK_HELP)
        one.add_argument("--json", action="store_true", help="print JSON")
        one.set_defaults(command=command)
    policies.add_commands(commands)


def run(args: argparse.Namespace) -> int:
    """Run the command that was chosen."""
    status: int = args.command(args)
    return status


def _check(args: argparse.Namespace) -> int:
    folder = find_pack(args.pack)
    try:
        policy = compile_policy(load_pack(folder))
        problems, summary = list(policy.warnings), f"{policy.label}: {len(policy.entries)} conditions"
        if (mapping := folder / "mapping.yaml").is_file():
            load_mapping(mapping, policy.pack)
    except PackError as error:
        problems, summary = error.problems, args.pack
    errors = [problem for problem in problems if problem.severity == "error"]
    if args.json:
        found = [
            {
                "severity": problem.severity, "file": problem.file, "line": problem.line, "column": problem.column,
                "message": problem.message, "suggestion": problem.suggestion,
            }
            for problem in problems
        ]  # fmt: skip
        print(json.dumps({"ok": not errors, "problems": found}, ensure_ascii=False, indent=1))
        return FAILED if errors else OK
    for problem in problems:
        print(f"{problem.severity}: {problem}")
    print(f"{summary}, {len(errors)} errors, {len(problems) - len(errors)} warnings")
    return FAILED if errors else OK


def _test(args: argparse.Namespace) -> int:
    _, policy = read_policy(args.pack)
    cases = policy.pack.tests
    if not cases:
        print(f"seawall: pack {policy.pack.name} has no tests; add cases to tests.yaml", file=sys.stderr)
        return BAD_INPUT
    results = [(case, run_case(policy, case, cache_folder())) for case in cases]
    failed = [case for case, differences in results if differences]
    if args.json:
        shown = [{"name": case.name, "line": case.place.line, "differences": found} for case, found in results]
        print(json.dumps({"ok": not failed, "tests": shown}, ensure_ascii=False, indent=1))
        return FAILED if failed else OK
    for case, differences in results:
        print(f"{'FAIL' if differences else 'ok  '} {case.name.get('en', '')} / {case.name.get('zh', '')}")
        for difference in differences:
            print(f"     {case.place.file}:{case.place.line}: {difference}")
    print(f"{len(cases) - len(failed)} of {len(cases)} tests pass")
    return FAILED if failed else OK


def _show(args: argparse.Namespace) -> int:
    _, policy = read_policy(args.pack)
    shown = describe(policy)
    if args.json:
        print(json.dumps(shown, ensure_ascii=False, indent=1))
        return OK
    console = Console()
    console.print(
        f"[bold]{shown['policy']}[/bold] on {', '.join(shown['on'])}; base currency {shown['base_currency']}; "
        f"thresholds {', '.join(f'{name} {score}' for name, score in shown['thresholds'].items())}"
    )
    for title, columns in _TABLES.items():
        rows = shown[title]
        if rows:
            console.print(_table(title, columns, rows))
    state = shown["state"]
    console.print(
        f"state: about {state['bytes_per_entity']:,} bytes an entity (all keys together) "
        f"and {state['bytes_per_event']:,} bytes an event in exact windows"
    )
    return OK


_TABLES: Mapping[str, tuple[str, ...]] = {
    "features": ("name", "computes", "entity", "window", "resolution", "title"),
    "models": ("name", "file", "on", "inputs", "title"),
    "rules": ("id", "when", "score", "outcome", "severity", "title"),
    "lists": ("name", "kind", "key", "title"),
    "limits": ("name", "type", "default", "entity", "segment", "title"),
}


def _table(title: str, columns: tuple[str, ...], rows: list[Mapping[str, object]]) -> Table:
    table = Table(title=f"{title} ({len(rows)})", title_justify="left", show_lines=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == columns[0])
    for row in rows:
        table.add_row(*(Text(_cell(row[column])) for column in columns))
    return table


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(name if name == source else f"{name}: {source}" for name, source in value.items())
    return "" if value is None else str(value)
