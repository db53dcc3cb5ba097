"""seawall licenses: every dependency is found, stated and judged."""

from __future__ import annotations

import argparse
import json
from email.message import Message
from types import SimpleNamespace
from typing import Any

import pytest

from seawall.cli import FAILED, OK, licenses
from seawall.cli.licenses import Dependency, dependencies, is_allowed, license_of


@pytest.mark.parametrize(
    ("stated", "allowed"),
    [
        ("MIT", True),
        ("BSD-2-Clause AND Apache-2.0 WITH LLVM-exception", True),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("GNU Affero General Public License v3", False),
        ("MIT AND GPL-2.0-only", False),
        ("MIT OR GPL-2.0-only", True),
        ("(MIT OR BSD-3-Clause) AND GPL-2.0-only", False),
        ("LGPL-3.0-only", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("", True),
    ],
)
def test_what_is_refused(stated: str, allowed: bool) -> None:
    assert is_allowed(stated) is allowed


def installed(**fields: str) -> Any:
    metadata = Message()
    for name, value in fields.items():
        metadata[name.replace("_", "-")] = value
    return SimpleNamespace(metadata=metadata)


@pytest.mark.parametrize(
    ("fields", "stated"),
    [
        ({"License_Expression": "MIT", "License": "other"}, "MIT"),
        ({"Classifier": "License :: OSI Approved :: BSD License", "License": "BSD"}, "BSD License"),
        ({"Classifier": "Topic :: Security", "License": "Apache-2.0"}, "Apache-2.0"),
        ({"License": "Copyright 2020 The Authors\n" + "All rights reserved. " * 9}, "Copyright 2020 The Authors"),
        ({}, ""),
    ],
)
def test_the_licence_a_distribution_states(fields: dict[str, str], stated: str) -> None:
    assert license_of(installed(**fields)) == stated


def test_what_seawall_depends_on() -> None:
    found = {dependency.name: dependency for dependency in dependencies()}
    assert {"numpy", "numba", "llvmlite", "msgspec", "markupsafe"} <= found.keys()  # the last by way of jinja2
    assert "seawall" not in found
    assert found["llvmlite"].needed_by == ""
    assert found["pytest"].needed_by == "test"
    assert all(dependency.allowed for dependency in found.values())


def test_the_status_is_that_of_the_worst(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    good = Dependency("good", "1", "MIT", "", True)
    bad = Dependency("bad", "2", "GPL-3.0-only", "test", False)
    monkeypatch.setattr(licenses, "dependencies", lambda: [good])
    assert licenses.run(argparse.Namespace(json=False)) == OK
    assert "refused" not in capsys.readouterr().out
    monkeypatch.setattr(licenses, "dependencies", lambda: [good, bad])
    assert licenses.run(argparse.Namespace(json=True)) == FAILED
    printed = json.loads(capsys.readouterr().out)
    assert printed["refused"] == ["bad"]
    assert [one["license"] for one in printed["dependencies"]] == ["MIT", "GPL-3.0-only"]
