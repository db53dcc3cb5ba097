"""`seawall apikey`: a key on the last line, and only there."""

import json
import re
from pathlib import Path

import pytest

from seawall.server.access import DEFAULT_SCOPES, Access

from .conftest import Run


def test_a_key_is_made_listed_and_revoked(seawall: Run, tmp_path: Path) -> None:
    home = ("--home", "h")
    made = seawall(*home, "apikey", "create", "shop", "--rate", "50", "--expires", "90d")
    assert made.status == 0
    key = made.out.splitlines()[-1]
    assert re.fullmatch(r"sw_[a-z0-9]{8}_[\w-]{43}", key)
    assert Access(tmp_path / "h/access.db").admit(f"Bearer {key}".encode(), "", "decide").name == "shop"
    (listed,) = json.loads(seawall(*home, "apikey", "list", "--json").out)["keys"]
    assert (listed["id"], listed["state"], listed["rate"]) == (key[3:11], "active", 50)
    assert listed["scopes"] == list(DEFAULT_SCOPES)
    shown = seawall(*home, "apikey", "list").out
    assert "shop" in shown
    assert key[12:] not in shown
    assert seawall(*home, "apikey", "revoke", "shop").status == 0
    assert json.loads(seawall(*home, "apikey", "list", "--json").out)["keys"][0]["state"] == "revoked"


def test_scopes_are_those_asked_for(seawall: Run) -> None:
    seawall("--home", "h", "apikey", "create", "ops", "--scope", "metrics", "--scope", "erase")
    (listed,) = json.loads(seawall("--home", "h", "apikey", "list", "--json").out)["keys"]
    assert listed["scopes"] == ["erase", "metrics"]
    assert (listed["rate"], listed["expires"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "shop", "--expires", "soon"), "'soon' is no span of time"),
        (("create", "shop", "--scope", "fly"), "invalid choice: 'fly'"),
        (("create", "shop", "--rate", "-2"), "rate must lie between 0"),
        (("revoke", "nobody"), "no active key 'nobody'"),
    ],
)
def test_bad_input_is_one_line(seawall: Run, arguments: tuple[str, ...], words: str) -> None:
    ran = seawall("--home", "h", "apikey", *arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
