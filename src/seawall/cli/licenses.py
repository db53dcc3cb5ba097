"""seawall licenses: what this installation depends on, and under which licence."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rich.console import Console
from rich.table import Table

from seawall.cli import FAILED, OK

ROOT = "seawall"
_CLASSIFIER = "License :: "
_LONG = 80  # a License field beyond this is the licence's whole text
_COPYLEFT = re.compile(r"\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\s+OR\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dependency:
    """One installed distribution. `needed_by`: "" for the base install, else the extra that first asked for it."""

    name: str
    version: str
    license: str
    needed_by: str
    allowed: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall licenses`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print every dependency; status 1 when one is under the GPL or AGPL alone."""
    found = dependencies()
    refused = [dependency.name for dependency in found if not dependency.allowed]
    if args.json:
        print(json.dumps({"dependencies": [asdict(dependency) for dependency in found], "refused": refused}, indent=2))
    else:
        _print(found, refused)
    return FAILED if refused else OK


def dependencies(root: str = ROOT) -> list[Dependency]:
    """What `root` and its extras need, as far as it is installed, by name; the base install before the extras."""
    base = distribution(root)
    found: dict[str, Dependency] = {}
    for extra in ("", *base.metadata.get_all("Provides-Extra", [])):
        pending = _needs(base, extra)
        while pending:
            name, extras = pending.pop()
            installed = _installed(name)
            if installed is None or name == canonicalize_name(root):
                continue
            if name not in found:
                stated = license_of(installed)
                found[name] = Dependency(name, installed.version, stated, extra, is_allowed(stated))
                pending += _needs(installed, "")
            pending += [need for asked in extras for need in _needs(installed, asked) if need[0] not in found]
    return sorted(found.values(), key=lambda dependency: (bool(dependency.needed_by), dependency.name))


def license_of(installed: Distribution) -> str:
    """The licence a distribution states: its expression, else its classifiers, else its License field; "" for none."""
    expression = _field(installed, "License-Expression")
    if expression:
        return expression
    classifiers = installed.metadata.get_all("Classifier", [])
    named = [text.rsplit(" :: ", 1)[-1] for text in classifiers if text.startswith(_CLASSIFIER)]
    if named:
        return "; ".join(named)
    text = _field(installed, "License")
    return text if len(text) <= _LONG else text.splitlines()[0][:_LONG]


def is_allowed(stated: str) -> bool:
    """Whether one of the alternatives (`A OR B`) is free of the GPL and AGPL. The LGPL is let pass, and so is a
    licence that is not stated; where alternatives stand in parentheses, or classifiers only list, all must be free."""
    alternatives = [stated] if "(" in stated else _ALTERNATIVE.split(stated)
    return any(not _COPYLEFT.search(alternative) for alternative in alternatives)


def _field(installed: Distribution, name: str) -> str:
    return installed.metadata[name].strip() if name in installed.metadata else ""


def _needs(installed: Distribution, extra: str) -> list[tuple[str, tuple[str, ...]]]:
    """Names with extras that a distribution asks for in this environment: without an extra, or for that one alone."""
    requirements = [Requirement(text) for text in installed.requires or []]
    return [(canonicalize_name(need.name), tuple(need.extras)) for need in requirements if _applies(need, extra)]


def _applies(need: Requirement, extra: str) -> bool:
    if need.marker is None:
        return not extra
    return need.marker.evaluate({"extra": extra}) and not (extra and need.marker.evaluate({"extra": ""}))


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _print(found: Iterable[Dependency], refused: list[str]) -> None:
    table = Table("dependency", "version", "licence", "needed by", box=None, pad_edge=False)
    for dependency in found:
        stated = dependency.license or "not stated"
        table.add_row(dependency.name, dependency.version, stated, dependency.needed_by or "seawall")
    Console().print(table)
    if refused:
        print(f"refused (GPL or AGPL): {', '.join(refused)}; replace them")
