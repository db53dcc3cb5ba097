"""The verbs of a home's policies, in a process of their own as people call them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.apps.decisions.home import PACK
from tests.apps.policies.conftest import numbered


def seawall(home: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "seawall.cli", "--home", str(home), "policy", *arguments], capture_output=True,
        text=True,
        env={**os.environ, "LANG": "C.UTF-8"}, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packs") / "mine"
    shutil.copytree(PACK, target)
    path = target / "policy.yaml"
    path.write_text(numbered(path.read_text("utf-8"), 94).replace("review: 60", "review: 55"), "utf-8")
    return target


def test_import_list_diff_and_status(tmp_path: Path, folder: Path) -> None:
    code, out, _err = seawall(tmp_path, "import", str(folder), "--note", "stricter")
    assert (code, out) == (0, "payments@94: draft\n")
    code, out, _err = seawall(tmp_path, "list", "--json")
    (found,) = json.loads(out)
    assert (found["policy"], found["state"], found["note"]) == ("payments@94", "draft", "stricter")
    code, out, _err = seawall(tmp_path, "diff", "payments", "payments@94")
    assert (code, out) == (0, "Threshold for Review: 60 → 55\n")
    code, out, _err = seawall(tmp_path, "status")
    assert (code, out) == (0, "nothing decides yet\n")


def test_what_is_wrong_is_said(tmp_path: Path, folder: Path, tmp_path_factory: Any) -> None:
    broken = tmp_path_factory.mktemp("broken") / "pack"
    shutil.copytree(folder, broken)
    (broken / "rules.yaml").write_text("rules: [{id: a}]\n")
    code, _out, err = seawall(tmp_path, "import", str(broken))
    assert code == 2
    assert "error: rules.yaml:1:9:" in err
    code, _out, err = seawall(tmp_path, "diff", "payments@9", "payments")
    assert (code, err) == (2, "seawall: There is no policy version payments@9.\n")
