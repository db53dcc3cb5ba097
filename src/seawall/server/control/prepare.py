"""Makes a home fit for the control plane: its secrets, its database. Run before the console and the worker start."""

from __future__ import annotations

import os
from pathlib import Path

import django

from seawall.server.control.private import SECRET_KEY_FILE, SETUP_TOKEN_FILE, existing_text, secret_text
from seawall.server.home import HOME, Home, HomeError

SETTINGS = "seawall.server.control.settings"


def set_up(folder: Path) -> None:
    """Load Django for this home without touching the database. One process serves one home (HomeError)."""
    home = Home(folder.absolute()).prepare()
    secret_text(home.folder / SECRET_KEY_FILE)
    os.environ[HOME] = str(home.folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    from django.conf import settings

    if settings.HOME.folder != home.folder:
        raise HomeError(f"this process already serves {settings.HOME.folder}; start another one for {home.folder}")
    django.setup()  # a second call does nothing


def prepare(folder: Path) -> None:
    """Set up Django, bring `control.db` to the newest shape, send what the last run left in the outbox.

    Idempotent; when nothing is to do it only compares two lists of migration names.
    """
    set_up(folder)
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if connection.vendor == "sqlite":
        database = Path(settings.DATABASES["default"]["NAME"])
        os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # its WAL inherits the mode
        database.chmod(0o600)
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    from seawall.apps.audit.services import drain

    drain()


def setup_token(folder: Path) -> str:
    """The one-time token of the first-run page; "" once there is a person. Call after `prepare`."""
    from seawall.apps.accounts.queries import anybody

    path = folder.absolute() / SETUP_TOKEN_FILE
    if anybody():
        path.unlink(missing_ok=True)
        return ""
    return existing_text(path) or secret_text(path)
