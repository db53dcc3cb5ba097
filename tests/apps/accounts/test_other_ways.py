"""Passkeys and providers: offered where the settings say so, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pydantic import ValidationError

from seawall.server.control.options import Options, Provider

OFFICE: dict[str, Any] = {"id": "office", "name": "Office", "url": "https://id.example", "client_id": "seawall"}


def options(providers: list[Any]) -> Options:
    given: dict[str, Any] = {"oidc": providers}
    return Options(**given)


def test_with_the_settings_both_work(tmp_path: Path) -> None:
    pytest.importorskip("requests", reason="needs the libraries of seawall[oidc]")
    command = [sys.executable, "-m", "tests.apps.accounts.other_ways", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.mark.django_db
def test_without_the_settings_neither_is_offered(client: Client) -> None:
    page = client.get("/sign-in/", headers={"Accept-Language": "en"}).content.decode()
    assert "Sign in" in page
    assert "passkey" not in page
    assert "/sign-in/with/" not in page
    for path in ("/sign-in/with/office/", "/sign-in/passkey/", "/settings/me/factors/passkeys/add/"):
        assert client.post(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [({"url": "http://id.example"}, "https"), ({"id": "Of fice"}, "pattern"), ({"id": ""}, "pattern"),
     ({"client_id": ""}, "at least 1"), ({"scope": "x"}, "Extra inputs")],
)  # fmt: skip
def test_a_provider_that_is_described_wrongly_stops_the_start(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        options([OFFICE | change])


def test_two_providers_have_two_ids() -> None:
    pytest.importorskip("requests")
    with pytest.raises(ValidationError, match="same id"):
        options([OFFICE, OFFICE])


def test_the_libraries_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.server.control.options.find_spec", lambda name: None)
    with pytest.raises(ValidationError, match=r"install seawall\[oidc\]"):
        options([OFFICE])
    assert options([]).oidc == []


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    app = Provider(**OFFICE, secret_file=tmp_path / "secret").app()
    assert (app["secret"], app["settings"]["server_url"]) == ("hidden", "https://id.example")
