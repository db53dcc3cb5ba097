"""Makes a home ready for its console, as a process: `python -m seawall.server.control.first_run HOME [demo]`.

Prints one JSON object: the one-time token of the set-up page ("" once somebody exists), and a demo's login.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

from seawall.engine.errors import SeawallError
from seawall.server.control.prepare import prepare, setup_token
from seawall.server.control.private import existing_text

LOGIN_FILE = "demo.login"
SETTINGS_FILE = "settings.toml"
_DEMO_SETTINGS = 'environment = "demo"\nrequire_mfa = false\n'
_DEMO_PEOPLE = {  # name -> display name, roles: two people, so that four-eyes can be tried
    "demo": ("林海", ("admin", "senior_analyst", "compliance_officer", "model_owner", "auditor")),
    "demo2": ("沈堤", ("senior_analyst", "compliance_officer", "model_owner", "dpo")),
}
_PASSWORD_WORDS = 4
_SYLLABLES = ("hai", "tang", "chao", "shui", "feng", "deng", "ta", "zhou", "an", "lang", "sha", "bo", "yun", "shan")


def main(folder: Path, demo: bool) -> int:
    """0, or 1 with one line on standard error."""
    try:
        if demo and not (folder / "control.db").exists() and not (folder / SETTINGS_FILE).exists():
            (folder / SETTINGS_FILE).write_text(_DEMO_SETTINGS)
        prepare(folder)
        if demo:
            _demo_people(folder)
        login = existing_text(folder / LOGIN_FILE) if demo else ""
        print(json.dumps({"token": setup_token(folder), "login": login}))
    except (SeawallError, OSError) as error:
        print(f"seawall: {error}", file=sys.stderr)
        return 1
    return 0


def _demo_people(folder: Path) -> None:
    """People of a demo home that has nobody, with one password that is kept in the home."""
    from django.db import transaction

    from seawall.apps.accounts import queries, services

    if queries.anybody():
        return
    password = "-".join(secrets.choice(_SYLLABLES) + str(secrets.randbelow(1000)) for _ in range(_PASSWORD_WORDS))
    with transaction.atomic():
        for name, (display_name, roles) in _DEMO_PEOPLE.items():
            user = services.create_user(services.OPERATOR, name, password, display_name=display_name)
            for role in roles:
                services.assign(services.OPERATOR, user.pk, services.Wanted(role, reason="demo"))
    path = folder / LOGIN_FILE
    path.touch(mode=0o600)
    path.write_text(f"{' / '.join(_DEMO_PEOPLE)}  {password}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "demo" in sys.argv[2:]))
