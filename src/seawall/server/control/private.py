"""Small secret files of a home: made once, mode 0600, never half written."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

SECRET_KEY_FILE = "secret.key"  # noqa: S105 - a file's name
SETUP_TOKEN_FILE = "setup.token"  # noqa: S105 - a file's name


def secret_text(path: Path) -> str:
    """The secret that `path` holds; made now where there is none. Of two that start at once, one makes it."""
    found = existing_text(path)
    if found:
        return found
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and not existing_text(path):
            path.unlink()  # an empty file from a crash of someone else's making
        with suppress(FileExistsError):  # the other process was first: its secret counts
            os.link(draft, path)
    finally:
        draft.unlink()
    return existing_text(path)


def existing_text(path: Path) -> str:
    """The secret that `path` holds, "" where there is none."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
