"""A home from nothing, in processes of its own: files, modes, the token, people by command line, a killed drain."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from seawall.ledger import Ledger
from seawall.server.control.options import Options
from seawall.server.control.private import existing_text, secret_text


def seawall(home: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seawall.cli", "--home", str(home), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)


def python(home: Path, code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SEAWALL_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


START = """
from pathlib import Path
import os
from seawall.server.control import prepare, setup_token
home = Path(os.environ["SEAWALL_HOME"])
prepare(home)
"""
KILLED = (
    START
    + """
import signal
from django.db import transaction
from seawall.apps.audit import services
from seawall.apps.audit.models import Outbox
type(Outbox.objects).bulk_update = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
with transaction.atomic():
    services.record("system", "test.said", "thing", "1", {"number": 1})
"""
)


def test_a_home_from_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = python(home, START + "print(setup_token(home))")
    assert first.returncode == 0, first.stderr
    token = first.stdout.strip()
    assert len(token) > 40
    modes = {
        name: stat.S_IMODE((home / name).stat().st_mode) for name in ("control.db", "secret.key", "setup.token", "")
    }
    assert modes == {"control.db": 0o600, "secret.key": 0o600, "setup.token": 0o600, "": 0o700}
    killed = python(home, KILLED)
    assert killed.returncode == -9, killed.stderr
    with Ledger.open(home / "ledger.db", read_only=True) as ledger:
        assert len(ledger) == 1, "it had reached the ledger"
    made = seawall(home, "user", "create", "Ada", "--role", "admin", "--password-stdin", given="an unusual long one\n")
    assert (made.returncode, made.stdout) == (0, "ada: admin\n"), made.stderr
    with Ledger.open(home / "ledger.db", read_only=True) as ledger:
        assert [entry.action for entry in ledger.entries()] == ["test.said", "user.created", "role.assigned"]
    (person,) = json.loads(seawall(home, "user", "list", "--json").stdout)
    assert (person["name"], person["roles"], person["second_factor"]) == ("ada", ["admin"], False)
    second = python(home, START + "print(repr(setup_token(home)))")
    assert second.stdout.strip() == "''", "there is somebody, so no token"
    assert not (home / "setup.token").exists()
    refused = seawall(home, "user", "disable", "ada")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "last administrator" in refused.stderr


def test_a_secret_is_made_once_whoever_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: secret_text(path), range(32)))
    assert found == {existing_text(path)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["secret"]
    path.write_text("")
    assert len(secret_text(path)) > 40


def test_only_a_demo_may_relax(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path))
    assert Options().require_mfa
    (tmp_path / "settings.toml").write_text('environment = "demo"\nrequire_mfa = false\nidle_minutes = 5\n')
    options = Options()
    assert (options.environment, options.require_mfa, options.idle_minutes) == ("demo", False, 5)
    monkeypatch.setenv("SEAWALL_IDLE_MINUTES", "7")
    assert Options().idle_minutes == 7
    monkeypatch.setenv("SEAWALL_ENVIRONMENT", "production")
    with pytest.raises(ValidationError, match="only where environment is demo"):
        Options()
    with pytest.raises(ValidationError, match="no time zone"):
        Options(zone="Mars/Olympus", environment="demo")
